"""Keeps pulling, and runs commands (a build, a training) each time enough new answers have come."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from data.studio_answers import Pulled
from data.studio_store import TRAINED, opened

HINTS_S = 1.0


@dataclass(slots=True)
class Commands:
    """Commands that run one after the other, beside the pulling, once ``every`` new answers have come; 0 is never.

    How many answers there were when they last ended well is kept in the store, so that nothing is run twice or
    forgotten when the watch ends in between. After a failure they wait for as many answers again.
    """

    lines: list[str]
    every: int
    store: Path
    _process: subprocess.Popen[bytes] | None = None
    _waiting: list[str] = field(default_factory=list)
    _answers: int = 0
    _failed_at: int = 0

    def due(self, answers: int) -> bool:
        """Whether so many answers are enough to start."""
        with opened(self.store) as kept:
            before = int(kept.fact(TRAINED) or 0)
        return bool(self.every) and not self.running and answers - max(before, self._failed_at) >= self.every

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, answers: int) -> None:
        self._answers, self._waiting = answers, list(self.lines)
        self._next()

    def step(self) -> str:
        """Go on where a command has ended; says what happened, if anything."""
        if self._process is None or self._process.poll() is None:
            return ""
        status, self._process = self._process.returncode, None
        if status:
            self._failed_at = self._answers
            return f"{self._waiting[0]}: failed with status {status}; tried again after {self.every} more answers"
        done = self._waiting.pop(0)
        if self._waiting:
            self._next()
        else:
            with opened(self.store) as kept:
                kept.set_fact(TRAINED, str(self._answers))
        return f"{done}: done"

    def stop(self) -> None:
        """End what runs."""
        if self._process:
            self._process.terminate()
            self._process.wait()

    def _next(self) -> None:
        words = shlex.split(self._waiting[0])
        if words[0] in ("python", "python3"):
            words[0] = sys.executable
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL)


def watch(
    pull: Callable[[], Pulled],
    every_s: float,
    hint: Callable[[], int | None],
    commands: Commands,
    say: Callable[[str], None],
) -> Iterator[None]:
    """Pull each ``every_s`` seconds, and at once where the hint has changed; one step a turn, without end.

    A pull that fails is told and tried again: hints and answers that come meanwhile are not lost.
    """
    last_pull, last_hint, told = float("-inf"), hint(), ""
    while True:
        now = hint()
        if time.monotonic() - last_pull >= every_s or now != last_hint:
            last_pull, last_hint = time.monotonic(), now
            told = _pull_once(pull, commands, say, told)
        if news := commands.step():
            say(news)
        yield
        time.sleep(min(HINTS_S, every_s))


def _pull_once(pull: Callable[[], Pulled], commands: Commands, say: Callable[[str], None], told: str) -> str:
    """Pull, start the commands where they are due; returns what was said of it, which is said once."""
    try:
        pulled = pull()
    except ValueError as error:
        say(f"{error}; trying again")
        return ""
    answers = len(pulled.annotations)
    news = f"{answers} annotations, {len(pulled.refused)} left out"
    if news != told:
        say(news)
    if commands.due(answers):
        say(f"{commands.every} new annotations: running {'; '.join(commands.lines)}")
        commands.start(answers)
    return news
