"""What the tests of a real Label Studio server share: a label set, a document, an annotator's hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from data.labellers import Labeller, Said
from data.labels import Label, LabelSet
from data.records import Document
from data.sentences import segment
from data.studio_client import fetch, fetch_tasks

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

WATER = LabelSet((Label("risk", "风险", hotkey="1"), Label("water", "水", hotkey="2"), Label("boat", "船", hotkey="3")))
DOCUMENT = Document.of(
    "湖库治理方案\n一、岸线\n要清理岸线垃圾。部分河段水质仍然偏差。渡船去年全部换新。", title="治理方案"
)
SENTENCES = segment(DOCUMENT)


def task_ids(client: LabelStudio, project: int) -> dict[str, int]:
    """The server's number of every task, by its sentence."""
    return {row["data"]["text"]: row["id"] for row in fetch_tasks(client, project, fields="task_only")[0]}


def choice(*chosen: str) -> dict[str, Any]:
    """The choices of a task as the server takes them."""
    return {"from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": list(chosen)}}


def label(client: LabelStudio, task: int, *chosen: str, **more: Any) -> int:
    """Answer a task as a person would; returns the answer's number."""
    made: Any = client.annotations.create(task, result=[choice(*chosen)] if chosen else [], **more)
    return int(made.id)


def person(client: LabelStudio, name: str) -> int:
    """The account of this name, made where missing."""
    email = f"{name}@example.org"
    there = {user.email: user.id for user in client.users.list()}
    return int(there.get(email) or client.users.create(email=email, username=name).id)


def labeller(
    say: Callable[[str], list[str]], version: str = "m@1", sure: Callable[[str], float] = lambda _: 0.5
) -> Labeller:
    """One that says and is as sure of it as told."""
    return Labeller(version, frozenset(WATER.ids), True, lambda texts: [Said(say(text), sure(text)) for text in texts])


def boats(text: str) -> list[str]:
    """Finds boats, and nothing else."""
    return ["boat"] * ("船" in text)


def next_task(client: LabelStudio, project: int) -> dict[str, Any]:
    """What the button “Label All Tasks” asks the server for: the first task of the queue."""
    return dict(fetch(client, f"api/projects/{project}/next").body)


def ticks(result: list[dict[str, Any]]) -> list[str]:
    """The ids that a prediction ticks."""
    return list(result[0]["value"]["choices"]) if result else []
