"""Sentences as Label Studio's tasks: what people see of a sentence, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from data.records import CLASSIFIED_KINDS, Document, Sentence, digest, sentence_id
from data.studio_page import TEXT

BLIND, DECIDES = "blind", "decides"  # fields that only those tasks have of which they hold
Task = dict[str, Any]


def tasks_of(documents: Iterable[Document], sentences: Iterable[Sentence]) -> Iterator[Task]:
    """The data of every task, in the order of the corpus; neighbours are the labelled sentences around it."""
    by_id = {document.id: document for document in documents}
    groups: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        if sentence.kind in CLASSIFIED_KINDS:
            groups.setdefault(sentence.doc_id, []).append(sentence)
    for doc_id, group in groups.items():
        around = ["", *(sentence.normalized for sentence in group), ""]
        for before, sentence, after in zip(around, group, around[2:], strict=False):
            yield _data(by_id[doc_id], sentence, before, after)


def chosen(tasks: list[Task], rows: list[Task], name: object) -> list[Task]:
    """The tasks that the rows of a file name by ``id``, or by document, start and end; with the rows' notes.

    Raises ValueError where a row has no task: the text is not at hand, or is cut otherwise now.
    """
    wanted = {_named(row, name): row.get("note", "") for row in rows}
    there = {task["ext_id"]: task for task in tasks}  # a document may stand in the corpus and in the sources
    if missing := sorted(set(wanted) - set(there)):
        raise ValueError(
            f"{name}: expected a sentence for each of {len(wanted)} rows, found none for {len(missing)}, such as "
            f"{missing[0]}; are these the texts that it was made for? name their folder with --sources, or their corpus"
        )
    return [{**task, "note": wanted[key]} for key, task in there.items() if key in wanted]


def _named(row: Task, name: object) -> str:
    if "id" in row:
        return str(row["id"])
    if {"document", "start", "end"} <= set(row):
        return sentence_id(row["document"], row["start"], row["end"])
    raise ValueError(f"{name}: expected in every row an id, or document, start and end, got {row}")


def _data(document: Document, sentence: Sentence, before: str, after: str) -> Task:
    return {
        TEXT: sentence.normalized,
        "document_title": document.title or document.source,
        "heading_path": " › ".join(sentence.heading_path),
        "previous": before,
        "next": after,
        "ext_id": sentence.id,
        "document": document.sha256,
        "start": sentence.start,
        "end": sentence.end,
        "pieces": [list(piece) for piece in sentence.pieces],
        "sentence": digest(sentence.text),
        "note": "",
    }
