"""How people label as time goes on: what each did per day or week, and how far they agreed then.

Times are those of the annotations (``updated_at``, UTC where they say no zone), so work that is changed later counts
when it was changed. How long a sentence took is not on record. Adjudications are no votes and are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from data.agreement import pooled, several, who
from data.decisions import Votes, independent
from data.records import Annotation

DAYS = timedelta(days=14)  # what spans no more is shown by day
FEWEST = 20  # sentences for which a label's own alpha is told


@dataclass(frozen=True, slots=True)
class Work:
    """What one annotator did in one period; ``unsure`` is a share, ``labels`` are those per sentence."""

    period: str
    annotator: str
    sentences: int
    unsure: float
    labels: float


@dataclass(frozen=True, slots=True)
class Shared:
    """Sentences of several annotators whose later vote fell in one period.

    ``same`` is the share with the same set from everybody, ``alpha`` that over all labels' questions; ``labels`` has
    each label's own alpha, NaN where it can't be told, and is empty for fewer than FEWEST sentences.
    """

    period: str
    sentences: int
    same: float
    alpha: float
    labels: dict[str, float]


@dataclass(frozen=True, slots=True)
class OverTime:
    """In order of time. Periods are ISO days (2026-03-05) or ISO weeks (2026-W10); ``undated`` votes are left out."""

    unit: str  # day or week
    dated: int
    undated: int
    work: list[Work]
    shared: list[Shared]

    def __str__(self) -> str:
        """One line for a terminal; empty where no vote has a time."""
        periods = sorted({row.period for row in self.work})
        if not periods:
            return ""
        people = len({row.annotator for row in self.work})
        line = f"over time: {self.dated} votes of {people} annotators, by {self.unit}, {periods[0]} to {periods[-1]}"
        ends = [self.shared[0], self.shared[-1]] if len(self.shared) > 1 else self.shared
        same = ", ".join(f"{row.same:.1%} of {row.sentences} in {row.period}" for row in ends)
        left_out = f"; {self.undated} without a time left out" if self.undated else ""
        return line + (f"; the same set from all: {same}" if same else "") + left_out


def over_time(files: Sequence[Votes], labels: Sequence[str]) -> OverTime:
    """Every vote of all files; agreement, as everywhere, within a file (of a sentence in several, in the last).

    Raises ValueError for a time that is none.
    """
    votes = [row for file in files for rows in file.values() for row in independent(rows)]
    dated = [row for row in votes if row.updated_at]
    days = [_day(row) for row in dated]
    by_day = bool(days) and max(days) - min(days) < DAYS
    undated = len(votes) - len(dated)
    return OverTime(
        "day" if by_day else "week", len(dated), undated, _work(dated, by_day), _shared(files, labels, by_day)
    )


def first_day(period: str) -> date:
    """2026-W10 -> 2026-03-02; 2026-03-05 -> 2026-03-05"""
    return date.fromisoformat(period)


def _work(votes: list[Annotation], by_day: bool) -> list[Work]:
    grouped: dict[tuple[str, str], list[Annotation]] = defaultdict(list)
    for row in votes:
        grouped[_period(row, by_day), who(row)].append(row)
    return [
        Work(
            period=period,
            annotator=person,
            sentences=len(rows),
            unsure=sum(row.unsure for row in rows) / len(rows),
            labels=sum(len(row.labels) for row in rows) / len(rows),
        )
        for (period, person), rows in sorted(grouped.items())
    ]


def _shared(files: Sequence[Votes], labels: Sequence[str], by_day: bool) -> list[Shared]:
    """A sentence with a vote without a time is left out: which was the later one is not known."""
    both: Votes = {}
    for file in files:
        both |= several(file)
    grouped: dict[str, Votes] = defaultdict(dict)
    for place, rows in both.items():
        if all(row.updated_at for row in rows):
            grouped[max(_period(row, by_day) for row in rows)][place] = rows
    found = []
    for period, part in sorted(grouped.items()):
        each = {label: pooled(part, [label])[2] for label in labels} if len(part) >= FEWEST else {}
        found.append(Shared(period, *pooled(part, labels), each))
    return found


def _period(row: Annotation, by_day: bool) -> str:
    """Both kinds sort as text in order of time."""
    day = _day(row)
    year, week, _ = day.isocalendar()
    return day.isoformat() if by_day else f"{year}-W{week:02}"


def _day(row: Annotation) -> date:
    try:
        when = datetime.fromisoformat(row.updated_at)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"expected an ISO 8601 time such as 2026-03-05T08:30:00Z in updated_at, got {row.updated_at!r} at "
            f"{row.start}-{row.end} of {row.document[:16]} by {who(row)}; pull the annotations anew"
        ) from error
    return when.astimezone(UTC).date() if when.tzinfo else when.date()
