"""PDFs for the tests: printed by a real browser, or written by hand."""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from browser import CHROMIUM, QUIET
from data.records import CLASSIFIED_KINDS, Document, Sentence
from data.sentences import join_pieces, segment

if TYPE_CHECKING:
    from playwright.sync_api import Page

SONG = """<</Type/Font/Subtype/Type0/BaseFont/STSong-Light/Encoding/UniGB-UCS2-H/DescendantFonts[
<</Type/Font/Subtype/CIDFontType0/BaseFont/STSong-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>
/W[1 95 500]>>]>>"""
FONTS = {"song": SONG, "hei": SONG.replace("STSong-Light", "SimHei")}  # not embedded, as real Chinese PDFs have them
WIDTH, HEIGHT = 595, 842  # points of an A4 page
LEFT, TOP = 80.0, 760.0  # where text begins
SERIF, SANS = "'Noto Serif CJK SC','Source Han Serif SC',serif", "'Noto Sans CJK SC','Source Han Sans SC',sans-serif"
# official documents: 22 lines of 28 characters in 16 points, headings in another face
OFFICIAL = f"""@page{{size:A4;margin:37mm 26mm 35mm 28mm}}
body{{font:16pt/28pt {SERIF};text-align:justify;margin:0}} p,h2,h3{{margin:0;text-indent:2em;font-size:16pt}}
h1{{font:22pt/34pt {SANS};text-align:center;margin:0 0 14pt}} h2,h3{{font-family:{SANS};font-weight:normal}}
figcaption,.caption{{text-indent:0;text-align:center;font-size:12pt}}"""
# a magazine: two columns under a title over the full width, a picture in a column
MAGAZINE = f"""@page{{size:A4;margin:22mm 18mm}}
body{{font:10.5pt/17pt {SERIF};text-align:justify;margin:0;column-count:2;column-gap:8mm}}
p{{margin:0;text-indent:2em}} h1{{column-span:all;font:24pt/34pt {SANS};text-align:center;margin:0 0 12pt}}
h2{{font:bold 12pt/20pt {SANS};margin:6pt 0;text-align:center}} h3{{font:bold 10.5pt/17pt {SANS};margin:0}}
figure{{margin:6pt 0}} figure div{{height:90pt;background:#cde}}
figcaption,.caption{{text-indent:0;text-align:center;font-size:9pt;line-height:14pt}}"""
# a web page printed: paragraphs with space between them, no indents, ragged
WEB = f"""@page{{size:A4;margin:20mm}} body{{font:12pt/1.7 {SANS};margin:0}} p{{margin:0 0 10pt}}
h1{{font-size:20pt;margin:0 0 12pt}} h2{{font-size:15pt;margin:14pt 0 6pt}} h3{{font-size:12pt;margin:8pt 0 4pt}}
.caption{{font-size:10pt;text-align:center}}"""


