"""A PDF into a Document whose lines are paragraphs in reading order.

The text of a PDF is a set of glyphs with places. It is taken as it is, but characters of the blocks CJK Radicals
Supplement, Kangxi Radicals and CJK Compatibility Ideographs, which many writers of PDFs put for ordinary ones
(⽅ U+2F45 for 方), become the ordinary ones; so the *source text* that offsets point into is what this module returns.
Nothing that is visible is left out: page numbers, running titles and captions are lines of their own.
"""

from __future__ import annotations

import io
import logging
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate

from pypdf import PasswordType, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from data.pdf_content import content_of
from data.pdf_drawing import THIN
from data.pdf_fonts import UNKNOWN, Fonts, entry
from data.pdf_geometry import PageContent, Rule
from data.pdf_pieces import Piece, line_up, one_line, pieces_of
from data.pdf_structure import Page, flow
from data.pdf_tables import with_tables
from data.records import Document, Mark

MAX_PAGES = 5_000
GARBAGE_WARNED = 5  # characters without a known letter
GARBAGE_REFUSED = 0.3  # share of them
SCAN_CHARS = 10  # characters a page, on average, below which pages of pictures are scans
LISTED = 20  # pages named in a warning
CUT = 0.7  # of the width of the text on a page: a rule so long parts what is above it from what is below
# what pypdf raises on broken files; it does not promise to raise its own errors only
BROKEN = (
    PyPdfError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    DependencyError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
_PRIVATE = re.compile(rf"[{UNKNOWN}\ue000-\uf8ff\U000f0000-\U0010ffff\x00-\x08\x0e-\x1f]")  # 政\ue5e5
_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # 政\u2028策 in one line of a PDF
_NO_TITLE = re.compile(
    r"\.(docx?|wps|indd|pdf|cdr|fbd)$|^Microsoft|^无标题|^幻灯片|^[\x00-\x7f]*$", re.I
)  # 报告终稿.doc


def from_pdf(raw: bytes, source: str) -> Document:
    """Read a PDF. Raises ValueError that says what was expected, what came and what to do."""
    with _quiet():
        reader = _opened(raw, source)
        pages, warnings = _pages(reader, source)
        title = _said_title(reader)
    lines = flow(pages)
    for line in lines:
        line.text = _BREAKS.sub(" ", line.text).strip()
    lines = [line for line in lines if line.text]
    text = "\n".join(line.text for line in lines)
    starts = accumulate((len(line.text) + 1 for line in lines), initial=0)
    marks = [
        Mark(at, at + len(line.text), line.kind, line.level)
        for at, line in zip(starts, lines, strict=False)
        if line.kind
    ]
    warnings += _garbage(text, source)
    titles = [line.text for line in lines if line.kind == "title"]
    title = (titles or [title])[0] or next((line.text for line in lines if line.kind != "boilerplate"), "")
    return Document.of(text, title=title[:80], source=source, format="pdf", marks=marks, warnings=warnings)


@contextmanager
def _quiet() -> Iterator[None]:
    """pypdf logs what it finds odd, with text of the file; none of it may reach the log."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _opened(raw: bytes, source: str) -> PdfReader:
    try:
        reader = PdfReader(io.BytesIO(raw))
        locked = reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED
        count = 0 if locked else len(reader.pages)
    except BROKEN as error:
        raise ValueError(
            f"{source}: expected a PDF, got a file that can't be read as one ({type(error).__name__}); "
            "open it in a PDF reader and print it to a new PDF"
        ) from error
    if locked:
        raise ValueError(
            f"{source}: expected a PDF without a password, got an encrypted one; save it without one first"
        )
    if not 0 < count <= MAX_PAGES:
        raise ValueError(f"{source}: expected 1 to {MAX_PAGES} pages, got {count}; split the file or get it again")
    return reader


@dataclass(slots=True)
class _Said:
    """What is to be said of a file: numbers of pages, counts of characters."""

    broken: list[int] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    turned: list[int] = field(default_factory=list)
    characters: int = 0
    outside: int = 0
    unread: int = 0

    def add(self, content: PageContent, page: Page) -> None:
        """Take note of a page that was read."""
        count = sum(len(piece.text) for piece in page.pieces)
        self.characters += count
        self.outside += content.outside
        self.unread += content.unread
        if content.pictures and count < SCAN_CHARS:
            self.pictures.append(page.number)
        if sum(map(len, page.aside)) > count / 10:
            self.turned.append(page.number)

    def warnings(self) -> list[str]:
        """One line for each thing that is the matter."""
        pages = (
            (self.broken, "could not be read and is left out"),
            (self.pictures, "holds pictures and no text (a scan?)"),
            (self.turned, "has text in several directions; what is turned stands at its end"),
        )
        counts = (
            (self.outside, "characters beyond the visible part of their page are left out"),
            (self.unread, "bytes of text are left out, for they are shown in no font"),
        )
        named = [f"page {_listed(numbers)} {what}" for numbers, what in pages if numbers]
        return named + [f"{count} {what}" for count, what in counts if count]


def _listed(numbers: list[int]) -> str:
    more = f" and {len(numbers) - LISTED} more" if len(numbers) > LISTED else ""
    return ", ".join(map(str, numbers[:LISTED])) + more


def _pages(reader: PdfReader, source: str) -> tuple[list[Page], list[str]]:
    """All pages that can be read, and what is to be said of the others."""
    fonts, said = Fonts(), _Said()
    pages: list[Page] = []
    for number in range(1, len(reader.pages) + 1):
        try:
            content = content_of(reader.pages[number - 1], fonts)
        except BROKEN:
            said.broken.append(number)
            continue
        pages.append(_page(content, number))
        said.add(content, pages[-1])
    if not pages:
        raise ValueError(f"{source}: expected a PDF, got one without a page that can be read; print it to a new PDF")
    if said.pictures and said.characters < SCAN_CHARS * len(pages):
        raise ValueError(
            f"{source}: expected text, got a scan without a text layer ({len(said.pictures)} pages of pictures); "
            "run OCR first, e.g. ocrmypdf -l chi_sim"
        )
    if not said.characters:
        raise ValueError(f"{source}: expected text, got a PDF without any; is it the right file?")
    return pages, said.warnings()


def _page(content: PageContent, number: int) -> Page:
    """The lines of a page, turned so that most of its text stands upright."""
    if not content.glyphs:
        return Page(number, [])
    main = max(content.glyphs, key=lambda key: len(content.glyphs[key]))
    rules = [rule.turned(main[0]) for rule in content.rules]
    pieces = with_tables(pieces_of(content.glyphs.pop(main), rules), rules)
    aside = [one_line(row).text.strip() for glyphs in content.glyphs.values() for row in line_up(pieces_of(glyphs, []))]
    return Page(number, pieces, _cuts(rules, pieces), [line for line in aside if line])


def _cuts(rules: list[Rule], pieces: list[Piece]) -> list[float]:
    """Heights of the rules that part a page: level, long, and not of a table."""
    if not pieces:
        return []
    tables = [(piece.y - piece.height, piece.y + piece.size) for piece in pieces if piece.rows]
    wide = CUT * (max(piece.x1 for piece in pieces) - min(piece.x0 for piece in pieces))
    long = {round(r.y0, 1) for r in rules if r.x1 - r.x0 >= wide and r.y1 - r.y0 <= THIN}
    return [y for y in long if not any(bottom - THIN <= y <= top + THIN for bottom, top in tables)]


def _said_title(reader: PdfReader) -> str:
    """The title that the file says of itself, where it is one."""
    try:
        title = str(entry(reader.metadata, "/Title") or "").strip()
    except BROKEN:
        return ""
    return "" if _NO_TITLE.search(title) else title


def _garbage(text: str, source: str) -> list[str]:
    """Warn of characters that the fonts don't name, refuse a text of them."""
    count = len(_PRIVATE.findall(text))
    if count > GARBAGE_REFUSED * len(text):
        raise ValueError(
            f"{source}: expected text, got {len(text)} glyphs of which {count} are not said to be any character: "
            "the fonts carry no text; run OCR (e.g. ocrmypdf --force-ocr -l chi_sim) or get the docx"
        )
    return (
        [f"{count} characters could not be read: their fonts don't say what they are"] if count > GARBAGE_WARNED else []
    )
