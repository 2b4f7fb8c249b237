"""A real server of ours as the backend of a real Label Studio: connected, asked, doubted by the doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from data.corpus import load_corpus
from data.ingest import ingest
from data.labellers import load_labeller
from data.labels import load_labels
from data.order import Order
from data.studio_backend import backends_of, connect, served_version, webhook_events
from data.studio_cli import app
from data.studio_client import fetch, fetch_tasks
from data.studio_doctor import Patient, examine
from data.studio_project import setup
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_tasks import tasks_of
from studio import WATER, label, next_task, serve, ticks

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server
    from trained import Workshop

pytestmark = [pytest.mark.studio, pytest.mark.training]

ROOT = Path(__file__).parent.parent
KEY = "a-key-of-the-test"
POLICY = load_labels(ROOT / "seeds" / "labels.yaml")


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("corpus") / "corpus"
    ingest([sorted((ROOT / "seeds" / "documents").glob("*.txt"))[0]], folder)
    return list(tasks_of(*load_corpus(folder)))[:30]


@pytest.fixture
def project(client: LabelStudio, tasks: list[dict[str, Any]], request: pytest.FixtureRequest) -> int:
    number = setup(client, POLICY, "# 手册", request.node.name[:50]).project
    push(client, number, tasks)
    return number


def predictions(client: LabelStudio, project: int) -> dict[int, list[tuple[str, list[str]]]]:
    rows, _ = fetch_tasks(client, project, fields="all", include="id,data,predictions")
    return {r["id"]: [(p["model_version"], ticks(p["result"])) for p in r["predictions"]] for r in rows}


def bad(client: LabelStudio, server: Server, project: int, tmp_path: Path, key: str = KEY) -> list[str]:
    """What the doctor finds wrong, each with what mends it."""
    title = str(client.projects.get(project).title)
    who = Patient(server.url, server.credentials.token, title, POLICY, tmp_path / "s", key)
    return [f"{found.what} -> {found.mend}" for found in examine(who) if not found.good]


def test_that_a_task_is_suggested_labels_when_it_is_opened(
    client: LabelStudio, project: int, workshop: Workshop, tasks: list[dict[str, Any]]
) -> None:
    said = {
        t["text"]: s.labels
        for t, s in zip(tasks, load_labeller(str(workshop.model), ROOT).say(_texts(tasks)), strict=True)
    }
    with serve(workshop.model, KEY) as url:
        version = connect(client, project, url + "/", KEY)
        opened = next_task(client, project)
        assert [p["model_version"] for p in opened["predictions"]] == [version]
        assert ticks(opened["predictions"][0]["result"]) == said[opened["data"]["text"]]
        [backend] = backends_of(client, project)
        assert (backend["title"], backend["state"]) == (version, "CO")
        assert fetch(client, f"api/projects/{project}").body["model_version"] == version
        assert connect(client, project, url, KEY) == version
        assert len(backends_of(client, project)) == 1


def _texts(tasks: list[dict[str, Any]]) -> list[str]:
    return [task["text"] for task in tasks]


def test_that_what_was_pushed_is_not_asked_again(
    client: LabelStudio, project: int, workshop: Workshop, tasks: list[dict[str, Any]], tmp_path: Path
) -> None:
    queue = Queue(load_labeller(str(workshop.model), ROOT), Order.uncertainty, blind=0.3)
    push(client, project, tasks, queue, tmp_path / "s")
    before = predictions(client, project)
    with serve(workshop.model, KEY) as url:
        assert connect(client, project, url, KEY) == queue.version
        for _ in range(5):
            label(client, next_task(client, project)["id"], "none")
        assert predictions(client, project) == before


def test_that_a_push_with_a_backend_connected_leaves_its_version_on_show(
    client: LabelStudio,
    label_studio: Server,
    project: int,
    workshop: Workshop,
    tasks: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    lexicon = load_labeller("lexicon", ROOT / "seeds" / "lexicon.yaml")
    push(client, project, tasks, Queue(lexicon, Order.diverse), tmp_path / "s")
    queue = Queue(load_labeller(str(workshop.model), ROOT), Order.uncertainty)
    with serve(workshop.model, KEY) as url:
        connect(client, project, url, KEY)
        counts = push(client, project, tasks, queue, tmp_path / "s")  # the server forgets the lexicon's predictions
        assert counts.hint == ""  # the lexicon is no model to compare with
        assert fetch(client, f"api/projects/{project}").body["model_version"] == queue.version
        assert [said for rows in predictions(client, project).values() for said, _ in rows] == [queue.version] * len(
            tasks
        )
        assert bad(client, label_studio, project, tmp_path) == []


def test_that_the_webhook_hints_at_answers_and_carries_no_text(
    client: LabelStudio, project: int, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(workshop.model, KEY) as url:
        connect(client, project, url, KEY)
        assert webhook_events(url) is None  # asked without the key
        monkeypatch.setenv("POLICY_API_KEY", KEY)
        before = webhook_events(url)
        assert before is not None
        label(client, next_task(client, project)["id"], "none")
        assert (webhook_events(url) or 0) > before
        [hook] = [h for h in fetch(client, "api/webhooks/", project=project).body if h["url"].startswith(url)]
        assert not hook["send_payload"]


def test_that_the_doctor_names_what_is_wrong_and_what_mends_it(
    client: LabelStudio,
    label_studio: Server,
    project: int,
    workshop: Workshop,
    tasks: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    queue = Queue(load_labeller(str(workshop.model), ROOT), Order.uncertainty)
    push(client, project, tasks, queue, tmp_path / "s")
    with serve(workshop.model, KEY) as url:
        connect(client, project, url, KEY)
        assert bad(client, label_studio, project, tmp_path) == []
        label(client, next_task(client, project)["id"], "none")
        assert (
            "1 on the server only -> python -m data label-studio pull"
            in bad(client, label_studio, project, tmp_path)[0]
        )
        [backend] = backends_of(client, project)
        basic: Any = {"auth_method": "BASIC_AUTH", "basic_auth_user": "x", "basic_auth_pass": KEY}
        client.ml.update(backend["id"], url=url, project=project, title="一个标题", **basic)
        found = "\n".join(bad(client, label_studio, project, tmp_path))
        assert "versions differ" in found
        assert f"label-studio connect {url}" in found
        assert "refused the key" in bad(client, label_studio, project, tmp_path, key="wrong")[-1]
    assert "python -m serve" in bad(client, label_studio, project, tmp_path)[-1]


def test_that_the_doctor_ends_where_nothing_more_can_be_seen(label_studio: Server, tmp_path: Path) -> None:
    here, labels = label_studio.credentials.token, WATER
    missing = list(examine(Patient(label_studio.url, here, "没有这个项目", labels, tmp_path / "s", "")))
    assert missing[-1].mend == "python -m data label-studio setup"
    refused = list(examine(Patient(label_studio.url, "0" * 40, "没有这个项目", labels, tmp_path / "s", "")))
    assert [f.good for f in refused] == [False]
    assert "API key is wrong" in refused[0].what
    done = CliRunner().invoke(app, ["doctor", f"--folder={label_studio.folder}", "--project=没有这个项目"])
    assert (done.exit_code, "bad  no project has the title" in done.output) == (1, True)


def test_that_a_model_of_other_labels_is_not_connected(client: LabelStudio, workshop: Workshop) -> None:
    number = setup(client, WATER, "# 手册", "别的标签集").project
    with serve(workshop.model) as url:
        with pytest.raises(ValueError, match="was not connected"):
            connect(client, number, url, "")
        assert backends_of(client, number) == []
        assert served_version(url).startswith("smoke")


def test_that_blind_tasks_stay_blind_when_a_model_is_asked(
    client: LabelStudio, project: int, workshop: Workshop, tasks: list[dict[str, Any]]
) -> None:
    number = setup(client, POLICY, "# 手册", "全是盲标").project
    push(client, number, [{**task, "blind": True} for task in tasks[:3]])
    with serve(workshop.model) as url:
        connect(client, number, url, "")
        opened = next_task(client, number)
        assert [ticks(p["result"]) for p in opened["predictions"]] in ([], [[]])
