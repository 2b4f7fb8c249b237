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

from data.studio_backend import Unanswered, address_of, serve_line, served_version
from data.studio_finding import Called, Finding
from data.studio_project import labels_of

PATIENCE_S = 5
CONNECTED = "CO"  # a state of Label Studio's
BLOCKED = (
    "# it answers from here, so Label Studio probably blocks loopback and private addresses: start it with "
    "`label-studio up`, or set USE_DEFAULT_BANNED_SUBNETS=false where it starts; then\n"
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


def examine_backends(
    backends: list[Row], now: Row, key: str, model: Model | Finding | None, called: Called
) -> Iterator[Finding]:
    """The connections of a project, ``now``, with servers of models, whose key is ``key``; ``model`` is the newest."""
    if not backends:
        yield Finding(True, "no model's server is connected: people see the ticks that were pushed, and no others")
    if len(backends) > 1:
        names = ", ".join(address_of(backend) for backend in backends)
        mend = f"{called.command('connect URL --replace')}  # URL: the one that shall stay"
        yield Finding(False, f"{len(backends)} servers are connected, of which Label Studio asks one: {names}", mend)
    for backend in backends:
        yield from _backend(backend, now["model_version"], key, model, called)


def _backend(backend: Row, shown: str, key: str, model: Model | Finding | None, called: Called) -> Iterator[Finding]:
    url = address_of(backend)
    again = called.command(f"connect {url}")
    try:
        version = served_version(url, key)
        yield Finding(True, f"{url} answers from here, with the model {version}")
    except ValueError as error:
        first = f"{serve_line(url)} &" if isinstance(error, Unanswered) else "# mend what this line says, then"
        yield Finding(False, str(error), f"{first}\n{again}")
        return
    if backend["state"] != CONNECTED:
        why = str(backend.get("error_message") or "no reason given")
        what = f"Label Studio does not reach {url} (state {backend['state']}): {why[:300]}"
        yield Finding(False, what, (BLOCKED if _is_near(url) else "") + again)
        return
    yield Finding(True, f"Label Studio reaches {url}")
    if version == backend["title"] == shown:
        yield Finding(True, "it is connected under that model's name, and the project goes by its predictions")
        return
    seen = f"{shown}: people see what was pushed under that name" if shown else "no version: the order is random"
    what = f"{url} serves {version}, is connected as {backend['title']}, and the project goes by {seen}"
    mend = f"{again}\n{called.command(push_line(version, model))}"
    yield Finding(False, f"{what}, and what this server suggests is not shown", mend)


def examine_newest(model: Model, backends: list[Row], now: Row, called: Called) -> Finding:
    """Whether the newest model is the one that is served and whose predictions are shown. Newer need not be better."""
    name = f"the newest model, {model.version} in {model.folder},"
    if strange := sorted(set(model.labels) - set(labels_of(now["label_config"]))):
        return Finding(True, f"{name} knows labels that are not this project's, {strange}: not compared")
    reached = [backend for backend in backends if backend["state"] == CONNECTED]
    stale = [backend for backend in reached if backend["model_version"] != model.version]
    shown = now["model_version"] or "none"
    if shown == model.version and not stale:
        return Finding(True, f"{name} is the one that the project goes by")
    olds = [f"{address_of(backend)} serves {backend['model_version']}" for backend in stale]
    olds += [f"the project goes by {shown}"] if shown != model.version else []
    steps = [f"# where {_report(model)} says that it is better:"]
    for url in map(address_of, stale):
        steps += [f"# end the server at {url}, then", f"{serve_line(url)} &", called.command(f"connect {url}")]
    steps.append(called.command(push_line(model.version, model)))
    return Finding(True, f"{name} is not in use: {' and '.join(olds)}", "\n".join(steps))


def _report(model: Model) -> str:
    """Where the report of a model's training stands, by its name."""
    return f"train/runs/{model.version.partition('@')[0]}/report.html"


def push_line(version: str, newest: Model | Finding | None) -> str:
    """The push that suggests and orders by a version; its directory is known where it is the newest model's."""
    if isinstance(newest, Model) and newest.version == version:
        return f"push --order uncertainty --prelabel {quote(newest.folder)}"
    return f"push --order uncertainty --prelabel MODEL  # MODEL: the directory of {version or 'a model'}"


def _is_near(url: str) -> bool:
    """Whether an address is one that Label Studio asks nothing of unless it is told to."""
    host = urlsplit(url).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host  # localhost
