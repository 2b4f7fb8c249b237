"""People who work on a real Label Studio server all at once, and what they have decided in the end."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from label_studio_sdk.core.api_error import ApiError

from data.records import Annotation, Document, read_jsonl
from data.sentences import segment
from data.studio_client import fetch
from data.studio_tasks import Task, tasks_of
from studio import choice, person

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

PEOPLE = ("jia", "yi", "bing", "ding", "wu", "ji", "geng")
ANSWERS = (("water",), ("boat",), ("risk", "water"), ("none",))
WORKERS, SINGLE, ROUNDS, BATCH = 3, 60, 4, 10
EVENTS = WORKERS * (SINGLE + ROUNDS * BATCH * len(PEOPLE))
TEXT = Document.of("".join(f"第{n}号渡船要在汛期以前换新。" for n in range(1, 301)), title="渡船名录")
TASKS = list(tasks_of([TEXT], segment(TEXT)))
Key = tuple[str, int, int, str]


def add(client: LabelStudio, project: int, tasks: list[Task], people: list[int], rng: random.Random) -> Any:
    """Import tasks, each with an answer of all these people; returns what the server says that it made."""
    rows: Any = [
        {
            "data": task,
            "annotations": [
                {"completed_by": who, "ground_truth": False, "result": [choice(*rng.choice(ANSWERS))]} for who in people
            ],
        }
        for task in tasks
    ]
    return client.projects.import_tasks(project, request=rows, return_task_ids=True)


@dataclass
class Hand:
    """Works on tasks of its own: answers, changes, skips, deletes, and brings in new ones, in an order by chance."""

    client: LabelStudio
    project: int
    people: list[int]
    rng: random.Random
    reserve: list[Task]
    tasks: list[int]
    live: dict[int, list[int]] = field(default_factory=dict)  # answers by task
    events: int = 0

    def work(self) -> None:
        steps = [self.bring] * ROUNDS + [self.touch] * SINGLE
        self.rng.shuffle(steps)
        while steps or self.events < EVENTS // WORKERS:
            with suppress(ApiError):  # the server's database was busy: what came of it is as the server says
                (steps.pop() if steps else self.touch)()

    def bring(self) -> None:
        batch, self.reserve = self.reserve[:BATCH], self.reserve[BATCH:]
        made = add(self.client, self.project, batch, self.people, self.rng)
        self.tasks += made.task_ids
        self.events += made.annotation_count  # fewer than sent where the database was busy

    def touch(self) -> None:
        task, dice = self.rng.choice(self.tasks), self.rng.random()
        live = self.live.pop(task, None) or self.answers(task)
        result = [choice(*self.rng.choice(ANSWERS))]
        if not live or dice < 0.45:
            skipped = self.rng.random() < 0.2
            who = self.rng.choice(self.people)
            made: Any = self.client.annotations.create(
                task, result=[] if skipped else result, was_cancelled=skipped, completed_by=who
            )
            live.append(made.id)
        elif dice < 0.8:
            self.client.annotations.update(self.rng.choice(live), result=result, was_cancelled=dice < 0.5)
        else:
            self.client.annotations.delete(live.pop(self.rng.randrange(len(live))))
        self.live[task] = live
        self.events += 1

    def answers(self, task: int) -> list[int]:
        return [a["id"] for a in fetch(self.client, f"api/tasks/{task}/annotations/").body]


def hands(client: LabelStudio, project: int) -> list[Hand]:
    """Each with 60 tasks on the server and 40 to be brought."""
    people, made = [person(client, name) for name in PEOPLE], []
    for n in range(WORKERS):
        mine = TASKS[n * 100 : (n + 1) * 100]
        there = add(client, project, mine[:60], [], random.Random(0))
        made.append(Hand(client, project, people, random.Random(n), mine[60:], there.task_ids))
    return made


def truth(client: LabelStudio, project: int) -> dict[Key, list[str]]:
    """What everybody's newest decision on each sentence is, straight from the server's tasks."""
    users: Any = client.users.list()
    people = {user.id: user.email for user in users}
    newest: dict[Key, tuple[datetime, list[str]]] = {}
    for task in all_tasks(client, project):
        place = (task["data"]["document"], task["data"]["start"], task["data"]["end"])
        for a in task["annotations"]:
            key, at = (*place, people[a["completed_by"]]), datetime.fromisoformat(a["updated_at"])
            if not a["was_cancelled"] and (key not in newest or newest[key][0] < at):
                newest[key] = at, sorted(set(a["result"][0]["value"]["choices"]) - {"none"})
    return {key: labels for key, (_, labels) in newest.items()}


def keys(path: Path) -> list[Key]:
    rows = map(Annotation.from_json, read_jsonl(path)) if path.exists() else []
    return [(row.document, row.start, row.end, *row.annotators) for row in rows]  # type: ignore[misc]


def kept(folder: Path) -> dict[Key, list[str]]:
    """The file of annotations, of which no two may be one person's on one sentence."""
    path = folder / "label_studio.jsonl"
    rows = [Annotation.from_json(row) for row in read_jsonl(path)]
    assert max(Counter(keys(path)).values(), default=1) == 1
    return dict(zip(keys(path), [sorted(row.labels) for row in rows], strict=True))


def all_tasks(client: LabelStudio, project: int) -> list[dict[str, Any]]:
    """Every task of a project as the server lists it, page by page."""
    tasks: list[dict[str, Any]] = []
    while True:
        page = fetch(client, "api/tasks", project=project, fields="all", page=len(tasks) // 100 + 1, page_size=100).body
        tasks += page["tasks"]
        if len(tasks) >= page["total"]:
            return tasks
