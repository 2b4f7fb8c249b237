"""Where a sentence ends within one paragraph: the rules are those of ``seeds/segmentation.md``."""

from __future__ import annotations

import re
from typing import NamedTuple

_CLOSING = {"（": "）", "(": ")", "《": "》", "〈": "〉", "〔": "〕", "【": "】", "[": "]", "［": "］"}
_QUOTES = {"“": "”", "‘": "’", "「": "」", "『": "』", "〝": "〞"}
_PAIRS = {**_CLOSING, **_QUOTES}
_CLOSERS = frozenset([*_PAIRS.values(), '"', "■"])
_END_QUOTES = frozenset([*_QUOTES.values(), '"'])
_BRACKETS = frozenset(_CLOSING.values())
_AFTER_CLOSED = frozenset("，。、；：！？,.;:!?…）)》〉】]")
_ENDS = frozenset("。！？｡!?；;…")
_SOFT = frozenset("；;")
_TOKEN = re.compile("[" + re.escape("".join(_PAIRS) + "".join(_PAIRS.values())) + '"。！？｡!?；;…]')  # 。 “ （
_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+|&(?:[a-zA-Z]{2,8}|#\d{1,6});")  # www.example.org/a?b=1 ; &nbsp;
# “……。”某某说。 : the speaker after a quotation belongs to its last sentence
_SPEAKER = re.compile(
    r"([^。！？；“”「」『』\"]{0,60}?(说(?![明服法])|表示|介绍|坦言|告诉|感慨|回忆|透露|直言|解释)|[^。！？；“”「」『』\"]{0,12}?(认为|指出|强调|写道))"
    r"[^。！？；“”「」『』\"!?;]{0,80}?([。，：,:“「『\"]|$)"
)
# a statement of its own: 会议指出，
_TOPIC = re.compile(r"对于|关于|近年|目前|今年|去年|当前|同时|此外|会议|全会|会后|会上|为此|因此|但|而")
# what goes on after a quotation that is a part of its sentence: “谁来干？”的问题
_GOES_ON = re.compile(r"\s*[的等之和与及、，,）)》〉】\]]")
_MAY_GO_ON = re.compile(r"\s*[这为是成作则也都就后时中里上下]")
# a remark in brackets after a sentence: （责任单位：市科技局）
_REMARK = re.compile(r"[（(〔【\[][^）)〕】\]]{0,40}(责任|牵头|负责|配合|参与|承办|主办)")
# what a paragraph is about, before the text on it: 1.数据标准：包括… ; （一）指导思想　以…
_NAMED = re.compile(
    r"\s*[^。！？；：，,;:!?\s]{2,16}(?:(?<![为是括下有])[：:](?=\s*[^\s一二三（(](?:.{25}|.{7,24}[。；;]))"
    r"|[\s\u3000]+(?=.{15,400}?。))"
)
_LOST = re.compile(r"[\u4e00-\u9fff]\?[\u4e00-\u9fff]\?")  # 工?业?
_ASKED = frozenset("吗呢么何谁哪办样少")  # 怎么办??
MAX_DEPTH = 32  # marks open at once; those before them are taken as broken
MAX_DEPTH_CHARS = 400  # a bracket that stays open longer than this is taken as broken


class _Open(NamedTuple):
    at: int
    quote: bool


def boundaries(text: str) -> list[int]:
    """Offsets after which a new sentence begins, within one paragraph without line breaks. Linear in the length."""
    tokens = [m.start() for m in _TOKEN.finditer(text)]
    if not tokens:
        return []
    inside = _addresses(text)
    if inside:
        tokens = [i for i in tokens if i not in inside]
    partner = _partners(text, tokens)
    cuts: list[int] = []
    stack = [_Open(-1, True)] if -1 in partner else []
    resume = 0
    for i in tokens:
        if i < resume:
            continue
        if i in partner:
            if partner[i] > i:
                stack.append(_Open(i, text[i] in _QUOTES or text[i] == '"'))
            elif stack:
                stack.pop()
                if cuts and _is_remark(text, cuts[-1], partner[i], i + 1):
                    cuts.append(i + 1)
        elif text[i] in _ENDS and _ends_here(text, i):
            resume = _after_closers(text, i + 1, partner, stack)
            if resume < len(text) and _is_cut(text, i, resume, stack, partner):
                cuts.append(resume)
    return cuts


def heading_end(text: str, number: int, end: int) -> int:
    """Where the heading ends that names, after its number, what the text up to ``end`` is about; 0 where none does.

    ``number`` is where its number ends.
    """
    found = _NAMED.match(text, number, end)
    return found.end() if found else 0


def _is_remark(text: str, begun: int, opened: int, end: int) -> bool:
    """Whether a bracket is all of a sentence begun before it: …翻番。（市科技局牵头）到2026年…"""
    alone = opened == begun or text[begun:opened].isspace()
    return alone and end < len(text) and text[end] not in _ENDS and bool(_REMARK.match(text, opened, end))


def _addresses(text: str) -> set[int]:
    """Offsets inside of web addresses and HTML entities, where ? ; and & end nothing."""
    if "://" not in text and "www." not in text and "&" not in text:
        return set()
    return {i for m in _ADDRESS.finditer(text) for i in range(*m.span())}


def _partners(text: str, tokens: list[int]) -> dict[int, int]:
    """Matching marks, both ways; those without a partner within reach are left out.

    A quotation may begin before the paragraph (its first mark is then at -1) or end after it (at the text's length).
    """
    stack: list[tuple[int, str]] = []  # offset, the mark that closes it
    partner: dict[int, int] = {}
    for i in tokens:
        char = text[i]
        if char in _ENDS:
            continue
        if not _closes(text, i, stack):
            stack.append((i, _PAIRS.get(char, '"')))
            del stack[:-MAX_DEPTH]
            continue
        at = next((k for k in range(len(stack) - 1, -1, -1) if stack[k][1] == char), None)
        opened = -1 if at is None else stack[at][0]
        if i - opened <= MAX_DEPTH_CHARS and (at is not None or (char in _END_QUOTES and -1 not in partner)):
            partner[opened], partner[i] = i, opened
        if at is not None:
            del stack[at:]
    for opened, closing in stack:
        if closing in _END_QUOTES and len(text) - opened <= MAX_DEPTH_CHARS:
            partner[opened] = len(text)
    return partner


def _closes(text: str, i: int, stack: list[tuple[int, str]]) -> bool:
    """Whether a mark closes; of a straight quotation mark, which is both, what stands open and what follows tell."""
    if text[i] != '"':
        return text[i] not in _PAIRS
    after = text[i + 1 : i + 2]
    return any(closing == '"' for _, closing in stack) or not after or after.isspace() or after in _AFTER_CLOSED


def _ends_here(text: str, i: int) -> bool:
    char, before, after = text[i], text[i - 1 : i], text[i + 1 : i + 2]
    if char in "?!":
        if i == 0 or before in ".．" or before.isspace():  # 工信局 ????? ; 6.?大力
            return False
        if _is_lost(text, i):
            return False
        if before == "?" or after == "?":  # 怎么办?? but not ????? in the middle of a line
            return after != "?" and text[max(i - 2, 0) : i - 1] in _ASKED
        return not (before.isascii() and after.isascii() and after.isalnum())  # a?b=1
    if char == "…":
        return after != "…" and (before == "…" or after == "" or after in _CLOSERS)
    return True


def _is_lost(text: str, i: int) -> bool:
    """Whether a question mark stands for a character that was lost: 工?业?和?信?息?化"""
    around = _LOST.fullmatch(text, max(i - 3, 0), i + 1) or _LOST.fullmatch(text, i - 1, i + 3)
    return around is not None and text[i - 1] not in _ASKED


def _after_closers(text: str, i: int, partner: dict[int, int], stack: list[_Open]) -> int:
    """Past further end marks and closing quotes: …发展。”；"""
    while i < len(text) and (text[i] in _ENDS or text[i] in _CLOSERS):
        if text[i] == '"' and i in partner and partner[i] > i:
            break  # the next quotation begins
        if i in partner and stack and partner[i] == stack[-1].at:
            stack.pop()
        i += 1
    return i


def _is_cut(text: str, mark: int, end: int, stack: list[_Open], partner: dict[int, int]) -> bool:
    if any(not opened.quote for opened in stack):
        return False  # inside brackets or a title
    if stack:  # inside a quotation
        return text[mark] not in "；;…" and text[end - 1] not in _SOFT
    if text[end - 1] in _BRACKETS and end - 1 in partner:
        before = text[partner[end - 1] - 1 : partner[end - 1]]
        return before in _ENDS or before in _CLOSERS  # …翻番。（责任单位：市科技局。）下一步
    closed = next((i for i in range(end - 1, mark, -1) if text[i] in _END_QUOTES and i in partner), None)
    if closed is None:
        return not (text[mark] == "…" and _GOES_ON.match(text, end))
    return text[end - 1] not in _END_QUOTES or _closes_sentence(text, mark, end, partner[closed])


def _closes_sentence(text: str, mark: int, end: int, opened: int) -> bool:
    """Whether a quotation that ends in an end mark ends the sentence around it too."""
    speaker = _SPEAKER.match(text, end)
    if speaker and not _TOPIC.match(text, end):  # unless it has one before it, and this one opens the next
        return opened > 0 and text[opened - 1] in "：:" and speaker[0][-1] in "：:"
    if _GOES_ON.match(text, end) or (text[mark] == "…" and text[end] not in _QUOTES):
        return False  # “四链……”融合
    begun = opened <= 0 or text[opened - 1] in ":：。，,！？；”’」』"
    return (begun and text[mark] not in "？?！!") or not _MAY_GO_ON.match(text, end)
