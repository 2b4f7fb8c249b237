"""Agreement over time against values worked by hand, and how the page draws it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.__main__ import app
from data.agreement_page import line
from data.agreement_time import Shared, Work, over_time
from data.decisions import Place, Votes
from data.records import Annotation, write_jsonl

MEG, OWEN = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]  # Krippendorff's binary example


def vote(at: int, who: str, day: str, *labels: str, unsure: bool = False) -> Annotation:
    return Annotation("d", at, at + 1, "", list(labels), [who], unsure=unsure, updated_at=day and f"{day}T09:00:00Z")


def votes_of(*rows: Annotation) -> Votes:
    votes: Votes = {}
    for row in rows:
        votes.setdefault(Place(row.document, row.start, row.end), []).append(row)
    return votes


def test_that_work_is_counted_by_week_and_annotator() -> None:
    rows = [
        vote(0, "an", "2026-03-02", "funding", "talent"),
        vote(1, "an", "2026-03-08", "funding", unsure=True),
        vote(2, "an", "2026-03-09"),
        vote(0, "bo", "2026-03-23", "talent"),
    ]
    found = over_time([votes_of(*rows)], ["funding", "talent"])
    assert (found.unit, found.dated, found.undated) == ("week", 4, 0)
    assert found.work == [
        Work("2026-W10", "an", 2, unsure=0.5, labels=1.5),
        Work("2026-W11", "an", 1, unsure=0.0, labels=0.0),
        Work("2026-W13", "bo", 1, unsure=0.0, labels=1.0),
    ]


@pytest.mark.parametrize(("last", "unit"), [("2026-03-15", "day"), ("2026-03-16", "week")])
def test_that_up_to_two_weeks_are_shown_by_day(last: str, unit: str) -> None:
    found = over_time([votes_of(vote(0, "an", "2026-03-02"), vote(1, "an", last))], ["funding"])
    assert found.unit == unit
    assert found.work[0].period == {"day": "2026-03-02", "week": "2026-W10"}[unit]


def test_that_periods_are_iso_weeks_and_days_in_utc() -> None:
    evening = replace(vote(0, "an", ""), updated_at="2026-03-01T23:30:00-05:00")
    assert [row.period for row in over_time([votes_of(evening)], ["funding"]).work] == ["2026-03-02"]
    new_year = [vote(0, "an", "2027-01-01"), vote(1, "an", "2027-01-20")]
    assert [row.period for row in over_time([votes_of(*new_year)], ["funding"]).work] == ["2026-W53", "2027-W03"]


def test_that_a_shared_sentence_counts_when_its_later_vote_fell() -> None:
    rows = [
        vote(0, "an", "2026-03-02", "funding"),
        vote(0, "bo", "2026-03-03", "funding"),
        vote(1, "an", "2026-03-02", "funding"),
        vote(1, "bo", "2026-03-02"),
    ]
    found = over_time([votes_of(*rows)], ["funding"]).shared
    assert [(row.period, row.sentences, row.same) for row in found] == [("2026-03-02", 1, 0), ("2026-03-03", 1, 1)]


def test_that_alphas_are_worked_by_hand() -> None:
    """Meg's and Owen's ten twice: 8 differing pairs, 12 of 40 votes for; a second label adds 40 votes against."""
    rows = [
        vote(at, who, "2026-03-02", *["funding"] * chosen)
        for who, values in (("meg", MEG * 2), ("owen", OWEN * 2))
        for at, chosen in enumerate(values)
    ]
    [row] = over_time([votes_of(*rows)], ["funding", "talent"]).shared
    assert (row.sentences, row.same) == (20, 0.6)
    assert row.labels["funding"] == pytest.approx(1 - 39 * 8 / (12 * 28))
    assert row.labels["talent"] != row.labels["talent"]  # nobody chose it
    assert row.alpha == pytest.approx(1 - 79 * 8 / (12 * 68))


def test_that_a_label_has_no_alpha_of_its_own_below_twenty_sentences() -> None:
    rows = [vote(at, who, "2026-03-02", *["funding"] * (at % 2)) for who in ("an", "bo") for at in range(19)]
    assert over_time([votes_of(*rows)], ["funding"]).shared == [Shared("2026-03-02", 19, 1.0, 1.0, {})]


def test_that_votes_without_a_time_and_adjudications_are_left_out() -> None:
    rows = [
        vote(0, "an", "2026-03-02"),
        vote(0, "bo", ""),
        replace(vote(1, "ci", "2026-03-02"), decides=True),
        vote(1, "an", "2026-03-02"),
    ]
    found = over_time([votes_of(*rows)], ["funding"])
    assert (found.dated, found.undated, found.shared) == (2, 1, [])
    assert found.work == [Work("2026-03-02", "an", 2, 0.0, 0.0)]
    assert "1 without a time left out" in str(found)
    assert str(over_time([votes_of(rows[1])], ["funding"])) == ""


def test_that_two_files_are_not_compared_with_each_other() -> None:
    found = over_time([votes_of(vote(0, who, "2026-03-02")) for who in ("an", "bo")], ["funding"])
    assert (len(found.work), found.shared) == (2, [])


@pytest.mark.parametrize("wrong", ["gestern", "2026-13-01T00:00:00Z"])
def test_that_a_time_that_is_none_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match=rf"ISO 8601 .* got '{wrong}' at 7-8 of d by an"):
        over_time([votes_of(replace(vote(7, "an", ""), updated_at=wrong))], ["funding"])


def test_that_a_line_runs_through_its_values() -> None:
    days = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 6)]
    assert line(list(zip(days, [0, 5, 10], strict=True)), days[0], days[-1], 10) == "M0.0 20.0L25.0 10.0L100.0 0.0"
    assert line([(days[0], 0.0)], days[0], days[0], 0.0) == "M0.0 20.0h2"


def test_that_page_and_numbers_show_what_there_is(tmp_path: Path) -> None:
    rows = [vote(at, who, f"2026-03-0{2 + at}", "funding") for who in ("an", "<bo>") for at in range(3)]
    page, told = _run(tmp_path, rows)
    assert page.count('<svg class="line"') == 6
    assert "<script" not in page
    assert "&lt;bo&gt;" in page
    assert "2026-03-03" in page
    assert "6 votes of 2 annotators, by day, 2026-03-02 to 2026-03-04" in told
    found = json.loads((tmp_path / "out" / "agreement.json").read_text(encoding="utf-8"))
    assert [row["alpha"] for row in found["over_time"]["shared"]] == [1.0] * 3
    assert [row["sentences"] for row in found["over_time"]["work"]] == [1] * 6


def test_that_a_page_without_times_says_how_to_get_them(tmp_path: Path) -> None:
    page, told = _run(tmp_path, [vote(0, "an", "", "funding"), vote(0, "bo", "", "funding")])
    assert "这些标注没有时间" in page
    assert "这些标注没有记下机器的建议" in page
    assert "over time" not in told
    assert "blind against" not in told


def _run(folder: Path, rows: list[Annotation]) -> tuple[str, str]:
    (folder / "corpus").mkdir()
    for name in ("documents.jsonl", "sentences.jsonl"):
        (folder / "corpus" / name).touch()
    write_jsonl(folder / "a.jsonl", rows)
    options = ["--corpus", str(folder / "corpus"), "--out", str(folder / "out")]
    done = CliRunner().invoke(app, ["agreement", str(folder / "a.jsonl"), *options])
    assert done.exit_code == 0, done.output
    return (folder / "out" / "agreement.html").read_text(encoding="utf-8"), done.output
