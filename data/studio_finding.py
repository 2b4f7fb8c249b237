"""What the doctor says of one thing it looked at, and the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from data.studio_access import SEEDS
from data.studio_install import HOME
from data.studio_project import TITLE

COMMAND = "python -m data label-studio"
OPTIONS = {
    "up": ["folder"],
    "invite": ["url", "folder"],
    "setup": ["url", "folder", "project", "labels"],
    "pull": ["url", "folder", "project", "labels"],
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    ``mend`` sets right what isn't ``good``, or makes better what is: lines to paste, each a command or a # comment.
    """

    good: bool
    what: str
    mend: str = ""

    def __str__(self) -> str:
        state = ("tip" if self.mend else "ok ") if self.good else "bad"
        return "\n     ".join([f"{state}  {self.what}", *self.mend.splitlines()])


@dataclass(frozen=True, slots=True)
class Called:
    """The options that a command was called with: what mends something else has to be called with the same."""

    url: str = ""
    folder: Path = HOME
    project: str = TITLE
    labels: Path = SEEDS / "labels.yaml"

    def command(self, line: str) -> str:
        """A whole command line, its options written where they aren't the usual ones."""
        names = OPTIONS.get(line.split()[0], ["url", "folder", "project"])
        given = {name: getattr(self, name) for name in names if getattr(self, name) != getattr(Called(), name)}
        line, hash, comment = line.partition("  # ")
        options = [f"--{name}={quote(str(value))}" for name, value in given.items()]
        return " ".join([f"{COMMAND} {line}", *options]) + hash + comment


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it isn't one: 1 account, 0 accounts."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
