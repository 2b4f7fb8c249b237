"""Lines of a column into paragraphs, by what printers do to show where one begins.

That is an indent of two characters, a short last line, more space, another size or weight, a line in the middle.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from data.furniture import kind_of_line
from data.lines import ends
from data.normalize import to_simplified
from data.numbering import numbering
from data.pdf_frames import FIRST_LINE, Block, Frame
from data.pdf_pieces import Piece, joined

SAME_SIZE = 0.07  # share by which sizes of one paragraph may differ
INDENT = 0.8  # ems
INDENTED = 0.05  # of all pairs of lines begin with an indented one, in a text that indents first lines
USUAL_PITCH = 1.7  # ems between lines, where nothing tells
WIDEST_PITCH = 2.5
CENTRED = 3.0  # ems on either side of a line in the middle
EVEN = 1.2  # ems by which its sides may differ
EXACT = 0.3  # ems by which they may if the line is long
LOOSE = 1.4  # of the usual distance of lines; more parts two paragraphs
CLOSE = 1.9  # ems, at most, between the lines of a title
SPACED = 1.15  # of it, in a text that doesn't indent first lines
LARGE = 1.1  # of the size of the text: a heading
NOTE = 0.93  # of it, at most: a note at the foot of a column
# what goes to the next line as a whole: “ 2024 , 1700 亿, （一 , 据,2024
_RUN = r"[A-Za-z0-9.,%+/&-]"
_TOKEN = re.compile(rf"[“‘（《〈〔【(\[]*(?:{_RUN}+|.)(?:[，。；：、！？”’）》〉〕】…]+|[,.;:)\]]{_RUN}*)*")
_WIDE = re.compile(r"[^\x00-\xff]")  # 政
_NOTE = re.compile(r"[①-⑳\[［〔*※]|注\s*\d*[:：]|\d{1,2}\s?(?=[\u4e00-\u9fff])")  # ①数据来源：某市统计局
_DASHES = re.compile(r"[—―-]{2}")  # ——绵阳科技成果转化的调查
_TALLY = re.compile(r"[….·．]{3,}\s*\d{1,4}$")  # 一、总体要求……………3


@dataclass(slots=True)
class Paragraph:
    """Text of one line of the document. ``kind`` and ``level`` are those of its mark, if it gets one."""

    text: str
    size: float
    page: int
    bold: bool = False
    centred: bool = False
    kind: str = ""
    level: int = 0
    opens: bool = True  # can't be the rest of another
    room: float = 0.0  # ems left free in its last line
    row: bool = False  # of a table


class Style(NamedTuple):
    """Of the running text of a document: size in points, distance of its lines in ems."""

    size: float
    bold: bool
    pitch: float
    indents: bool  # whether first lines are indented


def body_style(blocks: list[Block]) -> Style:
    """What most of the text looks like."""
    sizes: Counter[float] = Counter()
    bold: Counter[tuple[float, bool]] = Counter()
    for line in (line for b in blocks for line in b.lines if not line.rows):
        size = round(line.size * 2) / 2
        sizes[size] += len(line.text)
        bold[size, line.bold_first and line.bold_last] += len(line.text)
    size = sizes.most_common(1)[0][0] if sizes else 10.5
    pairs = [
        (a, b)
        for one in blocks
        for a, b in pairwise(one.lines)
        if abs(a.size - size) < 0.5 and abs(b.size - size) < 0.5
    ]
    indented = sum(1.5 <= (a.x0 - b.x0) / size <= FIRST_LINE and not ends(a.text) for a, b in pairs)
    pitch = min(median((a.y - b.y) / size for a, b in pairs), WIDEST_PITCH) if pairs else USUAL_PITCH
    return Style(size, bold[size, True] > bold[size, False], pitch, indented > INDENTED * len(pairs))


def paragraphs(one: Block, style: Style) -> Iterator[Paragraph]:
    """The paragraphs of a column, in order; rows of tables are paragraphs of their own."""
    notes = len(one.lines)  # the lines from here on are small
    while notes and one.lines[notes - 1].size < NOTE * style.size:
        notes -= 1
    start = 0
    for i in range(1, len(one.lines) + 1):
        if i == len(one.lines) or _begins(one, i, start, style):
            yield from _finished(one, one.lines[start:i], start >= notes, style)
            start = i


def _finished(one: Block, group: list[Piece], small: bool, style: Style) -> Iterator[Paragraph]:
    for row in group[0].rows:
        yield Paragraph(row, group[0].size, one.page, kind="body" if "\t" in row else "", row=True)
    if not group[0].rows:
        paragraph = _paragraph(group, one, style)
        paragraph.kind = "reference" if small and _NOTE.match(paragraph.text) else ""
        yield paragraph


def _paragraph(group: list[Piece], one: Block, style: Style) -> Paragraph:
    first, last = group[0], group[-1]
    text = joined(line.text.strip() for line in group)
    bold = sum(line.bold_first + line.bold_last for line in group) > len(group)
    centred = all(_is_centred(line, one.frame, style) for line in group)
    indented = first.x0 - one.frame.left > INDENT * first.size
    room = (one.frame.right - last.x1) / last.size
    return Paragraph(text, first.size, one.page, bold, centred, "", 0, indented or centred, room, "\t" in text)


def _begins(one: Block, i: int, start: int, style: Style) -> bool:
    """Whether line ``i`` begins a paragraph rather than goes on with the one that began with line ``start``."""
    before, line, frame = one.lines[i - 1], one.lines[i], one.frame
    if before.rows or line.rows or "\t" in before.text + line.text or _TALLY.search(before.text):
        return True
    gap = (before.y - line.y) / (style.pitch * max(before.size, line.size))
    short = _is_short(before, line.text, frame) and not (gap < LOOSE and _beside_picture(one, i))
    runs_on = not short and not ends(before.text)
    if abs(line.size - before.size) > SAME_SIZE * before.size or (gap > SPACED and is_caption(line.text)):
        return True
    middle = _is_centred(line, frame, style), _is_centred(before, frame, style)
    if any(middle) or line.size > LARGE * style.size:
        wrapped = not short
        return not ((wrapped or middle[0] == middle[1]) and _goes_on_as_title(before, line, wrapped, style))
    if gap > (LOOSE if style.indents else SPACED) and not (runs_on and style.indents):
        return True
    indent = (line.x0 - frame.left) / line.size
    if indent > INDENT:
        usual = style.indents and i - start == 1 and indent <= FIRST_LINE
        return not (runs_on and not usual and _hangs(line, before, frame))
    return short or (indent < -INDENT and not runs_on)


def _goes_on_as_title(before: Piece, line: Piece, wrapped: bool, style: Style) -> bool:
    """A title, heading or caption over two lines: as heavy, as close, the first line full or both large."""
    near = before.y - line.y <= max(CLOSE, 1.05 * style.pitch) * line.size
    alike = line.bold_first == before.bold_last and (wrapped or line.size > LARGE * style.size)
    return near and alike and not (ends(before.text) or _DASHES.match(line.text) or numbering(line.text))


def _hangs(line: Piece, before: Piece, frame: Frame) -> bool:
    """Whether an indented line is the rest of one: in an item whose first line stands out, beside a picture."""
    if numbering(line.text) or line.x0 > (frame.left + frame.right) / 2:  # 某市科技局, at the right under a letter
        return False
    if abs(line.x0 - before.x0) < 0.4 * line.size:
        return True
    beside = line.x0 - frame.left > FIRST_LINE * line.size >= before.x0 - frame.left
    return beside or (line.x0 > before.x0 and bool(numbering(before.text) or _NOTE.match(before.text)))


def _is_centred(line: Piece, frame: Frame, style: Style) -> bool:
    """Whether a line stands in the middle: by much, or exactly and not at the indent of a first line."""
    left, right = (line.x0 - frame.left) / line.size, (frame.right - line.x1) / line.size
    if INDENT / 2 < left < (1.5 if line.size < LARGE * style.size else CENTRED):
        return abs(left - right) < EXACT
    return min(left, right) > CENTRED and abs(left - right) < EVEN


def _is_short(line: Piece, following: str, frame: Frame) -> bool:
    """Whether what follows would have found place at the end of a line."""
    return (frame.right - line.x1) / line.size > needed(following)


def is_caption(text: str) -> bool:
    """Whether a line says what a picture or table shows: 图1 氢能产值"""
    return kind_of_line(to_simplified(text), False) == "caption"


def needed(following: str) -> float:
    """Ems that the beginning of a text takes up to where a line may break first, and a little more."""
    token = _TOKEN.match(following)
    return 0.6 + (sum(1.0 if _WIDE.match(c) else 0.5 for c in token[0]) if token else 1.0)


def _beside_picture(one: Block, i: int) -> bool:
    """Whether the line before ``i`` ends where the lines around it do, though not at the edge of the column."""
    around = [one.lines[j] for j in (i - 3, i - 2, i, i + 1) if 0 <= j < len(one.lines)]
    before, half = one.lines[i - 1], (one.frame.right - one.frame.left) / 2
    flush = sum(abs(a.x1 - before.x1) < 0.6 * before.size for a in around)
    return flush >= 2 and before.x1 - before.x0 > half
