"""The guard of a split: what a model learns from may not stand in what it is measured on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from data.duplicates import letters
from data.records import Example
from data.repeats import SHORTEST, han_count


def check_no_leakage(rows: Mapping[str, list[Example]], names: Mapping[str, str]) -> None:
    """Raises ValueError where a document stands on two sides, or a sentence of train or validation in a test set.

    Sentences are compared by their letters, apart from how repeated ones were left out; short ones
    (保障措施) are set phrases. ``names`` tells people which document an id is.
    """
    sides: dict[str, set[str]] = defaultdict(set)
    places: dict[str, dict[str, str]] = defaultdict(dict)
    for side, examples in rows.items():
        for example in examples:
            sides[example.doc_id].add(side)
            if han_count(example.text) >= SHORTEST and (plain := letters(example.text)):
                places[plain].setdefault(_part(side), example.doc_id)
    if torn := {name: sorted(found) for name, found in sides.items() if len(found) > 1}:
        raise ValueError(f"leakage: documents stand in several splits: {torn}; record each in one")
    for found in places.values():
        if len(found) > 1:
            where = ", ".join(f"{names.get(name, name)} ({part})" for part, name in found.items())
            raise ValueError(f"leakage: one sentence stands in {where}; record these documents in one split")


def check_groups(groups: Iterable[Collection[str]], sides: Mapping[str, str], names: Mapping[str, str]) -> None:
    """Raises ValueError where documents that share much of their text stand on different sides."""
    for group in groups:
        placed = {name: _part(sides[name]) for name in sorted(group) if name in sides}
        if len(set(placed.values())) > 1:
            where = ", ".join(f"{names.get(name, name)} ({name}: {side})" for name, side in placed.items())
            raise ValueError(f"leakage: {where} share much of their text; record them in one split, or leave one out")


def _part(side: str) -> str:
    """All test sets are one: nothing is learnt or chosen on any of them."""
    return "test" if side.startswith("test") else side
