"""The doctor on a real server with real models: which is connected, which is served, which is the newest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from data import studio_cli, studio_doctor_backend
from data.labellers import load_labeller
from data.order import Order
from data.studio_backend import backends_of, connect
from data.studio_doctor import Patient, examine
from data.studio_doctor_backend import Model, read_model
from data.studio_finding import Finding
from data.studio_project import setup
from data.studio_push import push
from data.studio_queue import Queue
from examining import BLIND, COMMAND, LINES, POLICY, told, wrong
from serve.model_dir import publish
from studio import ROOT, WATER, label, next_task, serve

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server
    from trained import Workshop

pytestmark = [pytest.mark.studio, pytest.mark.training]

KEY = "a-key-of-the-test"
PUSH = f"{COMMAND} push --order uncertainty --prelabel"


def by(model: Path) -> Queue:
    """The queue that a model directory makes."""
    return Queue(load_labeller(str(model), ROOT), Order.uncertainty, BLIND)


def test_that_the_doctor_names_what_is_wrong_with_a_backend_and_what_mends_it(
    client: LabelStudio, label_studio: Server, workshop: Workshop, tmp_path: Path
) -> None:
    number = setup(client, POLICY, "", "后端有毛病").project
    push(client, number, LINES, by(workshop.model), tmp_path / "s")

    def bad(key: str = KEY) -> str:
        return wrong(label_studio, "后端有毛病", tmp_path / "s", key)

    with serve(workshop.model, KEY) as url:
        version = connect(client, number, url, KEY)
        assert bad() == ""
        label(client, next_task(client, number)["id"], "none")
        assert f"1 not pulled: there is no copy of them -> {COMMAND} pull" in bad()
        [backend] = backends_of(client, number)
        basic: Any = {"auth_method": "BASIC_AUTH", "basic_auth_user": "x", "basic_auth_pass": KEY}
        client.ml.update(backend["id"], url=url, project=number, title="一个标题", **basic)
        assert "is connected as 一个标题, and the project goes by 一个标题: people see what was pushed" in bad()
        assert f"{COMMAND} connect {url}\n{PUSH} MODEL  # MODEL: the directory of {version}" in bad()
        refused, *mend = bad("wrong").splitlines()[-2:]
        assert "refused the key" in refused
        assert mend == [f"{COMMAND} connect {url}"]
    port = url.rpartition(":")[2]
    assert bad().endswith(f"python -m serve --port {port} &\n{COMMAND} connect {url}")


def test_that_two_backends_are_one_too_many(
    client: LabelStudio, label_studio: Server, workshop: Workshop, tmp_path: Path
) -> None:
    number = setup(client, POLICY, "", "两个后端").project
    push(client, number, LINES, by(workshop.model), tmp_path / "s")
    with serve(workshop.model) as old, serve(workshop.model) as new:
        version = connect(client, number, old, "")
        client.ml.create(project=number, url=new, title=version)  # as somebody does in Label Studio's settings
        said = f"2 servers are connected, of which Label Studio asks one: {old}, {new}"
        mend = f"{COMMAND} connect URL --replace  # URL: the one that shall stay"
        assert told(label_studio, "两个后端", tmp_path / "s")[1] == [f"{said} -> {mend}"]
        connect(client, number, new, "", replace=True)
        assert wrong(label_studio, "两个后端", tmp_path / "s") == ""


def test_that_a_backend_asks_for_blind_sentences_too(
    client: LabelStudio, label_studio: Server, workshop: Workshop, tmp_path: Path
) -> None:
    number = setup(client, POLICY, "", "只有后端").project
    push(client, number, LINES)
    assert wrong(label_studio, "只有后端", tmp_path / "s") == ""
    with serve(workshop.model) as url:
        connect(client, number, url, "")
        [line] = told(label_studio, "只有后端", tmp_path / "s")[1]
    assert line.startswith("no waiting sentence is blind (labelled without ticks), so nobody can tell")
    assert "--blind 0.1" in line


def test_that_a_newest_model_that_nobody_uses_is_told_step_by_step(
    client: LabelStudio, label_studio: Server, workshop: Workshop, tmp_path: Path
) -> None:
    newest = publish(workshop.model, tmp_path / "models", "second")
    version = load_labeller(str(newest), ROOT).version
    number = setup(client, POLICY, "", "新模型没用上").project
    old = push_and_version(client, number, workshop.model, tmp_path)

    def tip() -> str:
        patient = Patient(label_studio.url, label_studio.credentials.token, "新模型没用上", POLICY, tmp_path / "s", "")
        return str([*examine(replace(patient, model=newest))][-1])

    said = f"tip  the newest model, {version} in {newest}, is not in use:"
    better = f"# where train/runs/{version.partition('@')[0]}/report.html says that it is better:"
    assert tip().split("\n     ") == [f"{said} the project goes by {old}", better, f"{PUSH} {newest}"]
    with serve(workshop.model) as url:
        connect(client, number, url, "")
        assert tip().split("\n     ") == [
            f"{said} {url} serves {old} and the project goes by {old}",
            better,
            f"# end the server at {url}, then",
            f"python -m serve --port {url.rpartition(':')[2]} &",
            f"{COMMAND} connect {url}",
            f"{PUSH} {newest}",
        ]
    with serve(newest) as url:
        connect(client, number, url, "", replace=True)
        [order] = told(label_studio, "新模型没用上", tmp_path / "s", model=newest)[1]
        assert order.endswith(f"the queue is in random order -> {PUSH} {newest}")
        assert push_and_version(client, number, newest, tmp_path) == version
        good, none = told(label_studio, "新模型没用上", tmp_path / "s", model=newest)
        in_use = f"the newest model, {version} in {newest}, is the one that the project goes by"
        assert (good[-1], none) == (in_use, [])


def push_and_version(client: LabelStudio, project: int, model: Path, tmp_path: Path) -> str:
    queue = by(model)
    push(client, project, LINES, queue, tmp_path / "s")
    return queue.version


def test_that_a_newest_model_of_other_labels_is_not_compared(
    client: LabelStudio, label_studio: Server, workshop: Workshop, tmp_path: Path
) -> None:
    push(client, setup(client, WATER, "", "别的标签").project, LINES)
    good, bad = told(label_studio, "别的标签", tmp_path / "s", labels=WATER, model=workshop.model)
    assert bad == []
    assert "knows labels that are not this project's" in good[-1]


def test_that_a_model_directory_that_cannot_be_read_is_a_finding(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_model(tmp_path / "current") is None
    assert isinstance(read_model(workshop.model), Model)
    damaged = publish(workshop.model, tmp_path / "models", "damaged")
    (damaged / "labels.json").write_text("{}", encoding="utf-8")
    found = read_model(damaged)
    assert isinstance(found, Finding)
    assert (found.good, "labels.json" in found.what) == (False, True)
    monkeypatch.setattr(studio_doctor_backend, "PATIENCE_S", 0.01)
    slow = read_model(workshop.model)
    assert isinstance(slow, Finding)
    assert (slow.good, "not compared" in slow.what) == (True, True)


def test_that_the_command_looks_at_the_newest_model_and_connect_names_it(
    client: LabelStudio, label_studio: Server, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = setup(client, POLICY, "", "命令也看模型").project
    options = [f"--folder={label_studio.folder}", "--project=命令也看模型"]
    lexicon = load_labeller("lexicon", ROOT / "seeds" / "lexicon.yaml")
    push(client, number, LINES, Queue(lexicon, Order.diverse, BLIND))
    monkeypatch.setattr(studio_cli, "CURRENT", workshop.model)
    monkeypatch.chdir(workshop.home)
    done = CliRunner().invoke(studio_cli.app, ["doctor", *options])
    assert (done.exit_code, done.output.count("tip"), done.output.count("bad")) == (0, 1, 0)
    assert f"report.html says that it is better:\n     {PUSH} models/current --folder=" in done.output
    with serve(workshop.model) as url:
        done = CliRunner().invoke(studio_cli.app, ["connect", url, *options])
    assert done.output.splitlines()[-1].startswith(f"{PUSH} models/current --folder=")
