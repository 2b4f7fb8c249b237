"""Which lines are headings and which are titles, and how deep headings stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from data.boundaries import heading_end
from data.furniture import is_author, is_byline
from data.lines import HEADING_LENGTH, Line, ends, is_row, is_short
from data.numbering import SECTION, UNNUMBERED, heading_rank, is_markdown_heading

_GENRE = re.compile(
    r"(计划|方案|意见|办法|规定|通知|公告|通告|报告|细则|条例|措施|决定|纲要|规划|批复|函|指南|建议|要点|总结|规范|规程|标准|章程|准则|决议|公报|制度|预案|目录|清单|名单|说明|纪要|讲话|问答|致辞|(?<!代)表)([（(].{1,20}[）)])?$"
)  # 三年行动计划（2024-2026年）
_NO_LETTER = re.compile(r"\W+")  # 优化创新资源 助力发展
_STOP = re.compile("[。；;？！]")  # 推动升级。实施提质行动
_ENDED = ("。", "？", "?")
_GAP, _DIGIT = re.compile(r"\S\s+(?=\S)"), re.compile(r"\d")  # 北京 100 5.0%
# what no heading is: 责任单位：市科技局 ; 国家级平台：1个 ; 2024年 月 日 ; （记者 某某） ; | 项目 | 金额 |
_NO_HEADING = re.compile(
    r"^.{0,12}(单位|时限|日期|地址|电话|时间|地点|部门|范围|对象|名称|数量|金额|级别|期限)\s*[：:].|[：:]\s*\d"
    r"|^[\s\d年月日时分]+$|^[（(][^（()）]*[）)]$|^\||\t"
)
_SUBTITLE = re.compile(r"[（(][^（()）。]{1,30}[）)]$|[—–─-]{2}[^。]{4,50}$")  # （2024—2026年）
_ATTACHED = re.compile(r"附件?\s*[\d一二三四五六七八九十]{0,2}$")  # 附件3
TITLE_LENGTH = 70  # characters
SECTION_NAME = 4  # 前言, 总体要求: so short a line is no title
FIRST_LISTED = 5  # rank from which lines without an end mark can be a list: （一）营业执照 / （二）…
HEAD = 4  # paragraphs that can be the title, with kicker, subtitle and office, of a document
LIST_RUN = 4  # so many short lines in a row are a list or a table
MIN_LINES = 3  # a text of fewer lines is a snippet and has no title
_END = Line(0, 0, "", "end", None)


def name_headings(lines: list[Line]) -> None:
    """Give the lines that are headings their kind and rank."""
    paragraphs = list(_paragraphs(lines))
    for i, paragraph in enumerate(paragraphs):
        if _is_heading(paragraphs, i):
            for line in paragraph:
                line.kind, line.rank = "heading", heading_rank(paragraph[0].text)


def _paragraphs(lines: list[Line]) -> Iterator[list[Line]]:
    """Lines of the text, those that go on in one another together."""
    paragraph: list[Line] = []
    for line in lines:
        if line.kind in ("", "body"):
            paragraph.append(line)
            if not line.broken:
                yield paragraph
                paragraph = []
    if paragraph:
        yield paragraph


def _text(paragraph: list[Line]) -> str:
    return "".join(line.text for line in paragraph)


def _is_heading(paragraphs: list[list[Line]], i: int) -> bool:
    first = paragraphs[i][0]
    if first.kind == "body" or sum(len(line.text) for line in paragraphs[i]) > TITLE_LENGTH:
        return False
    text = _text(paragraphs[i])
    if is_row(first):
        return False
    if is_markdown_heading(text):
        return True
    if _is_row(text[first.number.length :] if first.number else text):
        return False
    if first.number:
        named = heading_end(text, first.number.length, len(text))
        return first.number.heads and not named and _heads(paragraphs, i, text)
    return is_short(text) and not _NO_HEADING.search(text) and (_in_head(paragraphs, i) or not _in_list(paragraphs, i))


def _in_head(paragraphs: list[list[Line]], i: int) -> bool:
    """Whether a line longer than the name of a section is one of the first, before any sentence."""
    text = _text(paragraphs[i])
    return i < HEAD and len(text) > SECTION_NAME and not any(ends(_text(before)) for before in paragraphs[:i])


def _heads(paragraphs: list[list[Line]], i: int, text: str) -> bool:
    """Whether what follows a numbered line is its part: deeper numbers, or a text of its own."""
    before, rank, after = (_rank(paragraphs, k) for k in (i - 1, i, i + 1))
    listed = before == rank and after <= rank  # the last of a list
    if not ends(text) and not _STOP.search(text):
        return rank < FIRST_LISTED or (after != rank and not listed)
    if len(text) > HEADING_LENGTH or len(_STOP.findall(text)) > text.endswith(_ENDED) or text.endswith(("；", ";")):
        return False
    if after:
        return after > rank and (paragraphs[i + 1][0].number.heads or text.endswith("。"))  # type: ignore[union-attr]
    return text.endswith(_ENDED) and not listed and i + 1 < len(paragraphs) and ends(_text(paragraphs[i + 1]))


def _is_row(text: str) -> bool:
    """The row of a table, its cells parted by spaces: 1 研发投入强度 2.1 3.0"""
    return len(_GAP.findall(text)) >= 2 and bool(_DIGIT.search(text))


def _rank(paragraphs: list[list[Line]], i: int) -> float:
    number = paragraphs[i][0].number if 0 <= i < len(paragraphs) else None
    return number.rank if number else 0


def _in_list(paragraphs: list[list[Line]], i: int) -> bool:
    """Whether many short lines stand one under another, as the cells of a table do."""
    run = 1
    for step in (-1, 1):
        k = i + step
        while 0 <= k < len(paragraphs) and run < LIST_RUN and _is_cell(paragraphs[k]):
            run, k = run + 1, k + step
    return run >= LIST_RUN


def _is_cell(paragraph: list[Line]) -> bool:
    return len(paragraph) == 1 and not paragraph[0].number and is_short(paragraph[0].text)


def name_titles(lines: list[Line]) -> None:
    """Headings that are titles: at the beginning, over a byline, of a document in the document."""
    named = lines and _GENRE.search(lines[0].text)
    if (len(lines) < MIN_LINES and not named) or not any("。" in line.text for line in lines):
        return
    begun = titled = False
    i = 0
    while i < len(lines):
        attached = bool(_ATTACHED.match(lines[i].text))
        run = attached + _title_run(lines, i + attached)
        if titled and lines[i].rank == SECTION:
            run = 0  # what comes after the title
        if run and (attached or not begun or _opens_article(lines, i, run)):
            for line, after in pairwise([*lines[i : i + run], _END]):
                line.kind, line.rank = "title", 0.0
                line.broken = _is_half_title(line, after)
        titled = titled or lines[i].kind == "title"
        section = titled and not run and lines[i].kind == "heading"
        numbered = lines[i].number is not None and lines[i].kind != "boilerplate"
        begun = begun or section or numbered or lines[i].kind in ("", "body")
        i += max(run, 1)
    _raise_main_part(lines)


def _raise_main_part(lines: list[Line]) -> None:
    """A heading without a number that repeats the title is that of the main part, over the others of its kind."""
    title = ""
    for line in lines:
        if line.kind == "title":
            title = _NO_LETTER.sub("", line.text)
        elif line.rank == UNNUMBERED and len(title) > SECTION_NAME and title in _NO_LETTER.sub("", line.text):
            line.rank = SECTION


def _title_run(lines: list[Line], i: int) -> int:
    """How many lines from here on could be a title: headings without a number."""
    run = 0
    while i + run < len(lines) and (_may_be_title(lines[i + run]) or (run and _is_subtitle(lines[i + run]))):
        if run and lines[i + run].rank == SECTION:
            break
        run += 1
    return run


def _may_be_title(line: Line) -> bool:
    if line.kind == "heading":
        return not line.number and (
            len(line.text) > SECTION_NAME or (len(line.text) == 4 and bool(_GENRE.search(line.text)))
        )
    return not line.kind and not line.number and len(line.text) <= TITLE_LENGTH and bool(_GENRE.search(line.text))


def _is_subtitle(line: Line) -> bool:
    """A line in brackets or after a dash under a title: （2024—2026年） ; ——对三家企业的调查"""
    return not line.kind and bool(_SUBTITLE.match(line.text)) and not ends(line.text)


def _opens_article(lines: list[Line], i: int, run: int) -> bool:
    """Whether headings after the beginning open an article or a document in the document."""
    after = lines[i + run] if i + run < len(lines) else _END
    if after.kind == "boilerplate" and is_byline(after.text):
        return True
    while i and lines[i - 1].kind == "boilerplate" and not is_author(lines[i - 1].text):
        i, run = i - 1, run + 1  # a note on the disclosure, the number of a page
    ended = i > 0 and (lines[i - 1].kind == "signature" or is_author(lines[i - 1].text))
    return ended and any(_GENRE.search(line.text) for line in lines[i : i + run])


def _is_half_title(line: Line, after: Line) -> bool:
    """Whether two lines are one title: 某市科技创新能力提升 / 三年行动计划（2024-2026年）"""
    if (
        _ATTACHED.match(line.text)
        or line.text.endswith(("）", ")"))
        or after.spaced
        or is_markdown_heading(after.text)
        or _GENRE.search(line.text)
    ):
        return False
    return bool(_GENRE.search(after.text))
