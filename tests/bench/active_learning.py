"""What the order in which people see sentences is worth: labelling simulated on sentences whose labels are known.

    python -m data ingest seeds/documents && python -m data build --sources DIR
    OMP_NUM_THREADS=1 python tests/bench/active_learning.py data/examples [--tune]

The learner is the TF-IDF with logistic regression of ``train.baselines``, its vectorizer fitted once on the unlabelled
text of the whole pool, its penalty the best one on validation with the whole pool. It starts from 100 sentences drawn
by chance and gets 100 more a round; thresholds are those of validation. ``--tune`` prints what was chosen by, on
validation with seeds of its own. Without it: the tests, mean and 95 % t-interval over seeds, and again up to 1,000
labels in a pool where one sentence in twenty stands twenty times, renumbered.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import t
from sklearn.base import clone

from configs.schema import Task
from data import order as ordering
from data.card import markdown_table
from data.order import Order, arrange, is_blind
from data.stopping import STABLE, agreement_of_models
from serve.predictor import Scores, decide
from train.baselines import TfIdf, fit_tfidf
from train.examples import Examples, Gold, load_examples
from train.metrics import best_thresholds, counts, f1_of

STEP, COPIES = 100, 20
SEEDS, TUNING_SEEDS = (1, 2, 3, 4, 5), (101, 102, 103, 104, 105)
REACHED, TUNED_UP_TO, REPEATING_UP_TO, PUBLISHED = 0.95, 2000, 1000, 0.99
REACHES, STABLES = (100, 250, 1000), (0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Pool:
    """Sentences to choose from, and what they and the held-out ones look like to the learner."""

    ids: list[str]
    texts: list[str]
    gold: Gold
    features: Any
    held_out: dict[str, tuple[Any, Gold]]
    learner: Any
    labels: list[str]


@dataclass(frozen=True, slots=True)
class Round:
    """After so many labels: macro-F1 by held-out set, and kappa with the model before on what is unlabelled."""

    labels: int
    f1: dict[str, float]
    kappa: float


Confidence = Callable[[Floats], Floats]  # margins (sentences, labels) from 0 to 1 -> (sentences,)
Runs = dict[str, list[list[Round]]]  # by strategy, one a seed
Strategy = Callable[[Pool, list[int], Floats, int], Sequence[int]]  # indices into the unlabelled ones, best first
CONFIDENCES: dict[str, Confidence] = {
    "lowest margin": lambda margins: margins.min(1),
    "mean of the two lowest": lambda margins: np.sort(margins, 1)[:, :2].mean(1),
    "mean of the three lowest": lambda margins: np.sort(margins, 1)[:, :3].mean(1),
    "mean margin": lambda margins: margins.mean(1),
}


def pool_of(examples: Examples, penalty: float, tests: bool) -> Pool:
    """The training split as a pool, with the validation sentences held out, and the tests."""
    texts, gold = [row.text for row in examples.train], examples.gold(examples.train)
    sets = {"validation": examples.validation, **(examples.test_sets if tests else {})}
    vectorizer, learner = (step for _, step in fit_tfidf(texts, gold, penalty).steps)
    seen = {on: (vectorizer.transform([r.text for r in rows]), examples.gold(rows)) for on, rows in sets.items()}
    ids, labels = [row.id for row in examples.train], list(examples.labels.ids)
    return Pool(ids, texts, gold, vectorizer.transform(texts), seen, learner, labels)


def repeating(examples: Examples) -> Examples:
    """With twenty of one training sentence in twenty, as official prose repeats itself."""
    chosen = random.Random(0).sample(examples.train, len(examples.train) // COPIES)
    copies = [replace(row, id=f"{row.id}-{n}", text=f"（{n}）{row.text}") for row in chosen for n in range(1, COPIES)]
    return replace(examples, train=examples.train + copies)


def apart(confidence: Confidence, blind: float = 0) -> Strategy:
    """The order of ``data.order``, asked anew after each round."""

    def choose(pool: Pool, free: list[int], margins: Floats, seed: int) -> list[int]:
        ids, sure = [pool.ids[i] for i in free], confidence(margins).tolist()
        hidden = [is_blind(i, blind, seed) for i in ids]
        return arrange(ids, [pool.texts[i] for i in free], sure, Order.uncertainty, hidden, seed)

    return choose


def alone(confidence: Confidence) -> Strategy:
    """Least certain first, however alike."""
    return lambda pool, free, margins, seed: np.argsort(confidence(margins), kind="stable").tolist()


@cache
def ranks(pool: Pool, order: Order, seed: int) -> npt.NDArray[np.int64]:
    """An order that needs no model is fixed before the first label, as for somebody who has none."""
    return np.argsort(arrange(pool.ids, pool.texts, None, order, [False] * len(pool.ids), seed))


def once(order: Order) -> Strategy:
    """The place of each unlabelled sentence in an order that needs no model."""
    return lambda pool, free, margins, seed: np.argsort(ranks(pool, order, seed)[free]).tolist()


LOWEST = CONFIDENCES["mean of the three lowest"]
STRATEGIES: dict[str, Strategy] = {
    "random": once(Order.random),
    "diverse": once(Order.diverse),
    "uncertainty alone": alone(LOWEST),
    "uncertainty, diverse": apart(LOWEST),
    "the same, 10 % blind": apart(LOWEST, 0.1),
}


def margins_of(scores: Scores, thresholds: list[float]) -> Floats:
    """How far each score is from its threshold, 1 being as far as it can be on that side."""
    cut = np.array(thresholds)
    return np.where(scores >= cut, (scores - cut) / (1 - cut), (cut - scores) / cut).clip(0, 1)


def simulate(pool: Pool, strategy: Strategy, seed: int, up_to: int | None = None) -> list[Round]:
    """Label the pool in the strategy's order until it, or ``up_to``, is used up."""
    labelled = random.Random(seed).sample(range(len(pool.ids)), STEP)
    rounds: list[Round] = []
    before: Gold | None = None
    while True:
        f1, in_pool, thresholds = measure(pool, labelled)
        now = decide(in_pool, Task.multi_label, thresholds)
        free = sorted(set(range(len(pool.ids))) - set(labelled))
        rounds.append(Round(len(labelled), f1, kappa(pool, before, now, free)))
        if not free or len(labelled) >= (up_to or len(pool.ids)):
            return rounds
        best = strategy(pool, free, margins_of(in_pool[free], thresholds), seed)[:STEP]
        labelled, before = labelled + [free[i] for i in best], now


