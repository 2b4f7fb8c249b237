"""Documents into train, validation and test: a document's sentences never stand on two sides, nor do its copies."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

SPLITS = ("train", "validation", "test")
CANDIDATES = 2000


def place_documents(
    labels: dict[str, Counter[str]],
    recorded: dict[str, str],
    shares: tuple[float, float, float],
    seed: int,
    groups: Iterable[Collection[str]] = (),
) -> dict[str, str]:
    """Which split each document goes to. One on record stays; a new one is placed by its id alone.

    So that numbers stay comparable, a document never changes sides when others come, but for one that is not on
    record and finds its copy. ``groups`` (disjoint) are documents that share much of their text: new ones follow the
    one on record, or else stand together where the first of them by id belongs. Where none is on record, the groups
    and the other documents are balanced by ``split_documents``. Raises ValueError where a split stays empty.
    """
    groups = list(groups)
    followed = {name: _gives_way(group, recorded) for group in groups for name in group if set(group) & set(recorded)}
    known = followed | recorded
    if not set(labels) & set(known):
        return split_documents(labels, shares, seed, groups)
    leaders = _leaders(groups)
    sides = {name: known.get(name) or _by_id(leaders.get(name, name), shares) for name in labels}
    if missing := sorted(set(SPLITS) - set(sides.values())):
        raise ValueError(f"no labelled document falls into {', '.join(missing)}; record one there in the split file")
    return sides


def across(groups: Iterable[Collection[str]], recorded: dict[str, str]) -> list[list[str]]:
    """The documents on record of every group that has them on different sides; the record stands all the same."""
    found = [sorted(set(group) & set(recorded)) for group in groups]
    return [names for names in found if len({recorded[name] for name in names}) > 1]


def _gives_way(group: Collection[str], recorded: dict[str, str]) -> str:
    """The side of the group's documents on record; of several the one whose repeated sentences are left out."""
    return min((recorded[name] for name in group if name in recorded), key=SPLITS.index)


def _leaders(groups: Iterable[Collection[str]]) -> dict[str, str]:
    """Of every document of a group the one that stands for all: the first by id, labelled or not."""
    return {name: min(group) for group in groups for name in group}


def _by_id(name: str, shares: tuple[float, float, float]) -> str:
    place = int(name[:8], 16) / 16**8
    return SPLITS[0] if place < shares[0] else SPLITS[1] if place < shares[0] + shares[1] else SPLITS[2]


def read_split(path: Path | None) -> dict[str, str]:
    """Document ids to splits from a JSON file; empty without one. Raises ValueError for anything else."""
    if path is None or not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: expected a JSON object of document ids and splits: {error}") from error
    if not isinstance(found, dict) or not all(side in SPLITS for side in found.values()):
        raise ValueError(f"{path}: expected document ids with one of {', '.join(SPLITS)}")
    return found


def split_documents(
    labels: dict[str, Counter[str]],
    shares: tuple[float, float, float],
    seed: int,
    groups: Iterable[Collection[str]] = (),
) -> dict[str, str]:
    """Which split each document goes to; the documents of a group go together.

    ``labels`` counts, per document, its examples (key ``""``) and each label. Of many random assignments the one
    is taken in which every split's share of every label comes nearest to the shares asked for.
    Raises ValueError for fewer than three documents, a group counting as one.
    """
    if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"the shares of {', '.join(SPLITS)} must be positive and add up to 1, got {shares}")
    leaders = _leaders(groups)
    units: dict[str, Counter[str]] = {}
    for name in labels:
        units.setdefault(leaders.get(name, name), Counter()).update(labels[name])
    if len(units) < len(SPLITS):
        raise ValueError(
            f"a split by document needs at least {len(SPLITS)} labelled documents of different text, got {len(units)}; "
            "label more documents"
        )
    sides = _balanced(units, shares, seed)
    return {name: sides[leaders.get(name, name)] for name in labels}


def _balanced(labels: dict[str, Counter[str]], shares: tuple[float, float, float], seed: int) -> dict[str, str]:
    rng, names = random.Random(seed), sorted(labels)
    totals: Counter[str] = sum(labels.values(), Counter())
    best: tuple[float, dict[str, str]] | None = None
    for _ in range(CANDIDATES):
        candidate = _random_split(rng, names, shares)
        cost = _distance(candidate, labels, totals, shares)
        if best is None or cost < best[0]:
            best = (cost, candidate)
    assert best is not None
    return best[1]


def _random_split(rng: random.Random, names: list[str], shares: tuple[float, float, float]) -> dict[str, str]:
    order = rng.sample(names, len(names))
    counts = [max(1, round(share * len(names))) for share in shares[1:]]
    sides = ["validation"] * counts[0] + ["test"] * counts[1]
    sides = sides[: len(names) - 1]
    return dict(zip(order, sides + ["train"] * (len(names) - len(sides)), strict=True))


def _distance(
    split: dict[str, str], labels: dict[str, Counter[str]], totals: Counter[str], shares: tuple[float, float, float]
) -> float:
    """Mean absolute difference between the wanted and the found share, over labels and splits."""
    sums: dict[str, Counter[str]] = {side: Counter() for side in SPLITS}
    for name, side in split.items():
        sums[side] += labels[name]
    return sum(
        abs(sums[side][key] / total - share)
        for key, total in totals.items()
        for side, share in zip(SPLITS, shares, strict=True)
    )
