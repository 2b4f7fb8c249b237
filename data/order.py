"""The order in which people see sentences: what teaches a model most first, an unbiased sample spread evenly among it.

``uncertainty`` and ``diverse`` keep sentences that say nearly the same apart. Official prose repeats itself, so that
the least certain sentences of a pool are often one sentence many times: uncertainty alone then teaches no more than
chance. Follows F. Zhdanov, Diverse mini-batch active learning, arXiv:1901.05954 (2019), with a greedy choice in place
of k-means, and for ``diverse`` the greedy k-center of O. Sener and S. Savarese, Active learning for convolutional
neural networks: a core-set approach, ICLR 2018, on counts of characters in place of a network's features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from data.duplicates import letters

BATCH = 50  # picks between two comparisons of all that is left with what was picked
WINDOW = 500  # sentences that a batch is picked from
REACH = 500  # sentences (all, in a shorter queue) that a copy of one in the queue lets pass, or half a copy by halves
SIZE = 1024  # of a sentence's vector
_EDGE = "\n"  # before and after a text, so that one of a single letter, or of none, has pairs too
_BASE = np.uint64(0x9E3779B97F4A7C15)
Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


class Order(StrEnum):
    """Least certain first; what covers the pool first (needs no model); by chance."""

    uncertainty = "uncertainty"
    diverse = "diverse"
    random = "random"


def is_blind(id: str, share: float, seed: int = 13) -> bool:
    """Whether a sentence is among the share (0 to 1) that people label without a suggestion.

    Told by its id alone, whatever else is in the queue; a larger share holds the smaller one.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the blind share must be from 0 to 1, got {share}")
    return _chance(id, f"{seed} blind") < share


def arrange(
    ids: Sequence[str],
    texts: Sequence[str],
    confidence: Sequence[float] | None,
    order: Order,
    blind: Sequence[bool],
    seed: int = 13,
) -> list[int]:
    """Indices of the sentences in the order in which people shall see them.

    The blind ones stand at even distances, by chance among themselves, so that a sample without bias grows as people
    work; between them the others, in ``order``. ``confidence`` (0 to 1) is needed for uncertainty only. Ten thousand
    sentences take some seconds. Raises ValueError where lengths differ, or confidence is needed and missing.
    """
    _check(ids, texts, confidence, order, blind)
    chance = np.array([_chance(id, f"{seed} order") for id in ids])
    hidden = np.array(blind, bool)
    shuffled = np.argsort(chance, kind="stable")
    others = shuffled[~hidden[shuffled]]
    if order is not Order.random and len(others):
        vectors = _vectors([letters(texts[i]) for i in others])
        if order is Order.uncertainty:
            assert confidence is not None
            sure = np.array(confidence, float)[others]
            others = others[_spread(vectors, np.argsort(sure, kind="stable"), 1 / min(REACH, len(others)))]
        else:
            others = others[_spread(vectors, np.arange(len(others)), 0.0)]
    return _mixed(shuffled[hidden[shuffled]], others)


def positions(order: list[int]) -> list[float]:
    """Of every sentence, by index, its place in the queue as a score between 0 and 1, the first one's lowest."""
    places = [0.0] * len(order)
    for rank, index in enumerate(order):
        places[index] = (rank + 0.5) / len(order)
    return places


def _check(
    ids: Sequence[str],
    texts: Sequence[str],
    confidence: Sequence[float] | None,
    order: Order,
    blind: Sequence[bool],
) -> None:
    if not len(ids) == len(texts) == len(blind):
        raise ValueError(f"as many texts and blind marks as ids: got {len(ids)}, {len(texts)} and {len(blind)}")
    if order is not Order.uncertainty:
        return
    if confidence is None:
        raise ValueError("the order by uncertainty needs a model's confidence, got none; take diverse or random")
    if len(confidence) != len(ids) or not all(0 <= value <= 1 for value in confidence):
        raise ValueError(
            f"expected a confidence from 0 to 1 of each of {len(ids)} sentences, got {len(confidence)} "
            f"from {min(confidence, default=0)} to {max(confidence, default=0)}"
        )


