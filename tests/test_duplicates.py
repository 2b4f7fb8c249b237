"""Texts that share much are found, whatever their script, layout and numbering; a genre's formulas tie nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from data.duplicates import LEAST, NEIGHBOURS, Group, Overlap, groups, letters
from strategies import HAN, MARKS, ODD

STARTER = Path(__file__).parent.parent / "seeds" / "documents"
SIGNS = [chr(code) for code in range(0x4E00, 0x9FA6)]


def prose(seed: int, length: int) -> str:
    """Letters of no meaning, which no other seed has in this order."""
    return letters("".join(random.Random(seed).choices(SIGNS, k=2 * length)))[:length]


def members(found: list[Group]) -> list[list[str]]:
    return [group.documents for group in found]


def test_that_a_traditional_a_printed_and_a_renumbered_version_of_a_text_meet() -> None:
    text = (STARTER / "01-plan-changzhou-hydrogen.txt").read_text(encoding="utf-8")
    lines = [text[i : i + 31] for i in range(0, len(text), 31)]
    printed = "\n".join(line if i % 25 else f"— {i} —\n{line}" for i, line in enumerate(lines))
    found = groups(
        [
            ("plain", text),
            ("traditional", OpenCC("s2t").convert(text)),
            ("printed", printed.replace("，", ",")),
            ("renumbered", text.replace("二、", "三、").replace("（一）", "（四）")),
            ("other", (STARTER / "05-essay-mianyang-transfer.txt").read_text(encoding="utf-8")),
        ]
    )
    assert members(found) == [["plain", "printed", "renumbered", "traditional"]]
    assert min(overlap.containment for overlap in found[0].overlaps) > 0.9


def test_that_a_text_that_stands_in_a_longer_one_is_its_part() -> None:
    quoted = prose(1, 400)
    found = groups([("report", prose(2, 3000) + quoted + prose(3, 3000)), ("speech", quoted)])
    assert found == [Group(["report", "speech"], [Overlap("speech", "report", 1.0)])]


@pytest.mark.parametrize(("shared", "together"), [(350, False), (650, True)])
def test_that_half_of_the_shorter_text_makes_the_difference(shared: int, together: bool) -> None:
    common = prose(1, shared)
    found = groups([("old", common + prose(2, 1000 - shared)), ("new", common + prose(3, 2000))])
    assert bool(found) == together
    if found:
        assert abs(found[0].overlaps[0].containment - shared / 1000) < 0.1


def test_that_formulas_tie_nothing_however_many_documents_have_them() -> None:
    formula = prose(0, 150)
    assert groups([(f"d{i}", formula + prose(i, 100)) for i in range(1, 3 * NEIGHBOURS)]) == []


def test_that_the_copies_of_a_model_text_are_one_group_however_many() -> None:
    model = prose(0, 600)
    cities = [(f"{i:03}", prose(1000 + i, 200) + model + prose(2000 + i, 200)) for i in range(3 * NEIGHBOURS)]
    others = [(f"other {i}", prose(i, 1000)) for i in range(1, 20)]
    found = groups(cities + others)
    assert members(found) == [[name for name, _ in cities]]
    assert len(found[0].overlaps) == len(cities) - 1


def test_that_revisions_are_tied_one_by_one_though_the_first_and_the_last_share_little() -> None:
    parts = [prose(i, 500) for i in range(6)]
    versions = [("v1", parts[0] + parts[1] + parts[2]), ("v2", parts[1] + parts[2] + parts[3])]
    versions += [("v3", parts[2] + parts[3] + parts[4]), ("v4", parts[5])]
    found = groups(versions)
    assert members(found) == [["v1", "v2", "v3"]]
    assert {frozenset((o.part, o.whole)) for o in found[0].overlaps} == {
        frozenset(("v1", "v2")),
        frozenset(("v2", "v3")),
    }
    assert members(groups([versions[0], versions[2]])) == []


def test_that_short_texts_meet_only_when_all_their_letters_are_equal() -> None:
    notice = prose(1, 60)
    texts = [("a", notice), ("b", f"（三）{notice[:30]}，\n{notice[30:]}2025。"), ("c", notice[:-1])]
    assert members(groups([*texts, ("long", notice + prose(2, 500))])) == [["a", "b"]]


def test_that_the_order_of_the_documents_changes_nothing() -> None:
    common = prose(0, 700)
    texts = [(f"d{i}", common + prose(i, 300)) for i in range(1, 9)] + [("twin", common + prose(3, 300))]
    assert groups(texts) == groups(reversed(texts))


def test_that_texts_without_letters_belong_to_nothing() -> None:
    assert groups([]) == []
    assert groups([("a", ""), ("b", ""), ("c", "2025，12。"), ("d", "2025，12。")]) == []


@given(st.text(alphabet=st.sampled_from(HAN + MARKS + ODD), max_size=99))
def test_that_every_short_text_meets_itself(text: str) -> None:
    assert members(groups([("a", text), ("b", text)])) == ([["a", "b"]] if len(letters(text)) >= LEAST else [])
