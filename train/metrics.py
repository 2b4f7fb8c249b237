"""Precision, recall and F1 per label, macro and micro, with bootstrap intervals; thresholds. Pure functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Binary = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
RESAMPLES = 1000


def counts(gold: Binary, guess: Binary) -> Binary:
    """True positives, false positives, false negatives: shape (3, labels)."""
    hits, extra, missed = gold & guess, (1 - gold) & guess, gold & (1 - guess)
    return np.stack([hits.sum(0), extra.sum(0), missed.sum(0)])


def f1_of(table: Binary) -> Floats:
    """F1 from (3, …) counts; 0 where a label neither occurs nor is guessed."""
    hits, extra, missed = table
    total = 2 * hits + extra + missed
    return np.asarray(np.divide(2 * hits, total, out=np.zeros(total.shape), where=total > 0), np.float64)


def evaluate(gold: Binary, guess: Binary, ids: list[str], seed: int = 0) -> dict[str, Any]:
    """Everything a report shows of one system on one split; shapes (examples, labels)."""
    table = counts(gold, guess)
    hits, extra, missed = table.astype(float)
    precision = np.divide(hits, hits + extra, out=np.zeros_like(hits), where=hits + extra > 0)
    recall = np.divide(hits, hits + missed, out=np.zeros_like(hits), where=hits + missed > 0)
    f1 = f1_of(table)
    return {
        "macro_f1": float(f1.mean()),
        "macro_f1_interval": bootstrap_macro_f1(gold, guess, seed),
        "micro_f1": float(f1_of(table.sum(1))),
        "exact_match": float((gold == guess).all(1).mean()),
        "labels": {
            label: {
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "support": int(gold[:, i].sum()),
            }
            for i, label in enumerate(ids)
        },
        "examples": len(gold),
    }


def bootstrap_macro_f1(gold: Binary, guess: Binary, seed: int) -> list[float]:
    """95 % percentile interval of macro-F1 over resampled sentences (they are taken as independent)."""
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, len(gold), (RESAMPLES, len(gold)))
    values = [float(f1_of(counts(gold[pick], guess[pick])).mean()) for pick in picks]
    return [float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))]


def best_thresholds(gold: Binary, scores: npt.NDArray[np.floating[Any]]) -> list[float]:
    """Per label the threshold with the highest F1, in the middle of the gap it cuts; 0.5 for a label never seen."""
    return [_best_threshold(gold[:, i], scores[:, i].astype(float)) for i in range(gold.shape[1])]


def _best_threshold(gold: Binary, scores: Floats) -> float:
    if not gold.any():
        return 0.5
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(gold[order])
    f1 = 2 * hits / (np.arange(1, len(gold) + 1) + gold.sum())
    f1[:-1][ranked[:-1] == ranked[1:]] = -1  # equal scores can't be parted
    cut = int(f1.argmax())
    below = ranked[cut + 1] if cut + 1 < len(ranked) else 0.0
    return float(np.clip((ranked[cut] + below) / 2, 0.01, 0.99))
