"""The doctor on a real server: what it says of a project, its people, its queue and its adjudications."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from data.order import Order
from data.studio_cli import app
from data.studio_doctor import Patient, examine
from data.studio_finding import Called, count
from data.studio_project import Settings, adjudication_of, setup
from data.studio_pull import file_of, pull
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_store import store_path
from examining import BLIND, COMMAND, LINES, POLICY, told, wrong
from studio import WATER, boats, choice, label, labeller, person, raw, task_ids

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server

pytestmark = pytest.mark.studio

MODEL = labeller(boats)


def doctor(server: Server, title: str, store: Path) -> tuple[list[str], list[str]]:
    """What is well, and what isn't, of a project that asks for the labels of these tests."""
    return told(server, title, store, labels=WATER)


def test_that_a_project_is_told_in_words_that_say_what_each_number_counts(
    client: LabelStudio, label_studio: Server, tmp_path: Path
) -> None:
    number = setup(client, WATER, "", "数字说得清").project
    push(client, number, LINES, Queue(MODEL, Order.uncertainty, BLIND), tmp_path / "s.sqlite")
    ids = list(task_ids(client, number).values())
    label(client, ids[0], "water")
    label(client, ids[1], was_cancelled=True)
    good, bad = doctor(label_studio, "数字说得清", tmp_path / "s.sqlite")
    assert bad == [
        f"2 answers on the server (1 of them skipped), 2 not pulled: there is no copy of them -> {COMMAND} pull"
    ]
    pull(client, number, WATER, tmp_path / "out", store=tmp_path / "s.sqlite")
    good, bad = doctor(label_studio, "数字说得清", tmp_path / "s.sqlite")
    people = len(list(client.users.list()))
    assert bad == []
    assert good[2:] == [
        "project 数字说得清 asks for the labels of labels.yaml",
        f"{count(people, 'account')} ({'the first one' + ' included' * (people > 1)}), 1 wanted for each sentence",
        "suggested labels are shown as ticks",
        "8 sentences: 1 finished, 7 still to be labelled",
        "sentences are handed out in the order that was pushed with m@1",
        "blind (labelled without ticks): 3 of 7 waiting sentences; they tell how far people lean on ticks",
        "2 answers on the server (1 of them skipped), all pulled",
        "no model's server is connected: people see the ticks that were pushed, and no others",
    ]


@pytest.mark.parametrize(("number", "said"), [(0, "0 accounts"), (1, "1 account"), (2, "2 accounts")])
def test_that_one_is_no_plural(number: int, said: str) -> None:
    assert count(number, "account") == said


def test_that_too_few_accounts_are_told(client: LabelStudio, label_studio: Server, tmp_path: Path) -> None:
    person(client, "second")
    people = len(list(client.users.list()))
    setup(client, WATER, "", "人手不够", Settings(annotators=people))
    good, bad = doctor(label_studio, "人手不够", tmp_path / "s")
    enough = f"{people} accounts (the first one included), {people} wanted for each sentence"
    assert (enough in good, bad) == (True, [f"0 sentences: 0 finished, 0 still to be labelled -> {COMMAND} push"])
    setup(client, WATER, "", "人手不够", Settings(annotators=people + 1))
    said = f"{people} accounts (the first one included), {people + 1} wanted for each sentence"
    mend = f"{COMMAND} invite\n{COMMAND} setup --annotators {people}  # or fewer for each sentence"
    assert f"{said} -> {mend}" in doctor(label_studio, "人手不够", tmp_path / "s")[1]


def test_that_a_queue_where_nothing_is_blind_is_told(client: LabelStudio, label_studio: Server, tmp_path: Path) -> None:
    number = setup(client, WATER, "", "没有盲标").project
    push(client, number, LINES, Queue(order=Order.diverse), tmp_path / "s")
    assert wrong(label_studio, "没有盲标", tmp_path / "s").count("blind") == 0  # nobody suggests anything
    push(client, number, LINES, Queue(MODEL, Order.uncertainty), tmp_path / "s")
    _, bad = doctor(label_studio, "没有盲标", tmp_path / "s")
    mend = f"{COMMAND} push --order uncertainty --prelabel MODEL --blind 0.1  # MODEL: the directory of m@1\n# a larger"
    [line] = [line for line in bad if "no waiting sentence is blind" in line]
    assert line.split(" -> ")[1].startswith(mend)
    push(client, number, LINES, Queue(MODEL, Order.uncertainty, 0.1), tmp_path / "s")
    assert doctor(label_studio, "没有盲标", tmp_path / "s")[1] == []
    [blind] = [task["ext_id"] for task in LINES if Queue(blind=0.1).marked(task)["blind"]]
    texts = {task["ext_id"]: task["text"] for task in LINES}
    label(client, task_ids(client, number)[texts[blind]], "water")
    pull(client, number, WATER, tmp_path / "out", store=tmp_path / "s")
    assert doctor(label_studio, "没有盲标", tmp_path / "s")[1] == []  # the blind one is done, few are left


