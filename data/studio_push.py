"""Sentences into Label Studio: one task each, found again by ``ext_id``, updated where it differs.

Label Studio's own task ids are never used across runs: on SQLite they are given anew after a deletion. Nothing is
deleted but twins that nobody has touched, which a push leaves behind that was cut off, predictions of older versions
and second ones of this, and ticks on blind tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rich.console import Console
from rich.progress import track

from data.labellers import UNKNOWN, Said
from data.order import Order
from data.studio_client import explained, fetch, send
from data.studio_existing import Counts, Existing, read_existing
from data.studio_page import LABELS, TEXT
from data.studio_project import identity
from data.studio_queue import Prediction, Queue, hint_of
from data.studio_store import held, opened
from data.studio_tasks import BLIND, Task

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

CHUNK = 500
RANKING = "ranking of "  # a fact by version
NOTHING = Queue()
T = TypeVar("T")


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
    with held(store) if store else nullcontext():
        return _push(client, project, tasks, queue, store)


def _push(client: LabelStudio, project: int, tasks: list[Task], queue: Queue, store: Path | None) -> Counts:
    counts = Counts()
    with explained("the tasks were not read"):
        now = fetch(client, f"api/projects/{project}")
        if store:
            with opened(store) as kept:
                kept.bind(identity(now.body), store)
        have, number = read_existing(client, project, counts, queue.version)
    tasks = [_marked(have.get(task["ext_id"]), task, queue) for task in tasks]
    anew = _ranked_otherwise(queue, store)
    plan = _plan(tasks, have, queue, store, anew)
    if store and plan and queue.labeller:
        with opened(store) as kept:
            counts.hint = hint_of(kept, queue, plan)
            kept.add_suggestions(queue.version, {key: p.said for key, p in plan.items()}, now.at.timestamp())
    counts.blind = sum(bool(task.get(BLIND)) for task in tasks if not _done(have.get(task["ext_id"])))
    this = Push(client, project, have, plan, counts, number)
    with explained("the push stopped half-way", "What arrived is kept: run the same command again"):
        if anew:
            _forget(this, {queue.version})
        _send(this, tasks)
        _settle(this, queue, store)
        _remove_late_twins(this)
    return counts


def _ranked_otherwise(queue: Queue, store: Path | None) -> bool:
    """Whether this version's predictions got their places by another order, seed or blind share, or it is not known."""
    if not store or not queue.version:
        return False
    with opened(store) as kept:
        return kept.fact(RANKING + queue.version) != queue.ranking


def _plan(
    tasks: list[Task], have: dict[str, Existing], queue: Queue, store: Path | None, anew: bool
) -> dict[str, Prediction]:
    """Predictions of the tasks that lack this version's, or of all that wait for people where they are ranked anew."""
    waiting = [task for task in tasks if _waits(have.get(task["ext_id"]), task, queue.version, anew)]
    said: dict[str, Said] = {}
    if store and queue.version:
        with opened(store) as kept:
            said = kept.suggestions(queue.version)
    new = {task["ext_id"] for task in waiting}
    rest = [task for task in tasks if task["ext_id"] in have.keys() - new and not have[task["ext_id"]].done]
    return queue.plan(waiting, [(task, said.get(task["ext_id"], Said([], UNKNOWN))) for task in rest])


def _marked(existing: Existing | None, task: Task, queue: Queue) -> Task:
    """The task with whether it is blind: what it was, once anybody has begun it, or where nobody suggests anew."""
    if existing and (existing.begun or not queue.labeller):
        return {**task, BLIND: bool(existing.data.get(BLIND))}
    return queue.marked(task)


def _waits(existing: Existing | None, task: Task, version: str, anew: bool) -> bool:
    """Whether a task still needs this version's prediction: what nobody is asked any more needs none."""
    if not version or _done(existing):
        return False
    if anew or existing is None or version not in existing.predictions:
        return True
    ticked = bool(existing.predictions[version][1])
    return _merged(existing.data, task) != existing.data or (bool(task.get(BLIND)) and ticked)


def _done(existing: Existing | None) -> bool:
    return existing is not None and existing.done


def _remove_late_twins(this: Push) -> None:
    """What a push sent that was cut off may arrive after this one has looked: then there are more tasks than known."""
    if fetch(this.client, f"api/projects/{this.project}").body["task_number"] > this.tasks + this.counts.created:
        read_existing(this.client, this.project, this.counts)  # which removes them


def _send(this: Push, tasks: list[Task]) -> None:
    new = [task for task in tasks if task["ext_id"] not in this.have]
    old = [(this.have[task["ext_id"]], task) for task in tasks if task["ext_id"] in this.have]
    this.counts.unchanged += len(old)
    for at in _shown(range(0, len(new), CHUNK), "sending"):
        _create(this, new[at : at + CHUNK])
    _drop_outdated(this, [existing for existing, task in old if task["ext_id"] in this.plan])
    _drop_ticks(this, [existing for existing, task in old if task.get(BLIND) and not existing.begun])
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
    made = [plan for plan in plans if plan]
    _same("tasks", len(tasks), answer.task_count)
    _same("predictions", len(made), answer.prediction_count)
    this.counts.created += len(tasks)
    this.counts.predictions += len(made)


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
            send(this.client, "DELETE", f"api/predictions/{existing.predictions[version][0]}/")


def _drop_ticks(this: Push, blind: list[Existing]) -> None:
    """Take ticks away from blind tasks, whoever made them: the list of tasks would show them."""
    for existing in blind:
        for number in existing.ticked:
            send(this.client, "DELETE", f"api/predictions/{number}/")


def _predict(this: Push, old: list[tuple[Existing, Prediction]]) -> None:
    """Predictions of tasks that were there before."""
    request: list[Any] = [{"task": existing.id, **_row(plan)} for existing, plan in old]
    for at in range(0, len(request), CHUNK):
        chunk = request[at : at + CHUNK]
        answer = this.client.projects.import_predictions(this.project, request=chunk)
        _same("predictions", len(chunk), answer.created)
        this.counts.predictions += len(chunk)


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
    if store and queue.version:
        with opened(store) as kept:
            older = {*kept.versions(), Order.diverse.value} - {queue.version}
            kept.set_fact(RANKING + queue.version, queue.ranking)
        _forget(this, older)
    there = {version for existing in this.have.values() for version in existing.predictions}
    now = fetch(this.client, f"api/projects/{this.project}").body
    wanted: dict[str, Any] = {"sampling": queue.sampling}
    if this.plan or queue.version in there:  # the server refuses a version that no prediction has
        wanted["model_version"] = queue.version
    if changed := {name: value for name, value in wanted.items() if value and now[name] != value}:
        this.client.projects.update(this.project, **changed)


def _forget(this: Push, versions: set[str]) -> None:
    """Delete all predictions of these versions."""
    there = {version for existing in this.have.values() for version in existing.predictions}
    for version in sorted(versions & there):
        send(this.client, "DELETE", f"api/projects/{this.project}/model-versions/", {"model_version": version})
        this.have = {
            key: replace(task, predictions={v: p for v, p in task.predictions.items() if v != version})
            for key, task in this.have.items()
        }


def _same(what: str, sent: int, made: int | None) -> None:
    if sent != made:
        raise ValueError(f"sent {sent} {what}, Label Studio made {made}; look at its log and run the command again")
