"""Do suggestions pull people along? Decisions with the suggestion on show (assisted) against those without (blind).

A labeller suggested labels for both, but people saw them on the assisted ones only; the more the assisted decisions
agree with it than the blind ones, the more they lean on it. The plain difference mixes that with another one: the queue
shows first what the labeller is least sure of, whereas blind sentences are drawn from the whole pool. Assisted ones are
thus harder, and on those anybody agrees with the labeller less, which hides anchoring. So the comparison is also made
within thirds of the labeller's confidence and averaged with the weights that the assisted decisions have there: the
difference on sentences such as were shown. Thirds take away most of the bias, not all (W. G. Cochran, The Effectiveness
of Adjustment by Subclassification in Removing Bias in Observational Studies, 1968), and what is left hides anchoring
too: in 200 simulated rounds (half of 3,000 sentences labelled, least sure first, a tenth blind, a true difference of
0.105) the plain difference was -0.021 on average, that within thirds 0.067, its interval held the true one in 87 %.

Intervals resample documents. Versions of the labeller are taken together, so their confidences should mean the same.
Adjudications are left out: who adjudicates has seen more than the suggestion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data.agreement import Estimate, Floats, draws, estimate
from data.decisions import Votes, independent
from data.records import Annotation, Suggestion

FEWEST = 30  # decisions on either side without which nothing is told
FEWEST_EACH = 10  # the same within a third of confidence
ALL, SET = "all labels", "same set"
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.intp]
Decision = tuple[Annotation, Suggestion]


@dataclass(frozen=True, slots=True)
class Contrast:
    """A share of the assisted decisions, of the blind ones, and the first less the second."""

    assisted: float
    blind: float
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Third:
    """A stretch of confidence, ends included; ``agreement`` as in Anchoring, empty for too few decisions."""

    low: float
    high: float
    assisted: int
    blind: int
    agreement: dict[str, Contrast]


@dataclass(frozen=True, slots=True)
class Anchoring:
    """``agreement`` with the suggestion and how often each label is ``chosen``; both empty where decisions are too few.

    ``agreement`` is by label (share of equal yes-or-no answers), ALL (the mean over labels) and SET (the share of equal
    sets). ``stratified`` and ``chosen_stratified`` are the differences within thirds of confidence, averaged; NaN where
    a third has too few or no suggestion has a confidence (``unstratified`` counts those).
    """

    assisted: int
    blind: int
    unstratified: int
    agreement: dict[str, Contrast]
    stratified: dict[str, Estimate]
    chosen: dict[str, Contrast]
    chosen_stratified: dict[str, Estimate]
    thirds: list[Third]

    def __str__(self) -> str:
        """One line for a terminal; empty where no decision has a suggestion."""
        if not self.assisted + self.blind:
            return ""
        line = f"blind against assisted: {self.assisted} decisions with the suggestion on show, {self.blind} without"
        if not self.agreement:
            return f"{line}; too few to tell, {FEWEST} of either are needed"
        both, known = self.agreement[SET], self.stratified[SET]
        return (
            f"{line}; the suggested set was chosen on {both.assisted:.1%} and {both.blind:.1%}, difference "
            f"{both.difference}; within thirds of confidence {known}"
        )


@dataclass(frozen=True, slots=True)
class _Table:
    """Decisions as arrays: document and third (-1 without confidence) as numbers, resamples of documents."""

    shown: Bools
    documents: Ints
    thirds: Ints
    picks: Floats

    def contrast(self, values: Floats, where: Bools | None = None) -> Contrast:
        """``values`` of shape (decisions,); of those ``where`` it is true."""
        kept = np.ones(len(values), bool) if where is None else where
        terms = _terms(values, self.shown & kept, ~self.shown & kept)
        sums = terms.sum(0)
        known = estimate(terms, self.documents, self.picks, _difference)
        return Contrast(float(sums[0] / sums[1]), float(sums[2] / sums[3]), known)

    def stratified(self, values: Floats) -> Estimate:
        parts = [
            _terms(values, self.shown & (self.thirds == i), ~self.shown & (self.thirds == i))
            for i in range(self.thirds.max(initial=-1) + 1)
        ]
        enough = all(part[:, 3].sum() >= FEWEST_EACH for part in parts if part[:, 1].any())
        if not parts or not enough:
            return Estimate(np.nan, np.nan, np.nan)
        return estimate(np.concatenate(parts, 1), self.documents, self.picks, _weighted)


def anchoring(files: Iterable[Votes], labels: Sequence[str], seed: int = 13) -> Anchoring:
    """Of every vote, in all files, on a sentence for which a labeller suggested something."""
    votes = (row for file in files for rows in file.values() for row in independent(rows))
    decisions = [(row, row.suggestion) for row in votes if row.suggestion]
    assisted = sum(said.shown for _, said in decisions)
    blind = len(decisions) - assisted
    unstratified = sum(said.confidence is None for _, said in decisions)
    if min(assisted, blind) < FEWEST:
        return Anchoring(assisted, blind, unstratified, {}, {}, {}, {}, [])
    confidence = np.array([np.nan if said.confidence is None else said.confidence for _, said in decisions])
    table = _table(decisions, confidence, seed)
    chosen = _matrix([row.labels for row, _ in decisions], labels)
    equal = _equal(chosen, _matrix([said.labels for _, said in decisions], labels), labels)
    picked = dict(zip(labels, chosen.T, strict=True))
    return Anchoring(
        assisted,
        blind,
        unstratified,
        agreement={name: table.contrast(values) for name, values in equal.items()},
        stratified={name: table.stratified(values) for name, values in equal.items()},
        chosen={name: table.contrast(values) for name, values in picked.items()},
        chosen_stratified={name: table.stratified(values) for name, values in picked.items()},
        thirds=[_third(table, confidence, equal, i) for i in range(table.thirds.max(initial=-1) + 1)],
    )


def _table(decisions: list[Decision], confidence: Floats, seed: int) -> _Table:
    shown = np.array([said.shown for _, said in decisions])
    documents = np.unique([row.document for row, _ in decisions], return_inverse=True)[1]
    return _Table(shown, documents, _thirds(confidence), draws(int(documents.max()) + 1, seed))


def _thirds(confidence: Floats) -> Ints:
    """0, 1, 2 from the least sure; equal confidences stay together, so there may be fewer; -1 without one."""
    known = ~np.isnan(confidence)
    found = np.full(len(confidence), -1)
    if known.any():
        edges = np.quantile(confidence[known], [1 / 3, 2 / 3])
        places = np.searchsorted(edges, confidence[known], side="left")
        found[known] = np.unique(places, return_inverse=True)[1]
    return found


def _third(table: _Table, confidence: Floats, equal: dict[str, Floats], number: int) -> Third:
    inside = table.thirds == number
    assisted, blind = int((inside & table.shown).sum()), int((inside & ~table.shown).sum())
    enough = min(assisted, blind) >= FEWEST_EACH
    found = {name: table.contrast(values, inside) for name, values in equal.items()} if enough else {}
    return Third(float(confidence[inside].min()), float(confidence[inside].max()), assisted, blind, found)


def _matrix(chosen: list[list[str]], labels: Sequence[str]) -> Floats:
    """1 or 0 of shape (decisions, labels)."""
    return np.array([[label in row for label in labels] for row in chosen], np.float64)


def _equal(chosen: Floats, said: Floats, labels: Sequence[str]) -> dict[str, Floats]:
    equal = (chosen == said).astype(np.float64)
    return {ALL: equal.mean(1), SET: equal.min(1)} | dict(zip(labels, equal.T, strict=True))


def _terms(values: Floats, shown: Bools, blind: Bools) -> Floats:
    """Per decision what a difference of means sums up, of shape (decisions, 4)."""
    return np.stack([values * shown, shown, values * blind, blind], 1)


def _difference(sums: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3]
    return found


def _weighted(sums: Floats) -> Floats:
    """The mean of the thirds' differences by their share of assisted decisions; a third without any weighs nothing."""
    parts = np.stack([_difference(part) for part in np.split(sums, sums.shape[1] // 4, axis=1)], 1)
    shown = sums[:, 1::4]
    weighed = np.where(shown > 0, parts * shown, 0.0).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = weighed / shown.sum(1)
    return found
