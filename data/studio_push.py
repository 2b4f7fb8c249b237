"""Sentences into Label Studio: one task each, found again by ``ext_id``, updated where it differs.

Label Studio's own task ids are never used across runs: on SQLite they are given anew after a deletion. Nothing is
deleted but unannotated twins, which a push leaves behind that was cut off, and predictions of older versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console
from rich.progress import track

from data.studio_client import explained, fetch, fetch_tasks, send
from data.studio_page import LABELS, TEXT
from data.studio_queue import Prediction, Queue, hint_of
from data.studio_store import opened
from data.studio_tasks import BLIND, Task

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

CHUNK = 500
FIELDS = {"fields": "all", "include": "id,data,total_annotations,cancelled_annotations,is_labeled"}
NOTHING = Queue()
T = TypeVar("T")


@dataclass(slots=True)
class Counts:
    """What a push did. ``prelabelled`` counts predictions made, ``twins`` unannotated doubles that were removed."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    prelabelled: int = 0
    twins: int = 0
    hint: str = ""  # whether more labels change the model, where an earlier one can be compared


@dataclass(frozen=True, slots=True)
class Existing:
    """A task as the server has it; its predictions as id and labels by version.

    It is ``annotated`` once anybody has answered it, ``done`` when nobody is asked any more.
    """

    id: int
    data: Task
    annotated: bool
    done: bool
    predictions: dict[str, tuple[int, list[str]]] = field(default_factory=dict)


@dataclass(slots=True)
class Push:
    """One push under way."""

    client: LabelStudio
    project: int
    have: dict[str, Existing]
    plan: dict[str, Prediction]
    counts: Counts
    tasks: int  # that the project had, those of others too


def push(
    client: LabelStudio, project: int, tasks: list[Task], queue: Queue = NOTHING, store: Path | None = None
) -> Counts:
    """Bring the project's tasks up to date, suggest labels and set the order, as the queue says.

    ``store`` is the project's file on this side. What arrived of a push that was cut off is kept; a second run does
    the rest, and nothing where nothing changed.
    """
    counts = Counts()
    with explained("the tasks were not read"):
        have, number = _existing(client, project, counts)
    tasks = [_marked(have.get(task["ext_id"]), task, queue) for task in tasks]
    plan = queue.plan([task for task in tasks if _waits(have.get(task["ext_id"]), task, queue.version)])
    if store and plan and queue.labeller:
        with opened(store) as kept:
            counts.hint = hint_of(kept, queue, plan)
            kept.add_suggestions(queue.version, {key: p.said for key, p in plan.items()})
    this = Push(client, project, have, plan, counts, number)
    with explained("the push stopped half-way", "What arrived is kept: run the same command again"):
        _send(this, tasks)
        _settle(this, queue, store)
        _remove_late_twins(this)
    return counts


def _marked(existing: Existing | None, task: Task, queue: Queue) -> Task:
    """The task with whether it is blind: once anybody has answered it, what it was then, for those who come after."""
    if existing and existing.annotated:
        return {**task, BLIND: bool(existing.data.get(BLIND))}
    return queue.marked(task)


def _waits(existing: Existing | None, task: Task, version: str) -> bool:
    """Whether a task still needs this version's prediction: what nobody is asked any more needs none."""
    if not version or (existing and existing.done):
        return False
    if existing is None or version not in existing.predictions:
        return True
    ticked = bool(existing.predictions[version][1])
    return _merged(existing.data, task) != existing.data or (bool(task.get(BLIND)) and ticked)


def _remove_late_twins(this: Push) -> None:
    """What a push sent that was cut off may arrive after this one has looked: then there are more tasks than known."""
    if fetch(this.client, f"api/projects/{this.project}").body["task_number"] > this.tasks + this.counts.created:
        _existing(this.client, this.project, this.counts)


def _existing(client: LabelStudio, project: int, counts: Counts) -> tuple[dict[str, Existing], int]:
    """Tasks by ext_id, and how many tasks there are; those that others made have no ext_id and are left alone."""
    rows, _ = fetch_tasks(client, project, **FIELDS)
    predictions: dict[int, dict[str, tuple[int, list[str]]]] = {}
    for p in fetch(client, "api/predictions", project=project).body:
        chosen = [x for r in p["result"] for x in r.get("value", {}).get("choices", [])]
        predictions.setdefault(p["task"], {})[p["model_version"]] = (p["id"], chosen)
    found: dict[str, Existing] = {}
    before = counts.twins
    for row in rows:
        if key := row["data"].get("ext_id"):
            annotated = bool(row["total_annotations"] or row["cancelled_annotations"])
            task = Existing(row["id"], row["data"], annotated, row["is_labeled"], predictions.get(row["id"], {}))
            found[key] = _only_one(client, project, found.get(key), task, counts)
    return found, len(rows) - (counts.twins - before)


