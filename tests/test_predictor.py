from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.schema import Task
from serve.predictor import batches, confidence, decide, to_scores


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


def test_that_confidence_is_the_least_certain_labels_share_of_the_way() -> None:
    scores = np.array([[0.75, 0.1], [1.0, 0.25], [0.5, 0.0], [0.0, 0.0], [1.0, 1.0]], np.float32)
    # to 0.5 and 0.25: (.5, .6), (1, 0), (0, 1), (1, 1), (1, 1)
    found = confidence(scores, Task.multi_label, [0.5, 0.25]).tolist()
    assert found == pytest.approx([0.55, 0.5, 0.5, 1, 1], abs=1e-6)
    four = np.array([[0.5, 0.75, 1.0, 0.0]], np.float32)  # 0, .5, 1, 1: the three least certain count
    assert confidence(four, Task.multi_label, [0.5] * 4).tolist() == pytest.approx([0.5], abs=1e-6)


def test_that_confidence_is_the_lead_where_one_label_holds() -> None:
    scores = np.array([[0.25, 0.625, 0.125], [0.5, 0.5, 0.0]], np.float32)
    assert confidence(scores, Task.single_label, [0.5] * 3).tolist() == [0.375, 0]
    assert confidence(np.ones((1, 1), np.float32), Task.single_label, [0.5]).tolist() == [1]
    assert confidence(np.zeros((0, 2), np.float32), Task.multi_label, [0.5, 0.5]).shape == (0,)


@pytest.mark.parametrize(("threshold", "score", "sure"), [(0, 0, 0), (0, 0.25, 0.25), (1, 1, 0), (1, 0.25, 0.75)])
def test_that_a_threshold_at_the_end_divides_by_nothing(threshold: float, score: float, sure: float) -> None:
    assert confidence(np.array([[score]], np.float32), Task.multi_label, [threshold]).tolist() == [sure]


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1)), min_size=1, max_size=9))
def test_that_confidence_is_a_share(pairs: list[tuple[float, float]]) -> None:
    scores = np.array([[score for score, _ in pairs]], np.float32)
    for task in Task:
        assert 0 <= confidence(scores, task, [threshold for _, threshold in pairs])[0] <= 1
