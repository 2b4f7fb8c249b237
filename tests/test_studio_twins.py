"""Sentences that have more than one task, and tasks that have more predictions than they should."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from data.records import read_jsonl
from data.studio_client import fetch_tasks
from data.studio_existing import Counts
from data.studio_project import setup
from data.studio_pull import pull
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_tasks import Task, tasks_of
from studio import DOCUMENT, SENTENCES, WATER, boats, choice, label, labeller, raw, task_ids, ticks

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

pytestmark = pytest.mark.studio

TASKS = list(tasks_of([DOCUMENT], SENTENCES))
FIRST = TASKS[0]


@pytest.fixture
def project(client: LabelStudio, request: pytest.FixtureRequest) -> int:
    number = setup(client, WATER, "# 手册", request.node.name[:50]).project
    push(client, number, TASKS)
    return number


def twin(client: LabelStudio, project: int, task: Task = FIRST) -> int:
    """A second task of a sentence, as a push leaves one that was cut off."""
    request: Any = [{"data": task}]
    made: Any = client.projects.import_tasks(project, request=request, return_task_ids=True)
    return int(made.task_ids[0])


def predictions(client: LabelStudio, project: int) -> dict[str, list[tuple[str, list[str]]]]:
    """Of every sentence the versions of its predictions and what they tick."""
    rows, _ = fetch_tasks(client, project, fields="all", include="id,data,predictions")
    return {row["data"]["text"]: [(p["model_version"], ticks(p["result"])) for p in row["predictions"]] for row in rows}


def test_that_of_twins_the_labelled_one_stays(client: LabelStudio, project: int) -> None:
    first = task_ids(client, project)[FIRST["text"]]
    second = twin(client, project)
    label(client, second, "water")
    assert push(client, project, [FIRST]) == Counts(unchanged=1, twins=1)
    assert task_ids(client, project)[FIRST["text"]] == second != first


def test_that_twins_that_people_labelled_both_stay_and_the_newest_answer_counts(
    client: LabelStudio, project: int, tmp_path: Path
) -> None:
    first, second = task_ids(client, project)[FIRST["text"]], twin(client, project)
    label(client, second, "water")
    label(client, first, "boat")
    counts = push(client, project, TASKS)
    assert (counts.unchanged, counts.created, counts.twins) == (len(TASKS), 0, 0)
    assert "people have worked on both" in "".join(counts.doubtful)
    pull(client, project, WATER, tmp_path, store=tmp_path / "s")
    assert [row["labels"] for row in read_jsonl(tmp_path / "label_studio.jsonl")] == [["boat"]]


def test_that_a_twin_on_which_somebody_has_begun_is_not_removed(client: LabelStudio, project: int) -> None:
    second = twin(client, project)
    draft = {"result": [choice("water")], "lead_time": 3.0}
    assert raw(client, "POST", f"api/tasks/{second}/drafts", draft).status_code == 201
    counts = push(client, project, TASKS)
    assert (counts.twins, len(counts.doubtful)) == (0, 1)
    assert len(raw(client, "GET", f"api/tasks/{second}/drafts").json()) == 1


def test_that_a_second_prediction_of_one_version_goes_away(client: LabelStudio, project: int, tmp_path: Path) -> None:
    queue = Queue(labeller(boats))
    push(client, project, TASKS, queue, tmp_path / "s")
    rows: Any = [
        {"task": number, "model_version": "m@1", "result": []} for number in task_ids(client, project).values()
    ]
    client.projects.import_predictions(project, request=rows)  # as another machine's push at the same time
    push(client, project, TASKS, queue, tmp_path / "s")
    assert predictions(client, project)["渡船去年全部换新。"] == [("m@1", ["boat"])]
    assert all(len(found) == 1 for found in predictions(client, project).values())


def test_that_a_blind_task_shows_no_ticks_of_anybody(client: LabelStudio, project: int, tmp_path: Path) -> None:
    rows: Any = [
        {"task": number, "model_version": "theirs", "result": [choice("water")]}
        for number in task_ids(client, project).values()
    ]
    client.projects.import_predictions(project, request=rows)
    push(client, project, TASKS, Queue(labeller(boats), blind=0.99), tmp_path / "s")
    assert all(not shown for found in predictions(client, project).values() for _, shown in found)


def test_that_the_blind_share_is_settled_before_anybody_suggests_labels(client: LabelStudio, project: int) -> None:
    other = setup(client, WATER, "# 手册", "先定盲标").project
    push(client, other, TASKS, Queue(blind=0.99))
    rows, _ = fetch_tasks(client, other, fields="task_only")
    assert [row["data"].get("blind") for row in rows] == [True] * len(TASKS)
    push(client, other, TASKS)  # says nothing new of it
    rows, _ = fetch_tasks(client, other, fields="task_only")
    assert [row["data"].get("blind") for row in rows] == [True] * len(TASKS)
