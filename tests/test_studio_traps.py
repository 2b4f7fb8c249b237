"""What Label Studio 1.23 does with tasks and answers that costs people their work, and that ours escapes it."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from data import studio_pull
from data.labels import Label, LabelSet
from data.records import Annotation, Document, read_jsonl
from data.sentences import segment
from data.studio_client import connected, fetch, fetch_tasks
from data.studio_existing import Counts
from data.studio_page import label_config
from data.studio_project import Settings, setup
from data.studio_pull import CLOCK, pull
from data.studio_push import push
from data.studio_tasks import tasks_of
from studio import DOCUMENT, ROOT, SENTENCES, WATER, choice, colleague, label, raw, task_ids

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server

pytestmark = pytest.mark.studio

TASKS = list(tasks_of([DOCUMENT], SENTENCES))
RUBBISH, RIVER, FERRY = "要清理岸线垃圾。", "部分河段水质仍然偏差。", "渡船去年全部换新。"
LIST = Document.of(
    "浮标漆色脱落。缆绳磨损严重。船闸夜间停航。泵站电费上涨。水尺读数不清。渔网堵住桥孔。堤坝裂缝渗漏。灯塔无人值守。"
)
LINES = list(tasks_of([LIST], segment(LIST)))


@pytest.fixture
def project(client: LabelStudio, request: pytest.FixtureRequest) -> int:
    number = setup(client, WATER, "# 手册", request.node.name[-50:]).project
    push(client, number, TASKS)
    return number


def answers(folder: Path, file: str = "label_studio.jsonl") -> list[tuple[str, list[str]]]:
    """Document and labels of every row of a pulled file."""
    rows = map(Annotation.from_json, read_jsonl(folder / file))
    return [(row.document, row.labels) for row in rows]


def config_of(client: LabelStudio, project: int) -> str:
    return str(fetch(client, f"api/projects/{project}").body["label_config"])


def test_that_deleting_an_empty_list_which_deletes_all_tasks_is_never_asked_for(
    client: LabelStudio, project: int
) -> None:
    nothing = {"project": project, "selectedItems": {"all": False, "included": []}}
    assert raw(client, "POST", f"api/dm/actions?id=delete_tasks&project={project}", nothing).status_code == 200
    assert task_ids(client, project) == {}
    push(client, project, TASKS)
    before = {row["id"] for row in fetch_tasks(client, project)[0]}
    assert push(client, project, TASKS) == Counts(unchanged=4)
    assert push(client, project, []) == Counts()
    strange = raw(client, "POST", f"api/projects/{project}/import", [{"data": {**TASKS[0], "ext_id": ""}}, TASKS[1]])
    assert strange.json()["task_count"] == 2
    assert push(client, project, TASKS) == Counts(unchanged=4, twins=1)
    assert before < {row["id"] for row in fetch_tasks(client, project)[0]}
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "data").glob("*.py")]
    assert not [source for source in sources if re.search(r"delete_tasks|dm/actions|\.actions\b", source)]


def test_that_answers_never_fall_on_other_sentences_of_the_same_task_ids(client: LabelStudio, tmp_path: Path) -> None:
    old = setup(client, WATER, "", "编号会重来").project
    push(client, old, TASKS)
    ids = task_ids(client, old)
    label(client, ids[RIVER], "water")
    pull(client, old, WATER, tmp_path, store=tmp_path / "s")
    client.projects.delete(old)  # SQLite gives its tasks' numbers anew
    new = setup(client, WATER, "", "编号会重来").project
    push(client, new, LINES)
    again = task_ids(client, new)
    assert set(ids.values()) <= set(again.values())
    label(client, again["灯塔无人值守。"], "risk")
    with pytest.raises(ValueError, match="another project of this title"):
        pull(client, new, WATER, tmp_path, store=tmp_path / "s")
    assert answers(tmp_path) == [(DOCUMENT.sha256, ["water"])]
    (tmp_path / "label_studio.jsonl").rename(tmp_path / "earlier.jsonl")  # as the message says
    (tmp_path / "s").rename(tmp_path / "s.earlier")
    pull(client, new, WATER, tmp_path, store=tmp_path / "s")
    assert answers(tmp_path) == [(LIST.sha256, ["risk"])]
    assert answers(tmp_path, "earlier.jsonl") == [(DOCUMENT.sha256, ["water"])]


def test_that_what_a_colleague_did_to_an_answer_is_told(
    client: LabelStudio, label_studio: Server, project: int, tmp_path: Path
) -> None:
    ids = task_ids(client, project)
    rewritten, deleted = label(client, ids[RIVER], "water"), label(client, ids[FERRY], "boat")
    pull(client, project, WATER, tmp_path, store=tmp_path / "s")
    with connected(label_studio.url, colleague(client, label_studio.url, "a-colleague@example.org")) as other:
        other.annotations.update(rewritten, result=[choice("risk")])  # there are no roles: everybody may
        other.annotations.delete(deleted)
    told = "\n".join(pull(client, project, WATER, tmp_path, store=tmp_path / "s").doubtful)
    assert f"task {ids[RIVER]}: the answer of admin@localhost was rewritten by a-colleague@example.org" in told
    assert "1 answers of the last pull are gone on the server" in told
    assert answers(tmp_path) == [(DOCUMENT.sha256, ["risk"])]
    assert answers(tmp_path, "label_studio.gone") == [(DOCUMENT.sha256, ["boat"])]


def test_that_an_imported_answer_is_pulled_though_it_counts_as_ground_truth(
    client: LabelStudio, project: int, tmp_path: Path
) -> None:
    rows = [{"data": task, "annotations": [{"result": [choice("water")]}]} for task in LINES[:1]]
    rows += [{"data": LINES[1], "annotations": [{"result": [choice("boat")], "ground_truth": False}]}]
    raw(client, "POST", f"api/projects/{project}/import", rows)
    tasks, _ = fetch_tasks(client, project, fields="all")
    assert [a["ground_truth"] for task in tasks for a in task["annotations"]] == [True, False]
    pull(client, project, WATER, tmp_path, store=tmp_path / "s")
    assert [labels for _, labels in answers(tmp_path)] == [["water"], ["boat"]]


def test_that_a_pull_fetches_what_changed_by_the_one_filter_that_is_heard(
    label_studio: Server, client: LabelStudio, project: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = task_ids(client, project)
    for text in (RUBBISH, RIVER):
        label(client, ids[text], "water")
    everything = raw(client, "GET", f"api/projects/{project}/export", exportType="JSON", ids=str(ids[RIVER])).json()
    assert {task["id"] for task in everything} == {ids[RUBBISH], ids[RIVER]}  # both, whichever was asked for
    asked: list[httpx.Response] = []

    def note(answer: httpx.Response) -> None:
        answer.read()
        asked.append(answer)

    monkeypatch.setattr(studio_pull, "LATE", timedelta(0))  # nothing is read twice for the sake of late commits
    time.sleep(1.1)  # the server's clock tells whole seconds
    with connected(label_studio.url, label_studio.credentials.token) as reader:
        reader._client_wrapper.httpx_client.httpx_client.event_hooks = {"response": [note]}
        pull(reader, project, WATER, tmp_path, store=tmp_path / "s")
        assert sum("/export" in answer.url.path for answer in asked) == 1
        asked.clear()
        label(client, ids[FERRY], "boat")
        pull(reader, project, WATER, tmp_path, store=tmp_path / "s")
    [exported] = [answer for answer in asked if "/export" in answer.url.path]
    assert exported.url.params.get_list("ids[]") == [str(ids[FERRY])]
    assert [task["id"] for task in exported.json()] == [ids[FERRY]]
    assert not [answer for answer in asked if "ids" in answer.url.params]
    pages = [answer.json()["tasks"] for answer in asked if answer.url.path == "/api/tasks"]
    assert [task["id"] for page in pages for task in page] == [ids[FERRY]]
    assert [labels for _, labels in answers(tmp_path)] == [["water"], ["water"], ["boat"]]


def test_that_a_time_has_a_fraction_which_the_server_crashes_without(client: LabelStudio, project: int) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def changed(value: str) -> httpx.Response:
        item = {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime", "value": value}
        query = json.dumps({"filters": {"conjunction": "and", "items": [item]}})
        return raw(client, "GET", "api/tasks", project=project, query=query)

    assert changed(at.strftime("%Y-%m-%dT%H:%M:%SZ")).status_code == 500
    assert at.strftime(CLOCK) == "2026-01-01T00:00:00.000000Z"
    assert changed(at.strftime(CLOCK)).json()["total"] == 4


def test_that_a_used_label_is_neither_taken_away_nor_are_labels_added_unnoticed(
    client: LabelStudio, project: int
) -> None:
    title = str(client.projects.get(project).title)
    label(client, task_ids(client, project)[FERRY], "boat")
    whole, less = label_config(WATER), LabelSet(WATER.labels[:2])
    for careless in (label_config(less), whole.replace("$text", "$words")):
        patched = raw(client, "PATCH", f"api/projects/{project}", {"label_config": careless})
        assert (patched.status_code, config_of(client, project)) == (200, careless)
        raw(client, "PATCH", f"api/projects/{project}", {"label_config": whole})
    renamed = LabelSet((*WATER.labels[:2], Label("ship", "船", hotkey="3")))
    for labels, settings in ((less, Settings()), (less, Settings(extend=True)), (renamed, Settings())):
        with pytest.raises(ValueError, match=r"was not changed.*boat: 1 times.*could not be read any more"):
            setup(client, labels, "# 手册", title, settings)
    more = LabelSet((*WATER.labels, Label("fish", "鱼")))
    with pytest.raises(ValueError, match=r"1 answers were given without \['fish'\] being asked.*say --extend"):
        setup(client, more, "# 新手册", title)
    now = fetch(client, f"api/projects/{project}").body
    assert (now["label_config"], "新手册" in now["expert_instruction"]) == (whole, False)
    assert setup(client, more, "# 新手册", title, Settings(extend=True)).done == "updated"
    assert config_of(client, project) == label_config(more)


def test_that_a_label_of_a_draft_is_used_too(client: LabelStudio, project: int) -> None:
    title = str(client.projects.get(project).title)
    raw(client, "POST", f"api/tasks/{task_ids(client, project)[FERRY]}/drafts", {"result": [choice("boat")]})
    with pytest.raises(ValueError, match=r"(?s)was not changed.*boat \(1 draft\)"):
        setup(client, LabelSet(WATER.labels[:2]), "# 手册", title, Settings(extend=True))


def test_that_a_label_of_an_imported_answer_which_the_server_does_not_count_is_used_too(client: LabelStudio) -> None:
    number = setup(client, WATER, "", "导入的回答").project
    answered = {"data": TASKS[0], "annotations": [{"result": [choice("boat")]}]}
    raw(client, "POST", f"api/projects/{number}/import", [answered])
    with pytest.raises(ValueError, match="boat: 1 times"):
        setup(client, LabelSet(WATER.labels[:2]), "", "导入的回答", Settings(extend=True))


def test_that_a_none_beside_a_label_is_named_and_left_out(client: LabelStudio, project: int, tmp_path: Path) -> None:
    ids = task_ids(client, project)
    both = raw(client, "POST", f"api/tasks/{ids[FERRY]}/annotations", {"result": [choice("none", "boat")]})
    assert both.status_code == 201
    label(client, ids[RIVER], "none")
    pulled = pull(client, project, WATER, tmp_path, store=tmp_path / "s")
    assert pulled.refused == [f"task {ids[FERRY]}, admin@localhost: 无 together with 船: {FERRY}"]
    assert answers(tmp_path) == [(DOCUMENT.sha256, [])]


@pytest.mark.parametrize("title", ["水务", "水" * 51], ids=["short", "long"])
def test_that_a_title_the_server_refuses_is_refused_before(client: LabelStudio, title: str) -> None:
    assert raw(client, "POST", "api/projects", {"title": title}).status_code == 400
    with pytest.raises(ValueError, match="expected a title of 3 to 50 characters"):
        setup(client, WATER, "", title)


@pytest.mark.parametrize("title", ["水务段", "水" * 50, " 前后有空格 "], ids=["short", "long", "blanks"])
def test_that_a_second_setup_finds_the_project_whose_title_and_page_were_stripped(
    client: LabelStudio, title: str
) -> None:
    first = setup(client, WATER, "# 手册", title)
    assert (first.done, setup(client, WATER, "# 手册", title).done) == ("created", "unchanged")
    page = label_config(WATER)
    raw(client, "PATCH", f"api/projects/{first.project}", {"label_config": f"\n{page}\n"})
    assert config_of(client, first.project) == page


def test_that_every_task_has_every_variable_of_the_page(client: LabelStudio, project: int) -> None:
    variables = {value[1:] for value in re.findall(r'value="(\$\w+)"', label_config(WATER))}
    assert {"text", "previous", "note"} < variables
    assert all(variables <= task.keys() for task in TASKS)
    half = [{"data": {name: value for name, value in TASKS[0].items() if name != "previous"}}]
    refused = raw(client, "POST", f"api/projects/{project}/import", half)
    assert (
        refused.status_code,
        '"previous" key is expected' in refused.json()["validation_errors"]["non_field_errors"][0],
    ) == (400, True)
