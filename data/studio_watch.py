"""Keeps pulling, and runs commands (a build, a training) each time enough new answers have come."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from data.studio_access import HERE, SEEDS
from data.studio_answers import Pulled
from data.studio_store import TRAINED, opened

HINTS_S = 1.0
STOP_S = 10.0
RUN = ("python -m data build", "python -m train")
FAULTS = (ValueError, OSError, sqlite3.Error)  # what waiting may mend; anything else is a mistake of ours


@dataclass(slots=True)
class Teller:
    """Tells lines. One that can't be told, as where the disk under the log is full, ends nothing."""

    say: Callable[[str], None]
    _standing: set[str] = field(default_factory=set)

    def tell(self, line: str) -> None:
        try:
            self.say(line)
        except BrokenPipeError:  # nobody reads it any more
            raise KeyboardInterrupt from None
        except OSError:
            return

    def tell_new(self, lines: list[str]) -> None:
        """Tell what holds now, but for the lines that held the last time too."""
        for line in lines:
            if line not in self._standing:
                self.tell(line)
        self._standing = set(lines)


@dataclass(slots=True)
class Commands:
    """Commands that run one after the other, beside the pulling, once ``every`` new answers have come; 0 is never.

    How many answers there were when they last ended well is kept in the store, so that nothing is run twice or
    forgotten when the watch ends in between. After a failure they wait for as many answers again. Leaving the
    ``with`` block of it ends what runs. Raises ValueError where a line can't be run.
    """

    lines: list[str]
    every: int
    store: Path
    _process: subprocess.Popen[bytes] | None = None
    _waiting: list[str] = field(default_factory=list)
    _answers: int = 0
    _failed_at: int = 0

    def __post_init__(self) -> None:
        for line in self.lines:
            words_of(line)

    def __enter__(self) -> Commands:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def due(self, answers: int) -> int:
        """How many of the answers are new since they last ended well, where that is enough to start; else 0."""
        if not self.every or self.running:
            return 0
        with opened(self.store) as kept:
            before = int(kept.fact(TRAINED) or 0)
        return answers - before if answers - max(before, self._failed_at) >= self.every else 0

    @property
    def running(self) -> bool:
        return bool(self._waiting)

    def start(self, answers: int) -> None:
        """Let the next step begin the first of them."""
        self._answers, self._waiting = answers, list(self.lines)

    def step(self) -> str:
        """Begin a command, or go on where one has ended; says what happened, if anything.

        Where the store can't be written, this raises and the next step tries again.
        """
        if not self._waiting:
            return ""
        line = self._waiting[0]
        if self._process is None:
            return self._begin(line)
        status = self._process.poll()
        if status is None:
            return ""
        if status:
            return self._give_up(f"{line}: failed with status {status}")
        if len(self._waiting) == 1:
            with opened(self.store) as kept:
                kept.set_fact(TRAINED, str(self._answers))
        self._process = None
        del self._waiting[0]
        return f"{line}: done"

    def stop(self) -> None:
        """End what runs and all that it started; by force after ``STOP_S`` seconds, or at a second Ctrl-C."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):  # which says that nobody of the group is left
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._wait_for_group()
            finally:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def _wait_for_group(self) -> None:
        assert self._process
        deadline = time.monotonic() + STOP_S
        while time.monotonic() < deadline:
            self._process.poll()  # until it is asked, what has ended counts as one of the group
            os.killpg(self._process.pid, 0)
            time.sleep(0.05)

    def _begin(self, line: str) -> str:
        quiet = {} if sys.stderr.isatty() else {"TQDM_DISABLE": "1"}  # bars are for a terminal, not for a log
        try:
            self._process = subprocess.Popen(
                words_of(line), stdin=subprocess.DEVNULL, env=quiet | os.environ, start_new_session=True
            )
        except (ValueError, OSError) as error:
            return self._give_up(f"{line}: could not be started ({error})")
        return ""

    def _give_up(self, why: str) -> str:
        self._failed_at, self._process, self._waiting = self._answers, None, []
        return f"{why}; tried again after {self.every} more answers"


def words_of(line: str) -> list[str]:
    """Program and arguments of a line; `python` is the one that runs this. Raises ValueError where none is found."""
    wanted = f"--run: expected a program and its arguments, got {line!r}"
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValueError(f"{wanted} ({error}); close what is quoted") from error
    if not words:
        raise ValueError(wanted)
    if words[0] in ("python", "python3"):
        words[0] = sys.executable
    if not shutil.which(words[0]):
        raise ValueError(f"{wanted}; no program {words[0]!r} is found. What a shell reads goes into sh -c '…'")
    return words


def lines_for(run: list[str] | None, every: int, pulled: Path, labels: Path) -> list[str]:
    """The commands that were asked for, else a build and a training.

    Raises ValueError where these would not read the label set or the folder of the file that is ``pulled``, and where
    commands would never start.
    """
    if run and not every:
        raise ValueError("--run: expected --train-every too, the number of new annotations after which it starts")
    usual = ((HERE / "annotations").resolve(), (SEEDS / "labels.yaml").resolve())
    if not run and every and (pulled.parent.resolve(), labels.resolve()) != usual:
        read = [SEEDS / "annotations", pulled.parent] if labels.resolve() == usual[1] else [pulled.parent]
        options = [word for folder in read for word in ("--annotations", str(folder))]
        build = shlex.join([*RUN[0].split(), *options, "--labels", str(labels)])
        raise ValueError(
            f"--train-every: expected --run too where --out or --labels differ from {usual[0]} and {usual[1]}, which "
            f'are all that {RUN[0]!r} reads by itself; for example --run "{build}" --run "{RUN[1]}"'
        )
    return run or list(RUN)


def watch(
    pull: Callable[[], Pulled],
    every_s: float,
    hint: Callable[[], int | None],
    commands: Commands,
    say: Callable[[str], None],
) -> Iterator[None]:
    """Pull each ``every_s`` seconds, and at once where the hint has changed; one step a turn, without end.

    What fails is told once and tried again: hints and answers that come meanwhile are not lost.
    """
    last_pull, last_hint = float("-inf"), hint()
    of_pulls, of_steps = Teller(say), Teller(say)
    while True:
        now = hint()
        if time.monotonic() - last_pull >= every_s or now != last_hint:
            last_pull, last_hint = time.monotonic(), now
            _pull_once(pull, commands, of_pulls)
        of_steps.tell_new(_step_once(commands))
        yield
        time.sleep(min(HINTS_S, every_s))


def _pull_once(pull: Callable[[], Pulled], commands: Commands, teller: Teller) -> None:
    """Pull, tell how it stands now, and start the commands where they are due."""
    stands, answers, new = list[str](), 0, 0
    try:
        pulled = pull()
        answers = len(pulled.annotations)
        stands.append(f"{answers} annotations, {len(pulled.refused)} left out")
        new = commands.due(answers)
    except FAULTS as error:
        stands.append(f"{error}; trying again")
    teller.tell_new(stands)
    if new:
        teller.tell(f"{new} new annotations: running {'; '.join(commands.lines)}")
        commands.start(answers)


def _step_once(commands: Commands) -> list[str]:
    """Let the commands go on; returns what is new."""
    try:
        return list(filter(None, [commands.step()]))
    except FAULTS as error:
        return [f"{error}; trying again"]
