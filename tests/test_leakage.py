"""The guard finds what would leak, whatever was left out before it."""

from __future__ import annotations

import pytest

from data.leakage import check_groups, check_no_leakage
from data.records import Example

SENTENCE = "到年底建成省级以上创新平台五十家，引进高层次人才。"


def example(text: str, document: str) -> Example:
    return Example(text, text, [], document)


def test_that_a_document_on_two_sides_fails() -> None:
    rows = {"train": [example("要修路。", "a")], "test": [example("要架桥。", "a")]}
    with pytest.raises(ValueError, match=r"leakage: documents stand in several splits: \{'a': \['test', 'train'\]\}"):
        check_no_leakage(rows, {})


@pytest.mark.parametrize("side", ["test", "test_published", "validation"])
def test_that_a_sentence_of_train_elsewhere_fails_whatever_its_figures(side: str) -> None:
    rows = {"train": [example(SENTENCE, "a")], side: [example(SENTENCE.replace("五十", "80"), "b")]}
    with pytest.raises(ValueError, match=r"leakage: one sentence stands in 甲\.txt"):
        check_no_leakage(rows, {"a": "甲.txt", "b": "乙.txt"})


def test_that_set_phrases_and_two_test_sets_are_no_leakage() -> None:
    check_no_leakage({"train": [example("保障措施", "a")], "test": [example("保障措施", "b")]}, {})
    tests = {"test": [example(SENTENCE, "a")], "test_published": [example(SENTENCE, "b")]}
    check_no_leakage(tests, {})
    with pytest.raises(ValueError, match="leakage"):
        check_no_leakage({**tests, "train": [example(SENTENCE, "c")]}, {})


def test_that_copies_on_different_sides_fail() -> None:
    sides = {"a": "train", "b": "test", "c": "test_published", "d": "test"}
    with pytest.raises(ValueError, match=r"leakage: 甲\.txt \(a: train\), b \(b: test\) share much"):
        check_groups([["a", "b"]], sides, {"a": "甲.txt"})
    check_groups([["b", "c", "d"], ["a", "unlabelled"]], sides, {})
