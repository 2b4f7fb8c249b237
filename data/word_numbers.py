"""Automatic numbers of Word lists, which are not in the text: what Word shows before a paragraph, counted anew."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.word_package import W

if TYPE_CHECKING:
    from lxml.etree import _Element

LEVELS = 9
_DIGITS = "〇一二三四五六七八九"
_LEGAL = "零壹贰叁肆伍陆柒捌玖"
_ROMAN = dict(
    zip("m cm d cd c xc l xl x ix v iv i".split(), (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), strict=True)
)
_PLACE = re.compile(r"%([1-9])")  # 第%1条
_BULLETS = "—–-•●·▪◆◇■□○▲★►➢✓"  # others, mostly of Wingdings, become •
_NO_SPACE = "、，：；。．）】〕》"  # 一、总体要求, but 第一条 为了…


def chinese(number: int, digits: str = _DIGITS, units: str = "十百千") -> str:
    """23 -> 二十三, 105 -> 一百零五; numbers from 10,000 stay in figures."""
    if not 0 < number < 10_000:
        return str(number)
    found = ""
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit:
            found += digits[digit] + (units[power - 1] if power else "")
        elif found and number % 10**power:
            found = found.rstrip("零") + "零"
    return found[1:] if found.startswith("一十") else found


def _roman(number: int) -> str:
    found = ""
    for letters, amount in _ROMAN.items():
        found += letters * (number // amount)
        number %= amount
    return found


def _letter(number: int) -> str:
    """1 -> a, 26 -> z, 27 -> aa, as Word does."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _run(first: str, count: int) -> Callable[[int], str]:
    """Numbers that are characters in a row: ① to ⑳; plain figures beyond."""
    return lambda number: chr(ord(first) + number - 1) if 0 < number <= count else str(number)


def _cycle(row: str) -> Callable[[int], str]:
    return lambda number: row[(number - 1) % len(row)]


_FORMATS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda n: f"{n:02}",
    "upperRoman": lambda n: _roman(n).upper(),
    "lowerRoman": _roman,
    "upperLetter": lambda n: _letter(n).upper(),
    "lowerLetter": _letter,
    "ideographDigital": lambda n: "".join(_DIGITS[int(d)] for d in str(n)),
    "japaneseDigitalTenThousand": lambda n: "".join(_DIGITS[int(d)] for d in str(n)),
    "chineseLegalSimplified": lambda n: chinese(n, _LEGAL, "拾佰仟"),
    "ideographTraditional": _cycle("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _cycle("子丑寅卯辰巳午未申酉戌亥"),
    "decimalEnclosedCircle": _run("①", 20),
    "decimalEnclosedCircleChinese": _run("①", 20),
    "decimalEnclosedParen": _run("⑴", 20),
    "decimalEnclosedFullstop": _run("⒈", 20),
    "decimalFullWidth": lambda n: "".join(chr(ord("０") + int(d)) for d in str(n)),
    "none": lambda _: "",
}
# Word's Chinese edition writes any of these for 一、二、三
_FORMATS |= dict.fromkeys(
    "chineseCounting chineseCountingThousand japaneseCounting taiwaneseCounting taiwaneseCountingThousand".split(),
    chinese,
)


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list: ``pattern`` is 第%1条 or %1.%2, ``style`` the paragraph style that it belongs to."""

    format: str
    pattern: str
    start: int
    glued: bool  # nothing between number and text
    arabic: bool  # all numbers in figures
    restart: int  # deepest level, from 1, whose next number starts this one anew; 0 for never
    style: str


class Numbers:
    """The lists of a document and how far each has counted."""

    def __init__(self, parts: list[_Element]) -> None:
        lists = {x.get(W + "abstractNumId", ""): x for part in parts for x in part.iterfind(W + "abstractNum")}
        by_style = {value(x, "styleLink"): x for x in lists.values() if value(x, "styleLink")}
        self._lists: dict[str, dict[int, Level]] = {}
        self._nums: dict[str, tuple[str, dict[int, Level], dict[int, int]]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[str] = set()
        for name, element in lists.items():
            element = by_style.get(value(element, "numStyleLink"), element)
            self._lists[name] = dict(_level(level) for level in element.iterfind(W + "lvl"))
        for num in (x for part in parts for x in part.iterfind(W + "num")):
            name = value(num, "abstractNumId")
            levels, starts = dict(self._lists.get(name, {})), {}
            for override in num.iterfind(W + "lvlOverride"):
                index = _number(override.get(W + "ilvl"), 0)
                levels |= dict(_level(level) for level in override.iterfind(W + "lvl"))
                if value(override, "startOverride"):
                    starts[index] = _number(value(override, "startOverride"), 1)
            self._nums[num.get(W + "numId", "")] = (name, levels, starts)

    def level_of_style(self, num: str, style: str) -> int:
        """The level of a list that belongs to a paragraph style; 0 where none does."""
        levels = self._nums.get(num, ("", {}, {}))[1]
        return next((index for index, level in levels.items() if level.style == style), 0)

    def label(self, num: str, index: int) -> str:
        """Count one more paragraph and return its number with what stands between it and the text; "" for no list."""
        if num not in self._nums or index not in self._nums[num][1]:
            return ""
        name, levels, starts = self._nums[num]
        counts = self._counts.setdefault(name, {})
        if num not in self._begun:
            self._begun.add(num)
            counts |= {at: start - 1 for at, start in starts.items()}
        for higher in range(index):
            counts.setdefault(higher, levels[higher].start if higher in levels else 1)
        counts[index] = counts.get(index, levels[index].start - 1) + 1
        for deeper in [at for at in counts if at > index]:
            if deeper in levels and levels[deeper].restart > index:
                del counts[deeper]
        return _shown(levels, counts, index)


def _shown(levels: dict[int, Level], counts: dict[int, int], index: int) -> str:
    level = levels[index]
    if level.format == "bullet":
        mark = level.pattern.strip()
        return "• " if not mark or mark[0] not in _BULLETS else mark if mark == "——" else f"{mark} "

    def number(place: int) -> str:
        plain = level.arabic or place not in levels
        return (str if plain else _FORMATS.get(levels[place].format, str))(counts.get(place, 1))

    label = _PLACE.sub(lambda found: number(int(found[1]) - 1), level.pattern).strip()
    return label if not label or level.glued or label[-1] in _NO_SPACE else f"{label} "


def _level(element: _Element) -> tuple[int, Level]:
    index = _number(element.get(W + "ilvl"), 0)
    arabic = element.find(W + "isLgl") is not None
    restart = _number(value(element, "lvlRestart"), LEVELS)
    start = _number(value(element, "start"), 0)
    style, glued = value(element, "pStyle"), value(element, "suff") == "nothing"
    return index, Level(value(element, "numFmt"), value(element, "lvlText"), start, glued, arabic, restart, style)


def value(element: _Element | None, name: str) -> str:
    """The w:val of a child; "" where there is none."""
    child = element.find(W + name) if element is not None else None
    return child.get(W + "val", "") if child is not None else ""


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 6 else otherwise
