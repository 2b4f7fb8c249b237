"""What annotators chose, into one decision per sentence. Later files win over earlier ones on the same sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from data.records import Annotation, read_jsonl


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
    differing: int  # sentences whose annotators in this file did not all choose the same
    undecided: int  # of these, evenly split
    again: int  # sentences that an earlier file had decided
    changed: int


def read_votes(path: Path) -> Votes:
    """The annotations of a file by sentence. Raises ValueError for a row that is none."""
    votes: Votes = {}
    for row in read_jsonl(path):
        annotation = _annotation(path, row)
        votes.setdefault(Place(annotation.document, annotation.start, annotation.end), []).append(annotation)
    return votes


def decide(votes: list[Annotation]) -> list[str] | None:
    """The labels that most annotators chose; None where they are evenly split over one, which people have to decide."""
    counts = Counter(label for vote in votes for label in vote.labels)
    if any(2 * n == len(votes) for n in counts.values()):
        return None
    return sorted(label for label, n in counts.items() if 2 * n > len(votes))


def resolve(paths: list[Path]) -> Iterator[tuple[Path, Annotation, list[str] | None]]:
    """One decision per sentence, in order of place: of the last file that has it, by ``decide``."""
    decided: dict[Place, tuple[Path, list[Annotation]]] = {}
    for path in paths:
        decided |= {place: (path, votes) for place, votes in read_votes(path).items()}
    for place in sorted(decided):
        path, votes = decided[place]
        yield path, votes[-1], decide(votes)


def rounds(paths: list[Path]) -> list[Round]:
    """What each file added to those before it."""
    before: dict[Place, list[str] | None] = {}
    found = []
    for path in paths:
        votes = read_votes(path)
        now = {place: decide(rows) for place, rows in votes.items()}
        known = [place for place in now if before.get(place) is not None]
        found.append(
            Round(
                file=path.name,
                sentences=len(now),
                annotators=sorted({name for rows in votes.values() for row in rows for name in row.annotators}),
                differing=sum(differ(rows) for rows in votes.values()),
                undecided=sum(labels is None for labels in now.values()),
                again=sum(place in before for place in now),
                changed=sum(now[place] != before[place] for place in known),
            )
        )
        before |= now
    return found


def differ(votes: list[Annotation]) -> bool:
    """Whether not all annotators of a sentence chose the same labels."""
    return len({frozenset(vote.labels) for vote in votes}) > 1


def _annotation(path: Path, row: dict[str, Any]) -> Annotation:
    try:
        return Annotation.from_json(row)
    except TypeError as error:
        raise ValueError(
            f"{path}: an annotation needs document, start, end, sentence, labels, annotators: {error}"
        ) from error
