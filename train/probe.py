"""How much an encoder knows of the labels before any fine-tuning: logistic regression on its frozen vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from configs.schema import Task
from serve.predictor import decide
from train.examples import Examples
from train.metrics import best_thresholds, counts, f1_of

PENALTY = 0.01  # C of the regression; vectors of a few hundred numbers on a few thousand sentences
BATCH = 64
LONGEST = 256  # tokens
Vectors = npt.NDArray[np.float32]


class Probe:
    """Macro-F1 on validation of a regression fitted on train; neither test set is looked at."""

    def __init__(self, examples: Examples, tokenizer: Any) -> None:
        self._gold = {"train": examples.gold(examples.train), "validation": examples.gold(examples.validation)}
        rows = {"train": examples.train, "validation": examples.validation}
        self._ids = {
            name: tokenizer([row.text for row in found], truncation=True, max_length=LONGEST)["input_ids"]
            for name, found in rows.items()
        }

    def macro_f1(self, bert: Any) -> float:
        """``bert``: a BertModel; its last hidden states are averaged over the tokens of a sentence."""
        gold = self._gold["train"]
        varied = np.flatnonzero((gold.min(0) == 0) & (gold.max(0) == 1))
        fitted = _fit(_vectors(bert, self._ids["train"]), gold[:, varied])
        scores = np.zeros(self._gold["validation"].shape, np.float32)
        found = fitted.predict_proba(_vectors(bert, self._ids["validation"]))
        scores[:, varied] = found.reshape(len(scores), -1)
        guess = decide(scores, Task.multi_label, best_thresholds(self._gold["validation"], scores))
        return float(f1_of(counts(self._gold["validation"], guess)).mean())


def _fit(vectors: Vectors, gold: npt.NDArray[np.int64]) -> Pipeline:
    model = OneVsRestClassifier(LogisticRegression(C=PENALTY, max_iter=500, class_weight="balanced"))
    return make_pipeline(StandardScaler(), model).fit(vectors, gold)


@torch.no_grad()
def _vectors(bert: Any, sentences: list[list[int]]) -> Vectors:
    """Mean vectors of shape (sentences, hidden), sentences of like length batched together."""
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    found = np.empty((len(sentences), bert.config.hidden_size), np.float32)
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        width = max(len(sentences[i]) for i in batch)
        ids = torch.tensor([sentences[i] + [0] * (width - len(sentences[i])) for i in batch], device=bert.device)
        there = torch.tensor([[1] * len(sentences[i]) + [0] * (width - len(sentences[i])) for i in batch])
        there = there.to(bert.device)
        hidden = bert(ids, attention_mask=there).last_hidden_state.float()
        mean = (hidden * there.unsqueeze(2)).sum(1) / there.sum(1, keepdim=True)
        found[batch] = mean.cpu().numpy()
    return found
