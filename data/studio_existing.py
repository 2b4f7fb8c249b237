"""The tasks that a project has already, each sentence once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from data.studio_client import fetch, fetch_tasks
from data.studio_tasks import Task

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

FIELDS = {"fields": "all", "include": "id,data,total_annotations,cancelled_annotations,is_labeled"}


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


def read_existing(client: LabelStudio, project: int, counts: Counts) -> tuple[dict[str, Existing], int]:
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
    """Of two tasks of one sentence the labelled one, else the one with predictions; ValueError if both are labelled."""
    if one is None:
        return other
    if one.annotated and other.annotated:
        twins = f"tasks {one.id} and {other.id} of project {project}"
        raise ValueError(
            f"{twins} are the same sentence {one.data['ext_id']}, and people labelled both; "
            "delete one of them in Label Studio, then run this again"
        )
    kept, gone = sorted((one, other), key=lambda task: (not task.annotated, -len(task.predictions), task.id))
    if fetch(client, f"api/tasks/{gone.id}/annotations/").body:  # somebody has labelled it just now
        raise ValueError(f"task {gone.id} of project {project} is being labelled; run this again in a minute")
    client.tasks.delete(str(gone.id))  # by its id: the action for several deletes all tasks where the list is empty
    counts.twins += 1
    return kept
