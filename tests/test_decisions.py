"""Votes into decisions: majority, later files, and what each file changed."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from data.decisions import Place, Round, decide, read_votes, resolve, rounds, verdicts
from data.records import Annotation, Suggestion, read_jsonl, write_jsonl
from data.share import share

SHIPPED = sorted((Path(__file__).parent.parent / "seeds" / "annotations").glob("*.jsonl"))


def vote(at: int, who: str, *labels: str) -> Annotation:
    return Annotation("d", at, at + 5, "hash", list(labels), [who])


def verdict(at: int, who: str, *labels: str) -> Annotation:
    return replace(vote(at, who, *labels), decides=True)


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


def test_that_an_adjudication_wins_wherever_its_file_sorts(tmp_path: Path) -> None:
    first, second, third = files = [tmp_path / f"{i}.jsonl" for i in (1, 2, 3)]
    write_jsonl(first, [verdict(0, "c", "talent"), verdict(10, "c", "talent")])
    write_jsonl(second, [vote(at, who, "funding") for at in (0, 10, 20) for who in ("a", "b")])
    write_jsonl(third, [verdict(10, "d", "platform"), vote(20, "d", "target")])
    found = [(path.name, annotation.start, labels) for path, annotation, labels in resolve(files)]
    assert found == [("1.jsonl", 0, ["talent"]), ("3.jsonl", 10, ["platform"]), ("3.jsonl", 20, ["target"])]
    assert rounds(files) == [
        Round("1.jsonl", 2, ["c"], differing=0, undecided=0, again=0, changed=0),
        Round("2.jsonl", 3, ["a", "b"], differing=0, undecided=0, again=2, changed=0),
        Round("3.jsonl", 2, ["d"], differing=0, undecided=0, again=2, changed=2),
    ]


def test_that_in_one_file_too_an_adjudication_wins_and_is_no_vote(tmp_path: Path) -> None:
    """Two against one: without the adjudication funding, which b gave up when asked to decide."""
    rows = [verdict(0, "b", "talent"), vote(0, "a", "funding"), vote(0, "b", "funding"), vote(0, "c", "talent")]
    write_jsonl(tmp_path / "a.jsonl", rows)
    assert [len(found) for found in read_votes(tmp_path / "a.jsonl").values()] == [4]
    assert [labels for _, _, labels in resolve([tmp_path / "a.jsonl"])] == [["talent"]]
    assert rounds([tmp_path / "a.jsonl"]) == [Round("a.jsonl", 1, ["a", "b", "c"], 1, 0, 0, 0)]
    write_jsonl(tmp_path / "b.jsonl", [verdict(0, "a", "funding"), vote(10, "a"), verdict(10, "b", "x")])
    assert rounds([tmp_path / "b.jsonl"])[0].differing == 0


def test_that_adjudicators_who_are_evenly_split_decide_nothing(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [verdict(0, "a", "x"), verdict(0, "b"), verdict(10, "a", "x"), vote(20, "a")])
    write_jsonl(tmp_path / "b.jsonl", [verdict(30, "a"), verdict(10, "b")])
    votes = [read_votes(tmp_path / name) for name in ("a.jsonl", "b.jsonl")]
    assert verdicts(votes) == {Place("d", 0, 5): None, Place("d", 10, 15): [], Place("d", 30, 35): []}


def test_that_a_suggestion_survives_writing_and_reading(tmp_path: Path) -> None:
    said = [Suggestion("water@2", ["funding"], 0.25, True), Suggestion("lexicon", [], None, False), None]
    rows = [replace(verdict(10 * i, "a"), suggestion=one) for i, one in enumerate(said)]
    write_jsonl(tmp_path / "a.jsonl", rows)
    assert [row for found in read_votes(tmp_path / "a.jsonl").values() for row in found] == rows


def test_that_shared_rows_say_who_adjudicates_but_not_what_was_suggested(tmp_path: Path) -> None:
    said = Suggestion("water@2", ["funding"], 0.25, True)
    rows = [replace(verdict(0, "a@example.org", "talent"), suggestion=said), replace(vote(10, "b"), suggestion=said)]
    write_jsonl(tmp_path / "a.jsonl", rows)
    share([tmp_path / "a.jsonl"], tmp_path / "shared.jsonl")
    place = {"document": "d", "start": 0, "end": 5, "sentence": "hash"}
    assert list(read_jsonl(tmp_path / "shared.jsonl")) == [
        place | {"labels": ["talent"], "annotators": ["a"], "decides": True},
        place | {"start": 10, "end": 15, "labels": [], "annotators": ["b"]},
    ]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_that_sharing_a_shipped_file_again_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    assert not any(row.decides or row.suggestion for rows in read_votes(path).values() for row in rows)
    share([path], tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == path.read_bytes()


def test_that_a_row_that_is_no_annotation_is_named(tmp_path: Path) -> None:
    for row in ({"document": "d", "start": 0}, asdict(vote(0, "a")) | {"suggestion": {"version": "m"}}):
        write_jsonl(tmp_path / "a.jsonl", [vote(0, "a"), row])
        with pytest.raises(ValueError, match=r"a\.jsonl:2: an annotation needs document, start, end"):
            read_votes(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": None},
        {"labels": "funding"},
        {"annotators": "li"},
        {"document": 5},
        {"start": "0"},
        {"decides": "yes"},
        {"suggestion": {"version": 1, "labels": [], "confidence": None, "shown": True}},
        {"suggestion": {"version": "m", "labels": "x", "confidence": None, "shown": True}},
        {"suggestion": {"version": "m", "labels": [], "confidence": float("nan"), "shown": True}},
        {"suggestion": {"version": "m", "labels": [], "confidence": 0.5, "shown": 1}},
    ],
)
def test_that_a_value_of_another_kind_is_named(tmp_path: Path, wrong: dict[str, object]) -> None:
    write_jsonl(tmp_path / "a.jsonl", [asdict(vote(0, "a")) | wrong])
    with pytest.raises(ValueError, match=r"a\.jsonl:1: expected"):
        read_votes(tmp_path / "a.jsonl")


def test_that_of_a_persons_two_rows_the_last_counts(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [vote(0, "a", "x"), vote(0, "b", "y"), vote(0, "a", "y")])
    [rows] = read_votes(tmp_path / "a.jsonl").values()
    assert [row.labels for row in rows] == [["y"], ["y"]]
