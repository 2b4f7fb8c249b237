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
    first, second = task_ids(client, project)[FIRST["text"]], twin(client, project)

    def begin(task: int) -> None:
        assert raw(client, "POST", f"api/tasks/{task}/drafts", {"result": [choice("water")]}).status_code == 201

    begin(second)
    assert push(client, project, TASKS) == Counts(unchanged=len(TASKS), twins=1)
    assert task_ids(client, project)[FIRST["text"]] == second != first
    begin(twin(client, project))
    counts = push(client, project, TASKS)
    assert (counts.twins, len(counts.doubtful)) == (0, 1)  # said once


def test_that_a_twin_answered_just_now_is_not_removed(
    client: LabelStudio, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = twin(client, project)
    label(client, second, "water")

    def before_that(*arguments: Any, **options: Any) -> Any:
        """The list of tasks as it was a moment ago, when neither had an answer."""
        rows, at = fetch_tasks(*arguments, **options)
        return [row | {"total_annotations": 0, "draft_exists": False} for row in rows], at

    monkeypatch.setattr("data.studio_existing.fetch_tasks", before_that)
    counts = push(client, project, TASKS)
    assert (counts.twins, len(counts.doubtful)) == (0, 1)


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


def test_that_others_predictions_on_tasks_of_theirs_stay(client: LabelStudio, project: int, tmp_path: Path) -> None:
    theirs = {**FIRST, "text": "别人的句子。"}
    del theirs["ext_id"]
    request: Any = [{"data": theirs, "predictions": [{"model_version": "m@1", "result": []}] * 2}]
    client.projects.import_tasks(project, request=request)
    ours = task_ids(client, project)[FIRST["text"]]
    more: Any = [{"task": ours, "model_version": "rater", "result": []}] * 2
    client.projects.import_predictions(project, request=more)
    push(client, project, TASKS, Queue(labeller(boats), blind=0.99), tmp_path / "s")
    found = predictions(client, project)
    assert found["别人的句子。"] == [("m@1", [])] * 2
    assert found[FIRST["text"]].count(("rater", [])) == 2


def test_that_a_draft_begun_under_ticks_is_not_made_blind(client: LabelStudio, project: int, tmp_path: Path) -> None:
    push(client, project, TASKS, Queue(labeller(boats)), tmp_path / "s")
    begun = task_ids(client, project)[FIRST["text"]]
    assert raw(client, "POST", f"api/tasks/{begun}/drafts", {"result": [choice("water")]}).status_code == 201
    push(client, project, TASKS, Queue(labeller(boats), blind=0.99), tmp_path / "s")
    rows, _ = fetch_tasks(client, project, fields="task_only")
    assert [row["data"].get("blind", False) for row in rows] == [row["id"] != begun for row in rows]


def test_that_a_push_cut_off_while_it_made_sentences_blind_is_mended(
    client: LabelStudio, project: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind, seen = Queue(labeller(boats), blind=0.99), Queue(labeller(boats))
    push(client, project, TASKS, blind, tmp_path / "s")
    with monkeypatch.context() as patch:
        patch.setattr("data.studio_push._settle", interrupt)
        with pytest.raises(KeyboardInterrupt):
            push(client, project, TASKS, seen, tmp_path / "s")
    push(client, project, TASKS, blind, tmp_path / "s")
    assert all(found == [("m@1", [])] for found in predictions(client, project).values())


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_that_the_blind_share_is_settled_before_anybody_suggests_labels(client: LabelStudio, project: int) -> None:
    other = setup(client, WATER, "# 手册", "先定盲标").project
    push(client, other, TASKS, Queue(blind=0.99))
    rows, _ = fetch_tasks(client, other, fields="task_only")
    assert [row["data"].get("blind") for row in rows] == [True] * len(TASKS)
    push(client, other, TASKS)  # says nothing new of it
    rows, _ = fetch_tasks(client, other, fields="task_only")
    assert [row["data"].get("blind") for row in rows] == [True] * len(TASKS)
