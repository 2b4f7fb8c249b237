"""A real server of ours as the backend of a real Label Studio: connected, asked, connected again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from data.corpus import load_corpus
from data.ingest import ingest
from data.labellers import load_labeller
from data.labels import load_labels
from data.order import Order
from data.studio_backend import backends_of, connect, served_version, webhook_events, webhook_key
from data.studio_cli import app
from data.studio_client import fetch, fetch_tasks
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
LEXICON = ROOT / "seeds" / "lexicon.yaml"
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


def webhooks(client: LabelStudio, project: int) -> list[dict[str, Any]]:
    return list(fetch(client, "api/webhooks/", project=project).body)


def shown(client: LabelStudio, project: int) -> str:
    """The version that a project goes by."""
    return str(fetch(client, f"api/projects/{project}").body["model_version"])


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
        assert shown(client, project) == version
        assert connect(client, project, url, KEY) == version
        assert len(backends_of(client, project)) == 1
        assert shown(client, project) == version


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
    client: LabelStudio, project: int, workshop: Workshop, tasks: list[dict[str, Any]], tmp_path: Path
) -> None:
    lexicon = load_labeller("lexicon", LEXICON)
    push(client, project, tasks, Queue(lexicon, Order.diverse), tmp_path / "s")
    queue = Queue(load_labeller(str(workshop.model), ROOT), Order.uncertainty, blind=0.3)
    with serve(workshop.model, KEY) as url:
        connect(client, project, url, KEY)
        counts = push(client, project, tasks, queue, tmp_path / "s")  # the server forgets the lexicon's predictions
        assert counts.hint == ""  # the lexicon is no model to compare with
        assert shown(client, project) == queue.version
        assert [said for rows in predictions(client, project).values() for said, _ in rows] == [queue.version] * len(
            tasks
        )


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
        [hook] = webhooks(client, project)
        assert not hook["send_payload"]


def test_that_a_refused_reconnect_keeps_the_connection_that_worked(
    client: LabelStudio, workshop: Workshop, tasks: list[dict[str, Any]]
) -> None:
    title = "重连失败也不丢"
    number = setup(client, POLICY, "", title).project
    push(client, number, tasks[:3])
    with serve(workshop.model, KEY) as url:
        version = connect(client, number, url, KEY)
        before = [row["id"] for row in backends_of(client, number)], webhooks(client, number)
        setup(client, WATER, "", title)  # labels that the model doesn't know: Label Studio asks it, and it refuses
        for key, reason in ((KEY, "was not connected: .*valid ML backend"), ("wrong", "refused the key")):
            with pytest.raises(ValueError, match=reason):
                connect(client, number, url, key)
            assert ([row["id"] for row in backends_of(client, number)], webhooks(client, number)) == before
            assert shown(client, number) == version
        setup(client, POLICY, "", title)
        assert [p["model_version"] for p in next_task(client, number)["predictions"]] == [version]


def test_that_a_connection_has_one_webhook_with_its_own_key_and_no_texts(
    client: LabelStudio, project: int, workshop: Workshop
) -> None:
    with serve(workshop.model, KEY) as url:
        for left in ([], ["an earlier one"], ["an earlier one", "its twin"]):
            for hook in webhooks(client, project):
                client.webhooks.delete(hook["id"])
            for name in left:
                client.webhooks.create(
                    url=f"{url}/webhook", project=project, is_active=False, headers={"X-API-Key": name}
                )
            connect(client, project, url, KEY)
            [hook] = webhooks(client, project)
            assert (hook["send_payload"], hook["send_for_all_actions"], hook["is_active"]) == (False, True, True)
            assert hook["headers"] == {"X-API-Key": webhook_key(KEY)}


def test_that_a_second_address_is_refused_unless_it_replaces_the_first(
    client: LabelStudio, project: int, workshop: Workshop
) -> None:
    with serve(workshop.model, KEY) as old, serve(workshop.model, KEY) as new:
        version = connect(client, project, old, KEY)
        with pytest.raises(ValueError, match=f"{new} was not connected: .* has {old}, .*--replace"):
            connect(client, project, new, KEY)
        assert [row["url"] for row in backends_of(client, project)] == [old]
        foreign = f"{old}/elsewhere"
        client.webhooks.create(url=foreign, project=project)
        assert connect(client, project, new, KEY, replace=True) == version
        assert [row["url"] for row in backends_of(client, project)] == [new]
        assert {hook["url"] for hook in webhooks(client, project)} == {f"{new}/webhook", foreign}
        assert shown(client, project) == version  # deleting a backend of this title empties it


def test_that_the_command_says_that_it_made_the_order_random_and_what_mends_it(
    client: LabelStudio,
    label_studio: Server,
    project: int,
    workshop: Workshop,
    tasks: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POLICY_API_KEY", KEY)
    title = str(client.projects.get(project).title)
    options = [f"--folder={label_studio.folder}", f"--project={title}"]
    with serve(workshop.model, KEY) as url:

        def said() -> str:
            done = CliRunner().invoke(app, ["connect", url, *options])
            assert done.exit_code == 0, done.exception
            return done.output

        quiet = f"{url} connected: {served_version(url, KEY)}\n"
        assert said() == quiet  # the sentences come as they stand in the list
        push(client, project, tasks, Queue(load_labeller("lexicon", LEXICON), Order.diverse), tmp_path / "s")
        loud = said()
        assert loud.startswith(f"{quiet}0 of 30 waiting sentences have a prediction of {served_version(url, KEY)}, ")
        assert "the queue is in random order" in loud
        *_, command = loud.splitlines()
        assert command.startswith("python -m data label-studio push --order uncertainty --prelabel MODEL --folder=")
        assert shlex.split(command, comments=True)[-1] == f"--project={title}"
        labeller = load_labeller(str(workshop.model), ROOT)
        push(client, project, tasks, Queue(labeller, Order.uncertainty), tmp_path / "s")
        assert said() == quiet


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
    push(client, number, tasks[:3], Queue(blind=0.999))
    with serve(workshop.model) as url:
        connect(client, number, url, "")
        opened = next_task(client, number)
        assert [ticks(p["result"]) for p in opened["predictions"]] in ([], [[]])
