"""Votes into decisions: majority, later files, and what each file changed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from data.decisions import Round, decide, read_votes, resolve, rounds
from data.records import Annotation, write_jsonl


def vote(at: int, who: str, *labels: str) -> Annotation:
    return Annotation("d", at, at + 5, "hash", list(labels), [who])


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([["funding"]], ["funding"]),
        ([[]], []),
        ([["funding"], ["funding"]], ["funding"]),
        ([["funding"], []], None),
        ([["funding", "talent"], ["funding"], ["platform"]], ["funding"]),
        ([["a", "b"], ["b", "c"], ["c", "a"]], ["a", "b", "c"]),
    ],
)
def test_that_a_label_needs_more_than_half(votes: list[list[str]], expected: list[str] | None) -> None:
    assert decide([vote(0, str(i), *labels) for i, labels in enumerate(votes)]) == expected


def test_that_each_file_says_what_it_changed(tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{i}.jsonl" for i in (1, 2, 3))
    both = [vote(at, who, "funding") for at in (0, 10, 20) for who in ("a", "b")]
    write_jsonl(first, [*both, vote(30, "a", "talent"), vote(30, "b"), vote(40, "a", "x"), vote(40, "b", "y")])
    write_jsonl(second, [vote(30, "c", "talent"), vote(40, "c")])
    write_jsonl(third, [vote(0, "c", "funding"), vote(10, "c", "platform"), vote(30, "c")])
    assert rounds([first, second, third]) == [
        Round("1.jsonl", 5, ["a", "b"], differing=2, undecided=2, again=0, changed=0),
        Round("2.jsonl", 2, ["c"], differing=0, undecided=0, again=2, changed=0),
        Round("3.jsonl", 3, ["c"], differing=0, undecided=0, again=3, changed=2),
    ]
    decided = {annotation.start: labels for _, annotation, labels in resolve([first, second, third])}
    assert decided == {0: ["funding"], 10: ["platform"], 20: ["funding"], 30: [], 40: []}


def test_that_a_row_that_is_no_annotation_is_named(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [vote(0, "a"), {"document": "d", "start": 0}])
    with pytest.raises(ValueError, match=r"a\.jsonl:2: an annotation needs document, start, end"):
        read_votes(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    "wrong", [{"labels": None}, {"labels": "funding"}, {"annotators": "li"}, {"document": 5}, {"start": "0"}]
)
def test_that_a_value_of_another_kind_is_named(tmp_path: Path, wrong: dict[str, object]) -> None:
    write_jsonl(tmp_path / "a.jsonl", [asdict(vote(0, "a")) | wrong])
    with pytest.raises(ValueError, match=r"a\.jsonl:1: expected"):
        read_votes(tmp_path / "a.jsonl")


def test_that_of_a_persons_two_rows_the_last_counts(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [vote(0, "a", "x"), vote(0, "b", "y"), vote(0, "a", "y")])
    [rows] = read_votes(tmp_path / "a.jsonl").values()
    assert [row.labels for row in rows] == [["y"], ["y"]]
