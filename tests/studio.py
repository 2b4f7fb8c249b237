"""What the tests of a real Label Studio server share: a label set, a document, an annotator's hand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from data import studio_install
from data.labellers import Labeller, Said
from data.labels import Label, LabelSet
from data.records import Document
from data.sentences import segment
from data.studio_client import fetch, fetch_tasks
from data.studio_queue import Queue
from data.studio_server import Server, launch, stop

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

ROOT = Path(__file__).parent.parent
BLOCKS = {
    "SSRF_PROTECTION_ENABLED",
    "ML_BLOCK_LOCAL_IP",
    "USE_DEFAULT_BANNED_SUBNETS",
    "USER_ADDITIONAL_BANNED_SUBNETS",
}
WATER = LabelSet((Label("risk", "风险", hotkey="1"), Label("water", "水", hotkey="2"), Label("boat", "船", hotkey="3")))
DOCUMENT = Document.of(
    "湖库治理方案\n一、岸线\n要清理岸线垃圾。部分河段水质仍然偏差。渡船去年全部换新。", title="治理方案"
)
SENTENCES = segment(DOCUMENT)


def task_ids(client: LabelStudio, project: int) -> dict[str, int]:
    """The server's number of every task, by its sentence."""
    return {row["data"]["text"]: row["id"] for row in fetch_tasks(client, project, fields="task_only")[0]}


def choice(*chosen: str) -> dict[str, Any]:
    """The choices of a task as the server takes them."""
    return {"from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": list(chosen)}}


def label(client: LabelStudio, task: int, *chosen: str, **more: Any) -> int:
    """Answer a task as a person would; returns the answer's number."""
    made: Any = client.annotations.create(task, result=[choice(*chosen)] if chosen else [], **more)
    return int(made.id)


def person(client: LabelStudio, name: str) -> int:
    """The account of this name, made where missing."""
    email = f"{name}@example.org"
    there = {user.email: user.id for user in client.users.list()}
    return int(there.get(email) or client.users.create(email=email, username=name).id)


def labeller(
    say: Callable[[str], list[str]], version: str = "m@1", sure: Callable[[str], float] = lambda _: 0.5
) -> Labeller:
    """One that says and is as sure of it as told."""
    return Labeller(version, frozenset(WATER.ids), True, lambda texts: [Said(say(text), sure(text)) for text in texts])


def boats(text: str) -> list[str]:
    """Finds boats, and nothing else."""
    return ["boat"] * ("船" in text)


def next_task(client: LabelStudio, project: int) -> dict[str, Any]:
    """What the button “Label All Tasks” asks the server for: the first task of the queue."""
    return dict(fetch(client, f"api/projects/{project}/next").body)


def ticks(result: list[dict[str, Any]]) -> list[str]:
    """The ids that a prediction ticks."""
    return list(result[0]["value"]["choices"]) if result else []


@contextmanager
def serve(model: Path, key: str = "", host: str = "127.0.0.1") -> Iterator[str]:
    """A server of ours over a model directory; the block gets its address."""
    line = [sys.executable, "-m", "serve", "--model", str(model), "--host", host, "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "POLICY_API_KEY": key}
    with subprocess.Popen(
        line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
    ) as process:
        try:
            assert process.stdout
            found = re.search(rf"http://{re.escape(host)}:\d+", process.stdout.readline())
            assert found, process.stdout.read()
            yield found[0]
        finally:
            process.kill()


SPY = """
import os
import sys

def note(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else str(host)
    with open(os.environ["SPIED"], "a") as file:
        file.write(host + "\\n")
    if host not in ("127.0.0.1", "localhost", "0.0.0.0"):
        raise OSError(host + ": the test lets nobody out")

sys.addaudithook(note)
"""


def spied(folder: Path) -> dict[str, str]:
    """Settings with which a server writes down every host that it asks for, and gets no answer from outside."""
    (folder / "spy").mkdir(parents=True)
    (folder / "spy" / "sitecustomize.py").write_text(SPY, encoding="utf-8")
    return {"PYTHONPATH": str(folder / "spy"), "SPIED": str(folder / "spied")}


def strangers(folder: Path) -> set[str]:
    """The hosts outside this machine that the spied server of a folder asked for."""
    hosts = set((folder / "spied").read_text(encoding="utf-8").split())
    assert hosts  # it finds itself before it says that it is up
    return hosts - {"127.0.0.1", "localhost", "0.0.0.0"}


@contextmanager
def started(folder: Path, settings: Mapping[str, str | None]) -> Iterator[Server]:
    """A server whose settings differ from ours; None leaves one as Label Studio has it."""
    changed = {name: value for name, value in {**studio_install.SETTINGS, **settings}.items() if value is not None}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studio_install, "SETTINGS", changed)
        server = launch(folder, 0, "")
    try:
        yield server
    finally:
        stop(folder)
        server.process.wait()


@contextmanager
def in_background(folder: Path, settings: dict[str, str], *options: str) -> Iterator[Path]:
    """A server that a script started with &, once it says that it is there; the block gets what it printed."""
    code = f"from data import studio_install as i; i.SETTINGS |= {settings!r}; from data.studio_cli import app; app()"
    line = [sys.executable, "-c", code, "up", "--port=0", f"--folder={folder}", *options]
    printed = folder.with_suffix(".txt")
    printed.touch()
    try:
        subprocess.run(["sh", "-c", '"$@" > "$0" 2>&1 &', str(printed), *line], check=True, cwd=ROOT)
        deadline = time.monotonic() + 120
        while "password in" not in printed.read_text(encoding="utf-8"):
            assert time.monotonic() < deadline, printed.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield printed
    finally:
        stop(folder)


def raw(client: LabelStudio, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
    """The server's own answer, whatever it is."""
    answer: httpx.Response = client._client_wrapper.httpx_client.request(
        path, method=method, json=body, params=params or None
    )
    return answer


def colleague(client: LabelStudio, url: str, email: str) -> str:
    """Make an account by the link that `invite` prints; returns its API key."""
    with httpx.Client(base_url=url, trust_env=False) as http:
        link = str(fetch(client, "api/invite").body["invite_url"])
        http.get(link)
        form = {"email": email, "password": "a word of its own 1", "csrfmiddlewaretoken": http.cookies["csrftoken"]}
        assert http.post(link, data=form, headers={"Referer": url}).status_code == 302
        return str(http.get("/api/current-user/token").json()["token"])


def planned(queue: Queue, tasks: list[dict[str, Any]]) -> list[str]:
    """The sentences in the order that the queue gives them."""
    plan = queue.plan([queue.marked(task) for task in tasks])
    return [task["text"] for task in sorted(tasks, key=lambda task: plan[task["ext_id"]].score)]
