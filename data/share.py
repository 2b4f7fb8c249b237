"""Annotations as a repository may hold them: who, where and what, without what people wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.decisions import read_votes, short_name
from data.records import Annotation, Span, write_jsonl


def share(paths: list[Path], out: Path) -> int:
    """Write the annotations of pulled files, and return how many.

    Left out are comments (which may quote), times, what a labeller suggested, and the domains of addresses.
    Raises ValueError where two addresses have the same name before the @, or a sentence stands in several files.
    """
    files = [read_votes(path) for path in paths]
    if sum(map(len, files)) > len({place for votes in files for place in votes}):
        raise ValueError(
            f"{', '.join(map(str, paths))}: expected different sentences in each, some stand in several; share each "
            "file by itself, since a later file wins over an earlier one"
        )
    rows = [row for votes in files for found in votes.values() for row in found]
    people = {person for row in rows for person in row.annotators}
    if len({short_name(person) for person in people}) < len(people):
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
        "annotators": [short_name(person) for person in row.annotators],
    }
    if row.pieces not in ([], [Span(row.start, row.end)]):
        shared["pieces"] = row.pieces
    return shared | {name: True for name in ("unsure", "decides") if getattr(row, name)}
