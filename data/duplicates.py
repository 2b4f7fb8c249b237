"""Documents that share much of their text: reprints, revised versions, long quotations, copied model texts.

What is compared are passages of eight letters; punctuation, spaces, figures (Chinese ones too) and the script
(Traditional or simplified) don't count, so that a PDF, a web page and a renumbered reprint of one text meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.normalize import to_simplified

PASSAGE = 8  # letters in a row; longer passages break at every edit, shorter ones are set phrases
SAMPLE = 4  # one passage in four is kept, by its hash, so that every document keeps the same ones
LARGE = 0.5  # share of a document's passages that makes two documents belong together
AMOUNT = 200  # letters; less than this in common is the formulas of a genre, unless the documents are alike as wholes
SHORT = 100  # letters; a document below this is compared as a whole
LEAST = 20  # letters; shorter documents (建两个平台) are alike by chance
NEIGHBOURS = 32  # documents that hold a passage are paired with so many of the next ones, or set phrases cost n * n
_NO_LETTER = re.compile(r"[\W\d_〇零一二三四五六七八九十百]+")  # （三）到2027年，新增3家 -> 到年新增家
_BASE = np.uint64(0x9E3779B97F4A7C15)
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Overlap:
    """``containment`` (0 to 1) of the passages of document ``part`` stand in document ``whole``, the longer one."""

    part: str
    whole: str
    containment: float


@dataclass(frozen=True, slots=True)
class Group:
    """Ids of documents that belong together, and the overlaps that tie them, strongest first, one less than documents.

    Not every two documents of a group overlap: a revision ties the version before it to the one after it.
    """

    documents: list[str]
    overlaps: list[Overlap]


def groups(documents: Iterable[tuple[str, str]]) -> list[Group]:
    """Groups of two and more documents, of pairs of id and text, the largest first; the ids must differ.

    Two documents are tied where at least half of the passages of one stand in the other, and these make up 200 letters
    or half of what both have together. Containments are estimated from one passage in four. Takes one pass; keeps
    about 2 bytes a character, not the text.
    """
    names: list[str] = []
    passages: list[Hashes] = []
    for name, text in documents:
        names.append(name)
        passages.append(_passages(letters(text)))
    found = (_overlap(names, passages, a, b) for a, b in _candidates(passages))
    return _tied(sorted((o for o in found if o), key=lambda o: (-o.containment, o.part, o.whole)))


def letters(text: str) -> str:
    """What the versions of a text have in common: simplified letters, no figures, which renumbering changes."""
    return _NO_LETTER.sub("", to_simplified(text))


def _passages(text: str) -> Hashes:
    """Sorted hashes of the sampled passages; of a short text one hash of the whole."""
    codes = _mixed(np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.uint64) + _BASE)
    if len(codes) < LEAST:
        return np.empty(0, np.uint64)
    whole = len(codes) < SHORT
    width = len(codes) if whole else PASSAGE
    hashes: Hashes = np.zeros(len(codes) - width + 1, np.uint64)
    for offset in range(width):
        hashes = hashes * _BASE + codes[offset : offset + len(hashes)]
    hashes = np.unique(_mixed(hashes))
    return hashes if whole else hashes[hashes % np.uint64(SAMPLE) == 0]


def _mixed(values: Hashes) -> Hashes:
    """Every bit depends on every other (the finaliser of SplitMix64); products wrap around."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _candidates(passages: list[Hashes]) -> Iterator[tuple[int, int]]:
    """Pairs of documents, by index, that may share enough: counted over neighbours only, so half of it suffices."""
    sizes = np.array([len(found) for found in passages], np.int64)
    if not sizes.sum():
        return
    hashes = np.concatenate(passages)
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], np.repeat(np.arange(len(sizes)), sizes)[order]
    again = np.concatenate([[False], hashes[1:] == hashes[:-1], [False]])
    repeated = again[:-1] | again[1:]
    hashes, owners = hashes[repeated], owners[repeated]
    keys = [np.empty(0, np.int64)]
    for step in range(1, min(NEIGHBOURS, len(hashes) - 1) + 1):
        same = np.flatnonzero(hashes[step:] == hashes[:-step])
        keys.append(owners[same] * len(sizes) + owners[same + step])
    found, shared = np.unique(np.concatenate(keys), return_counts=True)
    first, second = np.divmod(found, len(sizes))
    enough = shared >= LARGE / 2 * np.minimum(sizes[first], sizes[second])
    yield from zip(first[enough].tolist(), second[enough].tolist(), strict=True)


def _overlap(names: list[str], passages: list[Hashes], a: int, b: int) -> Overlap | None:
    """How much the shorter of two documents has in common with the other; None where that is little."""
    part, whole = sorted((a, b), key=lambda i: (len(passages[i]), names[i]))
    shared = len(np.intersect1d(passages[a], passages[b], assume_unique=True))
    containment = shared / len(passages[part])
    resemblance = shared / (len(passages[a]) + len(passages[b]) - shared)
    if containment < LARGE or (shared * SAMPLE < AMOUNT and resemblance < LARGE):
        return None
    return Overlap(names[part], names[whole], round(containment, 3))


def _tied(overlaps: list[Overlap]) -> list[Group]:
    """Documents joined by overlaps, directly or over others (union-find), without overlaps that join nothing new."""
    parents = {name: name for o in overlaps for name in (o.part, o.whole)}

    def root(name: str) -> str:
        while parents[name] != name:
            parents[name] = parents[parents[name]]
            name = parents[name]
        return name

    joining = []
    for overlap in overlaps:
        if root(overlap.part) != root(overlap.whole):
            parents[root(overlap.part)] = root(overlap.whole)
            joining.append(overlap)
    members: dict[str, Group] = {}
    for name in sorted(parents):
        members.setdefault(root(name), Group([], [])).documents.append(name)
    for overlap in joining:
        members[root(overlap.part)].overlaps.append(overlap)
    return sorted(members.values(), key=lambda g: (-len(g.documents), g.documents))
