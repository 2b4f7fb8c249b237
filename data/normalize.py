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
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # 政\ud800策, half of a broken pair
_CJK_SPACE = re.compile(rf"(?<=[{_CJK}])\s+|\s+(?=[{_CJK}])")  # 科研机构 和 人才
_SPACES = re.compile(r"\s+")  # R&D \n投入
_NOISE = re.compile(r"\?{2,}")  # 工业和信息化局 ?????
# 乳业,光伏 -> 乳业，光伏 ; a mark counts as Chinese when a Chinese character or mark stands on either side
_HALF_MARK = re.compile(rf"(?<=[{_CJK}])[,;:?!()]|[,;:?!()](?=[{_CJK}])")
_WIDE_MARK = str.maketrans(",;:?!()", "，；：？！（）")
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
    safe = _SURROGATE.sub("\ufffd", text).replace("\x00", " ")
    converted = str(_converter().convert(safe))
    return _ZHU.sub("着", converted) if len(converted) == len(safe) else safe


def normalize(text: str) -> str:
    """The form that models are trained on and asked with. Idempotent; empty when nothing readable is left."""
    text = _UNSEEN.sub("", to_simplified(text)).translate(_NARROW)
    text = _NOISE.sub("", text)
    text = _CJK_SPACE.sub("", text)
    text = _SPACES.sub(" ", text).strip()
    return _widen(text)


def _widen(text: str) -> str:
    """Chinese width for the marks between Chinese characters, to a fixed point: 业)), 创 -> 业））， 创."""
    while (wide := _CJK_SPACE.sub("", _HALF_MARK.sub(lambda m: m[0].translate(_WIDE_MARK), text))) != text:
        text = wide
    return text
