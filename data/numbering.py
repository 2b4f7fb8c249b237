"""Marks at the beginning of a heading or an item: 一、 （二） 3. ① 第四条 五是 ● and how deep each stands."""

from __future__ import annotations

import re
from typing import NamedTuple

_DIGIT = "一二三四五六七八九十百〇零两"
_UNIT = "年月日时点分秒万亿千百个倍元吨公平多余人家项次种名位张台件路%％"  # amounts: 12 月, 2.5 亿元
# rank (outermost first), whether it can head a part or only begins an item, pattern
_KINDS = (
    ("chapter", 2, True, rf"第\s*[{_DIGIT}\d]{{1,5}}\s*([章编篇部](?!门|分)|部分)"),  # 第一章 总则
    ("section", 3, True, rf"第\s*[{_DIGIT}\d]{{1,5}}\s*节"),  # 第二节 资金支持
    ("article", 9, False, rf"第\s*[{_DIGIT}\d]{{1,6}}\s*条(?!例)"),  # 第三条 本办法所称企业
    ("han", 4, True, rf"[{_DIGIT}]{{1,3}}\s*[、．.]|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]\s*[、．.]"),  # 一、总体要求
    ("han_paren", 5, True, rf"[（(]?\s*[{_DIGIT}]{{1,3}}\s*[）)]|[㈠-㈩]"),  # （一）指导思想
    ("box", 6, True, r"专栏\s*\d{1,2}"),  # 专栏3 重点工程
    (
        "decimal",
        6,
        True,
        rf"\d{{1,2}}(?:[.．]\d{{1,2}}){{1,4}}(?=\s+[\u4e00-\u9fff]|[^\s\d.．{_UNIT}])",
    ),  # 2.1 编制目的
    ("bare", 5.5, True, rf"\d{{1,2}}\s+(?=[\u4e00-\u9fff])(?![^\u4e00-\u9fff]*[{_UNIT}])"),  # 3 应急响应
    ("arabic", 7, True, r"\d{1,3}\s*[.．、](?!\d)|\d{1,2}[.．、](?=(?:19|20)\d\d年)|[⒈-⒛]"),  # 1.市场主导
    ("arabic_paren", 8, True, r"[（(]\s*\d{1,3}\s*[）)]|\d{1,2}[）)]|[⑴-⒇]"),  # （1）建设园区
    ("circled", 9, False, r"[①-⑳]"),  # ①到2026年
    # 一是加大投入 ; 第二，
    ("ordinal", 10, False, rf"[{_DIGIT}]{{1,2}}(?:是|要(?!素|求|点)|靠)|[第其][{_DIGIT}]{{1,2}}[，,、是]"),
    ("dash", 11, False, r"[—–─-]{2}|[*+]\s|[-–•●·▪◆◇■□○▲★►➢✓]\s?(?=[^\s\d—–-])"),  # ——坚持创新驱动
)
_MARK = re.compile("|".join(f"(?P<{name}>{pattern})" for name, _, _, pattern in _KINDS))
# names a whole section, over headings that say something: 面临的形势与挑战 over 创新平台缺乏统一规划
_SECTION = re.compile(r"(形势|现状|问题|挑战|困境|短板|不足|成效|原因|对策|建议|思路|启示|展望)$")
_MARKDOWN = re.compile(r"(#{1,6})\s+")  # ## 打造科创平台
_RANKS = {name: (rank, heads) for name, rank, heads, _ in _KINDS}
UNNUMBERED = 5.0  # a heading without a number stands beside （一）, below 一、
SECTION = 4.5  # one that names a whole section stands over these


class Numbering(NamedTuple):
    """``rank`` orders headings, the smallest outermost; ``heads`` is false for marks that only begin items."""

    rank: float
    heads: bool
    length: int


def numbering(text: str) -> Numbering | None:
    """The mark that a text begins with; None where there is none."""
    found = _MARK.match(text)
    if not found:
        return None
    name = found.lastgroup or ""
    rank, heads = _RANKS[name]
    depth = sum(c in ".．" for c in found[0]) if name == "decimal" else 0
    return Numbering(rank + depth / 10, heads, found.end())


def heading_rank(text: str) -> float:
    """How deep a heading stands: by its number, its # marks, or as headings without a number do."""
    markdown = _MARKDOWN.match(text)
    found = numbering(text[markdown.end() :] if markdown else text)
    if found:
        return found.rank
    if markdown:
        return format_rank(len(markdown[1]))
    return SECTION if _SECTION.search(text) else UNNUMBERED


def format_rank(level: int) -> float:
    """The rank of a heading whose level (1 to 9) the format tells: h2, Heading 3, ##."""
    return 2.5 + level / 10


def is_markdown_heading(text: str) -> bool:
    """Whether a line is a heading in Markdown: ## 打造科创平台."""
    return bool(_MARKDOWN.match(text))
