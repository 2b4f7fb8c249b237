"""Blind against assisted, with counts that give the differences by hand."""

from __future__ import annotations

import json
import math
import random
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from data.agreement_page import write_agreement
from data.anchoring import ALL, SET, Anchoring, anchoring
from data.decisions import Place, Votes
from data.labels import load_labels
from data.records import Annotation, Suggestion

LABELS = load_labels(Path(__file__).parent.parent / "seeds" / "labels.yaml")
Group = tuple[float | None, bool, int, int]  # confidence, shown, decisions, how many of them agree
BLIND_HITS = (2, 12, 35)


def votes_of(groups: list[Group], documents: int = 1) -> Votes:
    """The suggestion is always funding; who doesn't agree chooses talent."""
    votes: Votes = {}
    for confidence, shown, count, agreeing in groups:
        for i in range(count):
            start, said = len(votes), Suggestion("m@1", ["funding"], confidence, shown)
            chosen = ["funding"] if i < agreeing else ["talent"]
            document = f"d{i % documents}"
            row = Annotation(document, start, start + 1, "", chosen, ["an"], suggestion=said)
            votes[Place(document, start, start + 1)] = [row]
    return votes


def thirds_of(assisted_hits: tuple[int, int, int]) -> list[Group]:
    """60 decisions at each of three confidences: 50, 30, 10 assisted; 10, 30, 50 blind, which agree 2, 12, 35 times."""
    groups: list[Group] = []
    for i, (confidence, assisted) in enumerate(((0.1, 50), (0.5, 30), (0.9, 10))):
        groups += [(confidence, True, assisted, assisted_hits[i]), (confidence, False, 60 - assisted, BLIND_HITS[i])]
    return groups


def test_that_agreement_with_the_suggestion_is_counted_by_label_on_average_and_by_set() -> None:
    """A disagreement differs on two of three labels; platform is never chosen or suggested."""
    found = anchoring([votes_of([(0.5, True, 40, 32), (0.5, False, 30, 15)])], ["funding", "talent", "platform"])
    assert (found.assisted, found.blind) == (40, 30)
    told = {name: (row.assisted, row.blind, row.difference.value) for name, row in found.agreement.items()}
    assert told["funding"] == told["talent"] == told[SET] == pytest.approx((0.8, 0.5, 0.3))
    assert told["platform"] == (1, 1, 0)
    assert told[ALL] == pytest.approx((1 - 0.2 * 2 / 3, 1 - 0.5 * 2 / 3, 0.2))
    shares = {name: (row.assisted, row.blind) for name, row in found.chosen.items()}
    assert shares == {"funding": (0.8, 0.5), "talent": pytest.approx((0.2, 0.5)), "platform": (0, 0)}


@pytest.mark.parametrize(
    ("hits", "plain", "within"),
    [((20, 18, 9), 47 / 90 - 49 / 90, 0.2), ((30, 18, 7), 55 / 90 - 49 / 90, (50 * 0.4 + 30 * 0.2 + 10 * 0) / 90)],
)
def test_that_thirds_are_weighed_as_the_assisted_ones_are(
    hits: tuple[int, int, int], plain: float, within: float
) -> None:
    """In the first case each third shows +0.2 and all together less than nothing: assisted ones are the hard ones."""
    found = anchoring([votes_of(thirds_of(hits))], LABELS.ids)
    assert found.agreement[SET].difference.value == pytest.approx(plain)
    assert found.stratified[SET].value == pytest.approx(within)
    assert found.chosen_stratified["funding"].value == pytest.approx(within)
    assert [(third.low, third.assisted, third.blind) for third in found.thirds] == [
        (0.1, 50, 10),
        (0.5, 30, 30),
        (0.9, 10, 50),
    ]
    assert found.thirds[0].agreement[SET].difference.value == pytest.approx(hits[0] / 50 - 0.2)


def test_that_confidences_are_cut_into_thirds() -> None:
    groups: list[Group] = [(i / 90, shown, 1, 1) for i in range(90) for shown in (True, False)]
    found = anchoring([votes_of(groups)], ["funding"])
    assert [(third.assisted, third.low, third.high) for third in found.thirds] == [
        (30, 0 / 90, 29 / 90),
        (30, 30 / 90, 59 / 90),
        (30, 60 / 90, 89 / 90),
    ]


def test_that_equal_confidences_stay_together() -> None:
    found = anchoring([votes_of([(0.5, True, 40, 32), (0.5, False, 30, 15)])], ["funding"])
    assert [(third.low, third.high, third.assisted, third.blind) for third in found.thirds] == [(0.5, 0.5, 40, 30)]
    assert found.stratified[SET].value == pytest.approx(0.3)


@pytest.mark.parametrize("counts", [(40, 29), (29, 40)])
def test_that_too_few_decisions_give_no_numbers(counts: tuple[int, int]) -> None:
    found = anchoring([votes_of([(0.5, True, counts[0], 9), (0.5, False, counts[1], 9)])], ["funding"])
    assert (found.agreement, found.chosen, found.thirds) == ({}, {}, [])
    assert "too few to tell, 30 of either are needed" in str(found)


