"""Text to scores, the one path that the API, the page, evaluation and pre-annotation share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Encoding, Tokenizer

from configs.schema import Task
from data.normalize import normalize
from serve.model_dir import Head, load_head, verify

Scores = npt.NDArray[np.float32]
TOKEN_BUDGET = 2048  # padded tokens in one batch
DOUBTED = 3  # the least certain labels, whose mean is the confidence
CHARS_PER_TOKEN = 16  # more than any real text has; keeps the tokenizer's time linear on a line without end


class Scorer(Protocol):
    """Whatever gives each text a score per label: shape (texts, labels), each in [0, 1]."""

    def scores(self, texts: Sequence[str]) -> Scores: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model says of one text; ``confidence`` in [0, 1], low where a person should look first."""

    labels: list[str]
    scores: dict[str, float]
    confidence: float


UNREADABLE = Verdict([], {}, 1.0)  # not a single letter or digit: no label, and nothing to be unsure of


@dataclass(frozen=True, slots=True)
class Predictor:
    """A verified model directory, loaded. Safe to call from several threads."""

    head: Head
    name: str
    version: str
    tokenizer: Tokenizer
    session: onnxruntime.InferenceSession

    @staticmethod
    def load(folder: Path, threads: int = 0) -> Predictor:
        """Verify and load; ``threads`` 0 takes every core at hand. Raises ValueError for a bad directory."""
        folder = folder.resolve()
        version = verify(folder)
        head = load_head(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or cores()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        return Predictor(head, folder.name, version, load_tokenizer(folder, head.max_length), session)

    @property
    def tag(self) -> str:
        """Name and version in one: what predictions carry in Label Studio, as smoke-1f0c@0123456789ab."""
        return f"{self.name}@{self.version}"

    def scores(self, texts: Sequence[str]) -> Scores:
        """Scores of shape (texts, labels). Texts are normalised here; those longer than the model's limit are cut."""
        return to_scores(self.logits(texts), self.head.task, self.head.temperature)

    def logits(self, texts: Sequence[str]) -> Scores:
        """Raw outputs of shape (texts, labels), in the order of the texts."""
        cut = self.head.max_length * CHARS_PER_TOKEN
        encoded = self.tokenizer.encode_batch([normalize(text)[:cut] for text in texts])
        logits = np.zeros((len(encoded), len(self.head.labels)), np.float32)
        for batch in batches([len(e.ids) for e in encoded]):
            logits[batch] = self.session.run(None, padded([encoded[i] for i in batch]))[0]
        return logits

    def labels(self, scores: Scores) -> list[list[str]]:
        """The label ids each row of scores amounts to."""
        held = decide(scores, self.head.task, self.head.thresholds)
        return [[self.head.ids[i] for i in np.flatnonzero(row)] for row in held]

    def verdicts(self, texts: Sequence[str]) -> list[Verdict]:
        """Labels, scores and confidence per text, rounded."""
        scores = self.scores(texts)
        sure = confidence(scores, self.head.task, self.head.thresholds)
        rows = zip(self.labels(scores), scores.tolist(), sure.tolist(), strict=True)
        found = [Verdict(labels, self._named(row), round(share, 6)) for labels, row, share in rows]
        return [
            verdict if any(map(str.isalnum, text)) else UNREADABLE for text, verdict in zip(texts, found, strict=True)
        ]

    def _named(self, row: list[float]) -> dict[str, float]:
        return {label: round(score, 4) for label, score in zip(self.head.ids, row, strict=True)}


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_tokenizer(folder: Path, max_length: int) -> Tokenizer:
    """The tokenizer of a model directory, cutting at ``max_length`` tokens and never padding."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(max_length)
    tokenizer.no_padding()
    return tokenizer


def batches(lengths: Sequence[int], budget: int = TOKEN_BUDGET) -> Iterator[list[int]]:
    """Indices grouped by similar length, so that each group's padded size stays within the budget."""
    group: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if group and (len(group) + 1) * lengths[i] > budget:
            yield group
            group = []
        group.append(i)
    if group:
        yield group


def padded(encodings: Sequence[Encoding]) -> dict[str, npt.NDArray[np.int64]]:
    """Model inputs of shape (batch, longest), padded with zeros."""
    width = max(len(e.ids) for e in encodings)
    arrays: dict[str, npt.NDArray[np.int64]] = {
        key: np.zeros((len(encodings), width), np.int64) for key in ("input_ids", "attention_mask", "token_type_ids")
    }
    for row, encoding in enumerate(encodings):
        arrays["input_ids"][row, : len(encoding.ids)] = encoding.ids
        arrays["attention_mask"][row, : len(encoding.ids)] = 1
        arrays["token_type_ids"][row, : len(encoding.ids)] = encoding.type_ids
    return arrays


def to_scores(logits: Scores, task: Task, temperature: float = 1.0) -> Scores:
    """Sigmoid per label, or softmax over the labels where exactly one holds."""
    scaled = logits / temperature
    if task is Task.multi_label:
        return np.asarray(1 / (1 + np.exp(-scaled)), np.float32)
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def decide(scores: Scores, task: Task, thresholds: Sequence[float]) -> npt.NDArray[np.int64]:
    """0/1 of shape (texts, labels): every label at or above its threshold, or the best where exactly one holds."""
    if task is Task.multi_label:
        return np.asarray(scores >= np.asarray(thresholds, np.float32), np.int64)
    return np.asarray(np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None], np.int64)


def confidence(scores: Scores, task: Task, thresholds: Sequence[float]) -> npt.NDArray[np.float64]:
    """How sure each row of scores is, shape (texts,), in [0, 1].

    Several labels: the distance of a score to its threshold as a share of the way to 0 or to 1, mean over the three
    least certain labels (which orders sentences for labelling better than the least certain one alone: tests/bench,
    active_learning.py). One label: the lead of the best score over the second.
    """
    exact = scores.astype(np.float64)
    if task is Task.single_label:
        best = np.sort(exact, axis=1)[:, ::-1]
        return best[:, 0] - best[:, 1] if best.shape[1] > 1 else np.ones(len(best))
    held = np.asarray(thresholds, np.float32).astype(np.float64)  # as `decide` compares them
    way = np.where(exact >= held, 1 - held, held)
    margins = np.abs(exact - held) / np.where(way > 0, way, 1)
    return np.asarray(np.sort(margins, axis=1)[:, :DOUBTED].mean(axis=1).clip(0, 1), np.float64)
