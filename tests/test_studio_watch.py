"""Pulling without end, and the commands that new answers start."""

from __future__ import annotations

import contextlib
import itertools
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data.records import Annotation
from data.studio_answers import Pulled
from data.studio_client import connected
from data.studio_project import setup
from data.studio_pull import pull
from data.studio_push import push
from data.studio_store import opened
from data.studio_tasks import tasks_of
from data.studio_watch import Commands, watch
from studio import DOCUMENT, SENTENCES, WATER, label, task_ids

if TYPE_CHECKING:
    from data.studio_server import Server


def answers(count: int) -> Pulled:
    return Pulled([Annotation("d", i, i + 1, "s", [], ["jia"]) for i in range(count)])


def noting(path: Path, word: str, status: int = 0) -> str:
    """A command that writes a word into a file and ends with a status."""
    code = f"open({str(path)!r}, 'a').write({word!r}); raise SystemExit({status})"
    return f'python -c "{code}"'


def finish(commands: Commands) -> list[str]:
    """Step until nothing runs any more; returns what was said."""
    said = []
    while commands.running:
        said.append(commands.step())
        time.sleep(0.02)
    return [line for line in said if line]


def test_that_commands_run_one_after_the_other_once_enough_has_come(tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "s"
    commands = Commands([noting(log, "build "), noting(log, "train ")], 5, store)
    assert not commands.due(4)
    assert commands.due(5)
    commands.start(5)
    assert not commands.due(50)  # they are under way
    assert [line.endswith(": done") for line in finish(commands)] == [True, True]
    assert log.read_text(encoding="utf-8") == "build train "
    again = Commands(commands.lines, 5, store)  # as after a restart
    assert [again.due(9), again.due(10)] == [False, True]


def test_that_a_failure_is_told_and_waits_for_more_answers(tmp_path: Path) -> None:
    log = tmp_path / "log"
    commands = Commands([noting(log, "build ", 3), noting(log, "train ")], 5, tmp_path / "s")
    commands.start(5)
    [said] = finish(commands)
    assert "status 3" in said
    assert log.read_text(encoding="utf-8") == "build "
    assert [commands.due(5), commands.due(9), commands.due(10)] == [False, False, True]


def test_that_a_watch_cut_off_in_between_runs_them_again(tmp_path: Path) -> None:
    commands = Commands([f'{sys.executable} -c "import time; time.sleep(60)"'], 5, tmp_path / "s")
    commands.start(5)
    commands.stop()
    assert Commands(commands.lines, 5, tmp_path / "s").due(5)


def test_that_none_run_where_none_are_asked_for(tmp_path: Path) -> None:
    assert not Commands(["python -m train"], 0, tmp_path / "s").due(1_000_000)


def test_that_a_hint_pulls_at_once_and_a_failure_is_tried_again(tmp_path: Path) -> None:
    hints = iter([1, 1, 1, 2, 2, 3, 3])
    outcomes = iter([answers(1), None, answers(2)])
    said: list[str] = []

    def once() -> Pulled:
        found = next(outcomes)
        if found is None:
            raise ValueError("no answer from Label Studio")
        return found

    steps = watch(once, 0.05, lambda: next(hints), Commands([], 0, tmp_path / "s"), said.append)
    for _ in itertools.islice(steps, 3):
        pass
    assert said[0] == "1 annotations, 0 left out"
    assert "no answer from Label Studio; trying again" in said
    assert said[-1] == "2 annotations, 0 left out"


def test_that_the_store_survives_and_keeps_all_or_nothing(tmp_path: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), opened(tmp_path / "s") as store:
        store.set_fact("since", "today")
        store.set_fact("whole", str(1 / 0))
    with opened(tmp_path / "s") as store:
        assert store.fact("since") == ""
        store.update_tasks([{"id": 7, "annotations": [{"id": 1}, {"id": 2}]}, {"id": 8, "annotations": []}])
        assert store.answers() == 2
        store.update_tasks([{"id": 7, "annotations": []}])
        assert list(store.tasks()) == []
    (tmp_path / "torn").write_text("no database, but long enough to be looked at " * 50, encoding="utf-8")
    with pytest.raises(ValueError, match="move it away"), opened(tmp_path / "torn"):
        pass


@pytest.mark.studio
def test_that_a_watch_starts_a_command_when_people_have_labelled(label_studio: Server, tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "s"
    commands = Commands([noting(log, "trained")], 3, store)
    said: list[str] = []
    with connected(label_studio.url, label_studio.credentials.token) as client:
        project = setup(client, WATER, "# 手册", "看着标注").project
        push(client, project, list(tasks_of([DOCUMENT], SENTENCES)))
        steps = watch(
            lambda: pull(client, project, WATER, tmp_path, store=store), 0.2, lambda: None, commands, said.append
        )
        for number in [0, *task_ids(client, project).values()][:4]:
            if number:
                label(client, number, "water")
            next(steps)
        for _ in range(200):
            next(steps)
            if not commands.running and log.exists():
                break
    assert log.read_text(encoding="utf-8") == "trained"
    assert "3 annotations, 0 left out" in said
