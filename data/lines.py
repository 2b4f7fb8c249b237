"""What kind of line a line is: heading, list item, caption, page furniture, body."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from data.normalize import to_simplified
from data.records import Document

_BREAK = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")  # one line: 一、总体要求
ENDS = re.compile(r"[。！？!?；;…：:]['\"”’」』）)】〕\]■]*$")  # …取得新成效。”
_DIGIT = "一二三四五六七八九十百〇零两"
# level of a numbered heading or item, in the usual order of official documents
NUMBERED = (
    (1, re.compile(rf"第[{_DIGIT}\d]+[章编]")),  # 第一章 总则
    (2, re.compile(rf"第[{_DIGIT}\d]+节")),  # 第二节 资金支持
    (1, re.compile(rf"[{_DIGIT}]{{1,3}}、")),  # 一、总体要求
    (2, re.compile(rf"[（(][{_DIGIT}]{{1,3}}[）)]")),  # （一）指导思想
    (3, re.compile(r"\d{1,2}\s*[.．、](?!\d)")),  # 1.市场主导
    (4, re.compile(r"[（(]\d{1,2}[）)]|\d{1,2}[）)]")),  # （1）建设园区
    (4, re.compile(r"[①-⑳]")),  # ①到2026年
    (4, re.compile(rf"第[{_DIGIT}\d]+条")),  # 第三条 本办法所称企业
    (5, re.compile(rf"[{_DIGIT}]{{1,2}}是|[-–•●·▪◆■]\s")),  # 一是加大投入
)
_MARKDOWN = re.compile(r"#{1,6}\s+")  # ## 打造科创平台
_FURNITURE = re.compile(
    r"^\d{4}-\d{1,2}-\d{1,2}(\s|$)|^您?(的|当前的?|所在的?)?位置\s*[:：]|^您在这里|^首页(\s|$|[|>»›])|^[—–-]\s*\d{1,4}\s*[—–-]$|^第?\s*\d{1,4}\s*页"
    r"|^\d{1,3}\s*/\s*\d{1,3}$|^(网友|最新|最热|查看.{0,4})?评论(\s|$|[（(]|一下)|条评论|^还没有评论|人参与|^点击切换"
    r"|注销(账号|须知)|^身份验证|^(用户)?登录(.{0,8}账号)?$|^(登录|注册)\s*[|｜]|^确定$|^请谨慎操作|字[号体]\s*[:：]|^【?打印"
    r"|^【?关闭(本页|窗口)?】?$|打印(本页)?】|分享到|^转给朋友|浏览次数|扫一扫|ICP备|公网安备|^版权所有|网站地图"
    r"|^(主办|承办|协办)单位\s*[:：]|^(上|下)一篇|^相关(新闻|阅读|链接)\s*([:：]|$)|责任编辑\s*[:：]|^编辑\s*[:：]|^×$"
    r"|公开(选项|方式)\s*[:：]"
)  # 您的位置: 首页 » 新闻 ; 评论 0人参与 ; — 3 —
_BYLINE = re.compile(
    r"^[◎□]|^[■●]\s*.{2,20}(政协|局|委员会|研究院|大学|学院)$|^(本报)?(记者|通讯员)\s"
    r"|执笔\s*[:：]|^(来源|时间|发布时间|作者|文号|索引号|关键词)\s*[:：]|^[（(〔].{0,40}作者"
)  # ◎杨某 本报记者
_CAPTION = re.compile(
    r"^(图|表)\s*\d+\s*[:：　 ]|^图[为/].{4,}|[\u4e00-\u9fff]{2,4}\s*[/／]?\s*(摄|摄影|供图)[）)]?$"
)  # 生产车间。 张某摄
_REFERENCES = re.compile(r"^(参考文献|参考资料|注释)\s*[:：]?$")  # 参考文献：
_REFERENCE = re.compile(r"^\s*[-–•]?\s*[\[［〔]\d{1,3}[\]］〕]")  # [1] 张某.论创新[J].
_DATE = rf"(\d{{4}}|[{_DIGIT}]{{4}})\s*年\s*(\d{{1,2}}|[{_DIGIT}]{{1,3}})\s*月\s*(\d{{1,2}}|[{_DIGIT}]{{1,3}})\s*日"
_SIGNED = re.compile(
    rf"^[（(]?{_DATE}[）)]?[\s?]*$|^联[系络]+[人方].{{0,60}}\d|^(抄送|附件)\s*[:：]"
)  # 2021年8月2日 ; 联系人：
_ADDRESS = re.compile(r"^(各|市|区|县|省).{2,80}[：:]$")  # 各区人民政府，市直各部门：
_ISSUER = re.compile(
    r"^.{2,30}(人民政府|委员会|办公[厅室]|(?<![布格结全大])局|厅|(?<![总干内外全西东南北中局])部|政协)[\s?]*$"
)  # 某市科学技术局, but not 优化产业布局
_COMMA = re.compile(r"[，,；;]")
_HAN = re.compile(r"[\u3400-\u9fff]")
HEADING_LENGTH = 40
MIN_LINES = 3  # a text of fewer lines is a snippet and has no title


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of one line without the spaces around it; ``level`` is that of a heading (1 outermost), else 0."""

    start: int
    end: int
    text: str
    kind: str
    level: int = 0
    joins: bool = False  # an unfinished line that may go on in the next


