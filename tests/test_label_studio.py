"""Setup, push, annotation and pull against a real Label Studio server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from data.agreement_page import compare_files, write_agreement
from data.decisions import resolve
from data.files import read_manifest
from data.labels import Label, LabelSet
from data.records import Annotation, Document, Sentence, digest, read_jsonl, write_jsonl
from data.sentences import segment
from data.studio_cli import app
from data.studio_client import connected
from data.studio_existing import Counts
from data.studio_project import Settings, setup
from data.studio_pull import pull
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_server import running
from data.studio_tasks import chosen, tasks_of
from studio import DOCUMENT, SENTENCES, WATER, boats, label, labeller, task_ids, ticks

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server

pytestmark = pytest.mark.studio


@pytest.fixture
def project(client: LabelStudio, request: pytest.FixtureRequest) -> int:
    """A project of the test's own, with the three sentences and the heading in it."""
    number = setup(client, WATER, "# 手册", request.node.name[:50]).project
    push(client, number, list(tasks_of([DOCUMENT], SENTENCES)))
    return number


def test_that_a_second_setup_changes_nothing(client: LabelStudio) -> None:
    done = [setup(client, WATER, "# 手册", "设置两次").done for _ in range(2)]
    assert done == ["created", "unchanged"]
    changed = setup(client, LabelSet((*WATER.labels, Label("fish", "鱼"))), "# 新手册", "设置两次", Settings(2))
    assert changed.done == "updated"
    now = client.projects.get(changed.project)
    assert now.maximum_annotations == 2
    assert "新手册" in (now.expert_instruction or "")
    assert 'alias="fish"' in (now.label_config or "")


def test_that_a_used_label_can_not_be_taken_away(client: LabelStudio, project: int) -> None:
    title = str(client.projects.get(project).title)
    label(client, task_ids(client, project)["渡船去年全部换新。"], "boat")
    with pytest.raises(ValueError, match=r"boat: 1 times.*Keep the labels in labels\.yaml"):
        setup(client, LabelSet(WATER.labels[:2]), "# 手册", title)
    assert 'alias="boat"' in (client.projects.get(project).label_config or "")


def test_that_a_second_push_changes_nothing(client: LabelStudio, project: int) -> None:
    before = task_ids(client, project)
    assert push(client, project, list(tasks_of([DOCUMENT], SENTENCES))) == Counts(unchanged=4)
    assert task_ids(client, project) == before


def test_that_a_changed_sentence_is_updated_and_a_missing_one_stays(client: LabelStudio, project: int) -> None:
    before = task_ids(client, project)
    moved = [replace(s, heading_path=["二、水面"]) if "水质" in s.text else s for s in SENTENCES[1:]]
    tasks = list(tasks_of([DOCUMENT], moved))[1:]
    assert push(client, project, tasks) == Counts(updated=1, unchanged=len(tasks) - 1)
    assert task_ids(client, project) == before
    task: Any = client.tasks.get(str(before["部分河段水质仍然偏差。"]))
    assert task.data["heading_path"] == "二、水面"


def test_that_suggestions_are_there_beforehand(client: LabelStudio, project: int, tmp_path: Path) -> None:
    tasks = list(tasks_of([DOCUMENT], SENTENCES))
    more = list(tasks_of([other := Document.of("要添置巡查船。")], segment(other)))
    store = tmp_path / "store.sqlite"

    def predicted() -> dict[str, list[tuple[str, list[str]]]]:
        rows: Any = client.tasks.list(project=project, fields="all")
        return {r.data["text"]: [(p.model_version, ticks(p.result)) for p in r.predictions] for r in rows}

    assert push(client, project, tasks + more, Queue(labeller(boats)), store).predictions == 5
    assert predicted()["渡船去年全部换新。"] == predicted()["要添置巡查船。"] == [("m@1", ["boat"])]
    assert predicted()["要清理岸线垃圾。"] == [("m@1", [])]
    assert push(client, project, tasks, Queue(labeller(boats)), store) == Counts(unchanged=4)
    waters = Queue(labeller(lambda text: ["water"] * ("水" in text), "m@2"))
    assert push(client, project, tasks, waters, store).predictions == 4
    assert predicted()["渡船去年全部换新。"] == [("m@2", [])]
    assert predicted()["部分河段水质仍然偏差。"] == [("m@2", ["water"])]


