"""Text into sentences whose offsets are exact: what a codebook unit is, and where it stands.

A unit ends in 。！？…… or ；; closing quotes and brackets belong to the sentence before them. Nothing is split
inside brackets or 《》; inside quotation marks only between whole sentences. Lines broken by a column, a page or a
caption are joined again: such a sentence has several ``pieces``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from data.lines import Line, begins_anew, lines_of
from data.normalize import normalize
from data.records import Document, Sentence, Span, digest

_OPEN = {"（": "）", "(": ")", "《": "》", "〔": "〕", "【": "】", "[": "]", "“": "”", "‘": "’", "「": "」", "『": "』"}
_QUOTES = "“‘「『"
_CLOSERS = "”’」』）)】〕]》■"
_HARD = "。！？!?…"
_SOFT = "；;"
# “……。”某某说。 : the speaker after a quotation belongs to its last sentence
_SPEAKER = re.compile(
    r"[^。！？；“”]{0,30}(说|表示|介绍|坦言|认为|指出|强调|告诉记者|感慨|回忆)[^。！？；“”]{0,12}([。，：]|$)"
)
_AUTHOR = re.compile(r"[（(〔]作者.{0,3}[系为：:]")  # 〔作者系某大学教授〕
_GAPS = ("caption", "boilerplate")
MAX_DEPTH = 32  # marks open at once; those before them are taken as broken
MAX_DEPTH_CHARS = 400  # a bracket that stays open longer than this is taken as broken


def segment(document: Document) -> list[Sentence]:
    """All sentences of a document, in order, without overlap; every character but white space is in one."""
    found: list[Sentence] = []
    path: list[tuple[int, str]] = []
    for group in _groups(lines_of(document)):
        if group[0].kind == "heading":
            path = [(level, text) for level, text in path if level < group[0].level]
        headings = [text for _, text in path]
        for pieces in _units(document.text, group):
            found.append(_sentence(document, pieces, group[0].kind, headings))
        if group[0].kind == "heading":
            path.append((group[0].level, found[-1].normalized))
    found.sort(key=lambda s: s.start)  # a caption comes after the sentence it broke
    return [replace(s, index=i) for i, s in enumerate(found)]


def _groups(lines: list[Line]) -> Iterator[list[Line]]:
    """Lines that belong to one paragraph; what interrupts a paragraph comes after it as a group of its own."""
    i = 0
    while i < len(lines):
        group, gaps, j = [lines[i]], [], i + 1
        while group[-1].joins:
            k = j
            while k < len(lines) and lines[k].kind in _GAPS:
                k += 1
            if k == len(lines) or begins_anew(lines[k]):
                break
            gaps += lines[j:k]
            group.append(lines[k])
            j = k + 1
        yield group
        yield from ([gap] for gap in gaps)
        i = j


def _units(text: str, group: list[Line]) -> Iterator[list[Span]]:
    """The sentences of one paragraph as lists of spans in the source."""
    if group[0].kind not in ("body", "list_item", "heading"):
        yield [Span(group[0].start, group[0].end)]
        return
    joined = "".join(line.text for line in group)
    places = [at for line in group for at in range(line.start, line.end)]
    start = 0
    for end in [*boundaries(joined), len(joined)]:
        while start < end and joined[start].isspace():
            start += 1
        stop = end
        while stop > start and joined[stop - 1].isspace():
            stop -= 1
        if start < stop:
            yield _runs(places[start:stop])
        start = end


def _runs(places: list[int]) -> list[Span]:
    """Code-point positions as spans, one for each unbroken run."""
    cuts = [i for i in range(1, len(places)) if places[i] != places[i - 1] + 1]
    return [Span(places[a], places[b - 1] + 1) for a, b in zip([0, *cuts], [*cuts, len(places)], strict=True)]


def boundaries(text: str) -> list[int]:
    """Offsets after which a new sentence begins, within one paragraph without line breaks."""
    partner = _partners(text)
    cuts: list[int] = []
    stack: list[int] = []  # offsets of the open marks
    i = 0
    while i < len(text):
        if i in partner and partner[i] > i:
            stack.append(i)
        elif i in partner and stack:
            stack.pop()
        elif _ends_here(text, i):
            end = _after_closers(text, i + 1, partner, stack)
            if end < len(text) and _is_cut(text, i, end, stack):
                cuts.append(end)
            i = end - 1
        i += 1
    return cuts


def _partners(text: str) -> dict[int, int]:
    """Matching marks, both ways; marks without a partner within reach are left out."""
    stack: list[int] = []
    partner: dict[int, int] = {}
    for i, char in enumerate(text):
        if char in _OPEN:
            stack.append(i)
            del stack[:-MAX_DEPTH]
        elif char in _OPEN.values():
            at = next((k for k in range(len(stack) - 1, -1, -1) if _OPEN[text[stack[k]]] == char), None)
            if at is not None:
                if i - stack[at] <= MAX_DEPTH_CHARS:
                    partner[stack[at]], partner[i] = i, stack[at]
                del stack[at:]
    return partner


def _ends_here(text: str, i: int) -> bool:
    char = text[i]
    if char not in _HARD + _SOFT:
        return False
    if char in "?!" and (text[i - 1 : i] in "?." or text[i + 1 : i + 2] == "?" or i == 0):  # 工信局 ????? , 6.?大力
        return False
    return not (char == "…" and text[i + 1 : i + 2] not in ("…", "", *_CLOSERS) and text[i - 1 : i] != "…")


def _after_closers(text: str, i: int, partner: dict[int, int], stack: list[int]) -> int:
    """Past further end marks and closing quotes: …发展。”；"""
    while i < len(text) and (text[i] in _HARD + _SOFT or text[i] in _CLOSERS):
        if i in partner and stack and partner[i] == stack[-1]:
            stack.pop()
        i += 1
    return i


def _is_cut(text: str, mark: int, end: int, stack: list[int]) -> bool:
    if any(text[k] not in _QUOTES for k in stack):
        return False  # inside brackets or a title
    if stack:
        return text[mark] in _HARD and text[end - 1] not in _SOFT
    if any(c in "”’」』" for c in text[mark:end]) and _SPEAKER.match(text, end):
        return False
    # “四链……”融合 : dots that are followed by a closing quote do not end the sentence around it
    return not (text[mark] == "…" and text[end - 1] in "”’」』》" and text[end] not in _QUOTES)


def _sentence(document: Document, pieces: list[Span], kind: str, headings: list[str]) -> Sentence:
    start, end = pieces[0].start, pieces[-1].end
    text = document.text[start:end]
    kind = "signature" if _AUTHOR.match(text) else kind
    joined = join_pieces(document.text[a:b] for a, b in pieces)
    identity = digest(f"{document.sha256}:{start}:{end}")[:16]
    return Sentence(identity, document.id, 0, start, end, text, normalize(joined), kind, headings, pieces)


def join_pieces(parts: Iterable[str]) -> str:
    """Broken parts as one text; a line break between two Latin words was a space, any other was nothing."""
    whole = ""
    for part in parts:
        gap = " " if whole[-1:].isascii() and whole[-1:].isalpha() and part[:1].isascii() and part[:1].isalpha() else ""
        whole += gap + part
    return whole
