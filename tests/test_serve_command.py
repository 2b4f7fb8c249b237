"""`python -m serve` as a process: it opens, answers, stops cleanly, and refuses with a reason."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from serve.__main__ import _listen
from trained import ROOT, Workshop

pytestmark = pytest.mark.training


def command(workshop: Workshop, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "serve", *arguments, "--model", str(workshop.model)]


def run(line: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        line, env=environment, input=given, capture_output=True, text=True, encoding="utf-8", check=False
    )


@contextmanager
def server(workshop: Workshop) -> Iterator[tuple[subprocess.Popen[str], str]]:
    line = command(workshop, "--port", "0")
    process = subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", cwd=ROOT
    )
    try:
        assert process.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found, process.stdout.read()
        yield process, found[0]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_that_it_opens_answers_and_stops_cleanly(workshop: Workshop, number: signal.Signals) -> None:
    with server(workshop) as (process, address):
        assert httpx.get(address + "health").json()["status"] == "UP"
        answer = httpx.post(address + "v1/classify", json={"sentences": ["要建平台。"]}).json()
        assert answer["sentences"][0]["text"] == "要建平台。"
        process.send_signal(number)
        rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in rest


def test_that_a_taken_port_and_an_open_interface_are_refused(workshop: Workshop) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(command(workshop, "--port", str(taken.getsockname()[1])))
    assert (done.returncode, "choose another: --port" in done.stderr) == (2, True)
    done = run(command(workshop, "--host", "0.0.0.0"))
    assert (done.returncode, "POLICY_API_KEY" in done.stderr) == (2, True)


def test_that_a_kept_connection_is_answered_at_once() -> None:
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # what asyncio looks at before it turns Nagle's delay off


def test_that_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    done = run([sys.executable, "-m", "serve", "--model", str(tmp_path)])
    assert (done.returncode, "train one: python -m train" in done.stderr) == (2, True)


def test_classify_prints_a_table_jsonl_or_csv(workshop: Workshop, tmp_path: Path) -> None:
    path = tmp_path / "文件 一.txt"
    path.write_text("=要建平台[重点]。\n企业融资难问题依然存在。", encoding="utf-8")
    line = ["classify", str(path)]
    rows = [json.loads(x) for x in run(command(workshop, *line, "--format", "jsonl")).stdout.splitlines()]
    assert [row["text"] for row in rows] == ["=要建平台[重点]。", "企业融资难问题依然存在。"]
    table = list(csv.DictReader(io.StringIO(run(command(workshop, *line, "--format", "csv")).stdout)))
    assert [row["text"] for row in table] == ["'=要建平台[重点]。", "企业融资难问题依然存在。"]
    assert "[重点]" in run(command(workshop, *line)).stdout
    done = run(command(workshop, "classify", str(tmp_path / "none.txt")))
    assert (done.returncode, "none.txt" in done.stderr) == (2, True)


def test_that_the_health_is_told_while_hundreds_of_tasks_are_predicted(workshop: Workshop) -> None:
    sentence = "要清理岸线垃圾、疏浚淤积航道，改造老旧码头，排查渡船风险，建设救助中心，培训船员，安排资金。"
    tasks = [{"id": i, "data": {"text": f"{i}{sentence}"}} for i in range(500)]
    slowest = 0.0
    with server(workshop) as (process, address), ThreadPoolExecutor() as pool, httpx.Client() as client:
        answer = pool.submit(httpx.post, address + "predict", json={"tasks": tasks}, timeout=100)
        while not answer.done():
            start = time.perf_counter()
            assert client.get(address + "health").json()["status"] == "UP"
            slowest = max(slowest, time.perf_counter() - start)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=20)
    results = answer.result().json()["results"]
    assert len(results) == 500
    assert {type(row["score"]) for row in results} == {float}
    assert 0 < slowest < 1  # Label Studio waits no longer
    assert rest == ""  # nothing that was sent is logged


def test_that_score_answers_a_line_per_text_in_order(workshop: Workshop) -> None:
    texts = ["要清理岸线垃圾。", "？", "", "两行\n一句\u2028水", *(f"第{i}条船" for i in range(600))]
    given = "".join(json.dumps(text, ensure_ascii=i % 2 == 0) + "\n" for i, text in enumerate(texts))
    done = run(command(workshop, "score"), given)
    assert (done.returncode, done.stderr) == (0, "")
    first, *rows = [json.loads(line) for line in done.stdout.splitlines()]
    version = f"{workshop.model.resolve().name}@"
    assert (first["model_version"].startswith(version), first["task"]) == (True, "multi_label")
    assert len(rows) == len(texts)
    assert rows[1] == rows[2] == {"labels": [], "scores": {}, "confidence": 1.0}
    assert all(list(row["scores"]) == first["labels"] and 0 <= row["confidence"] <= 1 for row in [rows[0], *rows[3:]])


@pytest.mark.parametrize("line", ["", '"水', '"\\ud800"', "[" * 200_000])
def test_that_a_line_that_is_no_text_is_named(workshop: Workshop, line: str) -> None:
    done = run(command(workshop, "score"), f'"水"\n{line}\n"船"\n')
    assert (done.returncode, "error: line 2 of the input: expected a JSON string" in done.stderr) == (2, True)
    assert len(done.stderr) < 300
    assert len(done.stdout.splitlines()) == 1
