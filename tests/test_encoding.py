"""In which encoding a text is: measured on cuts of the starter documents, and what broken bytes do."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from opencc import OpenCC

from data.encoding import broken_characters, decode

STARTER = Path(__file__).parent.parent / "seeds" / "documents"
SIMPLIFIED = "各区县要统筹资金，引导企业与院校共建实验室，对新建中试线给予补助。"
TRADITIONAL = "各區縣要統籌資金，引導企業與院校共建實驗室，對新建中試線給予補助。"
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


def cuts(count: int) -> list[str]:
    """Stretches of the starter documents, of 8 to 2000 characters (most of them short), with two of them Chinese."""
    chance = random.Random(5)
    texts = [re.sub(r"<[^>]*>", "", path.read_text(encoding="utf-8")) for path in sorted(STARTER.iterdir())]
    found: list[str] = []
    while len(found) < count:
        text, length = chance.choice(texts), int(8 * 250 ** chance.random())
        start = chance.randrange(max(1, len(text) - length))
        cut = text[start : start + length]
        if len(re.findall(r"[\u4e00-\u9fff]", cut)) >= 2:
            found.append(cut)
    return found


@pytest.mark.parametrize(
    ("encoding", "script"),
    [*((encoding, script) for encoding in ENCODINGS for script in ("t2s", "s2t")), ("big5hkscs", "s2t")],
)
def test_that_any_cut_of_a_document_is_read_in_its_encoding(encoding: str, script: str) -> None:
    for text in map(OpenCC(script).convert, cuts(150)):
        raw = text.encode(encoding, "ignore")
        assert decode(raw)[0] == raw.decode(encoding)


@pytest.mark.parametrize("text", ["要建平台。", "发展氢能", "资金", "R&D投入占比2.5%", "到2025年，建成5个中心", "联通"])
def test_that_short_texts_are_read_in_gb18030(text: str) -> None:
    assert decode(text.encode("gb18030")) == (text, "gb18030")


@pytest.mark.parametrize("text", ["資金", "發展氫能", "要建平台。", "人才缺乏", "香港嘅問題", "① 建設園區"])
def test_that_short_texts_are_read_in_big5(text: str) -> None:
    assert decode(text.encode("big5hkscs")) == (text, "big5")


@pytest.mark.parametrize("text", ["Привет, мир", "café", "policy", "", "👩‍🔬 研究"])
def test_that_utf8_may_be_in_any_language(text: str) -> None:
    assert decode(text.encode()) == (text, "utf-8")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs", "utf-16-le"])
def test_that_a_character_cut_at_the_end_is_forgiven(encoding: str) -> None:
    text = TRADITIONAL[:10]
    assert decode(text.encode(encoding)[:-1])[0] == text[:-1] + "\ufffd"


@pytest.mark.parametrize("byte", [0x80, 0xFF])
@pytest.mark.parametrize("at", [200, 201, 202, 203])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs"])
def test_that_a_broken_byte_costs_no_more_than_two_characters(encoding: str, at: int, byte: int) -> None:
    text = TRADITIONAL * 10
    raw = bytearray(text.encode(encoding))
    raw[at] = byte
    found, _ = decode(bytes(raw))
    kept = at // (3 if encoding == "utf-8" else 2)  # whole characters before the broken one
    assert found[:kept] == text[:kept]
    assert found.endswith(text[kept + 2 :])
    assert broken_characters(bytes(raw), found) <= 3


def test_that_marks_of_the_author_are_not_counted_as_broken() -> None:
    raw = "问卷显示\ufffd问题。".encode()
    assert broken_characters(raw, decode(raw)[0]) == 0


@pytest.mark.parametrize(
    "raw",
    [
        random.Random(2).randbytes(1000),
        b"\0" * 100,
        "für die größeren Länder der Gemeinschaft".encode("latin-1"),
        (SIMPLIFIED * 3).encode() + (SIMPLIFIED * 3).encode("gb18030"),
    ],
    ids=["noise", "zeros", "latin-1", "two encodings"],
)
def test_that_what_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"a\.txt: expected text in UTF-8.*save it as UTF-8"):
        decode(raw, "a.txt")