def measure(pool: Pool, labelled: list[int]) -> tuple[dict[str, float], Scores, list[float]]:
    """With these sentences labelled: macro-F1 by held-out set, scores of the whole pool, thresholds."""
    model = clone(pool.learner).fit(pool.features[labelled], pool.gold[labelled])
    scores = {name: model.predict_proba(features) for name, (features, _) in pool.held_out.items()}
    thresholds = best_thresholds(pool.held_out["validation"][1], scores["validation"])
    guesses = {name: decide(rows, Task.multi_label, thresholds) for name, rows in scores.items()}
    f1 = {name: float(f1_of(counts(gold, guesses[name])).mean()) for name, (_, gold) in pool.held_out.items()}
    return f1, model.predict_proba(pool.features), thresholds


def kappa(pool: Pool, before: Gold | None, now: Gold, rows: list[int]) -> float:
    """Agreement of two models on some sentences; NaN for the first model, or where no sentence is left."""
    if before is None or not rows:
        return float("nan")
    named = [[[pool.labels[k] for k in np.flatnonzero(table[i])] for i in rows] for table in (before, now)]
    return agreement_of_models(named[0], named[1], pool.labels)


def area(rounds: list[Round], name: str) -> float:
    """Area under the curve over its width: mean macro-F1 from 100 to 2,000 labels, or as far as the run went."""
    points = [(r.labels, r.f1[name]) for r in rounds if r.labels <= TUNED_UP_TO]
    labels, values = np.array(points).T
    return float(np.trapezoid(values, labels) / (labels[-1] - labels[0]))


