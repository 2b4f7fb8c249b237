"""Pulling without end: what is told of it, and what fails and is tried again."""

from __future__ import annotations

import itertools
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data import studio_store
from data.labels import load_labels
from data.records import Annotation
from data.studio_answers import Pulled
from data.studio_client import connected
from data.studio_project import setup
from data.studio_push import push
from data.studio_tasks import tasks_of
from data.studio_watch import Commands, Teller, watch
from studio import DOCUMENT, ROOT, SENTENCES, choice, label, task_ids
from watching import Family, finish, noting

if TYPE_CHECKING:
    from data.studio_server import Server


def answers(count: int) -> Pulled:
    return Pulled([Annotation("d", i, i + 1, "s", [], ["jia"]) for i in range(count)])


def told(pull: Callable[[], Pulled], turns: int, commands: Commands) -> list[str]:
    """What a watch says in so many turns, each with a pull."""
    said: list[str] = []
    hint = itertools.count()
    for _ in itertools.islice(watch(pull, 0.02, lambda: next(hint), commands, said.append), turns):
        pass
    return said


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """The store while another program holds it."""
    connection = sqlite3.connect(store, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


@contextmanager
def heard(end: signal.Signals) -> Iterator[None]:
    """What is started meanwhile hears the signal, though whoever runs the tests (nohup) may ignore it."""
    before = signal.signal(end, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(end, before)


def test_that_a_hint_pulls_at_once_and_a_fault_is_told_once_until_it_is_over(tmp_path: Path) -> None:
    outcomes: Iterator[Pulled | Exception] = iter(
        [answers(1), ValueError("no answer"), ValueError("no answer"), OSError("disk full"), answers(1)]
    )

    def pull() -> Pulled:
        found = next(outcomes)
        if isinstance(found, Exception):
            raise found
        return found

    well = "1 annotations, 0 left out"
    said = told(pull, 5, Commands([], 0, tmp_path / "s"))
    assert said == [well, "no answer; trying again", "disk full; trying again", well]


def test_that_a_held_or_full_store_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio_store, "BUSY_S", 0.02)
    commands = Commands([noting(tmp_path / "log", "trained")], 3, tmp_path / "s")
    with locked(tmp_path / "s"):
        before = told(lambda: answers(4), 3, commands)
        commands.start(4)
        ending = told(lambda: answers(4), 40, commands)
    assert [line.split(": ", 1)[-1][:21] for line in before] == ["4 annotations, 0 left", "another command is us"]
    assert ["another command" in line for line in ending].count(True) == 1
    assert finish(commands) == [f"{commands.lines[0]}: done"]
    assert (tmp_path / "log").read_text(encoding="utf-8") == "trained"  # once

    def full() -> Pulled:
        sqlite3.connect(":memory:").executescript("PRAGMA max_page_count = 1; CREATE TABLE t (x)")
        raise AssertionError

    assert told(full, 2, commands) == ["database or disk is full; trying again"]


def test_that_it_is_told_how_many_answers_are_new(tmp_path: Path) -> None:
    log = tmp_path / "log"
    commands = Commands([noting(log, "trained")], 3, tmp_path / "s")
    counts = itertools.chain([2, 5], itertools.repeat(9))
    said = told(lambda: answers(next(counts)), 100, commands)
    assert [line for line in said if "running" in line] == [
        f"{new} new annotations: running {commands.lines[0]}" for new in (5, 4)
    ]


def test_that_lines_come_again_after_they_were_gone_and_a_full_disk_ends_nothing() -> None:
    said: list[str] = []
    teller = Teller(said.append)
    for lines in (["无 together with 水", "rewritten"], ["rewritten"], ["无 together with 水", "rewritten"]):
        teller.tell_new(lines)
    assert said == ["无 together with 水", "rewritten", "无 together with 水"]
    with open("/dev/full", "wb", buffering=0) as full:  # each write to it finds no space left
        Teller(lambda line: print(full.write(line.encode()))).tell_new(["rewritten"])


@pytest.mark.studio
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGHUP])
def test_that_the_command_trains_tells_and_ends_with_all_it_started(
    label_studio: Server, tmp_path: Path, end: signal.Signals
) -> None:
    family, log, labels = Family(tmp_path), tmp_path / "log", load_labels(ROOT / "seeds" / "labels.yaml")
    line = [sys.executable, "-m", "data", "label-studio", "watch", "--train-every=3", "--every=1", "--run", family.line]
    line += [f"--folder={label_studio.folder}", f"--project={end.name}", f"--out={tmp_path}"]

    def until(text: str, times: int = 1) -> None:
        deadline = time.monotonic() + 30
        while log.read_text(encoding="utf-8").count(text) < times:
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.1)

    with connected(label_studio.url, label_studio.credentials.token) as client, log.open("wb") as output:
        project = setup(client, labels, "# 手册", end.name).project
        push(client, project, list(tasks_of([DOCUMENT], SENTENCES)), store=tmp_path / "s")
        one, two, three, *_ = task_ids(client, project).values()
        with heard(end), subprocess.Popen(line, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT) as watching:
            try:
                label(client, one, "target")
                answer = label(client, two, "target", "none")  # which doesn't go together
                until("left out:")
                client.annotations.update(answer, result=[choice("target")])
                until("2 annotations, 0 left out")
                client.annotations.update(answer, result=[choice("target", "none")])
                until("left out:", 2)
                client.annotations.update(answer, result=[choice("target")])
                label(client, three, "target")
                until("3 new annotations: running sh")
                assert family.is_up()
                watching.send_signal(end)
                assert watching.wait(20) == 0
            finally:
                watching.kill()
    assert family.is_gone()
