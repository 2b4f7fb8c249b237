"""What is kept on this side of a project: of which project, since when, by one command at a time."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data.labellers import Said, load_labeller
from data.order import is_blind
from data.records import Annotation, read_jsonl
from data.studio_project import Settings, adjudication_of, setup
from data.studio_pull import file_of, pull
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_store import held, opened
from data.studio_tasks import tasks_of
from studio import DOCUMENT, ROOT, SENTENCES, WATER, boats, choice, label, labeller, task_ids
from trained import Workshop

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

TASKS = list(tasks_of([DOCUMENT], SENTENCES))
SURE = Said(["boat"], 0.5)


@pytest.fixture
def project(client: LabelStudio, request: pytest.FixtureRequest) -> int:
    number = setup(client, WATER, "# 手册", request.node.name[:50]).project
    push(client, number, TASKS)
    return number


def answered(folder: Path) -> list[list[str]]:
    return [row["labels"] for row in read_jsonl(folder / "label_studio.jsonl")]


def test_that_the_store_keeps_all_or_nothing(tmp_path: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), opened(tmp_path / "s") as store:
        store.set_fact("since", "today")
        store.set_fact("whole", str(1 / 0))
    with opened(tmp_path / "s") as store:
        assert store.fact("since") == ""
        store.update_tasks([{"id": 7, "annotations": [{"id": 1}, {"id": 2}]}])
        assert store.answers() == 2
        store.remove_tasks([7, 8])
        assert list(store.tasks()) == []
    (tmp_path / "torn").write_text("no database, but long enough to be looked at " * 50, encoding="utf-8")
    with pytest.raises(ValueError, match="move it away"), opened(tmp_path / "torn"):
        pass


def test_that_it_knows_since_when_a_version_has_been_saying_the_same(tmp_path: Path) -> None:
    said = [("a", ["boat"]), ("a", ["boat"]), ("b", ["water"]), ("a", ["boat"]), ("a", ["risk"])]
    for now, (version, labels) in enumerate(said):
        with opened(tmp_path / "s") as store:
            store.add_suggestions(version, {"x": Said(labels, 0.5), "unanswered": SURE}, min(now, 3))
    with opened(tmp_path / "s") as store:
        store.update_tasks([{"id": 1, "annotations": [{}], "data": {"ext_id": "x"}}])
        found = store.history()
        assert store.suggestions("a")["x"].labels == ["risk"]
    assert list(found) == ["x"]
    assert [(at, version, one.labels) for at, version, one in found["x"]] == [
        (0, "a", ["boat"]),
        (2, "b", ["water"]),
        (3, "a", ["boat"]),
        (3, "a", ["risk"]),
    ]


def test_that_it_belongs_to_one_project(tmp_path: Path) -> None:
    with opened(tmp_path / "s") as store:
        store.bind("project 1", tmp_path)
        store.bind("project 1", tmp_path)
        store.add_suggestions("a", {"x": SURE}, 0)
        with pytest.raises(ValueError, match=r"another project of this title \(project 1; this one is project 2\)"):
            store.bind("project 2", tmp_path)
        assert store.suggestions("a") == {"x": SURE}


def test_that_a_disk_that_is_full_is_told_apart_from_a_store_in_use(tmp_path: Path) -> None:
    with opened(tmp_path / "s"):
        pass
    code = """
import resource, sys
from pathlib import Path
from data.labellers import Said
from data.studio_store import opened
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
try:
    with opened(Path(sys.argv[1])) as store:
        store.add_suggestions("a", {str(n): Said(["boat"], 0.5) for n in range(5000)}, 0)
except ValueError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s")], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "could not be written" in done.stdout
    with opened(tmp_path / "s") as store:
        assert store.versions() == []


def test_that_one_command_works_on_a_project_at_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []

    def second() -> None:
        with held(tmp_path / "s"):
            order.append("second")

    with held(tmp_path / "s"):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]
    assert "waiting for another command" in capsys.readouterr().err


def test_that_every_title_has_a_file_of_its_own() -> None:
    titles = ["句子 A", "句子/A", "句子_A", "句子·A", "句子  A"]
    assert len({file_of(title) for title in titles}) == len(titles)
    assert file_of(" 句子A ") == "句子A.jsonl"  # the server takes blanks away
    assert file_of("政策句子标注·裁定") == "政策句子标注·裁定.jsonl"
    assert "/" not in file_of("a/../b")
    long = [adjudication_of("长" * 49 + end) for end in "一二"]
    assert [len(title) for title in long] == [50, 50]
    assert long[0] != long[1]
    assert adjudication_of("政策句子标注") == "政策句子标注·裁定"


