"""Agreement of successive models by hand, and what the hint says on either side of the threshold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.stopping import FEW, STABLE, agreement_of_models, hint

LABELS = ["risk", "boat"]
rows = st.lists(st.lists(st.sampled_from(LABELS), unique=True), min_size=1, max_size=20)


def test_that_kappa_is_the_one_worked_out_by_hand() -> None:
    """Of 10 sentences both say risk to 4, neither to 4, each alone to 1: 0.8 observed, 0.5 by chance, kappa 0.6."""
    before = [["risk"]] * 4 + [["risk"], []] + [[]] * 4
    now = [["risk"]] * 4 + [[], ["risk"]] + [[]] * 4
    assert agreement_of_models(before, now, ["risk"]) == pytest.approx(0.6)


def test_that_it_is_the_mean_over_labels_and_a_label_that_nobody_gives_counts_as_agreed() -> None:
    before = [["risk"]] * 4 + [["risk"], []] + [[]] * 4
    now = [["risk"]] * 4 + [[], ["risk"]] + [[]] * 4
    assert agreement_of_models(before, now, LABELS) == pytest.approx((0.6 + 1) / 2)
    assert agreement_of_models([["risk"]] * 3, [["risk"]] * 3, LABELS) == 1


def test_that_a_label_all_get_from_one_and_none_from_the_other_counts_as_chance() -> None:
    assert agreement_of_models([["risk"]] * 3, [[]] * 3, ["risk"]) == 0


def test_that_opposite_models_disagree_fully() -> None:
    assert agreement_of_models([["risk"], []], [[], ["risk"]], ["risk"]) == -1


@given(rows)
def test_that_it_is_symmetric_at_most_one_and_one_for_equals(before: list[list[str]]) -> None:
    now = before[1:] + before[:1]
    value = agreement_of_models(before, now, LABELS)
    assert value == pytest.approx(agreement_of_models(now, before, LABELS))
    assert value <= 1 + 1e-12
    assert agreement_of_models(before, [row[::-1] for row in before], LABELS) == 1


@pytest.mark.parametrize(
    ("before", "now", "labels"),
    [([], [], LABELS), ([[]], [[], []], LABELS), ([[]], [[]], []), ([["oar"]], [[]], LABELS)],
)
def test_that_what_cannot_be_compared_is_refused(
    before: list[list[str]], now: list[list[str]], labels: list[str]
) -> None:
    with pytest.raises(ValueError, match="got"):
        agreement_of_models(before, now, labels)


def test_that_the_hint_changes_at_the_threshold() -> None:
    assert "you may stop" in hint(STABLE, FEW)
    assert "go on" in hint(STABLE - 0.001, FEW)
    assert "kappa 0.951 on 1200 " in hint(0.951, 1200)


def test_that_few_sentences_never_say_stop() -> None:
    assert "too few" in hint(1.0, FEW - 1)
    assert "stop" not in hint(1.0, FEW - 1)
