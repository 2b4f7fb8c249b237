"""A Word document into a Document: a line for each paragraph and each row of a table, headings marked by their styles.

Read is what a reader sees: automatic numbers are put before their paragraphs (see ``word_numbers``); what tracked
changes added counts, what they removed doesn't, nor do field codes and hidden text. Notes follow the text as
references, headers and footers as boilerplate. The XML is walked here because libraries for .docx pass over numbers
and over text in content controls, insertions and text boxes, and refuse files with a dangling relation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from data.numbering import numbering
from data.records import Document, Mark
from data.word_numbers import Numbers, value
from data.word_package import Package, R, W
from data.word_styles import Styles

if TYPE_CHECKING:
    from lxml.etree import _Element

_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_TEXT = (W + "t", "{http://schemas.openxmlformats.org/officeDocument/2006/math}t")
_SIGNS = {W + "tab": "\t", W + "ptab": "\t", W + "cr": "\n", W + "noBreakHyphen": "-"}
_WRITTEN = frozenset((*_TEXT, *_SIGNS, W + "br"))
_UNREAD = frozenset(
    W + name for name in "pPr rPr del moveFrom instrText delText delInstrText rt sectPr sdtPr tblPr trPr tcPr".split()
)
_NOTES = {W + "footnoteReference": "footnotes", W + "endnoteReference": "endnotes"}
_BLOCKS = frozenset((W + "p", W + "tbl"))
_SPACE = re.compile(r"[\r\n\t\x85\u2028\u2029]")  # the line that an XML writer broke: 各区\n要统筹
_BREAKS = re.compile(r"([\n\f])")  # 一、抓项目。\n二、抓服务。
_CLOSED = re.compile(r"[。！？!?；;：:…”』」）)】]$")  # 各区人民政府：
_CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")  # 政
_INNER_END = re.compile(r"[。！？；](?![”’」』）)】]*$)")  # （一）优化布局。围绕三条产业链…
_WHOLE = ("title", "heading", "caption")  # a line break in these is only layout
_LONG = 40  # characters; what is longer and ends in 。 is a sentence, whatever style it has


class Line(NamedTuple):
    """One line of the text and what it is, "" where nothing tells."""

    text: str
    kind: str = ""
    level: int = 0


def from_docx(raw: bytes, source: str) -> Document:
    """Read a .docx. Raises ValueError that says what the file is instead, or what is wrong with it."""
    package = Package(raw, source)
    walk = _Walk(Styles(package.parts("styles"), Numbers(package.parts("numbering"))))
    lines = list(walk.blocks(package.document))
    lines += _notes(package, walk)
    lines += _margins(package, walk)
    marks, at = [], 0
    for line in lines:
        if line.kind:
            marks.append(Mark(at, at + len(line.text), line.kind, line.level))
        at += len(line.text) + 1
    text = "\n".join(line.text for line in lines)
    title = next((line.text for line in lines if line.kind == "title"), "")[:80]
    warnings = list(_warnings(package.document))
    return Document.of(text, title=title, source=source, format="docx", marks=marks, warnings=warnings)


class _Walk:
    """Goes through the text of a document once, in order, and notes which footnotes and endnotes it meets."""

    def __init__(self, styles: Styles) -> None:
        self.notes: list[tuple[str, str]] = []
        self._styles = styles
        self._boxes: list[_Element] = []
        self._fields: list[bool] = []  # of the fields that are open, innermost last: whether this is its code
        self._before = ""  # text whose paragraph mark was deleted, so that it belongs to the next paragraph

    def blocks(self, parent: _Element) -> Iterator[Line]:
        """The lines of the paragraphs and tables in an element."""
        for block in _inside(parent, _BLOCKS):
            if block.tag == W + "p":
                yield from self._paragraph(block)
            else:
                for row in _inside(block, {W + "tr"}):
                    yield from self._row(row)

    def _paragraph(self, paragraph: _Element) -> Iterator[Line]:
        self._fields.clear()
        self._boxes = []
        text = self._before + "".join(self._runs(paragraph))
        boxes = self._boxes
        settings = paragraph.find(W + "pPr")
        if paragraph.find(f"{W}pPr/{W}rPr/{W}del") is not None:
            self._before = text
        else:
            self._before = ""
            look = self._styles.look(paragraph)
            kind = "boilerplate" if _in_contents(paragraph) else look.kind
            parts = _parts(text, whole=kind in _WHOLE, apart=value(settings, "jc") in ("right", "end"))
            parts = [(look.label if not i else "") + part for i, part in enumerate(parts)]
            yield from (Line(part, *_as_is(part, kind, look.level)) for part in parts)
        for box in boxes:
            yield from self.blocks(box)

    def _runs(self, node: _Element) -> Iterator[str]:
        """The text in an element as a reader sees it; \\n for a line break, \\f for a page break."""
        for child in node:
            tag = child.tag
            if tag in _UNREAD or _is_hidden(child):
                continue
            if tag == W + "fldChar":
                self._field(child.get(W + "fldCharType", ""))
            elif tag in _NOTES:
                self.notes.append((_NOTES[tag], child.get(W + "id", "")))
            elif tag == W + "txbxContent":
                self._boxes.append(child)
            elif tag not in _WRITTEN:
                yield from self._runs(_seen(child))
            elif not any(self._fields):
                yield _written(child)

    def _field(self, kind: str) -> None:
        """A field has a code, then perhaps a result: begin PAGE separate 3 end."""
        if kind == "begin":
            self._fields.append(True)
        elif self._fields:
            self._fields.pop()
            if kind == "separate":
                self._fields.append(False)

    def _row(self, row: _Element) -> Iterator[Line]:
        """One line, cells joined by tabs. A cell alone in its row is a frame around text, whose lines stay lines."""
        if row.find(f"{W}trPr/{W}del") is not None:
            return
        cells = list(_inside(row, {W + "tc"}))
        found = [[] if _is_merged_away(cell) else list(self.blocks(cell)) for cell in cells]
        if len(found) == 1:
            yield from found[0]
            return
        texts = [" ".join(line.text.replace("\t", " ") for line in lines) for lines in found]
        if text := "\t".join(texts).strip():
            yield Line(text, "body")


def _written(element: _Element) -> str:
    if element.tag in _TEXT:
        return _SPACE.sub(" ", element.text or "")
    if element.tag == W + "br":
        return "\f" if element.get(W + "type") in ("page", "column") else "\n"
    return _SIGNS[element.tag]


def _inside(parent: _Element, wanted: set[str] | frozenset[str]) -> Iterator[_Element]:
    """The elements wanted, in order, through whatever is wrapped around them but not through each other."""
    for child in parent:
        if child.tag in wanted:
            yield child
        elif child.tag not in _UNREAD and not _is_hidden(child):
            yield from _inside(_seen(child), wanted)


def _seen(element: _Element) -> _Element:
    """Of what is there twice, for newer and older programs, the newer."""
    newer = element.find(_COMPATIBLE + "Choice") if element.tag == _COMPATIBLE + "AlternateContent" else None
    return element if newer is None else newer


def _is_hidden(element: _Element) -> bool:
    """A run that is set to be hidden, and the text that only asks for text: 单击此处输入文字。"""
    if element.tag == W + "sdt":
        return element.find(f"{W}sdtPr/{W}showingPlcHdr") is not None
    hidden = element.find(f"{W}rPr/{W}vanish") if element.tag == W + "r" else None
    return hidden is not None and hidden.get(W + "val", "true") not in ("0", "false", "off")


def _in_contents(paragraph: _Element) -> bool:
    """Whether a paragraph is of a table of contents that Word made."""
    control = paragraph.getparent().getparent() if paragraph.getparent().tag == W + "sdtContent" else None
    gallery = control.find(f"{W}sdtPr/{W}docPartObj") if control is not None else None
    return value(gallery, "docPartGallery") == "Table of Contents"


def _is_merged_away(cell: _Element) -> bool:
    """Whether a cell is covered by the one above or before it."""
    merges = [cell.find(f"{W}tcPr/{W}{name}") for name in ("vMerge", "hMerge")]
    return any(merge is not None and merge.get(W + "val") != "restart" for merge in merges)


def _parts(text: str, *, whole: bool, apart: bool) -> list[str]:
    """Divide a paragraph where a break inside it plainly begins something new; else the break is only layout.

    ``whole`` paragraphs (headings, titles) are never divided but by a page break, those set ``apart`` always are.
    """
    first, *rest = _BREAKS.split(text)
    parts = [first.strip()]
    for sign, piece in zip(rest[::2], map(str.strip, rest[1::2]), strict=True):
        last = parts[-1]
        new = not last or not piece or apart or bool(_CLOSED.search(last)) or numbering(piece) is not None
        if sign == "\f" or (new and not whole):
            parts.append(piece)
        else:
            glue = "" if _CHINESE.match(last[-1:]) or _CHINESE.match(piece) else " "
            parts[-1] = f"{last}{glue}{piece}".strip()
    return [part for part in parts if part]


def _as_is(text: str, kind: str, level: int) -> tuple[str, int]:
    """A kind and level; none for a heading that can't be one, as whole paragraphs often have its style."""
    if kind != "heading":
        return kind, 0
    too_much = _INNER_END.search(text) or (len(text) > _LONG and text.endswith("。"))
    return ("", 0) if too_much else (kind, level)


