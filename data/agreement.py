"""How far annotators agree: Krippendorff's alpha and Cohen's kappa per label, with bootstrap intervals over documents.

A label is one yes-or-no question, asked of every sentence that at least two people labelled. Alpha is that for nominal
data, any number of annotators and missing values (K. Krippendorff, Content Analysis, 4th ed., 2018, ch. 12); kappa is
that of J. Cohen, A Coefficient of Agreement for Nominal Scales, 1960. Both are NaN where nobody or everybody always
chose the label. Intervals resample documents, since sentences of one document are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from data.decisions import Place, Votes, independent
from data.records import Annotation

RESAMPLES = 2000
LEVEL = 0.95
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient (at most 1; 0 is chance) or a difference of shares, and its 95 % percentile interval.

    NaN where it can't be told.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "–"
        return f"{self.value:.3f}" + ("" if np.isnan(self.low) else f" ({self.low:.3f} to {self.high:.3f})")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of one label, over the sentences that several people labelled."""

    label: str
    sentences: int
    share: float  # of all votes that chose the label
    same: float  # share of sentences on which all annotators chose the same
    alpha: Estimate
    kappas: dict[tuple[str, str], Estimate]


def several(votes: Votes) -> Votes:
    """The sentences that at least two people labelled, each by themselves: adjudications are no votes."""
    alone = ((place, independent(rows)) for place, rows in votes.items())
    return {place: rows for place, rows in alone if len({who(row) for row in rows}) > 1}


def annotators_of(votes: Votes) -> list[str]:
    """Everybody who labelled, in order of name."""
    return sorted({who(row) for rows in votes.values() for row in rows})


def agreement(votes: Votes, label: str, seed: int = 13) -> Agreement:
    """Of one label over the sentences that several people labelled. Raises ValueError where there is none."""
    votes = several(votes)
    if not votes:
        raise ValueError("agreement needs sentences that at least two people labelled, found none")
    people = annotators_of(votes)
    places = sorted(votes)
    values = _values(votes, places, people, label)
    documents = np.unique([place.document for place in places], return_inverse=True)[1]
    picks = draws(int(documents.max()) + 1, seed)
    answered = ~np.isnan(values)
    same = np.nanmax(values, 1) == np.nanmin(values, 1)
    return Agreement(
        label=label,
        sentences=len(places),
        share=float(values[answered].mean()),
        same=float(same.mean()),
        alpha=estimate(_alpha_terms(values), documents, picks, _alpha),
        kappas={
            (people[a], people[b]): estimate(_kappa_terms(values[:, a], values[:, b]), documents, picks, _kappa)
            for a, b in combinations(range(len(people)), 2)
        },
    )


def by_document(votes: Votes, labels: Sequence[str]) -> dict[str, tuple[int, float, float]]:
    """Per document: sentences, share of them with the same set from everybody, alpha over all labels' questions.

    Alpha here pools the labels: each sentence asks one question a label.
    """
    votes = several(votes)
    grouped: dict[str, Votes] = {}
    for place in sorted(votes):
        grouped.setdefault(place.document, {})[place] = votes[place]
    return {document: pooled(part, labels) for document, part in grouped.items()}


def pooled(votes: Votes, labels: Sequence[str]) -> tuple[int, float, float]:
    """Of sentences that several people labelled (one at least): how many, the share with the same set, pooled alpha."""
    places, people = sorted(votes), annotators_of(votes)
    tables = [_values(votes, places, people, label) for label in labels]
    same = np.all([np.nanmax(t, 1) == np.nanmin(t, 1) for t in tables], axis=0)
    terms = _alpha_terms(np.concatenate(tables))
    return len(places), float(same.mean()), float(_alpha(terms.sum(0)[None])[0])


def who(annotation: Annotation) -> str:
    """The annotator; a row of several people is theirs together."""
    return "+".join(annotation.annotators)


def _values(votes: Votes, places: list[Place], people: list[str], label: str) -> Floats:
    """1, 0 or NaN (not asked) of shape (sentences, people)."""
    values = np.full((len(places), len(people)), np.nan)
    for i, place in enumerate(places):
        for row in votes[place]:
            values[i, people.index(who(row))] = label in row.labels
    return values


def draws(documents: int, seed: int) -> Floats:
    """How often each document is drawn, of shape (resamples, documents)."""
    drawn = np.random.default_rng(seed).integers(0, documents, (RESAMPLES, documents))
    return np.array([np.bincount(row, minlength=documents) for row in drawn], np.float64)


def estimate(
    terms: Floats, documents: npt.NDArray[np.intp], picks: Floats, coefficient: Callable[[Floats], Floats]
) -> Estimate:
    """A coefficient of sums: over all sentences, and over resampled documents.

    Resamples in which it is undefined are left out; one document alone gives no interval.
    """
    sums = np.zeros((picks.shape[1], terms.shape[1]))
    np.add.at(sums, documents, terms)
    resampled = coefficient(picks @ sums)
    known = resampled[~np.isnan(resampled)]
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) and len(sums) > 1 else (np.nan, np.nan)
    return Estimate(float(coefficient(sums.sum(0)[None])[0]), float(low), float(high))


def _alpha_terms(values: Floats) -> Floats:
    """Per sentence (of two votes and more) what alpha sums up: disagreeing pairs, weighted; votes for; against."""
    for_, all_ = np.nansum(values, 1), (~np.isnan(values)).sum(1)
    against = all_ - for_
    return np.stack([2 * for_ * against / (all_ - 1), for_, against], 1)


def _alpha(sums: Floats) -> Floats:
    disagreeing, for_, against = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha: Floats = 1 - disagreeing * (for_ + against - 1) / (2 * for_ * against)
    return np.where(for_ * against > 0, alpha, np.nan)


def _kappa_terms(a: Floats, b: Floats) -> Floats:
    """Per sentence which cell of the two annotators' table it is in: both, only a, only b, neither."""
    both = ~np.isnan(a) & ~np.isnan(b)
    first, second = np.nan_to_num(a), np.nan_to_num(b)
    cells = np.stack([first * second, first * (1 - second), (1 - first) * second, (1 - first) * (1 - second)], 1)
    return np.where(both[:, None], cells, 0.0)


def _kappa(sums: Floats) -> Floats:
    total = sums.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        yes, only_a, only_b, no = sums.T / total
        chance = (yes + only_a) * (yes + only_b) + (no + only_a) * (no + only_b)
        kappa: Floats = (yes + no - chance) / (1 - chance)
    return np.where(1 - chance > 1e-12, kappa, np.nan)