def _chance(id: str, salt: str) -> float:
    """A number from 0 to 1 (exclusive) that a sentence always has."""
    digest = hashlib.sha256(f"{salt}\n{id}".encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:8]) >> 11) / 2**53


def _mixed(blind: Places, others: Places) -> list[int]:
    """Each blind sentence in the middle of its equal part of the queue, the others in the places between."""
    queue = np.empty(len(blind) + len(others), np.int64)
    places = (2 * np.arange(len(blind)) + 1) * len(queue) // max(1, 2 * len(blind))
    free = np.ones(len(queue), bool)
    free[places] = False
    queue[places], queue[free] = blind, others
    return [int(index) for index in queue]


def _spread(vectors: Floats, wanted: Places, step: float) -> Places:
    """The rows in order of ``wanted``, each later by how near it comes to one that was picked before.

    The next one has the lowest sum of its similarity to the nearest one picked and of ``step`` times its rank in
    ``wanted``; without ``step`` it's the one farthest from all before it.
    """
    rest, near = vectors[wanted], np.zeros(len(wanted), np.float32)  # highest similarity to a row that was picked
    base = np.float32(step) * np.arange(len(wanted), dtype=np.float32)
    picked = []
    while len(wanted):
        window = np.sort(np.argsort(base + near, kind="stable")[:WINDOW])
        batch = window[_batch(rest[window], base[window], near[window])]
        picked.append(wanted[batch])
        left = np.ones(len(wanted), bool)
        left[batch] = False
        chosen = rest[batch].T
        wanted, rest, base, near = wanted[left], rest[left], base[left], near[left]
        if len(wanted):
            near = np.maximum(near, (rest @ chosen).max(1))
    return np.concatenate(picked)


def _batch(vectors: Floats, base: Floats, near: Floats) -> list[int]:
    """Up to ``BATCH`` rows, one after the other the cheapest; each makes those that are like it dearer."""
    near, base, batch = near.copy(), base.copy(), []
    for _ in range(min(BATCH, len(vectors))):
        best = int((base + near).argmin())
        batch.append(best)
        base[best] = np.inf
        np.maximum(near, vectors @ vectors[best], out=near)
    return batch


def _vectors(texts: list[str]) -> Floats:
    """Unit vectors of the pairs and triples of letters of each text, rare ones weighing more, hashed to ``SIZE``."""
    lengths = np.array([len(text) + 2 for text in texts])
    joined = "".join(f"{_EDGE}{text}{_EDGE}" for text in texts).encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(joined, "<u4").astype(np.uint64)
    owners = np.repeat(np.arange(len(texts)), lengths)
    vectors = np.zeros(len(texts) * SIZE, np.float32)
    for width in (2, 3):
        grams = codes[: len(codes) - width + 1]
        for offset in range(1, width):
            grams = grams * _BASE + codes[offset : len(codes) - width + 1 + offset]
        whole = owners[: len(grams)] == owners[width - 1 :]
        _add(vectors, owners[: len(grams)][whole], grams[whole] * _BASE, len(texts))
    rows = vectors.reshape(len(texts), SIZE)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, norms, out=rows, where=norms > 0), np.float32)


def _add(vectors: Floats, owners: Places, grams: npt.NDArray[np.uint64], texts: int) -> None:
    """Add each gram's weight to its owner's vector; half of the grams count negative, so that chance evens out."""
    bucket = (grams >> np.uint64(44)).astype(np.int64)  # the upper bits of a product depend on all of its factors'
    weights = np.log1p(texts / np.bincount(bucket, minlength=1)[bucket])
    signs = np.where(bucket & 1, -1.0, 1.0)
    np.add.at(vectors, owners * SIZE + (bucket >> 1) % SIZE, (signs * weights).astype(np.float32))
