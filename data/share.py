"""Annotations as a repository may hold them: who, where and what, without what people wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.decisions import read_votes
from data.records import Annotation, Span, write_jsonl


def share(paths: list[Path], out: Path) -> int:
    """Write the annotations of pulled files without comments (which may quote), times and mail domains; how many.

    Raises ValueError where two addresses have the same name before the @.
    """
    rows = [row for path in paths for votes in read_votes(path).values() for row in votes]
    people = {person for row in rows for person in row.annotators}
    if len({_name(person) for person in people}) < len(people):
        raise ValueError(f"expected names that differ before the @, got {sorted(people)}; rename one in Label Studio")
    rows.sort(key=lambda row: (row.document, row.start, row.end, row.annotators))
    return write_jsonl(out, map(_shared, rows))


def _shared(row: Annotation) -> dict[str, Any]:
    shared: dict[str, Any] = {
        "document": row.document,
        "start": row.start,
        "end": row.end,
        "sentence": row.sentence,
        "labels": row.labels,
        "annotators": [_name(person) for person in row.annotators],
    }
    if row.pieces not in ([], [Span(row.start, row.end)]):
        shared["pieces"] = row.pieces
    return shared | ({"unsure": True} if row.unsure else {})


def _name(person: str) -> str:
    """lm-a@example.org -> lm-a"""
    return person.partition("@")[0]
