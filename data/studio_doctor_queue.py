"""What the doctor sees in a project's queue: who is asked what next, and what of it is blind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data.labellers import LEXICON
from data.order import Order
from data.studio_client import fetch, fetch_tasks
from data.studio_finding import Called, Finding, count
from data.studio_queue import SAMPLING
from data.studio_tasks import BLIND

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

FEW = 30  # waiting sentences, of which a tenth may well be none
ORDERS = {"Sequential sampling": "as they stand in the list of tasks", SAMPLING[Order.random]: "by chance"}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Queued:
    """A task; it waits while people are still asked. ``ticks`` holds of each version whether it ticks a label."""

    waits: bool
    blind: bool
    ticks: dict[str, bool]


def read_queue(client: LabelStudio, project: int) -> list[Queued]:
    """All tasks of a project, by id."""
    rows, _ = fetch_tasks(client, project, fields="all", include="id,data,is_labeled")
    ticks: dict[int, dict[str, bool]] = {row["id"]: {} for row in rows}
    for one in fetch(client, "api/predictions", project=project).body:
        of_task = ticks.get(one["task"], {})
        of_task[one["model_version"]] = of_task.get(one["model_version"], False) or bool(one["result"])
    return [Queued(not row["is_labeled"], bool(row["data"].get(BLIND)), ticks[row["id"]]) for row in rows]


def examine_queue(now: Row, queue: list[Queued], asked: bool, model: str, called: Called) -> Iterator[Finding]:
    """``now`` is the project, ``asked`` whether a backend is, ``model`` the directory of the version that it shows."""
    waiting = [task for task in queue if task.waits]
    what = f"{count(len(queue), 'sentence')}: {len(queue) - len(waiting)} finished, {len(waiting)} still to be labelled"
    yield Finding(bool(queue), what, "" if queue else called.command("push"))
    if waiting:
        yield order(now, queue, model, called)
    yield from _blind(now, queue, asked, model, called)


def order(now: Row, queue: list[Queued], model: str, called: Called) -> Finding:
    """Label Studio hands out by chance, without a word, what has no prediction of the project's model version."""
    version, waiting = now["model_version"] or "", [task for task in queue if task.waits]
    if now["sampling"] in ORDERS:
        return Finding(True, f"sentences are handed out {ORDERS[now['sampling']]}")
    placed = sum(version in task.ticks for task in waiting)
    if placed == len(waiting):
        return Finding(True, f"sentences are handed out in the order that was pushed with {version}")
    what = f"{placed} of {count(len(waiting), 'waiting sentence')} have a prediction of {version or 'any version'}, "
    rest = "the others come last, in random order" if placed else "the queue is in random order"
    return Finding(False, f"{what}which the project goes by: {rest}", called.command(push_again(now, model)))


def push_again(now: Row, model: str, more: str = "") -> str:
    """The push that suggests and orders everything anew, as the project does now."""
    version = now["model_version"] or ""
    if version == Order.diverse.value:
        return f"push --order diverse {more}".strip()
    by, prelabel = (Order.diverse, LEXICON) if version.startswith(f"{LEXICON}@") else (Order.uncertainty, model)
    by = Order.random if now["sampling"] == SAMPLING[Order.random] else by
    line = f"push --order {by} --prelabel {prelabel} {more}".strip()
    return line + (f"  # MODEL: the directory of {version or 'a model'}" if prelabel == "MODEL" else "")


def _blind(now: Row, queue: list[Queued], asked: bool, model: str, called: Called) -> Iterator[Finding]:
    """Whether it can be told how far people lean on what is suggested to them."""
    waiting = [task for task in queue if task.waits]
    suggested = asked or any(version != Order.diverse.value for task in waiting for version in task.ticks)
    blind = [task for task in waiting if task.blind]
    if ticked := sum(any(task.ticks.values()) for task in blind):
        what = f"of the {len(blind)} blind sentences {ticked} have ticks after all, which the list of tasks shows"
        yield Finding(False, what, called.command(push_again(now, model)))
    if not suggested or not waiting:
        return
    if blind or (len(waiting) < FEW and any(task.blind for task in queue)):
        what = f"blind (labelled without ticks): {len(blind)} of {count(len(waiting), 'waiting sentence')}"
        yield Finding(True, f"{what}; they tell how far people lean on ticks")
        return
    more = "\n# a larger share where a tenth of so few is none" if len(waiting) < FEW else ""
    what = "no waiting sentence is blind (labelled without ticks), so nobody can tell how far people lean on ticks"
    yield Finding(False, what, called.command(push_again(now, model, "--blind 0.1")) + more)