def _notes(package: Package, walk: _Walk) -> Iterator[Line]:
    """Footnotes and endnotes in the order of the text, numbered as there: [1] 见上年公报。"""
    notes = {
        (kind, note.get(W + "id", "")): note
        for kind in _NOTES.values()
        for part in package.parts(kind)
        for note in part
    }
    counts = dict.fromkeys(_NOTES.values(), 0)
    for key in list(dict.fromkeys(walk.notes)):
        counts[key[0]] += 1
        text = " ".join(line.text for line in walk.blocks(notes[key])) if key in notes else ""
        if text:
            yield Line(f"[{counts[key[0]]}] {text}", "reference")


def _margins(package: Package, walk: _Walk) -> Iterator[Line]:
    """The lines of headers and footers, each once."""
    seen: set[str] = set()
    for reference in package.document.iter(W + "headerReference", W + "footerReference"):
        part = package.related(reference.get(R + "id", ""))
        for line in walk.blocks(part) if part is not None else ():
            if line.text not in seen:
                seen.add(line.text)
                yield Line(line.text, "boilerplate")


def _warnings(document: _Element) -> Iterator[str]:
    if next(document.iter(W + "ins", W + "del", W + "moveFrom"), None) is not None:
        yield "tracked changes in it were read as if accepted"
    if next(document.iter(W + "altChunk"), None) is not None:
        yield "a document embedded in it was not read; save it anew in Word to read that too"
