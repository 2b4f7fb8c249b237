"""Documents into train, validation and test: a document's sentences never stand on two sides."""

from __future__ import annotations

import random
from collections import Counter

SPLITS = ("train", "validation", "test")
CANDIDATES = 2000


def split_documents(labels: dict[str, Counter[str]], shares: tuple[float, float, float], seed: int) -> dict[str, str]:
    """Which split each document goes to.

    ``labels`` counts, per document, its examples (key ``""``) and each label. Of many random assignments the one
    is taken in which every split's share of every label comes nearest to the shares asked for.
    Raises ValueError for fewer than three documents.
    """
    names = sorted(labels)
    if len(names) < len(SPLITS):
        raise ValueError(f"a split by document needs at least {len(SPLITS)} labelled documents, got {len(names)}")
    rng = random.Random(seed)
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