def _only_one(client: LabelStudio, project: int, one: Existing | None, other: Existing, counts: Counts) -> Existing:
    """Of two tasks of one sentence the one that people labelled; raises ValueError where they labelled both."""
    if one is None:
        return other
    if one.annotated and other.annotated:
        twins = f"tasks {one.id} and {other.id} of project {project}"
        raise ValueError(
            f"{twins} are the same sentence {one.data['ext_id']}, and people labelled both; "
            "delete one of them in Label Studio, then run this again"
        )
    kept, gone = (other, one) if other.annotated else (one, other)
    if fetch(client, f"api/tasks/{gone.id}/annotations/").body:  # somebody has labelled it just now
        raise ValueError(f"task {gone.id} of project {project} is being labelled; run this again in a minute")
    client.tasks.delete(str(gone.id))  # by its id: the action for several deletes all tasks where the list is empty
    counts.twins += 1
    return kept


def _send(this: Push, tasks: list[Task]) -> None:
    new = [task for task in tasks if task["ext_id"] not in this.have]
    old = [(this.have[task["ext_id"]], task) for task in tasks if task["ext_id"] in this.have]
    this.counts.unchanged += len(old)
    for at in _shown(range(0, len(new), CHUNK), "sending"):
        _create(this, new[at : at + CHUNK])
    _drop_outdated(this, [existing for existing, task in old if task["ext_id"] in this.plan])
    for existing, task in _shown(old, "comparing"):
        _update(this, existing, task)
    _predict(this, [(existing, this.plan[task["ext_id"]]) for existing, task in old if task["ext_id"] in this.plan])


def _shown(items: Sequence[T], what: str) -> Iterable[T]:
    return track(items, what, transient=True, console=Console(stderr=True))


def _create(this: Push, tasks: list[Task]) -> None:
    plans = [this.plan.get(task["ext_id"]) for task in tasks]
    request: list[Any] = [
        {"data": _merged({}, task), "predictions": [_row(plan)] if plan else []}
        for task, plan in zip(tasks, plans, strict=True)
    ]
    answer: Any = this.client.projects.import_tasks(this.project, request=request)
    predicted = sum(plan is not None for plan in plans)
    _same("tasks", len(tasks), answer.task_count)
    _same("predictions", predicted, answer.prediction_count)
    this.counts.created += len(tasks)
    this.counts.prelabelled += predicted


def _update(this: Push, existing: Existing, task: Task) -> None:
    merged = _merged(existing.data, task)
    if merged != existing.data:
        this.client.tasks.update(str(existing.id), data=merged)
        this.counts.updated += 1
        this.counts.unchanged -= 1


def _merged(data: Task, task: Task) -> Task:
    """A task's data with what is new in it; fields that others added stay."""
    merged = {**data, **task}
    return merged if merged.get(BLIND) else {key: value for key, value in merged.items() if key != BLIND}


def _drop_outdated(this: Push, old: list[Existing]) -> None:
    """Take away what this version said of the text as it was, before the text changes: a push that is cut off in
    between then finds the prediction missing and makes it."""
    versions = {plan.version for plan in this.plan.values()}
    for existing in old:
        for version in versions & existing.predictions.keys():
            this.client.predictions.delete(existing.predictions[version][0])


def _predict(this: Push, old: list[tuple[Existing, Prediction]]) -> None:
    """Predictions of tasks that were there before."""
    request: list[Any] = [{"task": existing.id, **_row(plan)} for existing, plan in old]
    for at in range(0, len(request), CHUNK):
        chunk = request[at : at + CHUNK]
        answer = this.client.projects.import_predictions(this.project, request=chunk)
        _same("predictions", len(chunk), answer.created)
        this.counts.prelabelled += len(chunk)


def _row(plan: Prediction) -> dict[str, Any]:
    """A prediction as Label Studio takes it: ids of labels, never their Chinese names, which would tick nothing.

    Its score is the place in the queue, lowest first; the labeller's confidence stands with the choice.
    """
    choice = {"from_name": LABELS, "to_name": TEXT, "type": "choices", "value": {"choices": plan.shown}}
    result = [{**choice, "score": plan.said.confidence}] if plan.shown else []
    return {"model_version": plan.version, "score": plan.score, "result": result}


def _settle(this: Push, queue: Queue, store: Path | None) -> None:
    """Make the server forget the versions before this one, and show this one in this order.

    In this order of steps: where a backend is connected, the server also forgets which version it shows.
    """
    there = {version for existing in this.have.values() for version in existing.predictions}
    if store and queue.version:
        with opened(store) as kept:
            older = set(kept.versions()) - {queue.version}
        for version in sorted(older & there):
            send(this.client, "DELETE", f"api/projects/{this.project}/model-versions/", {"model_version": version})
    now = fetch(this.client, f"api/projects/{this.project}").body
    wanted: dict[str, Any] = {"sampling": queue.sampling}
    if this.plan or queue.version in there:  # the server refuses a version that no prediction has
        wanted["model_version"] = queue.version
    if changed := {name: value for name, value in wanted.items() if value and now[name] != value}:
        this.client.projects.update(this.project, **changed)


def _same(what: str, sent: int, made: int | None) -> None:
    if sent != made:
        raise ValueError(f"sent {sent} {what}, Label Studio made {made}; look at its log and run the command again")
