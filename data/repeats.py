"""Sentences that stand on two sides of a split: quotations, set phrases and what a new version kept of an old one."""

from __future__ import annotations

import re
from collections import Counter

from data.duplicates import letters
from data.records import Example

GRAM = 5  # letters
ALIKE = 0.8  # Jaccard similarity of two sentences' sets of 5 letters in a row, from which they are the same one
SHORTEST = 10  # Han characters; shorter units (保障措施) are set headings, which new documents will have too
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")  # 政


def leave_out_repeats(rows: dict[str, list[Example]]) -> tuple[dict[str, list[Example]], Counter[str]]:
    """The examples without those of train that (nearly) stand in validation or test, and of validation in test.

    Every side but train and validation is a test set.

    Returns with them how many were left out, by reason. What counts are letters: two sentences that differ in figures
    and punctuation only are equal. Nothing is left out of test, and nothing for a repetition within one side.
    Raises ValueError where nothing would be left of a side.
    """
    tests = {side: found for side, found in rows.items() if side not in ("train", "validation")}
    test = [example for found in tests.values() for example in found]
    validation = _without(rows["validation"], test)
    train = _without(rows["train"], [*validation, *test])
    for side, kept in (("train", train), ("validation", validation)):
        if rows[side] and not kept:
            raise ValueError(
                f"{side}: expected sentences of its own, got {len(rows[side])} that all stand in other splits too; "
                "label more documents or record the copies for one split"
            )
    left_out = Counter(
        {
            "repeated in validation or test": len(rows["train"]) - len(train),
            "repeated in test": len(rows["validation"]) - len(validation),
        }
    )
    return {"train": train, "validation": validation, **tests}, +left_out


def han_count(text: str) -> int:
    """How many Chinese characters a text has."""
    return len(_HAN.findall(text))


def _without(examples: list[Example], others: list[Example]) -> list[Example]:
    alike = _repeats([e.text for e in examples], [e.text for e in others])
    return [example for i, example in enumerate(examples) if i not in alike]


def _repeats(texts: list[str], others: list[str]) -> set[int]:
    """Indices of the texts that are alike to one of the others.

    Two sets with a Jaccard similarity of at least ``ALIKE`` share one of their rarest grams; so only these are indexed
    and looked up (prefix filtering), and nothing alike is missed.
    """
    ours, theirs = [_grams(text) for text in texts], [_grams(text) for text in others]
    counts = Counter(gram for grams in [*ours, *theirs] for gram in grams)
    index: dict[str, list[set[str]]] = {}
    for grams in theirs:
        for gram in _rarest(grams, counts):
            index.setdefault(gram, []).append(grams)
    return {
        i
        for i, grams in enumerate(ours)
        if any(_alike(grams, other) for gram in _rarest(grams, counts) for other in index.get(gram, []))
    }


def _grams(text: str) -> set[str]:
    """The 5 letters in a row of a sentence; none of a short one, which is alike to nothing."""
    if han_count(text) < SHORTEST:
        return set()
    plain = letters(text)
    if 0 < len(plain) < GRAM:  # 二〇二四年十二月二十五日
        return {plain}
    return {plain[i : i + GRAM] for i in range(len(plain) - GRAM + 1)}


def _rarest(grams: set[str], counts: Counter[str]) -> list[str]:
    """So many of the rarest that an alike set has one of them among its own rarest."""
    most_that_may_miss = int(len(grams) * (1 - ALIKE) + 1e-9)
    ranked = sorted(grams, key=lambda gram: (counts[gram], gram))
    return ranked[: most_that_may_miss + 1]


def _alike(a: set[str], b: set[str]) -> bool:
    shared = len(a & b)
    return shared >= ALIKE * (len(a) + len(b) - shared) - 1e-9
