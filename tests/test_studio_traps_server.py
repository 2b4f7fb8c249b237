"""What a Label Studio 1.23 server does by its own settings to suggestions, the queue, the network and signals."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from data.order import Order
from data.records import Document, write_jsonl
from data.sentences import segment
from data.studio_cli import app
from data.studio_client import connected
from data.studio_project import setup
from data.studio_pull import pull
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_server import read_credentials, running, stop
from data.studio_tasks import tasks_of
from desk import Desk, chromium
from studio import (
    BLOCKS,
    DOCUMENT,
    SENTENCES,
    WATER,
    choice,
    in_background,
    label,
    labeller,
    next_task,
    planned,
    raw,
    spied,
    started,
    strangers,
    task_ids,
)

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server

pytestmark = pytest.mark.studio

TASKS = list(tasks_of([DOCUMENT], SENTENCES))
FERRY = "渡船去年全部换新。"
LIST = Document.of(
    "浮标漆色脱落。缆绳磨损严重。船闸夜间停航。泵站电费上涨。水尺读数不清。渔网堵住桥孔。堤坝裂缝渗漏。灯塔无人值守。"
)
LINES = list(tasks_of([LIST], segment(LIST)))
CALLS = {"COLLECT_ANALYTICS", "LATEST_VERSION_CHECK", "SENTRY_DSN", "FRONTEND_SENTRY_DSN"}
CHECK = "fflag_feat_utc_210_prediction_validation_15082025"
SHIPPED = dict.fromkeys((*BLOCKS, *CALLS, CHECK))  # as Label Studio has it without our settings


@pytest.fixture
def project(client: LabelStudio, request: pytest.FixtureRequest) -> int:
    number = setup(client, WATER, "# 手册", request.node.name[-50:]).project
    push(client, number, TASKS)
    return number


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with Label Studio's own settings, which the test lets call nobody."""
    folder = tmp_path_factory.mktemp("shipped") / "数据"
    with started(folder, SHIPPED | spied(folder)) as server:
        yield server


@pytest.fixture(scope="module")
def careless(shipped: Server) -> Iterator[LabelStudio]:
    with connected(shipped.url, shipped.credentials.token) as connection:
        yield connection


@pytest.fixture(scope="module")
def seen(label_studio: Server, shipped: Server) -> dict[str, tuple[list[str], set[str]]]:
    """By server: which boxes of a task are ticked in a browser, and the hosts outside that the browser asked for."""
    found = {}
    for name, server, value in (("ours", label_studio, "boat"), ("shipped", shipped, "船")):
        with connected(server.url, server.credentials.token) as client, chromium() as browser:
            number = setup(client, WATER, "# 怎样标注", "浏览器里看").project
            push(client, number, TASKS[-1:], Queue(labeller(lambda _, value=value: [value])))  # type: ignore[misc]
            found[name] = look(Desk(browser, server.url), server, number)
    return found


def look(desk: Desk, server: Server, project: int) -> tuple[list[str], set[str]]:
    hosts: set[str] = set()

    def guard(route: Any) -> None:
        host = urlsplit(route.request.url).hostname
        if host in (None, "127.0.0.1"):
            route.continue_()
        else:
            hosts.add(host)
            route.abort()

    desk.page.route("**/*", guard)
    desk.log_in(server.credentials.email, server.credentials.password)
    desk.start(project, "怎样标注")
    desk.page.wait_for_selector(f".sentence:has-text('{FERRY}')")
    desk.page.wait_for_timeout(1500)
    ticked = desk.ticked()
    desk.press("2")
    desk.submit()
    desk.page.wait_for_timeout(500)
    return ticked, hosts


@pytest.mark.browser
def test_that_boxes_are_ticked_by_ids_and_names_are_refused(
    seen: dict[str, tuple[list[str], set[str]]], client: LabelStudio, project: int
) -> None:
    assert seen["shipped"][0] == []  # taken, and nothing is shown
    assert seen["ours"][0] == ["船"]
    with pytest.raises(ValueError, match=r"Label Studio answered 400.*valid labels: .*'boat'"):
        push(client, project, LINES, Queue(labeller(lambda _: ["船"])))
    assert len(task_ids(client, project)) == 4


