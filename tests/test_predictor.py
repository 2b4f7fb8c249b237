from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema import Task
from serve.model_dir import Head, ServedLabel
from serve.predictor import batches, decide, to_scores


def head(task: Task, temperature: float = 1.0) -> Head:
    labels = tuple(ServedLabel(name, name, "", threshold) for name, threshold in (("a", 0.5), ("b", 0.9)))
    return Head(task, temperature, 32, labels)


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(300, 2000))
def test_that_batches_hold_every_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    found = list(batches(lengths, budget))
    assert sorted(i for group in found for i in group) == list(range(len(lengths)))
    assert all(len(group) * max(lengths[i] for i in group) <= budget for group in found)


def test_that_scores_are_sigmoids_or_a_softmax() -> None:
    logits = np.array([[0.0, np.log(3)]], np.float32)
    assert to_scores(logits, head(Task.multi_label)).tolist()[0] == pytest.approx([0.5, 0.75])
    assert to_scores(logits, head(Task.single_label)).tolist()[0] == pytest.approx([0.25, 0.75])
    assert to_scores(2 * logits, head(Task.multi_label, 2.0)).tolist()[0] == pytest.approx([0.5, 0.75])


def test_that_a_label_holds_from_its_threshold_on() -> None:
    scores = np.array([[0.5, 0.89]], np.float32)
    assert decide(scores, head(Task.multi_label)).tolist() == [[True, False]]
    assert decide(scores, head(Task.single_label)).tolist() == [[False, True]]
