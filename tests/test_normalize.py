from __future__ import annotations

import itertools

import pytest
from hypothesis import given

from data.normalize import normalize, offsets, to_simplified
from strategies import any_text, messy_text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("培育產業平臺,發揮杠桿作用;(試行)", "培育产业平台，发挥杠杆作用；（试行）"),
        ("著力推動,成效顯著,編著了專著", "着力推动，成效显著，编著了专著"),
        ("市工業和信息化局 ?????", "市工业和信息化局"),
        ("研发投入２.５％", "研发投入2.5%"),
        ("科研机构 and 企业", "科研机构and企业"),
        ("R&D  spending\nrose", "R&D spending rose"),
        ("增長1.5個百分點,達3,000萬元", "增长1.5个百分点，达3,000万元"),
        ("零\u200b宽\ufeff字\x00符", "零宽字符"),
        ("坏\ud800字", "坏字"),
        (" \u3000\n", ""),
    ],
)
def test_normalize(text: str, wanted: str) -> None:
    assert normalize(text) == wanted


@given(messy_text)
def test_that_it_is_idempotent(text: str) -> None:
    once = normalize(text)
    assert normalize(once) == once


@given(any_text)
def test_that_any_text_comes_out_as_valid_unicode_on_one_line(text: str) -> None:
    clean = normalize(text)
    clean.encode("utf-8")
    assert len(clean.splitlines()) <= 1


@given(messy_text)
def test_that_simplification_keeps_every_place(text: str) -> None:
    assert len(to_simplified(text)) == len(text)


@pytest.mark.parametrize("text", ["业" + "," * 200_000, "a" + " " * 200_000 + "b", ", " * 100_000 + "x"])
def test_that_a_run_without_end_is_no_trap(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)  # quadratic work would not return


def test_that_every_character_has_its_place_in_the_source() -> None:
    text = " 著力 建\u200b设 ２.5%平臺 ?????"
    assert normalize(text) == "着力建设2.5%平台"
    assert [text[i] for i in offsets(text)] == list("著力建设２.5%平臺")


@given(messy_text)
def test_that_offsets_ascend_and_lead_to_the_same_character_in_another_form(text: str) -> None:
    places = offsets(text)
    clean = normalize(text)
    assert len(places) == len(clean)
    assert all(a < b for a, b in itertools.pairwise(places))
    for place, char in zip(places, clean, strict=True):
        assert normalize(f"中{text[place]}中") == f"中{char}中" or char in " ,;:?!()"
