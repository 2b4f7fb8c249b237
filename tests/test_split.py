"""Which side a document stands on: balanced, repeatable, never changed once on record, copies together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from data.register import Entry, read_register, write_register
from data.split import SPLITS, place_documents, split_documents

SHARES = (0.6, 0.2, 0.2)


def documents(count: int) -> dict[str, Counter[str]]:
    """Ten examples each; the ids are spread evenly, so that the first three fifths belong to train."""
    return {f"{i * (16**16 // count):016x}": Counter({"": 10}) for i in range(count)}


def test_that_a_split_is_balanced_and_repeatable() -> None:
    counts = {f"d{i}": Counter({"": 10, "funding": i}) for i in range(20)}
    split = split_documents(counts, SHARES, 1)
    assert split == split_documents(counts, SHARES, 1)
    assert Counter(split.values()) == {"train": 12, "validation": 4, "test": 4}
    share = sum(counts[d]["funding"] for d, side in split.items() if side == "test") / sum(range(20))
    assert 0.15 < share < 0.25
    with pytest.raises(ValueError, match="at least 3"):
        split_documents({"a": Counter(), "b": Counter()}, SHARES, 1)


def test_that_a_document_on_record_never_changes_sides() -> None:
    counts = documents(20)
    recorded = dict(zip(sorted(counts), ["train", "validation", "test"] * 3, strict=False))
    few = {name: counts[name] for name in sorted(counts)[:12]}
    before = place_documents(few, recorded, SHARES, 1)
    after = place_documents(counts, recorded, SHARES, 1)
    assert {name: after[name] for name in few} == before
    assert {name: after[name] for name in recorded} == recorded
    assert set(after.values()) == set(SPLITS)


def test_that_copies_stand_on_one_side_and_are_balanced_as_one() -> None:
    counts = {f"d{i:02}": Counter({"": 10, "funding": 1}) for i in range(30)}
    groups = [[f"d{i:02}", f"d{i + 10:02}", f"d{i + 20:02}"] for i in range(10)]
    split = split_documents(counts, SHARES, 1, groups)
    assert all(len({split[name] for name in group}) == 1 for group in groups)
    assert Counter(split.values()) == {"train": 18, "validation": 6, "test": 6}


def test_that_groups_of_one_change_nothing() -> None:
    counts = {f"d{i}": Counter({"": 10, "funding": i}) for i in range(20)}
    assert split_documents(counts, SHARES, 1, [[name] for name in counts]) == split_documents(counts, SHARES, 1)


def test_that_copies_count_as_one_document() -> None:
    counts = {name: Counter({"": 10}) for name in "abcd"}
    with pytest.raises(ValueError, match="different text, got 2"):
        split_documents(counts, SHARES, 1, [["a", "b", "c"]])


def test_that_a_new_document_follows_its_copy_on_record() -> None:
    counts = documents(20)
    names = sorted(counts)
    recorded = dict(zip(names[:3], SPLITS, strict=True))
    split = place_documents(counts, recorded, SHARES, 1, [[names[2], names[5]], [names[1], names[19]]])
    assert (split[names[5]], split[names[19]]) == ("test", "validation")


def test_that_a_new_document_follows_a_copy_on_record_that_nobody_labelled() -> None:
    counts = documents(20)
    split = place_documents(counts, {"unlabelled": "test"}, SHARES, 1, [[min(counts), "unlabelled"]])
    assert split[min(counts)] == "test"


def test_that_new_copies_stand_where_the_first_of_them_by_id_belongs() -> None:
    counts = documents(20)
    names = sorted(counts)
    recorded = dict(zip(names[5:8], SPLITS, strict=True))
    alone = place_documents(counts, recorded, SHARES, 1)
    assert (alone[names[0]], alone[names[19]]) == ("train", "test")
    assert place_documents(counts, recorded, SHARES, 1, [names[18:]])[names[18]] == "test"
    assert place_documents(counts, recorded, SHARES, 1, [[names[0], names[19]]])[names[19]] == "train"


def test_that_the_record_stands_where_it_has_copies_on_different_sides() -> None:
    counts = documents(20)
    a, b, c, new, *_ = sorted(counts)
    recorded = {a: "train", b: "validation", c: "test"}
    groups = [[b, c, new]]
    split = place_documents(counts, recorded, SHARES, 1, groups)
    assert [split[name] for name in (a, b, c)] == ["train", "validation", "test"]
    assert split[new] == "validation"  # the side that gives way where a sentence stands on both


def test_that_new_documents_are_balanced_around_those_on_record() -> None:
    counts = {f"d{i:02}": Counter({"": 10, "funding": i % 5}) for i in range(30)}
    recorded = {"d00": "test", "d01": "validation", "d02": "train", "d03": "test_apart", "unlabelled": "test"}
    split = place_documents(counts, recorded, SHARES, 1, balance=True)
    assert {name: split[name] for name in counts if name in recorded} == {
        n: recorded[n] for n in recorded if n[1:].isdigit()
    }
    assert Counter(split.values()) == {"train": 17, "validation": 6, "test": 6, "test_apart": 1}
    again = place_documents(counts, split, SHARES, 2, balance=True)
    assert again == split


def test_that_balancing_moves_no_document_on_record_not_even_copies_on_two_sides() -> None:
    counts = {f"d{i:02}": Counter({"": 10}) for i in range(12)}
    recorded = {"d00": "validation", "d01": "test", "d02": "train"}
    split = place_documents(counts, recorded, SHARES, 1, [["d00", "d01"]], balance=True)
    assert {name: split[name] for name in recorded} == recorded


def test_that_a_split_that_stays_empty_is_refused_when_balancing_too() -> None:
    with pytest.raises(ValueError, match="no labelled document falls into test, validation"):
        place_documents(documents(4), dict.fromkeys(documents(4), "train"), SHARES, 1, balance=True)


def test_that_what_else_is_counted_is_balanced_too() -> None:
    counts = {f"d{i:02}": Counter({"": 10, "genre law" if i < 10 else "genre essay": 10}) for i in range(40)}
    split = split_documents(counts, SHARES, 1)
    laws = Counter(side for name, side in split.items() if name < "d10")
    assert laws == {"train": 6, "validation": 2, "test": 2}


def test_that_a_document_of_a_further_test_set_counts_for_no_share() -> None:
    counts = documents(20)
    recorded = dict.fromkeys(sorted(counts)[:10], "test_apart")
    split = place_documents(counts, recorded, SHARES, 1)
    assert Counter(split.values()) == {"test_apart": 10, "train": 6, "validation": 2, "test": 2}


def test_that_a_copy_of_a_document_of_a_further_test_set_follows_it() -> None:
    counts = documents(20)
    first, second, *_ = sorted(counts)
    assert place_documents(counts, {first: "test_apart"}, SHARES, 1, [[first, second]])[second] == "test_apart"


def test_that_the_register_comes_back_as_it_was_written(tmp_path: Path) -> None:
    register = {"b": Entry("test_apart", "published", "law"), "a": Entry("", "starter")}
    write_register(tmp_path / "register.json", register)
    assert read_register(tmp_path / "register.json") == register
    assert list(read_register(tmp_path / "register.json")) == ["a", "b"]


@pytest.mark.parametrize("text", ["[]", '{"a": {"split": "dev"}}', '{"a": []}', "train", '{"a": {"side": "test"}}'])
def test_that_a_register_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "register.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"register\.json: expected"):
        read_register(tmp_path / "register.json")
    with pytest.raises(ValueError, match="expected a register of documents, found no file"):
        read_register(tmp_path / "none.json")
    assert read_register(None) == {}
