"""How well the starter corpus stands for published text: TF-IDF with logistic regression on each, tested on all.

    python -m data build --sources DIR && python tests/bench/starter_corpus.py data/examples

Thresholds and penalty come from the validation sentences of the same origin as the training sentences. Each seed
trains on four fifths of the training documents. Prints macro-F1 as mean and 95 % t-interval over seeds, in Markdown.
"""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import t

from configs.schema import Task
from data.card import markdown_table
from data.records import Example
from serve.predictor import decide
from train.baselines import TfIdf
from train.examples import Examples, load_examples
from train.metrics import best_thresholds, counts, f1_of

SEEDS = (1, 2, 3)
SHARE = 0.8
ORIGINS = {"starter corpus": {"starter"}, "drawn sentences": {"drawn"}, "both": {"starter", "drawn"}}


def of(rows: list[Example], origins: set[str]) -> list[Example]:
    """The sentences of these origins."""
    return [row for row in rows if row.origin in origins]


def some_documents(rows: list[Example], seed: int) -> list[Example]:
    """The sentences of four fifths of the documents."""
    names = sorted({row.doc_id for row in rows})
    kept = set(random.Random(seed).sample(names, round(SHARE * len(names))))
    return [row for row in rows if row.doc_id in kept]


def f1_by_label(examples: Examples, rows: list[Example], model: TfIdf, thresholds: list[float]) -> list[float]:
    """F1 of each label on some sentences."""
    guess = decide(model.scores([row.text for row in rows]), Task.multi_label, thresholds)
    return [float(x) for x in f1_of(counts(examples.gold(rows), guess))]


def interval(values: list[float]) -> str:
    """Mean and half the width of its 95 % t-interval."""
    half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.3f} ± {half:.3f}"


def main(folder: Path) -> None:
    """Train nine models and print three tables."""
    examples = load_examples(folder, Task.multi_label)
    tests = {
        "test, starter": of(examples.test, {"starter"}),
        "test, drawn": of(examples.test, {"drawn"}),
        **examples.further,
    }
    found: dict[tuple[str, str], list[list[float]]] = {}
    sizes: dict[str, list[int]] = {}
    for name, origins in ORIGINS.items():
        validation = of(examples.validation, origins)
        for seed in SEEDS:
            part = replace(examples, train=some_documents(of(examples.train, origins), seed), validation=validation)
            model = TfIdf(part)
            thresholds = best_thresholds(part.gold(validation), model.scores([row.text for row in validation]))
            sizes.setdefault(name, []).append(len(part.train))
            for test, rows in tests.items():
                found.setdefault((name, test), []).append(f1_by_label(examples, rows, model, thresholds))
    macro = {key: [float(np.mean(row)) for row in rows] for key, rows in found.items()}
    head = ["trained on", "sentences", *(f"{name} ({len(rows)})" for name, rows in tests.items())]
    print(
        markdown_table(head, ([n, round(np.mean(sizes[n])), *(interval(macro[n, t]) for t in tests)] for n in ORIGINS))
    )
    for test in tests:
        print(f"\nF1 by label on {test}\n")
        means = {name: np.mean(found[name, test], 0) for name in ORIGINS}
        print(
            markdown_table(
                ["trained on", *examples.labels.ids], ([n, *(f"{x:.3f}" for x in means[n])] for n in ORIGINS)
            )
        )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "data/examples"))
