"""Values that one can check in one's head."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from train.metrics import best_thresholds, bootstrap_macro_f1, counts, evaluate, f1_of

GOLD = np.array([[1, 0], [1, 0], [0, 1], [0, 0]])
GUESS = np.array([[1, 0], [0, 0], [1, 1], [0, 0]])


def test_precision_recall_and_f1_by_hand() -> None:
    found = evaluate(GOLD, GUESS, ["a", "b"])
    # a: one hit, one extra, one missed; b: one hit
    assert found["labels"]["a"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}
    assert found["labels"]["b"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}
    assert found["macro_f1"] == 0.75
    assert found["micro_f1"] == pytest.approx(4 / 6)
    assert found["exact_match"] == 0.5


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=30))
def test_that_f1_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    gold, guess = np.array(pairs).T
    ours = float(f1_of(counts(gold[:, None], guess[:, None]))[0])
    assert ours == pytest.approx(f1_score(gold, guess, zero_division=0))


def test_that_the_interval_holds_the_value_and_repeats_with_its_seed() -> None:
    gold = np.tile(GOLD, (25, 1))
    guess = np.tile(GUESS, (25, 1))
    low, high = bootstrap_macro_f1(gold, guess, 1)
    assert low < 0.75 < high
    assert [low, high] == bootstrap_macro_f1(gold, guess, 1)


def test_that_a_threshold_parts_the_scores_where_f1_is_best() -> None:
    gold = np.array([[1], [1], [0], [0]])
    assert best_thresholds(gold, np.array([[0.9], [0.8], [0.4], [0.1]])) == pytest.approx([0.6])
    # the best cut takes all three on top: two hits, one extra
    assert best_thresholds(gold, np.array([[0.9], [0.3], [0.5], [0.1]])) == pytest.approx([0.2])
    assert best_thresholds(np.zeros((2, 1), int), np.array([[0.9], [0.8]])) == [0.5]


def test_that_equal_scores_are_never_parted() -> None:
    gold = np.array([[1], [0], [1]])
    [threshold] = best_thresholds(gold, np.array([[0.7], [0.7], [0.2]]))
    assert not 0.7 < threshold <= 1
