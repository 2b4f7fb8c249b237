"""What annotators chose, into one decision per sentence.

Later files win over earlier ones on the same sentence; adjudications (rows that ``decides``) win over all other rows,
wherever they stand, and of these the last file's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from data.records import Annotation, Suggestion, read_jsonl


class Place(NamedTuple):
    """A sentence: SHA-256 of its document's text, and where it stands there."""

    document: str
    start: int
    end: int


Votes = dict[Place, list[Annotation]]


@dataclass(frozen=True, slots=True)
class Round:
    """What one file of annotations added: ``changed`` counts sentences on which it decided other than before."""

    file: str
    sentences: int
    annotators: list[str]
    differing: int  # sentences whose annotators in this file did not all choose the same; adjudications aside
    undecided: int  # sentences that this file leaves evenly split
    again: int  # sentences that an earlier file had decided
    changed: int


def check_annotations(path: Path) -> None:
    """Raises ValueError where a file of annotations is not there."""
    if not path.is_file():
        raise ValueError(f"{path}: expected a file of annotations, found none; `label-studio pull` writes them")


def read_votes(path: Path) -> Votes:
    """The annotations of a file by sentence; of a person's several on one sentence the last, and the last adjudication.

    Raises ValueError for a file that is not there and for a row that is no annotation.
    """
    check_annotations(path)
    votes: dict[Place, dict[tuple[bool, *tuple[str, ...]], Annotation]] = {}
    for number, row in enumerate(read_jsonl(path), 1):
        annotation = _annotation(path, number, row)
        place = Place(annotation.document, annotation.start, annotation.end)
        votes.setdefault(place, {})[(annotation.decides, *annotation.annotators)] = annotation
    return {place: list(rows.values()) for place, rows in votes.items()}


def decide(votes: list[Annotation]) -> list[str] | None:
    """The labels that most annotators chose; None where they are evenly split over one, which people have to decide."""
    counts = Counter(label for vote in votes for label in vote.labels)
    if any(2 * n == len(votes) for n in counts.values()):
        return None
    return sorted(label for label, n in counts.items() if 2 * n > len(votes))


def resolve(paths: list[Path]) -> Iterator[tuple[Path, Annotation, list[str] | None]]:
    """One decision per sentence, in order of place: of the last file that adjudicates or else has it, by ``decide``."""
    decided: dict[Place, tuple[Path, list[Annotation]]] = {}
    for path in paths:
        for place, votes in read_votes(path).items():
            rows = last_word(votes)
            if place not in decided or not _stands(decided[place][1], rows):
                decided[place] = path, rows
    for place in sorted(decided):
        path, votes = decided[place]
        yield path, votes[-1], decide(votes)


def rounds(paths: list[Path]) -> list[Round]:
    """What each file added to those before it."""
    before: dict[Place, list[Annotation]] = {}
    found = []
    for path in paths:
        votes = read_votes(path)
        now = {place: last_word(rows) for place, rows in votes.items()}
        after = {place: rows for place, rows in now.items() if not _stands(before.get(place, []), rows)}
        known = {p: was for p in after if p in before and (was := decide(before[p])) is not None}
        found.append(
            Round(
                file=path.name,
                sentences=len(now),
                annotators=sorted({name for rows in votes.values() for row in rows for name in row.annotators}),
                differing=sum(differ(independent(rows)) for rows in votes.values()),
                undecided=sum(decide(rows) is None for rows in now.values()),
                again=sum(place in before for place in now),
                changed=sum(decide(after[place]) != was for place, was in known.items()),
            )
        )
        before |= after
    return found


def last_word(rows: list[Annotation]) -> list[Annotation]:
    """Of one file's annotations of a sentence those that count: the adjudications, where there are any."""
    return [row for row in rows if row.decides] or rows


def independent(rows: list[Annotation]) -> list[Annotation]:
    """The annotations that are no adjudications: who adjudicates has seen what the others chose."""
    return [row for row in rows if not row.decides]


def verdicts(files: Iterable[Votes]) -> dict[Place, list[str] | None]:
    """What the adjudications say, of several files the last; None where the adjudicators are evenly split."""
    words: dict[Place, list[str] | None] = {}
    for votes in files:
        for place, rows in votes.items():
            if any(row.decides for row in rows):
                words[place] = decide(last_word(rows))
    return words


def _stands(before: list[Annotation], now: list[Annotation]) -> bool:
    """Whether an earlier file's last word on a sentence stays, since it alone is an adjudication."""
    return any(row.decides for row in before) and not any(row.decides for row in now)


def differ(votes: list[Annotation]) -> bool:
    """Whether not all annotators of a sentence chose the same labels."""
    return len({frozenset(vote.labels) for vote in votes}) > 1


def short_name(person: str) -> str:
    """What may be shown of an annotator: lm-a@example.org -> lm-a"""
    return person.partition("@")[0]


def _annotation(path: Path, number: int, row: dict[str, Any]) -> Annotation:
    try:
        annotation = Annotation.from_json(row)
    except TypeError as error:
        raise ValueError(
            f"{path}:{number}: an annotation needs document, start, end, sentence, labels, annotators: {error}"
        ) from error
    texts = [annotation.document, annotation.sentence]
    if not all(isinstance(value, str) for value in texts) or not all(map(_are_texts, _lists(annotation))):
        raise ValueError(f"{path}:{number}: expected hashes as text, labels and annotators as lists of text, got {row}")
    if not (isinstance(annotation.start, int) and isinstance(annotation.end, int)):
        raise ValueError(f"{path}:{number}: expected start and end as whole numbers, got {row}")
    if not isinstance(annotation.decides, bool):
        raise ValueError(f"{path}:{number}: expected decides as true or false, got {annotation.decides!r}")
    if annotation.suggestion and not _is_suggestion(annotation.suggestion):
        raise ValueError(
            f"{path}:{number}: expected a suggestion's version as text, labels as a list of text, confidence as a "
            f"number or null and shown as true or false, got {row['suggestion']}"
        )
    return annotation


def _is_suggestion(said: Suggestion) -> bool:
    number = said.confidence is None or (isinstance(said.confidence, int | float) and isfinite(said.confidence))
    return isinstance(said.version, str) and _are_texts(said.labels) and number and isinstance(said.shown, bool)


def _lists(annotation: Annotation) -> tuple[object, object]:
    return annotation.labels, annotation.annotators


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
