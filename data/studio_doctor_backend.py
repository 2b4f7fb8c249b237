"""What the doctor sees of models: the connected servers, and whether the newest model is the one in use."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

from data.studio_backend import address_of, served_version
from data.studio_finding import Called, Finding
from data.studio_project import labels_of

PATIENCE_S = 5
CONNECTED = "CO"  # a state of Label Studio's
BLOCKED = (
    "it answers from here, so Label Studio probably blocks loopback and private addresses: start it with "
    "`label-studio up`, or set USE_DEFAULT_BANNED_SUBNETS=false where it starts"
)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Model:
    """A model directory, as seen from here, with its version and the labels that it knows."""

    folder: str
    version: str
    labels: list[str]


def read_model(folder: Path) -> Model | Finding | None:
    """What a model directory says of itself; why it doesn't, where it doesn't; None where there is none."""
    if not folder.is_dir():
        return None
    name = str(folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder)
    command = [sys.executable, "-m", "serve", "score", "--model", str(folder.resolve())]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        return Finding(True, f"{name} took more than {PATIENCE_S} s to load: not compared with the model in use")
    if done.returncode:
        fault = done.stderr.strip()[-300:].removeprefix("error: ")
        return Finding(False, f"{name} is no model that can be served: {fault}", "python -m train")
    header = json.loads(done.stdout.splitlines()[0])
    return Model(name, header["model_version"], header["labels"])


def examine_backends(backends: list[Row], now: Row, key: str, called: Called) -> Iterator[Finding]:
    """The connections of a project with servers of models; ``now`` is the project."""
    if not backends:
        yield Finding(True, "no model's server is connected: people see the ticks that were pushed, and no others")
    if len(backends) > 1:
        names = ", ".join(address_of(backend) for backend in backends)
        mend = f"{called.command('connect URL --replace')}, where URL is the one that shall stay"
        yield Finding(False, f"{len(backends)} servers are connected, of which Label Studio asks one: {names}", mend)
    for backend in backends:
        yield from _backend(backend, now["model_version"], key, called)


def _backend(backend: Row, shown: str, key: str, called: Called) -> Iterator[Finding]:
    url = address_of(backend)
    again = called.command(f"connect {url}")
    try:
        version = served_version(url, key)
        yield Finding(True, f"{url} answers from here, with the model {version}")
    except ValueError as error:
        yield Finding(False, str(error), f"python -m serve, then {again}")
        return
    if backend["state"] != CONNECTED:
        why = str(backend.get("error_message") or "no reason given")
        what = f"Label Studio does not reach {url} (state {backend['state']}): {why[:300]}"
        yield Finding(False, what, (f"{BLOCKED}; then " if _is_near(url) else "") + again)
        return
    yield Finding(True, f"Label Studio reaches {url}")
    if version == backend["title"] == shown:
        yield Finding(True, "it is connected under that model's name, and the project goes by its predictions")
        return
    what = (
        f"{url} serves {version}, is connected as {backend['title']}, the project goes by {shown or 'none'}: "
        "where these differ, the order is random and ticks are missing"
    )
    yield Finding(False, what, f"{again}; then {called.command('push --order uncertainty --prelabel MODEL')}")


def examine_newest(model: Model, backends: list[Row], now: Row, called: Called) -> Finding:
    """Whether the newest model is the one that is served and whose predictions are shown."""
    name = f"the newest model, {model.version} in {model.folder},"
    if strange := sorted(set(model.labels) - set(labels_of(now["label_config"]))):
        return Finding(True, f"{name} knows labels that are not this project's, {strange}: not compared")
    reached = [backend for backend in backends if backend["state"] == CONNECTED]
    stale = [backend for backend in reached if backend["model_version"] != model.version]
    shown = now["model_version"] or "none"
    if shown == model.version and not stale:
        return Finding(True, f"{name} is the one in use")
    olds = [f"{address_of(backend)} serves {backend['model_version']}" for backend in stale]
    olds += [f"the project goes by {shown}"] if shown != model.version else []
    steps = [f"end `python -m serve`, start it again, {called.command('connect ' + address_of(b))}" for b in stale]
    steps.append(called.command(f"push --order uncertainty --prelabel {quote(model.folder)}"))
    mend = f"if its report.html says that it is better: {', then '.join(steps)}"
    return Finding(False, f"{name} is not in use: {' and '.join(olds)}", mend)


def _is_near(url: str) -> bool:
    """Whether an address is one that Label Studio asks nothing of unless it is told to."""
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host  # localhost
