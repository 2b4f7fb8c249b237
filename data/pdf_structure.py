"""Pages into the paragraphs of the whole document: what repeats at the edges, what goes on, what is a heading."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from data.furniture import kind_of_line
from data.lines import ends
from data.normalize import to_simplified
from data.numbering import numbering
from data.pdf_columns import columns, gutter_of
from data.pdf_frames import block, set_frames
from data.pdf_paragraphs import (
    LARGE,
    SAME_SIZE,
    Paragraph,
    Style,
    body_style,
    is_caption,
    needed,
    paragraphs,
)
from data.pdf_pieces import Piece, joined, line_up, one_line

EDGE = 4  # lines at the top or bottom of a page that may be furniture
SAME_PLACE = 4.0  # points between the places of a running title on two pages
FEW_PAGES = 6  # a document of fewer shows what repeats on two of them, others on three
TITLE = 1.15  # of the size of the text, at least
HEADING_LENGTH = 60  # characters
TITLE_LENGTH = 100
DEEPEST = 9  # level of a heading
_PAGE_NUMBER = re.compile(
    r"[\s\-—–―－·•.]*(共\s*\d+\s*页\s*)?第?\s*\d{1,4}\s*页?([/／,，共\s]+\d{1,4}\s*页?)?[\s\-—–―－·•.]*|[ivxl]{1,6}|Page\s*\d+.{0,10}",
    re.I,
)  # — 12 — ; 第3页 共9页 ; 3/9
_DIGITS = re.compile(r"\d+|\s+")  # 2024年第3期 15
_BANNER = re.compile(r"(文件|公报|简报|专报)$")  # 某市人民政府文件, in large red letters over a letter
_DASHES = re.compile(r"[—―]{2}")  # ——绵阳科技成果转化的调查
_HELD = re.compile(r"年.{1,3}月.{1,3}日在")  # ——2025年1月8日在某市第十六届人民代表大会第四次会议上
_STOPS = re.compile(r"[。；，、,;]['\"”’）)]*$")  # …予以支持。


@dataclass(slots=True)
class Page:
    """A page as pieces of lines. ``aside`` is text in another direction, ``head`` and ``foot`` its furniture.

    ``cuts`` are the heights, in points, of long level rules: what stands above one is read before what stands below.
    """

    number: int
    pieces: list[Piece]
    cuts: list[float] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    head: list[str] = field(default_factory=list)
    foot: list[str] = field(default_factory=list)


def flow(pages: list[Page]) -> list[Paragraph]:
    """The paragraphs of a document in reading order, with the kinds that the layout tells."""
    _take_furniture(pages)
    parts = [(page, list(_parts(page))) for page in pages]
    known = {round(gutter) for _, mine in parts for part in mine if (gutter := gutter_of(part)) is not None}
    blocks = [(page, [block(p, page.number) for part in mine for p in columns(part, known)]) for page, mine in parts]
    together = [one for _, found in blocks for one in found]
    style = body_style(together)
    set_frames(together, style.size)
    found: list[Paragraph] = []
    for page, mine in blocks:
        found += [Paragraph(text, 0, page.number, kind="boilerplate") for text in page.head]
        found += [paragraph for one in mine for paragraph in paragraphs(one, style)]
        found += [Paragraph(text, 0, page.number, kind="boilerplate") for text in [*page.aside, *page.foot]]
    found = _put_together(found, style)
    _name_titles(found, style)
    _name_headings(found, style)
    return found


def _parts(page: Page) -> Iterator[list[Piece]]:
    """The pieces above, between and below the long rules of a page."""
    above = math.inf
    for cut in [*sorted(page.cuts, reverse=True), -math.inf]:
        part = [piece for piece in page.pieces if cut <= piece.y < above]
        above = cut
        if part:
            yield part


def _take_furniture(pages: list[Page]) -> None:
    """Move page numbers, running titles and running feet out of the text."""
    rows = {page.number: line_up(page.pieces) for page in pages}
    places: dict[tuple[bool, str], list[float]] = defaultdict(list)
    for top in (True, False):
        for page in pages:
            for row in _edge(rows[page.number], top):
                places[top, _shape(row)].append(row[0].y)
    least = 2 if len(pages) < FEW_PAGES else 3
    for page in pages:
        for top in (True, False):
            for row in _edge(line_up(page.pieces), top):
                text = one_line(row).text.strip()
                repeats = sum(abs(y - row[0].y) <= SAME_PLACE for y in places[top, _shape(row)]) >= least
                if not ((repeats and not _STOPS.search(text)) or _PAGE_NUMBER.fullmatch(text)):
                    break
                page.head += [text] * top
                page.foot[:0] = [text] * (not top)
                taken = set(map(id, row))
                page.pieces = [piece for piece in page.pieces if id(piece) not in taken]


def _edge(rows: list[list[Piece]], top: bool) -> Iterator[list[Piece]]:
    """The outermost lines of a page, from its edge inwards, up to a table."""
    outer = rows[:EDGE] if top else rows[: -EDGE - 1 : -1]
    return takewhile(lambda row: not any(piece.rows for piece in row), outer)


def _shape(row: list[Piece]) -> str:
    """The text of a line without its numbers."""
    return _DIGITS.sub("", "".join(piece.text for piece in row))


def _put_together(found: list[Paragraph], style: Style) -> list[Paragraph]:
    """Put together what a column or page broke; furniture and captions stay between, notes and tables come after."""
    result: list[Paragraph] = []
    i = 0
    while i < len(found):
        part, i = found[i], i + 1
        result.append(part)
        while True:
            rest = _rest(found, i, part, style)
            if rest is None:
                break
            between, after = found[i:rest], found[rest]
            stay = [p for p in between if p.kind in ("boilerplate", "caption")]
            later = [p for p in between if p.kind not in ("boilerplate", "caption")]
            if stay:
                part.kind = "body"
                after.kind = "body" if ends(after.text) else ""  # for an unfinished body would take the next line too
                result += [*stay, after]
                part = after
            else:
                part.text = joined([part.text, after.text])
                part.room = after.room
            found[i : rest + 1] = later
    return result


def _rest(found: list[Paragraph], start: int, part: Paragraph, style: Style) -> int | None:
    """Where the rest of an unfinished paragraph stands, past what interrupts it; None where it has none."""
    if part.row or part.centred or part.kind or part.size > LARGE * style.size or ends(part.text):
        return None
    captions: list[Paragraph] = []
    for i in range(start, len(found)):
        after = found[i]
        if after.page > part.page + 1:
            return None
        if after.row or after.kind in ("boilerplate", "caption", "reference"):
            continue
        alike = abs(after.size - part.size) <= SAME_SIZE * part.size and after.bold == part.bold
        if alike and not after.opens and not numbering(after.text) and not is_caption(after.text):
            if part.room > needed(after.text) and not part.text.endswith(("，", "、")):
                return None
            for caption in captions:
                caption.kind = "caption"
            return i
        small = after.size < part.size * (1 - SAME_SIZE) and len(after.text) <= HEADING_LENGTH
        if not (small or is_caption(after.text)):
            return None
        captions.append(after)
    return None


def _name_titles(found: list[Paragraph], style: Style) -> None:
    """The largest lines of the first page, lines as large on later ones, and what stands under a title after a dash."""
    first = [p for p in found if p.page == found[0].page and p.size >= TITLE * style.size and _may_be_title(p)]
    if len(first) > 1 and _BANNER.search(first[0].text) and first[0].size == max(p.size for p in first):
        first.pop(0).kind = "boilerplate"
    if not first:
        return
    size = max(p.size for p in first) * (1 - SAME_SIZE)
    titled = False
    for paragraph in found:
        if titled and _DASHES.match(paragraph.text) and len(paragraph.text) <= TITLE_LENGTH:
            paragraph.kind = "boilerplate" if _HELD.search(paragraph.text) else "title"
        elif paragraph.size >= size and _may_be_title(paragraph, titled):
            paragraph.kind = "title"
        titled = paragraph.kind == "title" or (titled and paragraph.kind == "boilerplate")


def _may_be_title(paragraph: Paragraph, titled: bool = False) -> bool:
    """Whether a line could be one; what stands in brackets only under another: （2024—2026年）"""
    text = paragraph.text
    plain = not paragraph.row and paragraph.kind == "" and len(text) <= TITLE_LENGTH
    return plain and not numbering(text) and (titled or not text.startswith(("（", "(")))


def _name_headings(found: list[Paragraph], style: Style) -> None:
    """Short lines larger or heavier than the text, or in the middle; the level is the rank of the look."""
    headings = [p for p in found if p.kind == "" and _is_heading(p, style)]
    looks = sorted({_look(p) for p in headings}, reverse=True)
    for paragraph in headings:
        paragraph.kind, paragraph.level = "heading", min(looks.index(_look(paragraph)) + 1, DEEPEST)


def _look(paragraph: Paragraph) -> tuple[float, bool, bool]:
    return round(paragraph.size * 2) / 2, paragraph.bold, paragraph.centred


def _is_heading(paragraph: Paragraph, style: Style) -> bool:
    text = to_simplified(paragraph.text)
    if paragraph.row or len(text) > HEADING_LENGTH or _STOPS.search(text):
        return False
    stands_out = paragraph.size >= LARGE * style.size or (
        paragraph.size > (1 - SAME_SIZE) * style.size and ((paragraph.bold and not style.bold) or paragraph.centred)
    )
    return stands_out and not kind_of_line(text, numbering(text) is not None) and not text.startswith(("（", "(", "—"))