def test_that_ticks_on_blind_sentences_are_told_and_mended(
    client: LabelStudio, label_studio: Server, tmp_path: Path
) -> None:
    number = setup(client, WATER, "", "盲标露了底").project
    queue = Queue(MODEL, Order.uncertainty, BLIND)
    push(client, number, LINES, queue, tmp_path / "s")
    for task in LINES:
        row = {"task": task_ids(client, number)[task["text"]], "model_version": "m@0", "result": [choice("water")]}
        assert raw(client, "POST", f"api/projects/{number}/import/predictions", [row]).json() == {"created": 1}
    mend = f"{COMMAND} push --order uncertainty --prelabel MODEL  # MODEL: the directory of m@1"
    said = "of the 3 blind sentences 3 have ticks after all, which the list of tasks shows"
    assert doctor(label_studio, "盲标露了底", tmp_path / "s")[1] == [f"{said} -> {mend}"]
    push(client, number, LINES, queue, tmp_path / "s")
    assert doctor(label_studio, "盲标露了底", tmp_path / "s")[1] == []


def test_that_the_adjudications_are_looked_at_too(client: LabelStudio, label_studio: Server, tmp_path: Path) -> None:
    stores = [store_path(tmp_path, file_of(title)) for title in ("有人裁定", adjudication_of("有人裁定"))]
    push(client, setup(client, WATER, "", "有人裁定").project, LINES, store=stores[0])
    assert doctor(label_studio, "有人裁定", stores[0])[1] == []
    third = setup(client, POLICY, "", adjudication_of("有人裁定")).project
    push(client, third, LINES[:3], store=stores[1])
    good, bad = doctor(label_studio, "有人裁定", stores[0])
    assert "there: 3 sentences still to be decided by a third person" in good
    assert "there: 0 answers on the server, all pulled" in good
    [line] = bad
    assert line.startswith(f"project 有人裁定·裁定 asks for {[*POLICY.ids, 'none']}, labels.yaml has ['risk', ")
    assert line.endswith(f" -> {COMMAND} setup --project='有人裁定·裁定'")
    setup(client, WATER, "", adjudication_of("有人裁定"))
    label(client, next(iter(task_ids(client, third).values())), "water")
    good, bad = doctor(label_studio, "有人裁定", stores[0])
    assert "there: 2 sentences still to be decided by a third person" in good
    assert bad == [f"there: 1 answer on the server, 1 not pulled: there is no copy of them -> {COMMAND} pull"]
    pull(client, third, WATER, tmp_path / "out", store=stores[1])
    assert doctor(label_studio, "有人裁定", stores[0])[1] == []


def test_that_the_doctor_ends_where_nothing_more_can_be_seen(label_studio: Server, tmp_path: Path) -> None:
    good = Patient(label_studio.url, label_studio.credentials.token, "没有这个项目", WATER, tmp_path / "s", "")
    missing = list(examine(good))
    assert missing[-1].mend == f"{COMMAND} setup"
    refused = list(examine(replace(good, key="0" * 40)))
    assert [f.good for f in refused] == [False]
    assert "API key is wrong" in refused[0].what
    done = CliRunner().invoke(app, ["doctor", f"--folder={label_studio.folder}", "--project=没有这个项目"])
    assert (done.exit_code, "bad  no project has the title" in done.output) == (1, True)
    setup_line = done.output.splitlines()[-1]
    assert f"{COMMAND} setup --folder=" in setup_line
    assert setup_line.endswith("--project='没有这个项目'")


def test_that_a_command_that_mends_goes_to_the_same_server_project_and_labels(tmp_path: Path) -> None:
    assert Called().command("push --order diverse") == f"{COMMAND} push --order diverse"
    called = Called("https://studio.example", tmp_path, "复核 一", tmp_path / "l.yaml")
    server = f"--url=https://studio.example --folder={tmp_path}"
    project = "--project='复核 一'"
    assert called.command("push --order diverse") == f"{COMMAND} push --order diverse {server} {project}"
    assert called.command("setup") == f"{COMMAND} setup {server} {project} --labels={tmp_path}/l.yaml"
    assert called.command("pull") == f"{COMMAND} pull {server} {project} --labels={tmp_path}/l.yaml"
    assert called.command("invite") == f"{COMMAND} invite {server}"
    assert called.command("up --detach") == f"{COMMAND} up --detach --folder={tmp_path}"
