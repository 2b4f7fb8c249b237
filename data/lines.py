"""The lines of a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from data.numbering import Numbering, format_rank, heading_rank, numbering
from data.records import Document

_LINE = re.compile(r"\S[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*")  # 一、总体要求
_ENDS = re.compile(r"[。！？｡!?；;…：:]['\"”’」』）)】〕\]■]*$")  # …取得新成效。”
# …两部分组成，（三）基础共性标准 ; …等部分2.平台应用标准：在…
_BURIED = re.compile(
    r"(?<![第条款和及至])[（(][一二三四五六七八九十]{1,3}[）)](?=[\u4e00-\u9fff]{3,20}$)"
    r"|(?<![\d.第图表])\d{1,2}[.．]\s?(?=[\u4e00-\u9fff]{2,14}(?:$|[:：]))"
)
_BEFORE_BURIED = frozenset("，、；。")
_COMMA = re.compile(r"[，,]")
_STOP = re.compile("[。；;]")  # 加大投入；引进人才
_INDENT = re.compile(r"(?:^|[\n\r])(?:\u3000{2}|[ \xa0]{2,4})$")  # two characters; a line in the middle has more
_NO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
HEADING_LENGTH = 40  # characters


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
    indented: bool = False


def lines_of(document: Document, simplified: str) -> list[Line]:
    """Every line that is not blank, with the kind that the format tells, if any.

    ``simplified`` is the text in simplified characters, for which the rules are written.
    """
    marks = {mark.start: mark for mark in document.marks}
    lines: list[Line] = []
    at = 0
    for start, whole in _stretches(simplified):
        text = _without_noise(whole)
        line = Line(start, start + len(whole), text, "", numbering(text))
        line.spaced = simplified.count("\n", at, start) > 1
        line.indented = bool(_INDENT.search(simplified, max(start - 8, 0), start))
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
            before = line[max(buried.start() - 8, 0) : buried.start()].rstrip()[-1:]
            if before in _BEFORE_BURIED or "\u4e00" <= before <= "\u9fff":
                yield start, line[: buried.start()].rstrip()
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


def ends(text: str) -> bool:
    """Whether a line ends as a sentence or a lead-in does."""
    return bool(_ENDS.search(text[-12:]))


def is_row(line: Line) -> bool:
    """Whether a line is the row of a table, its cells parted by tabs."""
    return "\t" in line.text[line.number.length if line.number else 0 :].strip()


def is_short(text: str) -> bool:
    """Whether a line could be a heading by its form alone."""
    return (
        len(text) <= HEADING_LENGTH
        and text[-1:] not in "，,、"
        and len(_COMMA.findall(text)) <= 2
        and not _STOP.search(text)
        and not ends(text)
    )
