"""Sentences that stand on two sides of a split are left out of the one that learns."""

from __future__ import annotations

from collections import Counter

import pytest

from data.records import Example
from data.repeats import ALIKE, GRAM, _repeats, leave_out_repeats

SENTENCE = "到年底建成省级以上创新平台五十家，引进高层次人才。"
OTHER = "各县区要把水利设施管护责任落实到乡镇和村组。"
THIRD = "市财政每年安排专项资金支持乡村医生培训工作。"


def side(*texts: str) -> list[Example]:
    return [Example(text, text, [], "d") for text in texts]


def texts(examples: list[Example]) -> list[str]:
    return [example.text for example in examples]


def test_that_train_gives_way_to_validation_and_both_to_test() -> None:
    rows = {"train": side(SENTENCE, OTHER, THIRD), "validation": side(SENTENCE, OTHER), "test": side(SENTENCE)}
    kept, left_out = leave_out_repeats(rows)
    assert {name: texts(found) for name, found in kept.items()} == {
        "train": [THIRD],
        "validation": [OTHER],
        "test": [SENTENCE],
    }
    assert left_out == {"repeated in validation or test": 2, "repeated in test": 1}


@pytest.mark.parametrize("text", ["二〇二四年十二月二十五日。", "一千二百三十四万五千六百元。"])
def test_that_a_long_sentence_of_few_letters_is_left_out_when_equal(text: str) -> None:
    kept, _ = leave_out_repeats({"train": side(text, OTHER), "validation": side(THIRD), "test": side(text)})
    assert texts(kept["train"]) == [OTHER]


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        (SENTENCE, True),
        ("（三）到年底，建成省级以上创新平台80家，引进高层次人才", True),  # figures and marks don't count
        ("到年底建成省级以上创新平台五十家，引进高层次人才团队。", True),  # 17 of 19 runs of five letters
        ("到年底建成省级以上创新中心五十家，引进高层次人才。", False),  # 11 of 23 runs
    ],
)
def test_that_nearly_equal_sentences_count_as_repeated(text: str, repeated: bool) -> None:
    kept, left_out = leave_out_repeats({"train": side(text, OTHER), "validation": side(THIRD), "test": side(SENTENCE)})
    assert texts(kept["train"]) == ([OTHER] if repeated else [text, OTHER])
    assert left_out == ({"repeated in validation or test": 1} if repeated else {})


def test_that_short_headings_may_stand_on_every_side() -> None:
    rows = {
        "train": side("四、保障措施", "强化组织领导和保障"),
        "validation": side(THIRD),
        "test": side("四、保障措施", "强化组织领导和保障"),
    }
    assert leave_out_repeats(rows) == (rows, Counter())


def test_that_a_repetition_within_one_side_stays() -> None:
    rows = {"train": side(SENTENCE, SENTENCE), "validation": side(OTHER), "test": side(THIRD, THIRD)}
    assert leave_out_repeats(rows) == (rows, Counter())


def test_that_a_side_is_never_emptied_silently() -> None:
    with pytest.raises(ValueError, match="train: expected sentences of its own, got 1"):
        leave_out_repeats({"train": side(OTHER), "validation": side(THIRD), "test": side(OTHER)})


def test_that_the_index_misses_nothing_that_comparing_all_pairs_finds() -> None:
    base = "".join(map(chr, range(0x5000, 0x5000 + 60)))
    ours = [base[:i] + "改" + base[i + 1 : n] for n in (12, 20, 33, 50) for i in range(0, n, 3)]
    theirs = [base[:n] for n in range(10, 60, 2)]

    def grams(text: str) -> set[str]:
        return {text[i : i + GRAM] for i in range(len(text) - GRAM + 1)}

    def alike(a: str, b: str) -> bool:
        return len(grams(a) & grams(b)) >= ALIKE * len(grams(a) | grams(b))

    expected = {i for i, a in enumerate(ours) if any(alike(a, b) for b in theirs)}
    assert _repeats(ours, theirs) == expected
    assert 0 < len(expected) < len(ours)
