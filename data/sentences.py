"""Text into sentences whose offsets are exact: what a codebook unit is, and where it stands.

The rules are those of ``seeds/segmentation.md``. Lines broken by a column, a page or a caption are joined again: such
a sentence has several ``pieces``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple

from data.boundaries import boundaries, heading_end
from data.breaks import SIDE, find_broken, hold_brackets
from data.furniture import is_author, name_furniture
from data.headings import name_headings, name_titles
from data.lines import HEADING_LENGTH, Line, is_row, is_short, lines_of
from data.normalize import normalize, normalize_simplified, to_simplified
from data.numbering import Numbering, heading_rank, numbering
from data.records import CLASSIFIED_KINDS, Document, Sentence, Span, sentence_id

_SPACE = re.compile(r"\s*")  # 二、重点任务 （一）建设平台
LONGEST_MARK = 40  # characters of a sentence in which its number stands


class _Unit(NamedTuple):
    """A sentence to be: where it stands, what it is, and for a heading how deep."""

    pieces: list[Span]
    kind: str
    rank: float


class _Part(NamedTuple):
    """A sentence of a paragraph: where it begins in its joined lines; ``named`` for a heading before a colon."""

    start: int
    text: str
    number: Numbering | None
    named: bool


def segment(document: Document) -> list[Sentence]:
    """All sentences of a document, in order, without overlap; every character but white space is in one."""
    simplified = to_simplified(document.text)
    normalized_form = normalize_simplified if simplified == document.text else normalize
    lines = lines_of(document, simplified)
    for step in (hold_brackets, name_furniture, find_broken, name_headings, name_titles):
        step(lines)
    found: list[_Found] = []
    place = _Place()
    for group in _groups(lines):
        for unit in _units(simplified, group):
            parts = [document.text[start:end] for start, end in unit.pieces]
            normalized = normalized_form(parts[0] if len(parts) == 1 else join_pieces(parts))
            found.append(place.put(unit, normalized))
    found.sort(key=lambda entry: entry.unit.pieces[0])  # a caption comes after the sentence it broke
    return [_sentence(document, i, entry) for i, entry in enumerate(found)]


class _Found(NamedTuple):
    unit: _Unit
    normalized: str
    headings: list[str]
    article: int


@dataclass(slots=True)
class _Place:
    """Where in the document the next unit stands: under which headings, in which article."""

    path: list[tuple[float, str]] = field(default_factory=list)
    article: int = 0
    told: bool = False  # the article has text already, so that a title begins another

    def put(self, unit: _Unit, normalized: str) -> _Found:
        if unit.kind == "title":
            self.path = []
            self.article += self.told
            self.told = False
        elif unit.kind == "heading":
            self.path = [heading for heading in self.path if heading[0] < unit.rank]
        self.told = self.told or unit.kind in CLASSIFIED_KINDS
        found = _Found(unit, normalized, [text for _, text in self.path], self.article)
        if unit.kind == "heading":
            self.path.append((unit.rank, normalized.lstrip("# ")))
        return found


def _sentence(document: Document, index: int, found: _Found) -> Sentence:
    unit, normalized, headings, article = found
    start, end = unit.pieces[0].start, unit.pieces[-1].end
    identity = sentence_id(document.sha256, start, end)
    text = document.text[start:end]
    return Sentence(
        identity, document.id, index, start, end, text, normalized, unit.kind, headings, unit.pieces, article
    )


def _groups(lines: list[Line]) -> Iterator[list[Line]]:
    """Lines that belong to one paragraph; what interrupts a paragraph comes after it as a group of its own."""
    i = 0
    while i < len(lines):
        group, gaps, j = [lines[i]], [], i + 1
        while group[-1].broken:
            while j < len(lines) and lines[j].kind in SIDE:
                gaps.append(lines[j])
                j += 1
            if j == len(lines) or lines[j].kind not in ("", "body", group[0].kind):
                break
            group.append(lines[j])
            j += 1
        yield group
        yield from ([gap] for gap in gaps)
        i = j


def _units(simplified: str, group: list[Line]) -> Iterator[_Unit]:
    """The sentences of one paragraph. Lines of one kind (titles, headings, captions, …) are one unit."""
    first = group[0]
    if first.kind in ("", "body") and not is_row(first):
        yield from _sentences(group, "".join(simplified[line.start : line.end] for line in group))
    else:
        yield _Unit([Span(line.start, line.end) for line in group], first.kind or "body", first.rank)


def _sentences(group: list[Line], joined: str) -> Iterator[_Unit]:
    begins = list(accumulate((line.end - line.start for line in group), initial=0))  # of the lines in the joined text
    parts = list(_parts(joined))
    for part, after in pairwise([*parts, _Part(0, "", None, False)]):
        pieces = _spans(group, begins, part.start, part.start + len(part.text))
        if _is_heading(part, after):
            yield _Unit(pieces, "heading", heading_rank(part.text))
        elif is_author(part.text):
            yield _Unit(pieces, "boilerplate", 0)
        else:
            yield _Unit(pieces, "list_item" if part.number else "body", 0)


def _parts(joined: str) -> Iterator[_Part]:
    """The sentences of a paragraph; a heading that names what the text after it is about is one of its own."""
    start = 0
    for cut in [*boundaries(joined), len(joined)]:
        start = _after_space(joined, start, cut)
        number = numbering(joined[start : start + LONGEST_MARK])
        while number and number.heads and (end := heading_end(joined, start + number.length, cut)):
            yield _Part(start, joined[start:end].rstrip(), number, True)
            start = _after_space(joined, end, cut)
            number = numbering(joined[start : start + LONGEST_MARK])
        if start < cut:
            yield _Part(start, joined[start:cut].rstrip(), number, False)
        start = cut


def _after_space(text: str, start: int, end: int) -> int:
    found = _SPACE.match(text, start, end)
    return found.end() if found else start


def _is_heading(part: _Part, after: _Part) -> bool:
    """A heading inside a paragraph: （一）优化布局。围绕…，建设…。 or, its line break lost, …。（二）提升工程"""
    if part.number is None or not part.number.heads or len(part.text) > HEADING_LENGTH:
        return False
    if after.text:
        deeper = after.number is None or after.number.rank > part.number.rank
        return part.named or (part.text.endswith(("。", "？", "?")) and deeper)
    return part.start > 0 and is_short(part.text)


def _spans(group: list[Line], begins: list[int], start: int, end: int) -> list[Span]:
    """Offsets in the joined lines as spans of the source, one for each line."""
    found: list[Span] = []
    i = bisect_right(begins, start) - 1
    while start < end:
        stop = min(end, begins[i + 1])
        shift = group[i].start - begins[i]
        found.append(Span(start + shift, stop + shift))
        start, i = stop, i + 1
    return found


def join_pieces(parts: Iterable[str]) -> str:
    """Broken parts as one text; a line break between two Latin words was a space, any other was nothing."""
    whole = ""
    for part in parts:
        gap = " " if whole[-1:].isascii() and whole[-1:].isalpha() and part[:1].isascii() and part[:1].isalpha() else ""
        whole += gap + part
    return whole