def test_that_predictions_dropped_without_a_word_are_noticed(
    careless: LabelStudio, client: LabelStudio, label_studio: Server, project: int, tmp_path: Path
) -> None:
    number = setup(careless, WATER, "", "悄悄丢掉").project
    push(careless, number, TASKS)
    lost = {"task": task_ids(careless, number)[FERRY], "model_version": "m@1", "result": [choice("fish")]}
    answer = raw(careless, "POST", f"api/projects/{number}/import/predictions", [lost])
    assert (answer.status_code, answer.json()) == (201, {"created": 0})
    wrong = Queue(labeller(lambda _: ["fish"]))
    with pytest.raises(ValueError, match="sent 4 predictions, Label Studio made 0"):
        push(careless, number, TASKS, wrong)
    with pytest.raises(ValueError, match="Label Studio answered 400"):
        push(client, project, TASKS, wrong)
    write_jsonl(tmp_path / "documents.jsonl", [LIST])
    write_jsonl(tmp_path / "sentences.jsonl", segment(LIST))
    title = str(client.projects.get(project).title)
    line = ["push", str(tmp_path), "--prelabel=lexicon", f"--folder={label_studio.folder}", f"--project={title}"]
    assert "suggests ['funding'" in str(CliRunner().invoke(app, line).exception)
    assert len(task_ids(client, project)) == 4


def test_that_only_the_button_follows_our_order_and_no_printed_address_leads_past_it(
    client: LabelStudio, label_studio: Server, tmp_path: Path
) -> None:
    write_jsonl(tmp_path / "documents.jsonl", [LIST])
    write_jsonl(tmp_path / "sentences.jsonl", segment(LIST))
    where = [f"--folder={label_studio.folder}", "--project=按钮的次序"]
    lines = (["setup"], ["push", str(tmp_path)])
    printed = "".join(CliRunner().invoke(app, [*line, *where], catch_exceptions=False).output for line in lines)
    [number] = {int(found) for found in re.findall(r"/projects/(\d+)/data", printed)}
    assert re.findall(r"http\S+", printed) == [f"{label_studio.url}/projects/{number}/data"] * 2
    sure = {task["text"]: 1 - place / 10 for place, task in enumerate(LINES)}
    queue = Queue(labeller(lambda _: [], sure=sure.__getitem__), Order.uncertainty)
    push(client, number, LINES, queue)
    ours = planned(queue, LINES)
    for expected in ours[:4]:
        task = next_task(client, number)
        assert task["data"]["text"] == expected
        label(client, task["id"], "none")
    everything = {"filters": {"conjunction": "and", "items": []}, "selectedItems": {"all": True, "excluded": []}}
    page = {"project": number, **everything}  # what a page with ?labeling=1 sends
    other = raw(client, "POST", f"api/dm/actions?id=next_task&project={number}", page).json()
    assert other["queue"] == "Data manager queue"
    assert other["data"]["text"] == LINES[0]["text"] != ours[4]


@pytest.fixture(scope="module")
def background(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a spied server that a script left running."""
    folder = tmp_path_factory.mktemp("background") / "数据"
    with in_background(folder, spied(folder), "--detach"):
        yield folder


def test_that_our_server_calls_nobody_outside(shipped: Server, background: Path, tmp_path: Path) -> None:
    record, who = running(background), read_credentials(background)
    assert record
    assert who
    with connected(record.url, who.token) as client:
        number = setup(client, WATER, "# 手册", "谁也不找").project
        push(client, number, TASKS, Queue(labeller(lambda _: ["water"])), tmp_path / "s")
        label(client, next_task(client, number)["id"], "water")
        pull(client, number, WATER, tmp_path, store=tmp_path / "s")
        for path in ("api/version", "", f"projects/{number}/data", "api/invite"):
            assert raw(client, "GET", path).status_code == 200
    assert strangers(background) == set()
    assert {"pypi.org", "tele.labelstud.io"} <= strangers(shipped.folder)


@pytest.mark.browser
def test_that_our_pages_call_nobody_outside(seen: dict[str, tuple[list[str], set[str]]]) -> None:
    assert seen["ours"][1] == set()
    assert seen["shipped"][1] != set()


def test_that_down_ends_a_server_that_ignores_the_interrupt(background: Path) -> None:
    record = running(background)
    assert record
    os.kill(record.pid, signal.SIGINT)  # a script's shell makes everything that it starts with & ignore it
    time.sleep(1)
    assert running(background) == record
    down = CliRunner().invoke(app, ["down", f"--folder={background}"], catch_exceptions=False)
    assert down.output == f"stopped {record.url}\n"
    assert running(background) is None


def fact(process: int, name: str) -> str:
    """What Linux says of a process, the first word of it; empty where there is none."""
    status = Path(f"/proc/{process}/status")
    try:
        return status.read_text(encoding="utf-8").partition(f"{name}:")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, None])
def test_that_up_in_a_script_ends_by_down_and_by_signals(tmp_path: Path, end: signal.Signals | None) -> None:
    with in_background(tmp_path / "数据", {}) as printed:
        record = running(tmp_path / "数据")
        assert record
        up = int(fact(record.pid, "PPid"))
        if end is None:
            stop(tmp_path / "数据")
        else:
            os.kill(up, end)
        deadline = time.monotonic() + 20
        while running(tmp_path / "数据") or fact(up, "State") not in ("", "Z"):  # where nobody reaps it, it stays Z
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert not re.search("Traceback|error", printed.read_text(encoding="utf-8"))