def test_that_a_suggestion_outside_the_label_set_is_refused(client: LabelStudio, project: int) -> None:
    tasks = list(tasks_of([other := Document.of("要添置浮标。")], segment(other)))
    with pytest.raises(ValueError, match="half-way"):
        push(client, project, tasks, Queue(labeller(lambda _: ["水"])))


def test_that_two_peoples_labels_come_back(client: LabelStudio, project: int, tmp_path: Path) -> None:
    second = client.users.create(email=f"yi-{project}@example.cn", username=f"yi-{project}").id
    tasks = task_ids(client, project)
    label(client, tasks["要清理岸线垃圾。"], "risk", "water")
    label(client, tasks["要清理岸线垃圾。"], "none", completed_by=second)
    label(client, tasks["部分河段水质仍然偏差。"], "none", "water", completed_by=second)
    label(client, tasks["渡船去年全部换新。"], was_cancelled=True)
    pulled = pull(client, project, WATER, tmp_path, store=tmp_path / "store.sqlite")
    assert pulled.skipped == 1
    assert len(pulled.refused) == 1
    assert f"task {tasks['部分河段水质仍然偏差。']}, yi-{project}@example.cn" in pulled.refused[0]
    rows = [Annotation.from_json(row) for row in read_jsonl(tmp_path / "label_studio.jsonl")]
    assert [(row.annotators, row.labels) for row in rows] == [
        (["admin@localhost"], ["risk", "water"]),
        ([f"yi-{project}@example.cn"], []),
    ]
    assert DOCUMENT.text[rows[0].start : rows[0].end] == "要清理岸线垃圾。"
    assert rows[0].document == DOCUMENT.sha256
    assert rows[0].sentence == digest("要清理岸线垃圾。")
    assert read_manifest(tmp_path)["facts"]["label_studio.jsonl"]["annotations"] == 2


def test_that_a_pull_never_replaces_work_by_nothing(client: LabelStudio, project: int, tmp_path: Path) -> None:
    answer = label(client, task_ids(client, project)["要清理岸线垃圾。"], "water")
    pull(client, project, WATER, tmp_path, store=tmp_path / "store.sqlite")
    kept = (tmp_path / "label_studio.jsonl").read_bytes()
    client.annotations.delete(answer)
    with pytest.raises(ValueError, match="right server and project"):
        pull(client, project, WATER, tmp_path, store=tmp_path / "store.sqlite")
    assert (tmp_path / "label_studio.jsonl").read_bytes() == kept


def write_corpus(folder: Path, document: Document, sentences: list[Sentence]) -> None:
    write_jsonl(folder / "documents.jsonl", [document])
    write_jsonl(folder / "sentences.jsonl", sentences)


def test_that_the_commands_do_the_same(label_studio: Server, tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus", DOCUMENT, SENTENCES)
    where = [f"--folder={label_studio.folder}", "--project=命令行"]

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments, *where], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    assert "created" in run("setup")
    assert "4 created" in run("push", str(tmp_path / "corpus"), "--prelabel=lexicon", "--blind=0")
    assert "marks new sentences only" in run("push", str(tmp_path / "corpus"), "--blind=0.5")
    assert "0 annotations" in run("pull", f"--out={tmp_path / 'pulled'}")
    assert (
        json.loads((tmp_path / "pulled" / "MANIFEST.json").read_text(encoding="utf-8"))["facts"]["命令行.jsonl"][
            "annotations"
        ]
        == 0
    )
    assert label_studio.url in CliRunner().invoke(app, ["up", f"--folder={label_studio.folder}"]).output


