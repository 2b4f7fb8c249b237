"""What pretraining is worth: the encoder beside the same shape from scratch and beside TF-IDF, by number of labels.

    python -m data ingest seeds/documents && python -m data build --sources DIR
    python tests/bench/encoder.py ENCODER_DIR [--tune] [--sizes 100,250,500,1000,0] [--seeds 1,2,3,4,5]

Every run is `python -m train`'s own, on the first so many training sentences in a random order of the seed (0: all);
thresholds and the best epoch come from the whole validation split, for TF-IDF too. ``--tune`` scores no test set: it
prints validation for the settings below, with seeds of its own. Runs that are done are not done again.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import typer
from scipy.stats import t

from configs.schema import DatasetConfig, EncoderConfig, OptimConfig, RunConfig, Task, TrainConfig
from data.card import markdown_table
from data.records import read_jsonl, write_jsonl
from serve.predictor import Predictor, decide
from train.baselines import TfIdf
from train.examples import Examples, Gold, load_examples
from train.metrics import best_thresholds, counts, f1_of
from train.run import train

OUT = Path("train/runs/encoder_bench")
RESAMPLES = 2000
RATES, EPOCHS, BATCHES, TUNING_SEEDS = (1e-4, 2e-4, 4e-4), (5, 10), (16, 32), (101, 102)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Guesses:
    """What a system said of each test set, one array (sentences, labels) a seed."""

    by_set: dict[str, list[Gold]]

    def macro_f1(self, gold: Gold, name: str) -> Floats:
        """One a seed."""
        return np.array([f1_of(counts(gold, guess)).mean() for guess in self.by_set[name]])


def subset(dataset: Path, size: int, seed: int) -> Path:
    """The dataset directory with so many training sentences."""
    if not size:
        return dataset
    folder = OUT / "data" / f"{size}-{seed}"
    if not folder.is_dir():
        rows = list(read_jsonl(dataset / "train.jsonl"))
        random.Random(seed).shuffle(rows)
        scratch = folder.with_suffix(".part")
        scratch.mkdir(parents=True, exist_ok=True)
        for path in (dataset / "labels.yaml", *dataset.glob("*.jsonl")):
            shutil.copyfile(path, scratch / path.name)
        write_jsonl(scratch / "train.jsonl", rows[:size])
        scratch.rename(folder)
    return folder


def encoders(encoder: Path) -> dict[str, EncoderConfig]:
    """The pretrained one, and the same shape from scratch with a vocabulary of the training sentences."""
    shape = json.loads((encoder / "config.json").read_text(encoding="utf-8"))
    scratch = EncoderConfig(
        name="scratch",
        layers=shape["num_hidden_layers"],
        hidden=shape["hidden_size"],
        heads=shape["num_attention_heads"],
        intermediate=shape["intermediate_size"],
    )
    return {"from scratch": scratch, "this encoder": EncoderConfig(name="small", path=str(encoder))}


def fitted(encoder: EncoderConfig, optim: OptimConfig, dataset: Path, seed: int, name: str, test: bool) -> Path:
    """The folder of a run."""
    run = RunConfig(name=name, dir=str(OUT / "runs"), publish=False, test=test)
    return train(TrainConfig(encoder=encoder, optim=optim, dataset=DatasetConfig(str(dataset)), run=run, seed=seed))


def neural(name: str, encoder: EncoderConfig, dataset: Path, size: int, seeds: list[int]) -> Guesses:
    """A fine-tuned model a seed."""
    found: dict[str, list[Gold]] = {}
    for seed in seeds:
        where = subset(dataset, size, seed)
        folder = fitted(encoder, OptimConfig(), where, seed, f"{name.replace(' ', '-')}-{size}-{seed}", True)
        predictor = Predictor.load(folder / "model")
        for test, rows in load_examples(where, Task.multi_label).test_sets.items():
            scores = predictor.scores([row.text for row in rows])
            found.setdefault(test, []).append(decide(scores, Task.multi_label, predictor.head.thresholds))
    return Guesses(found)


def tfidf(dataset: Path, size: int, seeds: list[int]) -> Guesses:
    """The baseline a seed; with all sentences it is the same for each."""
    found: dict[str, list[Gold]] = {}
    for seed in seeds if size else seeds[:1]:
        examples = load_examples(subset(dataset, size, seed), Task.multi_label)
        model = TfIdf(examples)
        held_out = model.scores([row.text for row in examples.validation])
        thresholds = best_thresholds(examples.gold(examples.validation), held_out)
        for test, rows in examples.test_sets.items():
            scores = model.scores([row.text for row in rows])
            found.setdefault(test, []).append(decide(scores, Task.multi_label, thresholds))
    return Guesses(found)


def interval(values: Floats) -> str:
    """Mean and half the 95 % t-interval."""
    if len(values) < 2:
        return f"{values.mean():.3f}"
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():.3f} ± {half:.3f}"


def paired_bootstrap(gold: Gold, ours: list[Gold], theirs: list[Gold]) -> str:
    """How much more macro-F1 than theirs, each the mean over its seeds: 95 % percentile interval over sentences."""
    rng = np.random.default_rng(0)

    def mean(guesses: list[Gold], pick: npt.NDArray[np.int64]) -> float:
        return float(np.mean([f1_of(counts(gold[pick], guess[pick])).mean() for guess in guesses]))

    picks = [np.arange(len(gold)), *(rng.integers(0, len(gold), len(gold)) for _ in range(RESAMPLES))]
    gains = [mean(ours, pick) - mean(theirs, pick) for pick in picks]
    low, high = np.quantile(gains[1:], [0.025, 0.975])
    return f"{gains[0]:+.3f} ({low:+.3f} to {high:+.3f})"


def rows_of(examples: Examples, systems: dict[str, Guesses], size: int) -> Iterator[list[str]]:
    """One line of the table a system."""
    for name, guesses in systems.items():
        cells = [str(size or len(examples.train)), name]
        for test, rows in examples.test_sets.items():
            gold = examples.gold(rows)
            cells.append(interval(guesses.macro_f1(gold, test)))
            theirs = systems["TF-IDF"].by_set[test]
            cells.append("" if name == "TF-IDF" else paired_bootstrap(gold, guesses.by_set[test], theirs))
        yield cells


def tune(encoder: Path, dataset: Path) -> None:
    """Validation macro-F1 of each setting, mean over the tuning seeds."""
    for rate, epochs, batch in product(RATES, EPOCHS, BATCHES):
        optim = OptimConfig(learning_rate=rate, epochs=epochs, batch_size=batch, patience=epochs)
        values = []
        for seed in TUNING_SEEDS:
            name = f"tune-{rate:g}-{epochs}-{batch}-{seed}"
            folder = fitted(encoders(encoder)["this encoder"], optim, dataset, seed, name, False)
            metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
            values.append(metrics["validation"]["small"]["macro_f1"])
        found = ", ".join(f"{value:.3f}" for value in values)
        print(f"rate {rate:g}, {epochs} epochs, batch {batch}: {np.mean(values):.3f} ({found})", flush=True)


def main(
    encoder: Path,
    dataset: Path = Path("data/examples"),
    sizes: str = "0",
    seeds: str = "1,2,3,4,5",
    tuning: bool = typer.Option(False, "--tune"),
) -> None:
    """Print the table of the module's docstring."""
    if tuning:
        return tune(encoder, dataset)
    examples, chosen = load_examples(dataset, Task.multi_label), [int(seed) for seed in seeds.split(",")]
    tests = [cell for test in examples.test_sets for cell in (f"`{test}`", "more than TF-IDF")]
    table = []
    for size in map(int, sizes.split(",")):
        systems = {"TF-IDF": tfidf(dataset, size, chosen)}
        for name, shape in encoders(encoder).items():
            systems[name] = neural(name, shape, dataset, size, chosen)
        table += list(rows_of(examples, systems, size))
        print(f"{size or 'all'} sentences done", file=sys.stderr, flush=True)
    print(markdown_table(["labels", "system", *tests], table))
    return None


if __name__ == "__main__":
    typer.run(main)
