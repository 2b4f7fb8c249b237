"""A Label Studio server of our own, on loopback only: start, find, stop.

A data folder holds the database, ``credentials.json`` and ``server.json``, which stays locked while its server lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from data.studio_database import Postgres, database_of, keep_database
from data.studio_install import DATABASE, LOOPBACK, environment, installed, say, server_command

EMAIL = "admin@localhost"
START_S = 180
STOP_S = 15


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who may enter a server. The token is the API key."""

    email: str
    password: str
    token: str


@dataclass(frozen=True, slots=True)
class Record:
    """Where a running server is."""

    pid: int
    url: str


@dataclass(frozen=True, slots=True)
class Server:
    """A server that we started."""

    folder: Path
    url: str
    credentials: Credentials
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def serving(folder: Path, port: int = 0, email: str = "", postgres: str = "") -> Iterator[Server]:
    """A server on a data folder for as long as the block runs; port 0 takes a free one."""
    server = launch(folder, port, email, postgres)
    try:
        yield server
    finally:
        _end(server.process)


def launch(folder: Path, port: int, email: str, postgres: str = "") -> Server:
    """Start a server that outlives this program, on a free port if 0; on first use this installs it.

    ``postgres`` is the address of a database in place of SQLite, at the folder's first start.
    """
    if postgres:
        Postgres.parse(postgres)  # a wrong address is refused before anything is installed
    port = _free_port(port)
    python, template = installed()
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://{LOOPBACK}:{port}"
    with (folder / "server.json").open("a+", encoding="utf-8") as record:
        if not _try_lock(record):
            raise ValueError(f"{folder}: a Label Studio server already runs on this folder; stop it or choose another")
        record.truncate(0)
        database = database_of(folder, postgres, (folder / DATABASE).exists())
        who = _credentials(folder, email)
        if database is None:
            _provide_database(folder, template)
        process = _spawn(python, folder, port, who, record, database)
        record.write(json.dumps(asdict(Record(process.pid, url))))
    try:
        _wait_until_up(process, url, folder / "server.log", str(database or "its database is SQLite"))
    except BaseException:  # also Ctrl-C: nothing may be left running
        _end(process)
        raise
    keep_database(folder, database)
    return Server(folder, url, who, process)


def running(folder: Path) -> Record | None:
    """The server of a data folder, if one lives: it holds the lock on its record."""
    path = folder / "server.json"
    if not path.exists():
        return None
    with path.open(encoding="utf-8") as file:
        if _try_lock(file, fcntl.LOCK_SH):  # shared, so that two who look do not see each other
            return None
        text = file.read()
    if not text:
        raise ValueError(f"{folder}: a Label Studio server is just being started there; try again in a minute")
    return Record(**json.loads(text))


def stop(folder: Path) -> Record | None:
    """Stop the server of a data folder; returns what ran, None where nothing did."""
    record = running(folder)
    if record is None:
        return None
    os.kill(record.pid, signal.SIGTERM)  # SIGINT is ignored by a server that was started in the background
    deadline = time.monotonic() + STOP_S
    while running(folder):
        if time.monotonic() > deadline:
            raise ValueError(f"Label Studio (process {record.pid}) did not stop within {STOP_S} s; end it by hand")
        time.sleep(0.1)
    return record


def credentials_file(folder: Path) -> Path:
    """Where e-mail, password and API token of a data folder are kept, readable by its owner only."""
    return folder / "credentials.json"


def read_credentials(folder: Path) -> Credentials | None:
    """Who may enter the server of a data folder; None where no server was ever started."""
    path = credentials_file(folder)
    if not path.exists():
        return None
    try:
        return Credentials(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: expected email, password and token as JSON, got: {error}") from error


def _try_lock(file: IO[str], kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _provide_database(folder: Path, template: Path) -> None:
    if not (folder / DATABASE).exists():
        scratch = folder / f".{DATABASE}.new"
        shutil.copyfile(template, scratch)
        scratch.chmod(0o600)
        scratch.replace(folder / DATABASE)


def _credentials(folder: Path, email: str) -> Credentials:
    who = read_credentials(folder) or _new_credentials(folder, email or EMAIL)
    if email not in ("", who.email):
        raise ValueError(f"{folder}: this server's first account is {who.email}, not {email}; leave --email out")
    return who


def _new_credentials(folder: Path, email: str) -> Credentials:
    if (folder / DATABASE).exists():
        raise ValueError(
            f"{folder}: has a database but no credentials.json; put that file back, or start another folder"
        )
    who = Credentials(email, secrets.token_urlsafe(12), secrets.token_hex(20))
    handle = os.open(credentials_file(folder), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(who), file, indent=1)
    return who


def _spawn(
    python: Path, folder: Path, port: int, who: Credentials, record: IO[str], database: Postgres | None
) -> subprocess.Popen[bytes]:
    say(f"Starting Label Studio on {LOOPBACK}:{port} …")
    env = environment(folder) | (database.environment() if database else {})
    env |= {
        "LABEL_STUDIO_USERNAME": who.email,
        "LABEL_STUDIO_PASSWORD": who.password,
        "LABEL_STUDIO_USER_TOKEN": who.token,
    }
    command = server_command(python, "start", "--no-browser", "--internal-host", LOOPBACK, "--port", str(port))
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            command,
            env=env,
            cwd=folder,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[record.fileno()],
        )


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path, database: str) -> None:
    deadline = time.monotonic() + START_S
    while not _healthy(url):
        if process.poll() is not None or time.monotonic() > deadline:
            end = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise ValueError(
                f"Label Studio did not start (waited up to {START_S} s); {database}; its log {log} ends:\n{end}"
            )
        time.sleep(0.2)


def _healthy(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy
    try:
        with opener.open(f"{url}/health", timeout=5) as answer:
            return bool(json.load(answer).get("status") == "UP")
    except (OSError, ValueError, http.client.HTTPException):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, wanted))
        except OSError as error:
            raise ValueError(f"port {wanted} of {LOOPBACK} is taken ({error}); choose another with --port") from error
        return int(probe.getsockname()[1])