class Sheet:
    """What one page shows, written by hand. Places are points from the lower left corner."""

    def __init__(self) -> None:
        self.operators: list[str] = []

    def text(
        self, x: float, y: float, text: str, size: float = 10, font: str = "song", codec: str = "utf-16-be"
    ) -> Sheet:
        """Characters in one go; Chinese ones are as wide as the font is large, others half."""
        return self.draw(f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm <{text.encode(codec).hex()}> Tj ET")

    def lines(self, text: str, x: float = LEFT, top: float = TOP, size: float = 10, pitch: float = 16) -> Sheet:
        """Lines one below the other; an ideographic space at their beginning only indents them."""
        for i, line in enumerate(text.split("\n")):
            indent = len(line) - len(line.lstrip("\u3000"))
            self.text(x + indent * size, top - i * pitch, line.strip(), size)
        return self

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> Sheet:
        """A line."""
        return self.draw(f"{x0} {y0} m {x1} {y1} l S")

    def draw(self, operators: str) -> Sheet:
        """Any operators."""
        self.operators.append(operators)
        return self


def written(*sheets: Sheet, page: str = "", fonts: dict[str, str] | None = None, drawn: str = "") -> bytes:
    """A PDF of these pages. ``page`` are more entries of each, ``drawn`` its XObjects as objects 3, 4, … /X3, /X4."""
    shown = "".join(f"/{name} {font}" for name, font in (fonts or FONTS).items())
    objects = ["", "", *filter(None, drawn.split("\0"))]
    named = "".join(f"/X{number} {number} 0 R" for number in range(3, len(objects) + 1))
    kids = []
    for sheet in sheets:
        content = "\n".join(sheet.operators)
        objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents {len(objects)} 0 R{page}"
            f"/Resources<</Font<<{shown}>>/XObject<<{named}>>>>>>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[0] = "<</Type/Catalog/Pages 2 0 R>>"
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>"
    return _file(objects)


def _file(objects: list[str]) -> bytes:
    body, places = b"%PDF-1.7\n", []
    for number, written_object in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{written_object}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    tail = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<</Size {len(objects) + 1}/Root 1 0 R>>"
    return body + f"{tail}\nstartxref\n{len(body)}\n%%EOF\n".encode()


def wrapped(text: str, width: int) -> str:
    """A paragraph as lines of so many characters, the first one indented by two."""
    whole = "\u3000\u3000" + text
    return "\n".join(whole[i : i + width] for i in range(0, len(whole), width))


def lines(document: Document) -> list[tuple[str, str]]:
    """Every line of a document with the kind of its mark, which must span just the line."""
    marks = {mark.start: mark for mark in document.marks}
    found, at = [], 0
    for line in document.text.split("\n"):
        mark = marks.pop(at, None)
        assert mark is None or mark.end == at + len(line)
        found.append((line, mark.kind if mark else ""))
        at += len(line) + 1
    assert not marks
    return found


def classified(document: Document) -> list[tuple[str, str]]:
    """The sentences that are classified, and their kinds."""
    return [(s.normalized, s.kind) for s in segment(document) if s.kind in CLASSIFIED_KINDS]


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page of a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser.new_page()
        browser.close()


def printed(page: Page, body: str, css: str, head: str = "", foot: str = "") -> bytes:
    """HTML printed to PDF, with a running title and, where ``foot`` is given, page numbers."""
    page.set_content(f"<!doctype html><meta charset='utf-8'><title>无</title><style>{css}</style><body>{body}</body>")
    line = "<div style='font-size:9pt;width:100%;text-align:center'>{}</div>"
    return page.pdf(
        prefer_css_page_size=True,
        display_header_footer=bool(head or foot),
        header_template=line.format(head or " "),
        footer_template=line.format(foot or " "),
    )


def page_number(form: str) -> str:
    """A foot with the page's number: — {} —"""
    return form.format("<span class='pageNumber'></span>", "<span class='totalPages'></span>")


def as_html(document: Document) -> str:
    """The paragraphs of a document as titles, headings, paragraphs and pictures; its page furniture is left out."""
    paragraphs: dict[int, list[Sentence]] = {}
    for sentence in segment(document):
        paragraphs.setdefault(document.text.count("\n", 0, sentence.start), []).append(sentence)
    return "".join(map(_paragraph, (document.text,) * len(paragraphs), paragraphs.values()))


def _paragraph(source: str, sentences: list[Sentence]) -> str:
    kind = sentences[0].kind if len(sentences) == 1 else "body"
    text = html.escape("".join(join_pieces(source[a:b] for a, b in s.pieces) for s in sentences))
    if kind in ("boilerplate", "signature"):
        return ""
    if kind == "caption":
        return f"<figure><div></div><figcaption>{text}</figcaption></figure>"
    tag = {"title": "h1", "heading": "h2"}.get(kind, "p")
    return f"<{tag}>{text}</{tag}>"
