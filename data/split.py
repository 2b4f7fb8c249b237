"""Documents into train, validation and test: a document's sentences never stand on two sides, nor do its copies."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

SPLITS = ("train", "validation", "test")
CANDIDATES = 2000


def place_documents(
    labels: dict[str, Counter[str]],
    recorded: Mapping[str, str],
    shares: tuple[float, float, float],
    seed: int,
    groups: Iterable[Collection[str]] = (),
    balance: bool = False,
) -> dict[str, str]:
    """Which split each document goes to. One on record stays; a new one is placed by its id alone.

    So that numbers stay comparable, a document never changes sides when others come, but for one that is not on
    record and finds its copy. ``groups`` (disjoint) are documents that share much of their text: new ones follow the
    one on record, or else stand together where the first of them by id belongs. Where none is on record, or with
    ``balance``, new documents are placed by ``split_documents`` instead: better balanced, to be put on record then.
    Raises ValueError where a split stays empty.
    """
    groups = list(groups)
    followed = {name: _gives_way(group, recorded) for group in groups for name in group if set(group) & set(recorded)}
    known = followed | dict(recorded)
    apart = {name: known[name] for name in labels if known.get(name, SPLITS[0]) not in SPLITS}
    rest = {name: counts for name, counts in labels.items() if name not in apart}
    if balance or not set(rest) & set(known):
        sides = apart | split_documents(rest, shares, seed, groups, known)
    else:
        leaders = _leaders(groups)
        sides = apart | {name: known.get(name) or _by_id(leaders.get(name, name), shares) for name in rest}
    if missing := sorted(set(SPLITS) - set(sides.values())):
        raise ValueError(f"no labelled document falls into {', '.join(missing)}; record one there in the register")
    return sides


def _gives_way(group: Collection[str], recorded: Mapping[str, str]) -> str:
    """The side of the group's documents on record; of several the one whose repeated sentences are left out."""
    order = {side: place for place, side in enumerate(SPLITS)}
    return min((recorded[name] for name in group if name in recorded), key=lambda side: order.get(side, len(order)))


def _leaders(groups: Iterable[Collection[str]]) -> dict[str, str]:
    """Of every document of a group the one that stands for all: the first by id, labelled or not."""
    return {name: min(group) for group in groups for name in group}


def _by_id(name: str, shares: tuple[float, float, float]) -> str:
    place = int(name[:8], 16) / 16**8
    return SPLITS[0] if place < shares[0] else SPLITS[1] if place < shares[0] + shares[1] else SPLITS[2]


def split_documents(
    labels: dict[str, Counter[str]],
    shares: tuple[float, float, float],
    seed: int,
    groups: Iterable[Collection[str]] = (),
    known: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Which split each document goes to; the documents of a group go together, those of ``known`` stay.

    ``labels`` counts, per document, its examples (key ``""``), each label and whatever else is to be balanced. Of many
    random assignments the one is taken in which every split's share of every count comes nearest to the shares
    asked for. Raises ValueError for fewer than three documents, a group counting as one.
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
    known = known or {}
    fixed = {leaders.get(name, name): side for name, side in known.items() if name in labels}
    sides = _balanced(units, shares, seed, fixed)
    return {name: known.get(name) or sides[leaders.get(name, name)] for name in labels}


def _balanced(
    labels: dict[str, Counter[str]], shares: tuple[float, float, float], seed: int, fixed: Mapping[str, str]
) -> dict[str, str]:
    rng, names = random.Random(seed), sorted(labels)
    totals: Counter[str] = sum(labels.values(), Counter())
    best: tuple[float, dict[str, str]] | None = None
    for _ in range(CANDIDATES):
        candidate = _random_split(rng, names, shares, fixed)
        cost = _distance(candidate, labels, totals, shares)
        if best is None or cost < best[0]:
            best = (cost, candidate)
    assert best is not None
    return best[1]


def _random_split(
    rng: random.Random, names: list[str], shares: tuple[float, float, float], fixed: Mapping[str, str]
) -> dict[str, str]:
    free = [name for name in names if name not in fixed]
    order = rng.sample(free, len(free))
    there = Counter(fixed.values())
    wanted = {side: max(1, round(share * len(names))) for side, share in zip(SPLITS[1:], shares[1:], strict=True)}
    sides = [side for side, count in wanted.items() for _ in range(count - there[side])]
    sides = sides[: len(free) - (not there["train"])]
    return {**fixed, **dict(zip(order, sides + ["train"] * (len(free) - len(sides)), strict=True))}


def _distance(
    split: dict[str, str], labels: dict[str, Counter[str]], totals: Counter[str], shares: tuple[float, float, float]
) -> float:
    """Sum of the absolute differences between the wanted and the found shares, over labels and splits."""
    sums: dict[str, Counter[str]] = {side: Counter() for side in SPLITS}
    for name, side in split.items():
        sums[side] += labels[name]
    return sum(
        abs(sums[side][key] / total - share)
        for key, total in totals.items()
        for side, share in zip(SPLITS, shares, strict=True)
    )