def test_that_a_third_with_too_few_blind_ones_is_not_told() -> None:
    groups = [(0.1, True, 50, 20), (0.1, False, 9, 2), (0.9, True, 20, 9), (0.9, False, 30, 9)]
    found = anchoring([votes_of([*groups])], ["funding"])
    assert [bool(third.agreement) for third in found.thirds] == [False, True]
    assert math.isnan(found.stratified[SET].value)
    assert found.agreement[SET].difference.value == pytest.approx(29 / 70 - 11 / 39)


def test_that_decisions_without_confidence_are_counted_and_not_stratified() -> None:
    groups: list[Group] = [(None, True, 5, 0), (0.5, True, 40, 32), (0.5, False, 30, 15)]
    found = anchoring([votes_of(groups)], ["funding"])
    assert found.unstratified == 5
    assert found.stratified[SET].value == pytest.approx(0.3)
    assert found.agreement[SET].assisted == pytest.approx(32 / 45)
    bare = anchoring([votes_of([(None, True, 40, 32), (None, False, 30, 15)])], ["funding"])
    assert (bare.unstratified, bare.thirds, math.isnan(bare.stratified[SET].value)) == (70, [], True)


def test_that_adjudications_and_decisions_without_a_suggestion_do_not_count() -> None:
    votes = votes_of([(0.5, True, 40, 32), (0.5, False, 32, 16)])
    places = sorted(votes, key=lambda place: place.start)
    votes[places[-1]] = [replace(votes[places[-1]][0], decides=True)]
    votes[places[-2]] = [replace(votes[places[-2]][0], suggestion=None)]
    assert anchoring([votes], ["funding"]).blind == 30


def test_that_documents_alike_leave_no_doubt_and_one_gives_no_interval() -> None:
    groups: list[Group] = [(0.5, True, 40, 30), (0.5, False, 40, 20)]
    [alike, single] = [anchoring([votes_of(groups, n)], ["funding"]).agreement[SET].difference for n in (10, 1)]
    assert (alike.low, alike.value, alike.high) == pytest.approx((0.25, 0.25, 0.25))
    assert math.isnan(single.low)


def test_that_the_interval_is_that_of_documents_drawn_one_by_one() -> None:
    rng, votes = random.Random(5), Votes()
    for i in range(600):
        document, shown = f"d{i % 20}", rng.random() < 0.7
        hit = rng.random() < (0.4 + 0.02 * (i % 20)) + 0.1 * shown
        said = Suggestion("m@1", ["funding"], rng.random(), shown)
        row = Annotation(document, i, i + 1, "", ["funding"] * hit, ["an"], suggestion=said)
        votes[Place(document, i, i + 1)] = [row]
    found = anchoring([votes], ["funding"])
    slow = np.quantile([_slow_stratified(votes, found, rng) for _ in range(400)], [0.025, 0.975])
    known = found.stratified[SET]
    assert known.low < known.value < known.high
    assert known.high - known.low == pytest.approx(float(slow[1] - slow[0]), rel=0.2)


def _slow_stratified(votes: Votes, found: Anchoring, rng: random.Random) -> float:
    groups = [[rows[0] for place, rows in votes.items() if place.document == f"d{d}"] for d in range(20)]
    drawn = [row for group in rng.choices(groups, k=20) for row in group]
    total = weight = 0.0
    for third in found.thirds:
        hits: dict[bool, list[bool]] = {True: [], False: []}
        for row in drawn:
            said = row.suggestion
            assert said is not None
            assert said.confidence is not None
            if third.low <= said.confidence <= third.high:
                hits[said.shown].append(row.labels == said.labels)
        total += len(hits[True]) * float(np.mean(hits[True]) - np.mean(hits[False]))
        weight += len(hits[True])
    return total / weight


def test_that_page_and_numbers_show_the_comparison(tmp_path: Path) -> None:
    found = anchoring([votes_of(thirds_of((20, 18, 9)), documents=5)], LABELS.ids)
    write_agreement([], LABELS, [], tmp_path / "out", blind=found)
    page = (tmp_path / "out" / "agreement.html").read_text(encoding="utf-8")
    assert "90 次标注时看得到机器的建议，90 次看不到" in page
    assert "+20.0 <small>(" in page
    assert "0.10 – 0.10" in page
    numbers = json.loads((tmp_path / "out" / "agreement.json").read_text(encoding="utf-8"))["anchoring"]
    assert numbers["stratified"][SET]["value"] == pytest.approx(0.2)
    assert numbers["thirds"] == json.loads(json.dumps(asdict(found)))["thirds"]


def test_that_a_page_with_too_few_blind_ones_says_so(tmp_path: Path) -> None:
    few = anchoring([votes_of([(0.5, True, 40, 20), (0.5, False, 3, 1)])], LABELS.ids)
    write_agreement([], LABELS, [], tmp_path / "out", blind=few)
    page = (tmp_path / "out" / "agreement.html").read_text(encoding="utf-8")
    assert "有提示 40 次，盲标 3 次：太少" in page
