"""Text as the model sees it: simplified characters, one width, no stray spaces or controls.

Only the model's input is normalised; offsets always point into the source (see ``records``).
"""

from __future__ import annotations

import re
from functools import cache

from opencc import OpenCC

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_CJK = _HAN + r"\u3000-\u303f\uff00-\uffef\u2018-\u201d\u2026"
_UNSEEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffd]"
)  # 政\u200b策
_REFUSED = re.compile(r"[\x00\ud800-\udfff]")  # 政\ud800策, half of a broken pair; OpenCC takes neither
_SPACES = re.compile(r"\s+")  # 科研机构 和 人才 ; R&D \n投入
_NOISE = re.compile(r"\?{2,}")  # 工业和信息化局 ?????
_CJK_CHAR = re.compile(rf"[{_CJK}]")  # 政
_HALF_MARKS = re.compile(r"[,;:?!()](?:\s*[,;:?!()])*")  # 乳业,光伏(试行), 下同
_WIDE_MARK = str.maketrans(",;:?!()", "，；：？！（）")
_PLAIN = re.compile(
    rf"[{_HAN}，。；：？！（）《》“”‘’、…—·A-Za-z0-9.%/+&-]*"
)  # nothing to be done: 到2026年建成3个中心。
# digits and Latin letters of full width (２０２５年ＡＩ) -> half width; the marks ，：；（） stay Chinese
_NARROW = {
    code: code - 0xFEE0 for code in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF05]
}
# t2s keeps 著 (著力); these are the words in which 著 is right in simplified text
_ZHU_AFTER = "名作述者称录书"
_ZHU_BEFORE = "名原专编译论巨显卓昭土合遗拙"
_ZHU = re.compile(rf"(?<![{_ZHU_BEFORE}])著(?![{_ZHU_AFTER}])")  # 著力 -> 着力, but 著名, 显著


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


def to_simplified(text: str) -> str:
    """Traditional to simplified, one character for one; text that is simplified already comes back as it is."""
    safe = _REFUSED.sub("\ufffd", text)
    converted = str(_converter().convert(safe))
    return _ZHU.sub("着", converted) if len(converted) == len(safe) else safe


def normalize(text: str) -> str:
    """The form that models are trained on and asked with. Idempotent; empty when nothing readable is left."""
    return normalize_simplified(to_simplified(text))


def normalize_simplified(text: str) -> str:
    """``normalize`` for a text whose characters are simplified already."""
    if _PLAIN.fullmatch(text):
        return text
    text = _UNSEEN.sub("", text).translate(_NARROW)
    text = _SPACES.sub(_space, _NOISE.sub("", text).strip())
    return _SPACES.sub(_space, _HALF_MARKS.sub(_marks, text))


def offsets(text: str) -> list[int]:
    """Where each character of ``normalize(text)`` stands in the text; ascending.

    Normalising leaves out characters and changes others one for one, so that every one has its place.
    """
    simplified = to_simplified(text).translate(_NARROW)
    found: list[int] = []
    at = 0
    for char in normalize(text):
        while (
            simplified[at] != char
            and simplified[at].translate(_WIDE_MARK) != char
            and not _both_space(simplified[at], char)
        ):
            at += 1
        found.append(at)
        at += 1
    return found


def _both_space(a: str, b: str) -> bool:
    return b == " " and a.isspace()


def _space(found: re.Match[str]) -> str:
    """Nothing beside a Chinese character, one space elsewhere."""
    return "" if _beside_chinese(found) else " "


def _marks(found: re.Match[str]) -> str:
    """Chinese width for marks beside a Chinese character."""
    return _SPACES.sub("", found[0]).translate(_WIDE_MARK) if _beside_chinese(found) else found[0]


def _beside_chinese(found: re.Match[str]) -> bool:
    before, after = found.string[max(found.start() - 1, 0) : found.start()], found.string[found.end() : found.end() + 1]
    return bool(_CJK_CHAR.match(before) or _CJK_CHAR.match(after))
