"""The fine-tuned model and the baselines on the same splits; the model through the server's own predictor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from configs.schema import Task
from data.records import Example
from serve.predictor import Predictor, Scorer, decide
from train.baselines import CuePhrases, TfIdf, majority
from train.examples import Examples
from train.metrics import best_thresholds, evaluate


@dataclass(frozen=True, slots=True)
class System:
    """Something that labels sentences: scores, and the thresholds they are held against."""

    scorer: Scorer
    thresholds: list[float]

    def metrics(self, task: Task, examples: Examples, rows: list[Example]) -> dict[str, Any]:
        """Its metrics on one split."""
        guess = decide(self.scorer.scores([row.text for row in rows]), task, self.thresholds)
        return evaluate(examples.gold(rows), guess, examples.labels.ids)


def baselines(examples: Examples, cues: CuePhrases | None) -> dict[str, System]:
    """Every baseline that fits the label set, by name; what has a threshold gets it from validation."""
    plain = [0.5] * len(examples.labels.ids)
    tfidf = TfIdf(examples)
    held_out = tfidf.scores([row.text for row in examples.validation])
    found = {"majority": System(majority(examples), plain)}
    if cues:
        found["lexicon"] = System(cues, plain)
    return {**found, "tfidf": System(tfidf, best_thresholds(examples.gold(examples.validation), held_out))}


def predictions(examples: Examples, rows: list[Example], predictor: Predictor) -> list[dict[str, Any]]:
    """What the model says of each example, beside the gold labels."""
    scores = predictor.scores([row.text for row in rows])
    return [
        {
            "id": row.id,
            "doc_id": row.doc_id,
            "text": row.text,
            "gold": row.labels,
            "labels": labels,
            "scores": {label: round(float(x), 4) for label, x in zip(examples.labels.ids, found, strict=True)},
        }
        for row, labels, found in zip(rows, predictor.labels(scores), scores, strict=True)
    ]