def lines_of(document: Document) -> list[Line]:
    """Classify every non-empty line of the document."""
    spans = [_stripped(m.start(), m.end(), document.text) for m in _BREAK.finditer(document.text)]
    spans = [(start, end) for start, end in spans if start < end]
    simplified = to_simplified(document.text)  # the rules are written for simplified characters
    texts = [_without_noise(simplified[start:end]) for start, end in spans]
    repeated = {t for t, n in Counter(texts).items() if n >= 3 and len(t) <= HEADING_LENGTH and not ENDS.search(t)}
    width = _wrap_width(texts)
    titled = len(texts) >= MIN_LINES and any("。" in text for text in texts)
    marks = {(mark.start, mark.end): mark.kind for mark in document.marks}
    found: list[Line] = []
    in_references = False
    for (start, end), text in zip(spans, texts, strict=True):
        in_references = bool(_REFERENCES.match(text)) or (in_references and bool(_REFERENCE.match(text)))
        kind = marks.get((start, end)) or ("boilerplate" if text in repeated else _kind(text, in_references, width))
        first = titled and all(line.kind == "boilerplate" for line in found)
        if kind == "heading" and first and not _numbered(text):
            kind = "title"
        level = _level(text) if kind in ("heading", "list_item") else 0
        joins = kind in ("body", "list_item") and not ENDS.search(text)
        found.append(Line(start, end, document.text[start:end], kind, level, joins))
    return [_unbroken(found, i) for i in range(len(found))]


def _unbroken(lines: list[Line], i: int) -> Line:
    """A short line that a caption follows is no heading but a sentence cut by it: …，企业 / 张某摄 / 与院校…"""
    line, *after = lines[i : i + 3]
    marked = _numbered(line.text) or _MARKDOWN.match(line.text)
    if line.kind == "heading" and not marked and [x.kind for x in after] == ["caption", "body"]:
        return replace(line, kind="body", joins=True)
    return line


def _stripped(start: int, end: int, text: str) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _wrap_width(texts: list[str]) -> int:
    """The column width, in characters, of a text whose lines were broken at a fixed width; 0 for other texts."""
    lengths = Counter(len(t) for t in texts if 18 <= len(t) <= 60 and not ENDS.search(t))
    best = max(range(18, 61), key=lambda n: sum(lengths[n + d] for d in (-2, -1, 0, 1, 2)))
    near = sum(lengths[best + d] for d in (-2, -1, 0, 1, 2))
    return best if near >= 8 and near >= 0.25 * len(texts) else 0


def _kind(text: str, in_references: bool, width: int) -> str:
    short, marked = len(text) <= 60, _numbered(text)
    if in_references or _REFERENCE.match(text):
        return "reference"
    if short and not text.endswith("。") and _is_furniture(text, marked):
        return "boilerplate"
    if short and _CAPTION.search(text):
        return "caption"
    if short and (_SIGNED.search(text) or (_ISSUER.match(text) and not marked and not _MARKDOWN.match(text))):
        return "signature"
    if _MARKDOWN.match(text) or _is_heading(text, width, marked):
        return "heading"
    return "list_item" if marked else "body"


def _is_furniture(text: str, marked: bool) -> bool:
    if _BYLINE.search(text) or not _HAN.search(text):
        return True
    return not marked and bool(_FURNITURE.search(text))


def _without_noise(text: str) -> str:
    """Without the question marks that extraction leaves at the end of a line: 三、重點工程 ?"""
    kept = text.rstrip("?")
    noise = len(text) - len(kept) > 1 or (kept != text and kept[-1:].isspace())
    return kept.rstrip() if noise else text


def _numbered(text: str) -> bool:
    return any(pattern.match(text) for _, pattern in NUMBERED)


def _is_heading(text: str, width: int, marked: bool) -> bool:
    if ENDS.search(text) or text[-1:] in "，,、" or _ADDRESS.match(text) or len(text) > HEADING_LENGTH or "。" in text:
        return False
    if width and len(text) >= width - 3:  # a full line of a wrapped text goes on in the next
        return False
    return marked or len(_COMMA.findall(text)) <= 2


def _level(text: str) -> int:
    if markdown := _MARKDOWN.match(text):
        return markdown[0].count("#")
    return next((level for level, pattern in NUMBERED if pattern.match(text)), 2)


def begins_anew(line: Line) -> bool:
    """Whether a line opens something of its own, so that nothing before it can go on in it."""
    return line.kind != "body" or bool(_ADDRESS.match(line.text))
