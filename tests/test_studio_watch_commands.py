"""The commands that new answers start: when, one after the other, and never longer than the watch."""

from __future__ import annotations

import os
import re
import shlex
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from data import studio_watch
from data.studio_watch import Commands, lines_for
from data.studio_work import watch as watch_command
from studio import ROOT
from watching import Family, finish, noting


def test_that_commands_run_one_after_the_other_once_enough_has_come(tmp_path: Path) -> None:
    log, store = tmp_path / "log", tmp_path / "s"
    commands = Commands([noting(log, "build "), noting(log, "train ")], 5, store)
    assert not commands.due(4)
    assert commands.due(7) == 7
    commands.start(7)
    assert not commands.due(50)  # they are under way
    assert [line.endswith(": done") for line in finish(commands)] == [True, True]
    assert log.read_text(encoding="utf-8") == "build train "
    again = Commands(commands.lines, 5, store)  # as after a restart
    assert [again.due(11), again.due(13)] == [0, 6]


def test_that_a_failure_is_told_and_waits_for_more_answers(tmp_path: Path) -> None:
    log = tmp_path / "log"
    commands = Commands([noting(log, "build ", 3), noting(log, "train ")], 5, tmp_path / "s")
    commands.start(5)
    [said] = finish(commands)
    assert "status 3" in said
    assert log.read_text(encoding="utf-8") == "build "
    assert [commands.due(5), commands.due(9), commands.due(10)] == [0, 0, 10]


def test_that_a_program_that_does_not_start_is_a_failure_of_the_command(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch(mode=0o700)  # there and executable, but in no format that runs
    commands = Commands([noting(tmp_path / "log", "build"), str(broken)], 5, tmp_path / "s")
    commands.start(5)
    done, failed = finish(commands)
    assert done.endswith(": done")
    assert "could not be started ([Errno 8]" in failed
    assert commands.due(9) == 0


@pytest.mark.parametrize("line", ["", "pyton -m train", "python -m 'train", "DEBUG=1 python -m train"])
def test_that_what_can_not_run_is_refused_at_start(line: str) -> None:
    with pytest.raises(ValueError, match=f"--run: expected a program.*{re.escape(repr(line))}"):
        watch_command(run=["python -m data build", line], train_every=200)


def test_that_the_usual_commands_are_refused_where_they_would_read_other_folders(tmp_path: Path) -> None:
    pulled, labels = ROOT / "data" / "annotations" / "水.jsonl", ROOT / "seeds" / "labels.yaml"
    assert lines_for(None, 5, pulled, labels) == lines_for(None, 0, tmp_path / "水.jsonl", labels)
    assert lines_for(["true"], 5, tmp_path / "水.jsonl", labels) == ["true"]
    with pytest.raises(ValueError, match="--run: expected --train-every too"):
        lines_for(["true"], 0, pulled, labels)
    for out, label_set in ((tmp_path / "新 数据", labels), (pulled.parent, tmp_path / "labels.yaml")):
        with pytest.raises(ValueError, match="--train-every: expected --run too") as refused:
            watch_command(out=out, labels=label_set, train_every=5)
        [build] = re.findall('--run "(python -m data build .*?)"', str(refused.value))
        shipped = ["--annotations", str(ROOT / "seeds" / "annotations")] if label_set == labels else []
        assert shlex.split(build)[4:] == [*shipped, "--annotations", str(out), "--labels", str(label_set)]


@pytest.mark.parametrize("first", [":", "trap '' TERM"])
def test_that_nothing_that_was_started_outlives_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.setattr(studio_watch, "STOP_S", 0.3 if "trap" in first else 10)
    family = Family(tmp_path, first)
    with suppress(ZeroDivisionError), Commands([family.line], 5, tmp_path / "s") as commands:
        commands.start(5)
        commands.step()
        assert family.is_up()
        print(1 / 0)  # a mistake of ours
    assert family.is_gone()
    assert Commands(commands.lines, 5, tmp_path / "s").due(5) == 5  # it had not ended well


def test_that_a_second_ctrl_c_ends_what_does_not_end_by_itself(tmp_path: Path) -> None:
    family = Family(tmp_path, "trap '' TERM")
    commands = Commands([family.line], 5, tmp_path / "s")
    commands.start(5)
    commands.step()
    assert family.is_up()
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        commands.stop()
    assert family.is_gone()


def test_that_none_run_where_none_are_asked_for(tmp_path: Path) -> None:
    assert not Commands(["python -m train"], 0, tmp_path / "s").due(1_000_000)


def test_that_a_log_gets_no_progress_bars(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    commands = Commands(['python -c "from tqdm.auto import tqdm; print(sum(tqdm([1, 2])))"'], 1, tmp_path / "s")
    commands.start(1)
    finish(commands)
    assert capfd.readouterr() == ("3\n", "")
