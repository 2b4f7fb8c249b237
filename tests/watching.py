"""Commands for the tests of watching: one that leaves a note, and one that has a family."""

from __future__ import annotations

import os
import select
import shlex
import time
from pathlib import Path

from data.studio_watch import Commands


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


class Family:
    """A command that starts a program of its own, and whether anything of the two lives: they hold a pipe open."""

    def __init__(self, folder: Path, first: str = ":") -> None:
        fifo = folder / "family"
        os.mkfifo(fifo)
        self.end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        script = f"{first}; exec 3> {shlex.quote(str(fifo))}; sleep 20 & echo up >&3; wait"
        self.line = shlex.join(["sh", "-c", script])

    def is_up(self) -> bool:
        return bool(select.select([self.end], [], [], 10)[0]) and os.read(self.end, 10) == b"up\n"

    def is_gone(self) -> bool:
        return bool(select.select([self.end], [], [], 1)[0]) and os.read(self.end, 10) == b""
