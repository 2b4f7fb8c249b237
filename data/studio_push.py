"""Sentences of a corpus into Label Studio: one task each, found again by ``ext_id``, updated where it differs.

Label Studio's own task ids are never used across runs: on SQLite they are given anew after a deletion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console
from rich.progress import track

from data.records import CLASSIFIED_KINDS, Document, Sentence, digest, sentence_id
from data.studio_client import explained
from data.studio_page import LABELS, TEXT

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

CHUNK = 500
LEXICON, LEXICON_SCORE = "lexicon", 0.5  # cue phrases know no confidence
Task = dict[str, Any]
Labeller = Callable[[str], list[str]]
T = TypeVar("T")


@dataclass(slots=True)
class Counts:
    """What a push did to the tasks; ``prelabelled`` counts predictions made."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    prelabelled: int = 0


@dataclass(frozen=True, slots=True)
class Existing:
    """A task as the server has it: its id, its data, and its lexicon predictions as id and labels."""

    id: int
    data: Task
    predictions: list[tuple[int, list[str]]]


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


def push(client: LabelStudio, project: int, tasks: list[Task], labeller: Labeller | None = None) -> Counts:
    """Bring the project's tasks up to date; nothing is ever deleted but predictions of an older lexicon."""
    with explained("the tasks were not read"):
        have = _existing(client, project, with_predictions=labeller is not None)
    new = [task for task in tasks if task["ext_id"] not in have]
    old = [(have[task["ext_id"]], task) for task in tasks if task["ext_id"] in have]
    counts = Counts(unchanged=len(old))
    with explained("the push stopped half-way", "What arrived is kept: run the same command again"):
        for at in _shown(range(0, len(new), CHUNK), "sending"):
            _create(client, project, new[at : at + CHUNK], labeller, counts)
        for existing, task in _shown(old, "comparing"):
            _update(client, existing, task, counts)
        if labeller:
            _predict(client, project, old, labeller, counts)
    return counts


def _shown(items: Sequence[T], what: str) -> Iterable[T]:
    return track(items, what, transient=True, console=Console(stderr=True))


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


def _existing(client: LabelStudio, project: int, with_predictions: bool) -> dict[str, Existing]:
    """Tasks by ext_id; tasks that others made have none and are left alone."""
    fields, include = ("all", "id,data,predictions") if with_predictions else ("task_only", "id,data")
    rows: Iterable[Any] = client.tasks.list(project=project, fields=fields, include=include, page_size=CHUNK)
    found: dict[str, Existing] = {}
    for row in rows:
        key = row.data.get("ext_id")
        if key in found:
            twins = f"tasks {found[key].id} and {row.id} of project {project}"
            raise ValueError(f"{twins} are the same sentence {key}; delete one in Label Studio, then run this again")
        if key:
            found[key] = Existing(row.id, row.data, _lexicon_predictions(row.predictions or []))
    return found


def _lexicon_predictions(predictions: list[Any]) -> list[tuple[int, list[str]]]:
    return [(p.id, p.result[0]["value"]["choices"]) for p in predictions if p.model_version == LEXICON]


def _create(client: LabelStudio, project: int, tasks: list[Task], labeller: Labeller | None, counts: Counts) -> None:
    request: list[Any] = [{"data": task, "predictions": _predictions(task, labeller)} for task in tasks]
    predicted = sum(len(row["predictions"]) for row in request)
    answer: Any = client.projects.import_tasks(project, request=request)
    _same("tasks", len(tasks), answer.task_count)
    _same("predictions", predicted, answer.prediction_count)
    counts.created += len(tasks)
    counts.prelabelled += predicted


def _update(client: LabelStudio, existing: Existing, task: Task, counts: Counts) -> None:
    merged = {**existing.data, **task}  # fields that others added stay
    if merged != existing.data:
        client.tasks.update(str(existing.id), data=merged)
        counts.updated += 1
        counts.unchanged -= 1


def _predict(
    client: LabelStudio, project: int, old: list[tuple[Existing, Task]], labeller: Labeller, counts: Counts
) -> None:
    """Replace the predictions of tasks that were there before, where the lexicon says something else now."""
    request: list[Any] = []
    for existing, task in old:
        wanted = _predictions(task, labeller)
        if [labels for _, labels in existing.predictions] != [p["result"][0]["value"]["choices"] for p in wanted]:
            for prediction, _ in existing.predictions:
                client.predictions.delete(prediction)
            request += [{"task": existing.id, **p} for p in wanted]
    for at in range(0, len(request), CHUNK):
        chunk = request[at : at + CHUNK]
        answer = client.projects.import_predictions(project, request=chunk)
        _same("predictions", len(chunk), answer.created)
        counts.prelabelled += len(chunk)


def _predictions(task: Task, labeller: Labeller | None) -> list[dict[str, Any]]:
    """One prediction, or none where no cue stands: a ticked 无 would have to be unticked before every other label."""
    labels = labeller(task[TEXT]) if labeller else []
    if not labels:
        return []
    choice = {"from_name": LABELS, "to_name": TEXT, "type": "choices", "value": {"choices": labels}}
    return [{"model_version": LEXICON, "score": LEXICON_SCORE, "result": [choice]}]


def _same(what: str, sent: int, made: int | None) -> None:
    if sent != made:
        raise ValueError(f"sent {sent} {what}, Label Studio made {made}; look at its log and run the command again")
