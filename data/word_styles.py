"""What the styles of a Word document say of a paragraph: its kind, how deep a heading stands, its list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from data.word_numbers import LEVELS, Numbers, value
from data.word_package import W

if TYPE_CHECKING:
    from lxml.etree import _Element

_HEADING = re.compile(r"(?:heading|标题)\s*([1-9])(?!\d)", re.IGNORECASE)  # 标题 1
_KINDS = (
    ("title", re.compile(r"(?:sub)?title$|副?标题$|文[档件]标题|公文标题", re.IGNORECASE)),  # 副标题
    ("caption", re.compile(r"caption$|题注|图表?标题|表格?标题", re.IGNORECASE)),  # 题注
    ("boilerplate", re.compile(r"toc\b|toc ?\d|目录|header$|footer$|页[眉脚]", re.IGNORECASE)),  # 目录 1
    (
        "reference",
        re.compile(r"(?:foot|end)note text|bibliography|[脚尾]注文本|参考文献|书目", re.IGNORECASE),
    ),  # 脚注文本
    ("signature", re.compile(r"signature$|签名|落款", re.IGNORECASE)),  # 落款
)


class Look(NamedTuple):
    """Of a paragraph: its kind or "", the level of a heading (1 outermost), the number that Word shows before it."""

    kind: str
    level: int
    label: str


class Styles:
    """The paragraph styles of a document by id, and its lists, which count the paragraphs that ask for their look."""

    def __init__(self, parts: list[_Element], numbers: Numbers) -> None:
        self._numbers = numbers
        self._styles = {style.get(W + "styleId", ""): style for part in parts for style in part.iterfind(W + "style")}
        self._usual = next((name for name, style in self._styles.items() if _is_usual(style)), "")

    def look(self, paragraph: _Element) -> Look:
        """What a paragraph is by its styles and its own settings. To be asked once of each, in order."""
        own = paragraph.find(W + "pPr")
        chain = list(self._chain(value(own, "pStyle") or self._usual))
        kind, level = _named(chain)
        settings = [own, *(style.find(W + "pPr") for style in chain)]
        outline = next((text for part in settings if (text := value(part, "outlineLvl"))), "")
        if kind in ("", "heading") and outline.isdecimal():
            kind, level = ("heading", int(outline) + 1) if int(outline) < LEVELS else ("", 0)
        return Look(kind, level, self._label(settings, [style.get(W + "styleId", "") for style in chain]))

    def _chain(self, name: str) -> Iterator[_Element]:
        """A style and those that it is based on; a circle, which some files have, ends it."""
        seen: set[str] = set()
        while name in self._styles and name not in seen:
            seen.add(name)
            yield self._styles[name]
            name = value(self._styles[name], "basedOn")

    def _label(self, settings: list[_Element | None], styles: list[str]) -> str:
        lists = [part.find(W + "numPr") if part is not None else None for part in settings]
        num = next((text for part in lists if (text := value(part, "numId"))), "0")
        index = next((text for part in lists if (text := value(part, "ilvl"))), "")
        if num == "0":
            return ""
        if index.isdecimal():
            return self._numbers.label(num, int(index))
        levels = (self._numbers.level_of_style(num, style) for style in styles)
        return self._numbers.label(num, next((level for level in levels if level), 0))


def _named(chain: list[_Element]) -> tuple[str, int]:
    """Kind and level by the names of styles, the nearest first."""
    for style in chain:
        name = value(style, "name")
        if heading := _HEADING.match(name):
            return "heading", int(heading[1])
        for kind, pattern in _KINDS:
            if pattern.match(name):
                return kind, 0
    return "", 0


def _is_usual(style: _Element) -> bool:
    return style.get(W + "type") == "paragraph" and style.get(W + "default") in ("1", "true", "on")
