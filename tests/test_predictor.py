from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema import Task
from serve.predictor import batches, decide, to_scores


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(300, 2000))
def test_that_batches_hold_every_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    found = list(batches(lengths, budget))
    assert sorted(i for group in found for i in group) == list(range(len(lengths)))
    assert all(len(group) * max(lengths[i] for i in group) <= budget for group in found)


def test_that_scores_are_sigmoids_or_a_softmax() -> None:
    logits = np.array([[0.0, np.log(3)]], np.float32)
    assert to_scores(logits, Task.multi_label).tolist()[0] == pytest.approx([0.5, 0.75])
    assert to_scores(logits, Task.single_label).tolist()[0] == pytest.approx([0.25, 0.75])
    assert to_scores(2 * logits, Task.multi_label, 2.0).tolist()[0] == pytest.approx([0.5, 0.75])


def test_that_a_label_holds_from_its_threshold_on() -> None:
    scores = np.array([[0.5, 0.89]], np.float32)
    assert decide(scores, Task.multi_label, [0.5, 0.9]).tolist() == [[1, 0]]
    assert decide(scores, Task.single_label, []).tolist() == [[0, 1]]
