"""When more labels change little: successive models give the same unlabelled sentences the same labels.

Stabilizing predictions: M. Bloodgood and K. Vijay-Shanker, A method for stopping active learning based on stabilizing
predictions and the need for user-adjustable stopping, CoNLL 2009; they take the mean of three comparisons and 0.99. It
needs no labelled test set. It says that this order and this kind of model have little left to give, not that the model
is right. It is silent for models that chance in training alone makes differ by more than the threshold allows: two
small encoders trained from scratch on the same labels with other seeds agreed at 0.65 to 0.73. Numbers:
tests/bench/README.md, active_learning.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

STABLE = 0.98  # simulated: the least at which every run had 97.5 % of the macro-F1 that all labels give
FEW = 200  # sentences; on fewer a single changed answer moves the kappa of a label by hundredths


def agreement_of_models(before: Sequence[Sequence[str]], now: Sequence[Sequence[str]], labels: Sequence[str]) -> float:
    """Cohen's kappa between the labels that two models give the same sentences, mean over labels; at most 1.

    A label that both give to none, or both to all, counts as 1. Raises ValueError where the sentences differ in
    number, there are none, or a model gives a label that is not among ``labels``.
    """
    if len(before) != len(now) or not before or not labels:
        raise ValueError(
            "agreement of models needs the labels that both give the same sentences, one or more, and a label set; "
            f"got {len(before)} and {len(now)} sentences and {len(labels)} labels"
        )
    if unknown := {label for rows in (before, now) for row in rows for label in row} - set(labels):
        raise ValueError(f"expected labels of the set {', '.join(labels)}, got {', '.join(sorted(unknown))}")
    return float(np.mean([_kappa(_given(before, label), _given(now, label)) for label in labels]))


def hint(kappa: float, sentences: int) -> str:
    """What the agreement of two models on so many unlabelled sentences says to the person who sends out more."""
    compared = f"This model and the one before it agree at kappa {kappa:.3f} on {sentences} unlabelled sentences"
    if sentences < FEW:
        return f"{compared}, too few to tell whether more labels are needed; compare on {FEW} or more."
    if kappa >= STABLE:
        return f"{compared} ({STABLE} or more is stable): more labels of this kind will change little; you may stop."
    return (
        f"{compared} (below {STABLE}): labels still change the model, or chance in its training does, as it does with "
        "a fine-tuned encoder; go on labelling while macro-F1 on validation still rises."
    )


def _given(rows: Sequence[Sequence[str]], label: str) -> npt.NDArray[np.bool_]:
    return np.array([label in row for row in rows], bool)


def _kappa(a: npt.NDArray[np.bool_], b: npt.NDArray[np.bool_]) -> float:
    share, other = a.mean(), b.mean()
    chance = share * other + (1 - share) * (1 - other)
    return 1.0 if chance == 1 else float(((a == b).mean() - chance) / (1 - chance))
