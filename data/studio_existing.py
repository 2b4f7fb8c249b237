"""The tasks that a project has already, each sentence once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from data.studio_client import fetch, fetch_tasks, send
from data.studio_tasks import Task

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

FIELDS = {"fields": "all", "include": "id,data,total_annotations,cancelled_annotations,is_labeled,draft_exists"}


@dataclass(slots=True)
class Counts:
    """What a push did.

    ``blind`` counts the sentences, of those that were pushed, that wait to be labelled without ticks; ``predictions``
    those that were made, ``twins`` untouched doubles that were removed; ``doubtful`` names what needs a look.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    predictions: int = 0
    blind: int = 0
    twins: int = 0
    doubtful: list[str] = field(default_factory=list)
    hint: str = ""  # whether more labels change the model, where an earlier one can be compared

    def doubt(self, line: str) -> None:
        """Name something once."""
        if line not in self.doubtful:
            self.doubtful.append(line)


@dataclass(frozen=True, slots=True)
class Existing:
    """A task as the server has it; its predictions as id and labels by version.

    It is ``begun`` once anybody has answered it or has a draft, ``done`` when nobody is asked any more. ``ticked`` are
    the ids of all predictions that tick something.
    """

    id: int
    data: Task
    begun: bool
    done: bool
    predictions: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    ticked: list[int] = field(default_factory=list)


def read_existing(
    client: LabelStudio, project: int, counts: Counts, version: str = ""
) -> tuple[dict[str, Existing], int]:
    """Tasks by ext_id, and how many tasks there are; those that others made have no ext_id and are left alone.

    Of a task's several predictions of ``version``, which two machines made at once, one stays.
    """
    rows, _ = fetch_tasks(client, project, **FIELDS)
    predictions: dict[int, list[dict[str, Any]]] = {}
    for prediction in fetch(client, "api/predictions", project=project).body:
        predictions.setdefault(prediction["task"], []).append(prediction)
    found: dict[str, Existing] = {}
    before = counts.twins
    for row in rows:
        if key := row["data"].get("ext_id"):
            task = _existing(row, _once(client, predictions.get(row["id"], []), version))
            found[key] = _only_one(client, project, found.get(key), task, counts)
    return found, len(rows) - (counts.twins - before)


def _once(client: LabelStudio, predictions: list[dict[str, Any]], version: str) -> list[dict[str, Any]]:
    mine = [prediction for prediction in predictions if prediction["model_version"] == version]
    for prediction in mine[1:]:
        send(client, "DELETE", f"api/predictions/{prediction['id']}/")
    return [prediction for prediction in predictions if prediction not in mine[1:]]


def _existing(row: dict[str, Any], predictions: list[dict[str, Any]]) -> Existing:
    begun = bool(row["total_annotations"] or row["cancelled_annotations"] or row["draft_exists"])
    ticks = {p["id"]: [x for r in p["result"] for x in r.get("value", {}).get("choices", [])] for p in predictions}
    by_version = {p["model_version"]: (p["id"], ticks[p["id"]]) for p in predictions}
    ticked = [number for number, labels in ticks.items() if labels]
    return Existing(row["id"], row["data"], begun, row["is_labeled"], by_version, ticked)


def _only_one(client: LabelStudio, project: int, one: Existing | None, other: Existing, counts: Counts) -> Existing:
    """Of two tasks of one sentence the labelled one, else the one with predictions; the other goes if untouched."""
    if one is None:
        return other
    kept, gone = sorted((one, other), key=lambda task: (not task.begun, -len(task.predictions), task.id))
    if gone.begun or _touched(client, gone.id):
        both = f"tasks {kept.id} and {gone.id} of project {project}"
        counts.doubt(
            f"{both} are one sentence, and people have worked on both: both stay, each person's newest answer counts"
        )
        return kept
    send(
        client, "DELETE", f"api/tasks/{gone.id}/"
    )  # by its id: the action for several deletes all tasks where the list is empty
    counts.twins += 1
    return kept


def _touched(client: LabelStudio, task: int) -> bool:
    """Whether somebody has answered a task just now, or begun to."""
    return any(fetch(client, f"api/tasks/{task}/{what}").body for what in ("annotations/", "drafts"))
