"""Tokens, passwords and keys stand in the environment or in one file of their owner, and nowhere else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from typer.testing import CliRunner

from data.studio_cli import app
from data.studio_client import connected
from data.studio_database import Postgres
from data.studio_project import find_project
from studio import colleague, raw, serve

if TYPE_CHECKING:
    from data.studio_server import Server
    from trained import Workshop

KEY = "canary-of-the-backend-0123456789"


def holding(folder: Path, secrets: list[str]) -> list[str]:
    """The files below a folder in which one of the secrets stands."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)]


@pytest.mark.studio
@pytest.mark.training
def test_that_no_secret_is_printed_or_written(
    label_studio: Server, workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLICY_API_KEY", KEY)
    secrets = [label_studio.credentials.token, label_studio.credentials.password, KEY]
    where = [f"--folder={label_studio.folder}", "--project=守住密钥"]
    printed = ""
    with serve(workshop.model, KEY) as url:
        for line in (
            ["setup"],
            ["push", str(workshop.home / "corpus"), f"--prelabel={workshop.model}", "--order=uncertainty"],
            ["connect", url],
            ["connect", "http://127.0.0.1:9"],
            ["connect", label_studio.url],
            ["doctor"],
            ["pull", f"--out={tmp_path / 'pulled'}"],
        ):
            done = CliRunner().invoke(app, [*line, *where])
            printed += done.output + str(done.exception or "")
        assert "predictions" in printed
        with connected(label_studio.url, label_studio.credentials.token) as first:
            member = colleague(first, label_studio.url, "a-curious-one@example.org")
        with connected(label_studio.url, member) as client:
            project = find_project(client, "守住密钥")
            pages = ("api/webhooks/", "api/ml", "api/projects", f"api/projects/{project}", "api/predictions")
            seen = [json.dumps(raw(client, "GET", page, project=project).json()) for page in pages]
            assert [page for page, body in zip(pages, seen, strict=True) if any(s in body for s in secrets)] == []
            [hook] = [h for h in json.loads(seen[0]) if h["url"] == f"{url}/webhook"]
        read_key = hook["headers"]
        event = {"action": "ANNOTATION_CREATED"}
        assert httpx.post(f"{url}/webhook", json=event, headers=read_key, trust_env=False).status_code == 200
        for path in ("/webhook", "/v1/model", "/versions"):  # what a member reads opens nothing else
            assert httpx.get(url + path, headers=read_key, trust_env=False).status_code == 401
    assert [secret for secret in secrets if secret in printed] == []
    assert holding(tmp_path, secrets) == []
    allowed = {"credentials.json", "label_studio.sqlite3", "label_studio.sqlite3-journal", "label_studio.sqlite3-wal"}
    assert set(holding(label_studio.folder, secrets)) <= allowed
    assert (label_studio.folder / "credentials.json").stat().st_mode & 0o077 == 0
    assert (label_studio.folder / "label_studio.sqlite3").stat().st_mode & 0o077 == 0


@pytest.mark.training
def test_that_a_run_folder_holds_nothing_of_the_environment(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LABEL_STUDIO_API_KEY", "POLICY_API_KEY", "PGPASSWORD", "HF_TOKEN"):
        monkeypatch.setenv(name, KEY)
    shutil.copytree(workshop.examples, tmp_path / "examples")
    done = type(workshop)(tmp_path).train("optim.epochs=1", "run.name=canary")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs" / "canary").is_dir()
    assert holding(tmp_path, [KEY]) == []
    assert KEY not in done.stdout + done.stderr


def test_that_a_password_in_an_address_is_refused_without_repeating_it(tmp_path: Path) -> None:
    address = f"postgresql://ls:{KEY}@127.0.0.1/ls"
    error = CliRunner().invoke(app, ["up", f"--folder={tmp_path}", f"--postgres={address}"]).exception
    assert "PGPASSWORD" in str(error)
    assert KEY not in str(error)
    assert holding(tmp_path, [KEY]) == []


@pytest.mark.parametrize("address", ["mysql://ls@127.0.0.1/ls", "postgresql://127.0.0.1/ls", "postgresql://ls@h:x/ls"])
def test_that_an_address_of_a_database_has_a_form(address: str) -> None:
    with pytest.raises(ValueError, match="postgresql://USER@HOST"):
        Postgres.parse(address)


@pytest.mark.parametrize("address", ["postgresql://ls@[::1]:5432/ls", "postgresql://ls@db.example:5433/ls"])
def test_that_an_address_is_kept_as_it_was_given(address: str) -> None:
    assert Postgres.parse(address).url == address


def test_that_a_databases_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", KEY)
    found = Postgres.parse("postgresql://ls@db.example/labels").environment()
    assert (found["POSTGRE_HOST"], found["POSTGRE_PORT"], found["POSTGRE_NAME"]) == ("db.example", "5432", "labels")
    assert found["POSTGRE_PASSWORD"] == KEY