def test_that_a_model_that_changes_between_two_questions_is_noticed(workshop: Workshop, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(workshop.model.resolve(), folder)
    (tmp_path / "current").symlink_to(folder)
    labeller = load_labeller(str(tmp_path / "current"), Path("unused"))
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to(tmp_path / "nowhere")  # as a training turns it to the next model
    [said] = labeller.say(["要清理岸线垃圾。"])
    assert 0 <= said.confidence <= 1
    with (folder / "MANIFEST.json").open("a", encoding="utf-8") as manifest:
        manifest.write("\n")  # its hash is the version
    with pytest.raises(ValueError, match=r"was model@.*, is model@.* now; run this again"):
        labeller.say(["要清理岸线垃圾。"])


@pytest.mark.studio
def test_that_answers_refused_now_are_not_called_gone(client: LabelStudio, project: int, tmp_path: Path) -> None:
    numbers = task_ids(client, project)
    first, second = [label(client, numbers[task["text"]], "water") for task in TASKS[:2]]
    pull(client, project, WATER, tmp_path, store=tmp_path / "s")
    client.annotations.update(first, result=[choice("none", "water")])
    pulled = pull(client, project, WATER, tmp_path, store=tmp_path / "s")
    assert (answered(tmp_path), len(pulled.refused), pulled.doubtful) == ([["water"]], 1, [])
    assert not (tmp_path / "label_studio.gone").exists()
    client.annotations.update(second, result=[choice("none", "water")])
    with pytest.raises(ValueError, match=r"was kept: all answers of project \d+ were left out, 2 such as task .*无"):
        pull(client, project, WATER, tmp_path, store=tmp_path / "s")
    assert answered(tmp_path) == [["water"]]


@pytest.mark.studio
def test_that_a_project_of_the_same_title_does_not_take_the_place_of_another(
    client: LabelStudio, project: int, tmp_path: Path
) -> None:
    for task in TASKS[:2]:
        label(client, task_ids(client, project)[task["text"]], "water")
    pull(client, project, WATER, tmp_path, store=tmp_path / "s")
    before = answered(tmp_path)
    title = str(client.projects.get(project).title)
    client.projects.delete(project)
    anew = setup(client, WATER, "# 手册", title).project
    with pytest.raises(ValueError, match="Is this the right server"):
        push(client, anew, TASKS, store=tmp_path / "s")
    with pytest.raises(ValueError, match="Is this the right server"):
        pull_again(client, anew, tmp_path)
    assert answered(tmp_path) == before
    for name in ("s", "label_studio.jsonl"):
        (tmp_path / name).rename(tmp_path / f"{name}.old")
    push(client, anew, TASKS, store=tmp_path / "s")
    label(client, task_ids(client, anew)[TASKS[0]["text"]], "boat")
    pull_again(client, anew, tmp_path)
    assert answered(tmp_path) == [["boat"]]


def pull_again(client: LabelStudio, project: int, folder: Path) -> object:
    return pull(client, project, WATER, folder, store=folder / "s")


@pytest.mark.studio
def test_that_more_changes_than_fit_on_a_page_are_read_and_none_rewrites_nothing(
    client: LabelStudio, project: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = task_ids(client, project)
    answers = [label(client, numbers[task["text"]], "water") for task in TASKS]
    pull_again(client, project, tmp_path)
    path = tmp_path / "label_studio.jsonl"
    before = path.stat().st_mtime_ns
    pull_again(client, project, tmp_path)
    assert path.stat().st_mtime_ns == before
    for module in ("data.studio_client", "data.studio_pull"):
        monkeypatch.setattr(f"{module}.PAGE", 2)
    for answer in answers:  # changed, not added: the numbers of answers tell nothing
        client.annotations.update(answer, result=[choice("boat")])
    pull_again(client, project, tmp_path)
    rows = map(Annotation.from_json, read_jsonl(path))
    assert [row.labels for row in rows] == [["boat"]] * len(TASKS)


@pytest.mark.studio
@pytest.mark.parametrize("many", [True, False])
def test_that_a_pull_of_what_changed_knows_what_was_suggested_as_a_whole_one_does(
    client: LabelStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    monkeypatch.setattr("data.studio_pull.EXPORTED", 200 if many else 1)
    project = setup(client, WATER, "# 手册", f"一点一点取回 {many}").project
    blind = next(share / 100 for share in range(1, 99) if sum(is_blind(t["ext_id"], share / 100) for t in TASKS) == 2)
    push(client, project, TASKS, Queue(labeller(boats), blind=blind), tmp_path / "s")
    for task in TASKS:
        label(client, task_ids(client, project)[task["text"]], "risk")
        pull_again(client, project, tmp_path)
    path = tmp_path / "label_studio.jsonl"
    changed = path.read_bytes()
    shown = [row["suggestion"] and row["suggestion"]["shown"] for row in read_jsonl(path)]
    assert sorted(shown) == [False, False, True, True]
    pull(client, project, WATER, tmp_path, store=tmp_path / "s", full=True)
    assert path.read_bytes() == changed


@pytest.mark.studio
def test_that_a_blind_answer_is_never_set_beside_a_model_that_came_later(client: LabelStudio, tmp_path: Path) -> None:
    project = setup(client, WATER, "# 手册", "先答后荐", Settings(annotators=2)).project
    push(client, project, TASKS, Queue(blind=0.99), tmp_path / "s")
    label(client, task_ids(client, project)[TASKS[0]["text"]], "boat")
    time.sleep(1.1)  # the server's clock in its headers has seconds
    push(client, project, TASKS, Queue(labeller(boats), blind=0.99), tmp_path / "s")
    pull_again(client, project, tmp_path)
    [row] = read_jsonl(tmp_path / "label_studio.jsonl")
    assert row["suggestion"] is None


@pytest.mark.studio
@pytest.mark.parametrize("command", ["push", "pull"])
def test_that_a_command_waits_for_another_on_its_project(client: LabelStudio, tmp_path: Path, command: str) -> None:
    project = setup(client, WATER, "# 手册", f"一个一个来 {command}").project
    run = {
        "push": lambda: push(client, project, TASKS, store=tmp_path / "s"),
        "pull": lambda: pull_again(client, project, tmp_path),
    }
    with ThreadPoolExecutor(1) as pool:
        with held(tmp_path / "s"):
            other = pool.submit(run[command])
            time.sleep(1)
            assert not other.done()
            assert not (tmp_path / "s").exists()
        other.result(60)
    assert (tmp_path / "s").exists()
