"""Where a local Label Studio server keeps its data: a SQLite file of its folder, or a PostgreSQL database."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from data.files import write_atomic

FILE = "database.json"
PASSWORD = "PGPASSWORD"  # the variable that PostgreSQL's own programs read
FORM = "postgresql://USER@HOST:5432/DATABASE"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database; its password stays in the environment."""

    user: str
    host: str
    port: int
    name: str

    @staticmethod
    def parse(url: str) -> Postgres:
        """Read postgresql://USER@HOST:PORT/DATABASE. Raises ValueError, also where a password stands in it."""
        try:
            parts = urlsplit(url)
            port = parts.port or 5432
        except ValueError as error:
            raise ValueError(f"--postgres: expected {FORM}, got an address that can't be read ({error})") from error
        if parts.password is not None:
            raise ValueError(f"--postgres: leave the password out of the address, give it in {PASSWORD}")
        name = parts.path.strip("/")
        if parts.scheme not in ("postgresql", "postgres") or not (parts.username and parts.hostname and name):
            raise ValueError(f"--postgres: expected {FORM}, got {url!r}")
        return Postgres(parts.username, parts.hostname, port, name)

    @property
    def url(self) -> str:
        """The address that `parse` reads."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{self.user}@{host}:{self.port}/{self.name}"

    def __str__(self) -> str:
        known = "set" if os.environ.get(PASSWORD) else "not set"
        return f"its database is {self.url}, the password's variable {PASSWORD} is {known} (say --postgres again)"

    def environment(self) -> dict[str, str]:
        """The server's settings for it."""
        return {
            "DJANGO_DB": "default",
            "POSTGRE_USER": self.user,
            "POSTGRE_PASSWORD": os.environ.get(PASSWORD, ""),
            "POSTGRE_HOST": self.host,
            "POSTGRE_PORT": str(self.port),
            "POSTGRE_NAME": self.name,
        }


def database_of(folder: Path, url: str, has_sqlite: bool) -> Postgres | None:
    """The database of a data folder: named at its first start, the same ever after; None for SQLite.

    Raises ValueError where the folder's data lie in another one.
    """
    path = folder / FILE
    kept = Postgres.parse(json.loads(path.read_text(encoding="utf-8"))["postgres"]) if path.exists() else None
    wanted = Postgres.parse(url) if url else None
    if wanted and (has_sqlite or kept not in (None, wanted)):
        lie = kept.url if kept else "SQLite"
        raise ValueError(
            f"{folder}: its data lie in {lie}, not in {wanted.url}; leave --postgres out, or name another folder"
        )
    return kept or wanted


def keep_database(folder: Path, database: Postgres | None) -> None:
    """Remember the database of a data folder, once a server has come up on it."""
    if database:
        write_atomic(folder / FILE, json.dumps({"postgres": database.url}) + "\n")