def test_that_a_wrong_key_and_a_missing_project_are_explained(
    label_studio: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "0" * 40)
    wrong = CliRunner().invoke(app, ["setup", f"--url={label_studio.url}"]).exception
    assert "API key is wrong" in str(wrong)
    missing = CliRunner().invoke(app, ["pull", f"--folder={label_studio.folder}", "--project=没有这个"]).exception
    assert "label-studio setup" in str(missing)


def command(*arguments: str, folder: Path) -> list[str]:
    code = "from data.studio_cli import app; app()"
    return [sys.executable, "-c", code, *arguments, f"--folder={folder}"]


def test_that_a_server_ends_with_its_terminal_unless_it_is_detached(tmp_path: Path) -> None:
    folder = tmp_path / "my 数据"
    with subprocess.Popen(command("up", "--port=0", folder=folder), stdout=subprocess.PIPE, text=True) as terminal:
        assert terminal.stdout
        printed = [terminal.stdout.readline() for _ in range(4)]
        first = running(folder)
        terminal.send_signal(signal.SIGINT)
    assert first is not None
    assert first.url in printed[0]
    assert running(folder) is None
    password = json.loads((folder / "credentials.json").read_text(encoding="utf-8"))["password"]
    assert password not in "".join(printed)
    assert (folder / "credentials.json").stat().st_mode & 0o777 == 0o600

    subprocess.run(command("up", "--port=0", "--detach", folder=folder), check=True)
    second = running(folder)
    assert second is not None
    with connected(second.url, str(json.loads((folder / "credentials.json").read_text(encoding="utf-8"))["token"])):
        pass
    done = subprocess.run(command("down", folder=folder), check=True, capture_output=True, text=True)
    assert second.url in done.stdout
    assert running(folder) is None


def test_that_no_secret_stands_on_the_command_line(label_studio: Server) -> None:
    shown = " ".join(map(str, label_studio.process.args))  # type: ignore[arg-type]
    assert label_studio.credentials.password not in shown
    assert label_studio.credentials.token not in shown


def test_that_a_third_decides_what_two_see_differently(client: LabelStudio, project: int, tmp_path: Path) -> None:
    people = {name: client.users.create(email=f"{name}@example.org", username=name).id for name in ("an", "bo", "ci")}
    for text, task in task_ids(client, project).items():
        label(client, task, "water", completed_by=people["an"])
        label(client, task, "water" if text != "渡船去年全部换新。" else "boat", completed_by=people["bo"])
    pull(client, project, WATER, tmp_path, "1-both.jsonl", store=tmp_path / "store.sqlite")
    document = replace(DOCUMENT, source="治理方案.txt")
    texts = {document.sha256: (document, SENTENCES)}
    [found] = compare_files([tmp_path / "1-both.jsonl"], WATER, {}, texts)
    write_agreement([found], WATER, [tmp_path / "1-both.jsonl"], tmp_path / "agreement")
    [row] = read_jsonl(tmp_path / "agreement" / "queue.jsonl")
    assert row["chosen"] == {"an@example.org": ["water"], "bo@example.org": ["boat"]}
    assert "渡船去年全部换新。" in (tmp_path / "agreement" / "agreement.html").read_text(encoding="utf-8")

    third = setup(client, WATER, "# 手册", "由第三人裁定").project
    push(client, third, chosen(list(tasks_of([DOCUMENT], SENTENCES)), [row], "queue.jsonl"))
    rows: Any = client.tasks.list(project=third)
    [sent] = rows
    assert sent.data["note"] in ("A：水 ｜ B：船", "A：船 ｜ B：水")
    label(client, sent.id, "boat", completed_by=people["ci"])
    pull(client, third, WATER, tmp_path, "2-third.jsonl", store=tmp_path / "third.sqlite")
    decided = {DOCUMENT.text[a.start : a.end]: labels for _, a, labels in resolve(sorted(tmp_path.glob("*.jsonl")))}
    assert decided["渡船去年全部换新。"] == ["boat"]
    assert {tuple(labels or ()) for text, labels in decided.items() if "渡船" not in text} == {("water",)}
