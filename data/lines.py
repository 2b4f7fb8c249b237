"""The lines of a document, each with its kind, and which of them go on in the next."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from data.furniture import is_reference, kind_of_line, opens_references
from data.numbering import Numbering, format_rank, heading_rank, is_markdown_heading, numbering
from data.records import Document

_LINE = re.compile(r"\S[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*")  # 一、总体要求
_ENDS = re.compile(r"[。！？｡!?；;…：:]['\"”’」』）)】〕\]■]*$")  # …取得新成效。”
_CUT_OFF = re.compile(
    r"[，,、（(《〈〔“‘「『—和或于以将把被从]$|(?<!目)的$|(?<!参)与$|(?<![普涉])及$|(?<![方导取走])向$|(?<![应针])对$|(?<!存)在$|[一二三四五六七八九十](是|要)$"
)  # …供给侧和 / 产业需求侧
_GOES_ON = re.compile(r"[，。、；：！？,;!?%％]")  # 加入公约 / ，…
_OPENING, _CLOSING = frozenset("《〈（(〔“‘「『"), frozenset("》〉）)〕”’」』")  # 加入《 / 公约 / 》的谈判
_LABEL = re.compile(r"[\u4e00-\u9fff]{2,12}(?<![为是括下有])[:：]")  # 改造目标：建立…
_ROW = re.compile(r"\d{1,4}\s+\S")  # 74 24 信息安全技术 已发布
_BRACKETS = ("《》", "（）", "()", "〔〕", "“”")  # 正在研究加入《
# …两部分组成，（三）基础共性标准 ; …等部分2.平台应用标准：在…
_BURIED = re.compile(
    r"(?<![第条款和及至])[（(][一二三四五六七八九十]{1,3}[）)](?=[\u4e00-\u9fff]{3,20}$)"
    r"|(?<![\d.第图表])\d{1,2}[.．]\s?(?=[\u4e00-\u9fff]{2,14}(?:$|[:：]))"
)
_BEFORE_BURIED = frozenset("，、；。")
_ADDRESS = re.compile(r"^(各|市|区|县|省).{2,80}[：:]$")  # 各区人民政府，市直各部门：
_SALUTATION = re.compile(r"(各位|尊敬的|同志们|朋友们).{0,30}[：:！!]$")  # 各位代表：
_COMMA = re.compile(r"[，,；;]")
SIDE = ("caption", "boilerplate")  # what may stand in the middle of a sentence
_NO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
HEADING_LENGTH = 40  # characters
REPEATS = 3  # a short line that comes so often is a running title
MIN_WRAPPED = 8  # lines of one width that show a text was broken at it


@dataclass(slots=True)
class Line:
    """A stretch of one line without the spaces around it."""

    start: int
    end: int
    text: str  # simplified, without the noise of extraction at its end
    kind: str  # empty for a line of the text: what its sentences are is seen one by one
    number: Numbering | None
    rank: float = 0.0  # of a heading, the smallest outermost
    broken: bool = False  # goes on in the next line of the text
    spaced: bool = False  # a blank line stands before it


def lines_of(document: Document, simplified: str) -> list[Line]:
    """Every line that is not blank: what is furniture, and what goes on in the next line.

    ``simplified`` is the text in simplified characters, for which the rules are written.
    """
    lines = _raw_lines(document, simplified)
    _hold_brackets(lines)
    _name_furniture(lines)
    _find_broken(lines)
    return lines


def _raw_lines(document: Document, simplified: str) -> list[Line]:
    marks = {mark.start: mark for mark in document.marks}
    lines: list[Line] = []
    at = 0
    for start, whole in _stretches(simplified):
        text = _without_noise(whole)
        line = Line(start, start + len(whole), text, "", numbering(text))
        line.spaced = simplified.count("\n", at, start) > 1
        if mark := marks.get(start):
            line.kind = mark.kind
            line.rank = format_rank(mark.level) if mark.level and not line.number else heading_rank(text)
        lines.append(line)
        at = line.end
    return lines


def _stretches(text: str) -> Iterator[tuple[int, str]]:
    """Lines without the spaces around them; two where a heading was glued to the line before: …组成，（三）共性标准"""
    for found in _LINE.finditer(text):
        start, line = found.start(), found[0].rstrip()
        for buried in _BURIED.finditer(line):
            before = line[: buried.start()].rstrip()
            if before[-1:] in _BEFORE_BURIED or "\u4e00" <= before[-1:] <= "\u9fff":
                yield start, before
                start, line = found.start() + buried.start(), line[buried.start() :]
                break
        yield start, line


def _without_noise(text: str) -> str:
    """Without what extraction leaves at the end of a line, such as question marks: 三、重点工程 ?"""
    text = text.strip(_NO_WIDTH)
    if text[-1:] != "?":
        return text
    kept = text.rstrip("?")
    return kept.rstrip() if len(text) - len(kept) > 1 or kept[-1:].isspace() else text


def _name_furniture(lines: list[Line]) -> None:
    counts = Counter(line.text for line in lines if len(line.text) <= HEADING_LENGTH and not line.number)
    attached = False
    for line in lines:
        if line.kind:
            continue
        if is_reference(line.text) or opens_references(line.text):
            line.kind = "reference"
        elif attached and line.number and not ends(line.text):
            line.kind = "signature"  # 附件：1.… / 2.…
        elif counts[line.text] >= REPEATS and not ends(line.text):
            line.kind = "boilerplate"
        else:
            line.kind = kind_of_line(line.text, line.number is not None)
        attached = line.kind == "signature" and (attached or line.text.startswith("附件"))


def ends(text: str) -> bool:
    """Whether a line ends as a sentence or a lead-in does."""
    return bool(_ENDS.search(text[-12:]))


def _wrap_width(lines: list[Line]) -> float:
    """The width, in Chinese characters, of a text whose lines were broken at a fixed width; 0 for other texts."""
    texts = [line.text for line in lines if not line.kind]
    widths = Counter(round(_width(t)) for t in texts if 17 < len(t) < 120 and not ends(t))
    best = max(range(18, 61), key=lambda n: sum(widths[n + d] for d in (-2, -1, 0, 1, 2)))
    near = sum(widths[best + d] for d in (-2, -1, 0, 1, 2))
    return best if near >= MIN_WRAPPED and near >= 0.25 * len(texts) else 0


def _width(text: str) -> float:
    """Length in Chinese characters: letters and digits of half width count half."""
    return len(text.encode("gb18030", "replace")) / 2 if len(text) < 200 else len(text)


def _hold_brackets(lines: list[Line]) -> None:
    """Lines that a link in the text has torn apart belong to it: 加入《 / 公约 / 》的谈判"""
    for line, after in pairwise(lines):
        torn = line.text[-1:] in _OPENING or after.text[:1] in _CLOSING or _GOES_ON.match(after.text)
        if torn and line.kind in ("", "body") and not after.kind:
            line.kind = after.kind = "body"
            line.broken = True


def _find_broken(lines: list[Line]) -> None:
    width = _wrap_width(lines)
    labels = Counter(found[0] for line in lines if (found := _LABEL.match(line.text)))
    gaps = {a.start: b.kind for a, b in pairwise(lines) if b.kind in SIDE}
    rest = False  # of a sentence begun in the line before
    for line, after in pairwise(line for line in lines if line.kind in ("", "body")):
        label = _LABEL.match(after.text)
        labelled = label is not None and labels[label[0]] > 1
        goes_on = not labelled and _goes_on(line, after, width, rest, gaps.get(line.start, ""))
        rest = line.broken = line.broken or goes_on


def _begins_anew(line: Line) -> bool:
    addressed = _ADDRESS.match(line.text) or _SALUTATION.match(line.text)
    return bool(line.number or addressed or is_markdown_heading(line.text))


def _goes_on(line: Line, after: Line, width: float, rest: bool, gap: str) -> bool:
    """Whether a line is unfinished, and the next line of the text is its rest."""
    if ends(line.text) or _begins_anew(after) or "\t" in line.text:
        return False
    if _CUT_OFF.search(line.text[-4:]) or _is_open(line.text):
        return True
    if line.kind == "body":
        return True  # the format says that it is no heading
    if _ROW.match(line.text) and _ROW.match(after.text):
        return False
    if width:
        over = max(_width(line.text), len(line.text)) - width
        indented = 2.5 if line.number else 4  # the first line of a paragraph is two characters shorter
        return over >= -indented and not (over > 2.5 and _ends_in_heading(line.text))
    if gap == "caption" and not line.number and not is_short(after.text):
        return not is_markdown_heading(line.text)  # …，企业 / 张某摄 / 与院校…
    return (rest or not is_short(line.text)) and not _ends_in_heading(line.text)


def _is_open(text: str) -> bool:
    """Whether a bracket or quotation of the line is still open at its end."""
    return any(text.rfind(pair[0]) > text.rfind(pair[1]) for pair in _BRACKETS)


def is_short(text: str) -> bool:
    """Whether a line could be a heading by its form alone."""
    return len(text) <= HEADING_LENGTH and len(_COMMA.findall(text)) <= 2 and "。" not in text and not ends(text)


def _ends_in_heading(text: str) -> bool:
    """Whether a heading stands at the end of a line, where a line break was lost: …新格局。（二）供给能力提升工程"""
    tail = text[max(text.rfind(mark) for mark in "。！？；;") + 1 :]
    found = numbering(tail)
    return found is not None and found.heads and len(tail) < len(text) and is_short(tail)
