"""Which lines go on in the next: those that a column, a page, a caption or a link broke."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from data.lines import Line, ends, is_row, is_short
from data.numbering import is_markdown_heading, numbering

_CUT_OFF = re.compile(
    r"[，,、（(《〈〔“‘「『—和或于以将把被从]$|(?<!目)的$|(?<!参)与$|(?<![普涉])及$|(?<![方导取走])向$|(?<![应针])对$|(?<!存)在$|[一二三四五六七八九十](是|要)$"
)  # …供给侧和 / 产业需求侧
_GOES_ON = re.compile(r"[，。、；：！？,;!?%％]")  # 加入公约 / ，…
_OPENING, _CLOSING = frozenset("《〈（(〔“‘「『"), frozenset("》〉）)〕”’」』")  # 加入《 / 公约 / 》的谈判
_LABEL = re.compile(r"[\u4e00-\u9fff]{2,12}(?<![为是括下有])[:：]")  # 改造目标：建立…
_ROW = re.compile(r"\d{1,4}\s+\S")  # 74 24 信息安全技术 已发布
_BRACKETS = ("《》", "（）", "()", "〔〕", "“”")  # 正在研究加入《
_ADDRESS = re.compile(r"^(各|市|区|县|省).{2,80}[：:]$")  # 各区人民政府，市直各部门：
_SALUTATION = re.compile(r"(各位|尊敬的|同志们|朋友们).{0,30}[：:！!]$")  # 各位代表：
SIDE = ("caption", "boilerplate")  # what may stand in the middle of a sentence
MIN_WRAPPED = 8  # lines of one width that show a text was broken at it


class _Layout(NamedTuple):
    """How a text was set: the width of its lines, 0 where they were not broken; whether paragraphs are indented."""

    width: float
    indents: bool


def hold_brackets(lines: list[Line]) -> None:
    """Lines that a link in the text has torn apart belong to it: 加入《 / 公约 / 》的谈判"""
    for line, after in pairwise(lines):
        torn = line.text[-1:] in _OPENING or after.text[:1] in _CLOSING or _GOES_ON.match(after.text)
        if torn and line.kind in ("", "body") and not after.kind:
            line.kind = after.kind = "body"
            line.broken = True


def find_broken(lines: list[Line]) -> None:
    """Mark the lines of the text that go on in the next one."""
    layout = _Layout(_wrap_width(lines), _has_indents(lines))
    labels = Counter(found[0] for line in lines if (found := _LABEL.match(line.text)))
    gaps = {a.start: b.kind for a, b in pairwise(lines) if b.kind in SIDE}
    for line in lines:
        if not line.kind and not line.number and _is_labelled(line, labels):
            line.kind = "body"  # one of several such lines: no heading
    rest = False  # of a sentence begun in the line before
    for line, after in pairwise(line for line in lines if line.kind in ("", "body")):
        goes_on = not _is_labelled(after, labels) and _goes_on(line, after, layout, rest, gaps.get(line.start, ""))
        rest = line.broken = line.broken or goes_on


def _is_labelled(line: Line, labels: Counter[str]) -> bool:
    """Whether a line begins with a label that others have too: 改造目标：建立…"""
    found = _LABEL.match(line.text)
    return found is not None and labels[found[0]] > 1


def _begins_anew(line: Line) -> bool:
    addressed = _ADDRESS.match(line.text) or _SALUTATION.match(line.text)
    return bool(line.number or addressed or is_markdown_heading(line.text))


def _goes_on(line: Line, after: Line, layout: _Layout, rest: bool, gap: str) -> bool:
    """Whether a line is unfinished, and the next line of the text is its rest."""
    if ends(line.text) or _begins_anew(after) or is_row(line):
        return False
    if _CUT_OFF.search(line.text[-4:]) or _is_open(line.text):
        return True
    if line.indented and not after.indented and not line.number and (gap or not after.spaced):
        return True  # the first line of a paragraph, and its second
    if line.kind == "body":
        return True  # the format says that it is no heading
    if _ROW.match(line.text) and _ROW.match(after.text):
        return False
    if layout.indents and after.indented:
        return False
    if layout.width:
        over = max(_width(line.text), len(line.text)) - layout.width
        indented = 2.5 if line.number else 4  # the first line of a paragraph is two characters shorter
        return over >= -indented and not (over > 2.5 and _ends_in_heading(line.text))
    if gap == "caption" and not line.number and not is_short(after.text):
        return not is_markdown_heading(line.text)  # …，企业 / 张某摄 / 与院校…
    return (rest or not is_short(line.text)) and not _ends_in_heading(line.text)


def _is_open(text: str) -> bool:
    """Whether a bracket or quotation of the line is still open at its end."""
    return any(text.rfind(pair[0]) > text.rfind(pair[1]) for pair in _BRACKETS)


def _wrap_width(lines: list[Line]) -> float:
    """The width, in Chinese characters, of a text whose lines were broken at a fixed width; 0 for other texts."""
    texts = [line.text for line in lines if not line.kind]
    widths = Counter(round(_width(t)) for t in texts if 17 < len(t) < 120 and not ends(t))
    best = max(range(18, 61), key=lambda n: sum(widths[n + d] for d in (-2, -1, 0, 1, 2)))
    near = sum(widths[best + d] for d in (-2, -1, 0, 1, 2))
    return best if near >= MIN_WRAPPED and near >= 0.25 * len(texts) else 0


def _has_indents(lines: list[Line]) -> bool:
    """Whether paragraphs begin with an indent: most lines of text that follow a finished one do."""
    begun = [
        after.indented for line, after in pairwise(lines) if not after.kind and not after.number and ends(line.text)
    ]
    return sum(begun) >= 2 and sum(begun) >= 0.6 * len(begun)


def _width(text: str) -> float:
    """Length in Chinese characters: letters and digits of half width count half."""
    return len(text.encode("gb18030", "replace")) / 2 if len(text) < 200 else len(text)


def _ends_in_heading(text: str) -> bool:
    """Whether a heading stands at the end of a line, where a line break was lost: …新格局。（二）供给能力提升工程"""
    tail = text[max(text.rfind(mark) for mark in "。！？；;") + 1 :]
    found = numbering(tail)
    return found is not None and found.heads and len(tail) < len(text) and is_short(tail)