def needed(rounds: list[Round], name: str, full: float) -> float:
    """Labels at the first round with 95 % of the macro-F1 that the whole pool gives; NaN where none has it."""
    return next((float(r.labels) for r in rounds if r.f1[name] >= REACHED * full), float("nan"))


def interval(values: Sequence[float], digits: int = 3) -> str:
    """Mean and half the width of its 95 % t-interval, and how many runs had a value where not all had one."""
    known = [value for value in values if not np.isnan(value)]
    if len(known) < 2:
        return f"reached by {len(known)} of {len(values)}"
    half = t.ppf(0.975, len(known) - 1) * np.std(known, ddof=1) / np.sqrt(len(known))
    rest = "" if len(known) == len(values) else f" ({len(known)} of {len(values)} runs)"
    return f"{np.mean(known):.{digits}f} ± {half:.{digits}f}{rest}"


def compare(pool: Pool, strategies: dict[str, Strategy], seeds: Sequence[int], up_to: int | None = None) -> Runs:
    """Simulate and print a table for each held-out set; differences to the first strategy are paired by seed."""
    runs = {name: [simulate(pool, strategy, seed, up_to) for seed in seeds] for name, strategy in strategies.items()}
    for on, full in measure(pool, list(range(len(pool.ids))))[0].items():
        print(f"\n{on}: {full:.3f} with all {len(pool.ids)} sentences\n")
        rows: list[list[Any]] = []
        for name, found in runs.items():
            areas = [area(r, on) for r in found]
            gains = [a - area(r, on) for a, r in zip(areas, next(iter(runs.values())), strict=True)]
            rows.append([name, interval([needed(r, on, full) for r in found], 0), interval(areas), interval(gains)])
        print(markdown_table(["order", "labels to 95 %", "area", "more than the first"], rows), flush=True)
    return runs


def print_stops(pool: Pool, runs: Runs, on: str, stables: Sequence[float]) -> None:
    """Where the hint would have stopped each run (the end, if nowhere), and what was reached there."""
    full, rows = measure(pool, list(range(len(pool.ids))))[0][on], []
    for name, found in runs.items():
        for stable in stables:
            stops = [next((r for r in run if r.kappa >= stable), run[-1]) for run in found]
            shares = [r.f1[on] / full for r in stops]
            rows.append([name, stable, interval([r.labels for r in stops], 0), interval(shares), f"{min(shares):.3f}"])
    print(f"\nstopping, macro-F1 on {on} as a share of {full:.3f}\n")
    print(markdown_table(["order", "kappa", "labels", "share", "lowest share"], rows), flush=True)


def tune(pool: Pool) -> None:
    """What was chosen by: confidence, reach, threshold of kappa."""
    compare(pool, {n: alone(c) for n, c in CONFIDENCES.items()}, TUNING_SEEDS, TUNED_UP_TO)
    compare(pool, {n: apart(c) for n, c in CONFIDENCES.items()}, TUNING_SEEDS, TUNED_UP_TO)
    for reach in REACHES:
        ordering.REACH = reach
        compare(pool, {f"reach {reach}": apart(LOWEST)}, TUNING_SEEDS, TUNED_UP_TO)
    ordering.REACH = 500
    runs = compare(pool, {name: STRATEGIES[name] for name in ("random", "the same, 10 % blind")}, TUNING_SEEDS)
    print_stops(pool, runs, "validation", STABLES)


def main(folder: Path, tuning: bool) -> None:
    """Simulate and print."""
    examples = load_examples(folder, Task.multi_label)
    penalty = TfIdf(examples).penalty
    print(f"penalty {penalty}, {len(examples.train)} sentences")
    pool = pool_of(examples, penalty, tests=not tuning)
    if tuning:
        tune(pool)
    else:
        runs = compare(pool, STRATEGIES, SEEDS)
        for on in examples.test_sets:
            print_stops(pool, runs, on, [STABLE, PUBLISHED])
        print("\nThe pool that repeats itself")
        asked = {name: STRATEGIES[name] for name in ("random", "uncertainty alone", "uncertainty, diverse")}
        compare(pool_of(repeating(examples), penalty, tests=True), asked, SEEDS, REPEATING_UP_TO)


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--tune" in sys.argv)
