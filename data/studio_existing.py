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
    """What a push did.

    ``predictions`` counts those that were made, ``blind`` those of them that show nothing, ``twins`` untouched doubles
    that were removed; ``doubtful`` names what somebody should look at.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    predictions: int = 0
    blind: int = 0
    twins: int = 0
    doubtful: list[str] = field(default_factory=list)
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
        known = predictions.setdefault(p["task"], {})
        if p["model_version"] in known:  # of two pushes at once, from two machines
            client.predictions.delete(p["id"])
        else:
            known[p["model_version"]] = (p["id"], chosen)
    found: dict[str, Existing] = {}
    before = counts.twins
    for row in rows:
        if key := row["data"].get("ext_id"):
            annotated = bool(row["total_annotations"] or row["cancelled_annotations"])
            task = Existing(row["id"], row["data"], annotated, row["is_labeled"], predictions.get(row["id"], {}))
            found[key] = _only_one(client, project, found.get(key), task, counts)
    return found, len(rows) - (counts.twins - before)


def _only_one(client: LabelStudio, project: int, one: Existing | None, other: Existing, counts: Counts) -> Existing:
    """Of two tasks of one sentence the labelled one, else the one with predictions; the other goes if untouched."""
    if one is None:
        return other
    kept, gone = sorted((one, other), key=lambda task: (not task.annotated, -len(task.predictions), task.id))
    if gone.annotated or _touched(client, gone.id):
        both = f"tasks {kept.id} and {gone.id} of project {project}"
        counts.doubtful.append(
            f"{both} are one sentence, and people have worked on both: both stay, each person's newest answer counts"
        )
        return kept
    client.tasks.delete(str(gone.id))  # by its id: the action for several deletes all tasks where the list is empty
    counts.twins += 1
    return kept


def _touched(client: LabelStudio, task: int) -> bool:
    """Whether somebody has answered a task just now, or begun to."""
    return any(fetch(client, f"api/tasks/{task}/{what}").body for what in ("annotations/", "drafts"))
