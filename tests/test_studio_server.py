"""What holds before any server is started: the lock file, the environment, the record, what people are told."""

from __future__ import annotations

import fcntl
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.studio_cli import app
from data.studio_install import LOCK, environment, server_command
from data.studio_server import launch, read_credentials, running, stop


def refusal(*arguments: str) -> str:
    """What the command says when it refuses."""
    error = CliRunner().invoke(app, list(arguments)).exception
    assert isinstance(error, ValueError)
    return str(error)


def test_that_the_lock_is_nothing_but_exact_pins() -> None:
    pins = LOCK.read_text(encoding="utf-8").splitlines()
    assert "label-studio==1.23.2" in pins
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin)] == []


def test_that_the_callers_environment_does_not_reach_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("PASSWORD", "PORT", "DATABASE_NAME", "LABEL_STUDIO_API_KEY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "x")
    found = environment(tmp_path / "数据")
    assert "x" not in found.values()
    assert found["LABEL_STUDIO_BASE_DATA_DIR"] == str(tmp_path / "数据")
    assert found["SENTRY_DSN"] == ""


def test_that_the_server_starts_as_a_module_so_that_its_path_may_hold_anything() -> None:
    assert server_command(Path("/v 环境/bin/python"), "start")[:4] == [
        "/v 环境/bin/python",
        "-P",
        "-m",
        "label_studio.server",
    ]


def test_that_a_server_runs_as_long_as_its_record_is_locked(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    record = tmp_path / "server.json"
    record.write_text(json.dumps({"pid": 1, "url": "http://127.0.0.1:1"}), encoding="utf-8")
    assert running(tmp_path) is None
    assert stop(tmp_path) is None
    with record.open(encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = running(tmp_path)
    assert found is not None
    assert found.url == "http://127.0.0.1:1"


def test_that_a_torn_credentials_file_is_named(tmp_path: Path) -> None:
    assert read_credentials(tmp_path) is None
    (tmp_path / "credentials.json").write_text('{"email": 1', encoding="utf-8")
    with pytest.raises(ValueError, match=r"credentials\.json"):
        read_credentials(tmp_path)


def test_that_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ValueError, match="--port"):
            launch(tmp_path, taken.getsockname()[1], "")


def test_that_every_refusal_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = f"--folder={tmp_path}"
    assert "label-studio up" in refusal("pull", here)
    assert "data ingest" in refusal("push", str(tmp_path), here)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    assert "LABEL_STUDIO_API_KEY" in refusal("setup", "--url=http://127.0.0.1:9")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "密" * 40)
    assert "密" not in refusal("setup", "--url=http://127.0.0.1:9")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "a" * 40)
    assert "no answer from Label Studio" in refusal("setup", "--url=http://127.0.0.1:9")
    assert "http://127.0.0.1:8080" in refusal("setup", "--url=label.example.cn")


def test_that_nothing_runs_where_nothing_was_started(tmp_path: Path) -> None:
    assert "no server runs" in CliRunner().invoke(app, ["down", f"--folder={tmp_path}"]).output


def test_that_the_other_commands_do_without_the_client() -> None:
    code = "import sys, data.studio_cli; sys.exit('label_studio_sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_that_a_missing_client_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "a" * 40)
    monkeypatch.setitem(sys.modules, "label_studio_sdk", None)
    assert "pip install -e '.[label]'" in refusal("setup", "--url=http://127.0.0.1:9")
