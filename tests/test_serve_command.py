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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from trained import ROOT, Workshop

pytestmark = pytest.mark.training


def command(workshop: Workshop, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "serve", *arguments, "--model", str(workshop.model)]


def run(line: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(line, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


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
