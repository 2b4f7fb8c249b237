"""How fast a served encoder of this size is, beside a base model: python tests/bench/encoder_speed.py ENCODER_DIR

Both are exported as training exports them and asked through the server's predictor, in turns in one process, so that
what else the machine does falls on both. The base model has BERT's usual shape (12 layers of 768, 21,128 words) and
random weights: it is timed, not measured. Sentences are those of the validation split of data/examples.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import typer
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from configs.schema import EncoderConfig, Task
from data.card import markdown_table
from data.files import write_manifest
from data.labels import LabelSet
from serve.model_dir import Head, ServedLabel
from serve.predictor import Predictor
from train.encoder import load_encoder
from train.examples import load_examples
from train.export import export

ROUNDS = 5
SINGLES = 100  # sentences asked one by one in a round
BASE_WORDS = 21128


def served(tokenizer: Any, model: Any, labels: LabelSet, folder: Path) -> Predictor:
    """The model as the server has it."""
    head = Head(
        Task.multi_label, 1.0, 256, tuple(ServedLabel(x.id, x.name, x.color, 0.5, x.definition) for x in labels.labels)
    )
    tokenizer.model_max_length = 256
    export(tokenizer, model.eval(), head, folder)
    (folder / "card.json").write_text("{}", encoding="utf-8")
    (folder / "README.md").write_text("timed, not trained\n", encoding="utf-8")
    write_manifest(folder, inputs={})
    return Predictor.load(folder)


def base_model(labels: LabelSet, words: dict[str, int]) -> tuple[Any, Any]:
    """BERT's usual shape with random weights; ``words`` is the small one's vocabulary, so both get the same tokens."""
    config = BertConfig(vocab_size=BASE_WORDS, id2label=dict(enumerate(labels.ids)))
    return BertTokenizer(vocab=words, do_lower_case=True), BertForSequenceClassification(config)


def seconds(predictor: Predictor, texts: list[str]) -> float:
    """Wall time that the texts take."""
    begun = time.perf_counter()
    predictor.scores(texts)
    return time.perf_counter() - begun


def main(encoder: Path, dataset: Path = Path("data/examples")) -> None:
    """Print one line a model: single-sentence latency, sentences a second, size on disk; medians over the rounds."""
    examples = load_examples(dataset, Task.multi_label)
    texts = [row.text for row in examples.validation]
    small = load_encoder(EncoderConfig(name="small", path=str(encoder)), examples.labels, Task.multi_label, [])
    models = {"this encoder": small, "12 layers of 768": base_model(examples.labels, small[0].get_vocab())}
    with tempfile.TemporaryDirectory() as scratch:
        predictors = {
            name: served(*model, examples.labels, Path(scratch) / str(i))
            for i, (name, model) in enumerate(models.items())
        }
        for predictor in predictors.values():
            predictor.scores(texts[:64])  # warm
        singles: dict[str, list[float]] = {name: [] for name in predictors}
        bulk: dict[str, list[float]] = {name: [] for name in predictors}
        for turn in range(ROUNDS):
            some = texts[turn * SINGLES : (turn + 1) * SINGLES]
            for name, predictor in predictors.items():
                singles[name] += [seconds(predictor, [text]) for text in some]
                bulk[name].append(len(texts) / seconds(predictor, texts))
        table = []
        for i, name in enumerate(predictors):
            p50, p95 = (f"{1000 * value:.1f}" for value in np.quantile(singles[name], [0.5, 0.95]))
            size = (Path(scratch) / str(i) / "model.onnx").stat().st_size / 1e6
            table.append([name, p50, p95, f"{statistics.median(bulk[name]):.0f}", f"{size:.0f}"])
    print(markdown_table(["model", "p50 ms", "p95 ms", "sentences a second", "ONNX, MB"], table))


if __name__ == "__main__":
    typer.run(main)
