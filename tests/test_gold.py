"""Sentence splitting against what readers found in published documents (see ``fixtures/gold/README.md``)."""

from __future__ import annotations

import pytest

from bench.splitters import ours
from gold import Gold, Score, Unit, load, place, score, within

PUBLISHED, FIRST, SECOND = load("published"), load("held_out_1"), load("held_out_2")
absent = pytest.mark.skipif(not PUBLISHED, reason="the published documents are not at hand (../shared)")


def scored(gold: Gold) -> Score:
    wanted, found = within(gold, ours(gold.text))
    return score(wanted, found)


@absent
@pytest.mark.parametrize("gold", PUBLISHED, ids=lambda g: g.source)
def test_that_each_of_the_five_documents_is_cut_as_readers_did(gold: Gold) -> None:
    result = scored(gold)
    assert (result.f1, result.kind, result.path) == (1, 1, 1)


@absent
@pytest.mark.parametrize(
    ("golds", "f1", "kind", "path"), [(FIRST, 0.99, 0.99, 0.92), (SECOND, 0.99, 0.99, 0.99)], ids=["first", "second"]
)
def test_that_documents_drawn_at_random_are_cut_as_readers_did(
    golds: list[Gold], f1: float, kind: float, path: float
) -> None:
    assert len(golds) == 20
    total = Score(*map(sum, zip(*map(scored, golds), strict=True)))
    assert total.f1 >= f1
    assert total.kind >= kind
    assert total.path >= path


def test_that_a_span_counts_only_when_all_its_pieces_are_right() -> None:
    wanted = [Unit(((0, 4), (9, 12)), "body", ()), Unit(((4, 9),), "caption", ())]
    found = [Unit(((0, 4),), "body", ()), Unit(((4, 9),), "body", ())]
    assert score(wanted, found) == Score(found=2, wanted=2, right=1, kinds=0, paths=1)
    assert score(wanted, found).f1 == 0.5


def test_that_white_space_around_a_piece_does_not_count() -> None:
    assert place(" 要建 平台 \n", [(0, 3), (3, 7)]) == ((1, 6),)
    assert place("要建。图一 平台", [(0, 3), (6, 8)]) == ((0, 3), (6, 8))
