"""The published model and the baselines on the same test split, through the server's own predictor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from configs.schema import Task
from data.files import write_atomic
from data.records import write_jsonl
from serve.predictor import Predictor, Scorer, Scores, decide
from train.baselines import CuePhrases, TfIdf, guesses, majority
from train.examples import Examples
from train.metrics import best_thresholds, evaluate


def evaluate_baselines(task: Task, examples: Examples, cues: CuePhrases | None) -> dict[str, Any]:
    """Metrics on the test split of every baseline that fits the label set, by name."""
    found = {"majority": _metrics(majority(examples), task, examples)}
    if cues:
        found["lexicon"] = _metrics(cues, task, examples)
    tfidf = TfIdf(examples)
    held_out = tfidf.scores([e.text for e in examples.validation])
    thresholds = best_thresholds(examples.gold(examples.validation), held_out)
    return {**found, "tfidf": _metrics(tfidf, task, examples, thresholds)}


def _metrics(scorer: Scorer, task: Task, examples: Examples, thresholds: list[float] | None = None) -> dict[str, Any]:
    scores = scorer.scores([e.text for e in examples.test])
    guess = guesses(task, scores, thresholds or [0.5] * scores.shape[1])
    return evaluate(examples.gold(examples.test), guess, examples.labels.ids)


def evaluate_model(examples: Examples, predictor: Predictor, folder: Path) -> dict[str, Any]:
    """Metrics of the published model on the test split; writes predictions.jsonl into the run folder."""
    scores = predictor.scores([e.text for e in examples.test])
    write_jsonl(folder / "predictions.jsonl", _predictions(examples, predictor, scores))
    guess = decide(scores, predictor.head).astype(np.int64)
    return evaluate(examples.gold(examples.test), guess, examples.labels.ids)


def write_metrics(systems: dict[str, Any], predictor: Predictor, folder: Path) -> None:
    """metrics.json of the run: every system on the test split, and the model's thresholds."""
    thresholds = dict(zip(predictor.head.ids, predictor.head.thresholds, strict=True))
    metrics = {"test": systems, "thresholds": thresholds, "model": predictor.name, "version": predictor.version}
    write_atomic(folder / "metrics.json", json.dumps(metrics, ensure_ascii=False, indent=1) + "\n")


def _predictions(examples: Examples, predictor: Predictor, scores: Scores) -> list[dict[str, Any]]:
    named = predictor.labels(scores)
    return [
        {
            "id": e.id,
            "doc_id": e.doc_id,
            "text": e.text,
            "gold": e.labels,
            "labels": labels,
            "scores": {label: round(float(s), 4) for label, s in zip(examples.labels.ids, row, strict=True)},
        }
        for e, labels, row in zip(examples.test, named, scores, strict=True)
    ]
