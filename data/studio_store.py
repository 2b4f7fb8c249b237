"""What is kept on this side of a Label Studio project, in one SQLite file that survives a kill at any moment.

``tasks`` mirrors the server's tasks that have annotations, under the server's ids: they change with it and are never
used for anything else. ``said`` holds what labellers said of each sentence and from when on, which the server isn't
told of blind tasks. ``facts`` holds which project this is and how far it was read.
"""

from __future__ import annotations

import fcntl
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.labellers import Said

TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tasks (id INTEGER PRIMARY KEY, task TEXT NOT NULL, answers INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS said (
  ext_id TEXT NOT NULL, at REAL NOT NULL, version TEXT NOT NULL, labels TEXT NOT NULL, confidence REAL NOT NULL);
CREATE INDEX IF NOT EXISTS said_of ON said (ext_id);
"""
BUSY_S = 60
PROJECT = "project"  # a fact
TRAINED = "answers when the commands last ended well"  # a fact
Row = dict[str, Any]


class Store:
    """The file of one project, inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def fact(self, name: str) -> str:
        """A fact by name, empty where it isn't known."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def set_fact(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def replace_tasks(self, tasks: Iterable[Row]) -> None:
        """Make the mirror hold exactly these."""
        self._db.execute("DELETE FROM tasks")
        self.update_tasks(tasks)

    def update_tasks(self, tasks: Iterable[Row]) -> None:
        """Take over tasks as they are now."""
        rows = [(task["id"], json.dumps(task, ensure_ascii=False), len(task["annotations"])) for task in tasks]
        self._db.executemany("INSERT OR REPLACE INTO tasks VALUES (?, ?, ?)", rows)

    def remove_tasks(self, ids: Iterable[int]) -> None:
        """Let these tasks leave the mirror, those of them that are in it."""
        self._db.executemany("DELETE FROM tasks WHERE id = ?", [(id,) for id in ids])

    def tasks(self) -> Iterator[Row]:
        """The mirrored tasks, by id."""
        for (task,) in self._db.execute("SELECT task FROM tasks ORDER BY id"):
            yield json.loads(task)

    def answers(self) -> int:
        """How many annotations the mirror holds, skips included."""
        return int(self._db.execute("SELECT COALESCE(SUM(answers), 0) FROM tasks").fetchone()[0])

    def bind(self, project: str, path: Path) -> None:
        """Belong to this project from now on. Raises ValueError where it belongs to another one."""
        before = self.fact(PROJECT)
        if before not in ("", project):
            raise ValueError(
                f"{path}: belongs to another project of this title ({before}; this one is {project}). Is this the "
                "right server? If both are wanted, give each its own --folder, and its own --out where you pull. If "
                "the other one is no more, move this file away and rename its file of annotations, which `build` "
                "reads under any name; then run the command again"
            )
        self.set_fact(PROJECT, project)

    def add_suggestions(self, version: str, said: Mapping[str, Said], at: float) -> None:
        """Remember what a version says of sentences, by ext_id, from a time of the server's clock (seconds since 1970)
        on; where it was saying so already, since when stays as it is."""
        rows = []
        for key, one in said.items():
            row = (version, json.dumps(one.labels), one.confidence)
            if self._last_said(key) != row:
                rows.append((key, at, *row))
        self._db.executemany("INSERT INTO said VALUES (?, ?, ?, ?, ?)", rows)

    def _last_said(self, key: str) -> Any:
        """Version, labels as JSON and confidence; None where nothing was said yet."""
        rows = self._db.execute(
            "SELECT version, labels, confidence FROM said WHERE ext_id = ? ORDER BY rowid DESC LIMIT 1", (key,)
        )
        return rows.fetchone()

    def suggestions(self, version: str) -> dict[str, Said]:
        """What a version said last, by ext_id."""
        rows = self._db.execute(
            "SELECT ext_id, labels, confidence FROM said WHERE version = ? ORDER BY rowid", (version,)
        )
        return {key: Said(json.loads(labels), confidence) for key, labels, confidence in rows}

    def versions(self) -> list[str]:
        """The versions that said something, the newest last."""
        rows = self._db.execute("SELECT version, MAX(rowid) AS last FROM said GROUP BY version ORDER BY last")
        return [version for version, _ in rows]

    def history(self) -> dict[str, list[tuple[float, str, Said]]]:
        """Of every mirrored sentence when (seconds since 1970) which version said what, the oldest first; by ext_id."""
        found: dict[str, list[tuple[float, str, Said]]] = {}
        for key, *row in self._db.execute(
            "SELECT ext_id, at, version, labels, confidence FROM said WHERE ext_id IN "
            "(SELECT json_extract(task, '$.data.ext_id') FROM tasks) ORDER BY rowid"
        ):
            at, version, labels, confidence = row
            found.setdefault(key, []).append((at, version, Said(json.loads(labels), confidence)))
        return found


def store_path(folder: Path, file: str) -> Path:
    """Where the store of a project is: beside the local server's data, under the name of its file of annotations."""
    return folder / "projects" / Path(file).with_suffix(".sqlite")


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep other pushes and pulls of a project waiting while the block runs; the store itself stays open to all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another command that is at work on {path.stem}", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """The store at a path, made where missing. Everything in the block is kept, or nothing of it.

    Raises ValueError where the file is no store, can't be written, or is held by another program for over a minute.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    try:
        with _explained(path):
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES.split(";"):
                connection.execute(statement)
        yield Store(connection)
        with _explained(path):
            connection.execute("COMMIT")
    finally:
        connection.close()  # without the commit, everything is rolled back


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn SQLite's exceptions into a ValueError that says what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:  # the upper bits only tell of what kind
            raise ValueError(f"{path}: another command is using it; wait until it ends, try again") from error
        raise ValueError(
            f"{path}: could not be written ({error}); is the disk full, or the folder not yours? Nothing was changed"
        ) from error
    except sqlite3.DatabaseError as error:
        raise ValueError(
            f"{path}: is damaged ({error}); move it away. A full pull makes the answers anew, "
            "but not what was suggested of blind sentences"
        ) from error
