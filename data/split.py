"""Documents into train, validation and test: a document's sentences never stand on two sides."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

SPLITS = ("train", "validation", "test")
CANDIDATES = 2000


def place_documents(
    labels: dict[str, Counter[str]], recorded: dict[str, str], shares: tuple[float, float, float], seed: int
) -> dict[str, str]:
    """Which split each document goes to. One on record stays; a new one is placed by its id alone.

    So that numbers stay comparable, a document never changes sides when others come. Where none is on record, the
    documents are balanced by ``split_documents``. Raises ValueError where a split stays empty.
    """
    if not set(labels) & set(recorded):
        return split_documents(labels, shares, seed)
    sides = {name: recorded.get(name) or _by_id(name, shares) for name in labels}
    if missing := sorted(set(SPLITS) - set(sides.values())):
        raise ValueError(f"no labelled document falls into {', '.join(missing)}; record one there in the split file")
    return sides


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
    if not isinstance(found, dict) or not set(found.values()) <= set(SPLITS):
        raise ValueError(f"{path}: expected document ids with one of {', '.join(SPLITS)}")
    return found


def split_documents(labels: dict[str, Counter[str]], shares: tuple[float, float, float], seed: int) -> dict[str, str]:
    """Which split each document goes to.

    ``labels`` counts, per document, its examples (key ``""``) and each label. Of many random assignments the one
    is taken in which every split's share of every label comes nearest to the shares asked for.
    Raises ValueError for fewer than three documents.
    """
    if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"the shares of {', '.join(SPLITS)} must be positive and add up to 1, got {shares}")
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
