"""The queue as the server hands it out: order, the blind share, a newer model, what the answers remember of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data.order import Order, is_blind
from data.records import Annotation, Document, Suggestion, read_jsonl
from data.sentences import segment
from data.studio_client import fetch, fetch_tasks
from data.studio_existing import Counts
from data.studio_project import Settings, setup
from data.studio_pull import pull
from data.studio_push import push
from data.studio_queue import Queue, check_labels
from data.studio_tasks import tasks_of
from studio import WATER, boats, choice, label, labeller, next_task, task_ids, ticks

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio


pytestmark = pytest.mark.studio

THINGS = """浮标漆色脱落。 缆绳磨损严重。 船闸夜间停航。 泵站电费上涨。 水尺读数不清。 渔网堵住桥孔。 堤坝裂缝渗漏。
灯塔无人值守。 栈桥护栏松动。 芦苇连片枯死。 码头客流翻倍。 闸门锈蚀卡阻。 涵洞淤积过半。 沙袋储备告急。
滩涂围垦叫停。 河床逐年下切。 冷库租金偏高。 潜水技师短缺。 采砂许可到期。 鱼苗投放延后。""".split()
LONG = Document.of("".join(THINGS), title="巡查清单")
TASKS = list(tasks_of([LONG], segment(LONG)))
SURE = {task["text"]: place / 100 for place, task in enumerate(TASKS)}


@pytest.fixture
def project(client: LabelStudio, request: pytest.FixtureRequest) -> int:
    return setup(client, WATER, "# 手册", request.node.name[:50]).project


def ours(queue: Queue) -> list[str]:
    """The sentences in the order that the queue gives them."""
    plan = queue.plan([queue.marked(task) for task in TASKS])
    return [task["text"] for task in sorted(TASKS, key=lambda task: plan[task["ext_id"]].score)]


def walk(client: LabelStudio, project: int, steps: int) -> list[str]:
    """Label as many tasks as told, in the order in which the server hands them out."""
    seen = []
    for _ in range(steps):
        task = next_task(client, project)
        seen.append(task["data"]["text"])
        label(client, task["id"], "none")
    return seen


def served(client: LabelStudio, project: int) -> list[str]:
    """The sentences by the score that the server orders them by."""
    rows, _ = fetch_tasks(client, project, fields="all", include="id,data,predictions,score")
    return [row["data"]["text"] for row in sorted(rows, key=lambda row: float(row["predictions"][0]["score"]))]


def suggested(client: LabelStudio, project: int) -> dict[str, tuple[str, list[str]]]:
    """Of every sentence the version and the ticks of its one prediction."""
    rows, _ = fetch_tasks(client, project, fields="all", include="id,data,predictions")
    found = {}
    for row in rows:
        [prediction] = row["predictions"]
        found[row["data"]["text"]] = (prediction["model_version"], ticks(prediction["result"]))
    return found


def test_that_the_least_certain_sentence_comes_first(client: LabelStudio, project: int, tmp_path: Path) -> None:
    queue = Queue(labeller(boats, sure=lambda text: 1 - SURE[text]), Order.uncertainty)
    assert push(client, project, TASKS, queue, tmp_path / "s").created == len(THINGS)
    seen = walk(client, project, 6)
    assert seen == ours(queue)[:6]
    assert seen[0] == TASKS[-1]["text"]


def test_that_the_blind_share_stands_in_between_without_ticks(
    client: LabelStudio, project: int, tmp_path: Path
) -> None:
    queue = Queue(labeller(lambda _: ["water"], sure=SURE.__getitem__), Order.uncertainty, blind=0.3)
    blind = {task["text"] for task in TASKS if is_blind(task["ext_id"], 0.3)}
    assert 2 < len(blind) < 12
    push(client, project, TASKS, queue, tmp_path / "s")
    now = suggested(client, project)
    assert {text for text, (_, shown) in now.items() if not shown} == blind
    seen = walk(client, project, len(THINGS))
    places = [place for place, text in enumerate(seen) if text in blind]
    assert max(b - a for a, b in pairwise(places)) <= 2 * len(THINGS) / len(blind)
    assert seen == ours(queue)


def test_that_answers_remember_what_was_suggested(client: LabelStudio, project: int, tmp_path: Path) -> None:
    queue = Queue(labeller(lambda _: ["water"], sure=SURE.__getitem__), Order.uncertainty, blind=0.3)
    push(client, project, TASKS, queue, tmp_path / "s")
    rows, _ = fetch_tasks(client, project, fields="all", include="id,data,predictions")
    for row in rows:  # as the page does: it names the prediction that it started from
        label(client, row["id"], "risk", parent_prediction=row["predictions"][0]["id"])
    push(client, project, TASKS, Queue(labeller(boats, "m@2"), Order.uncertainty, blind=0.3), tmp_path / "s")
    pull(client, project, WATER, tmp_path, store=tmp_path / "s")
    ids = {task["text"]: task["ext_id"] for task in TASKS}
    for answer in map(Annotation.from_json, read_jsonl(tmp_path / "label_studio.jsonl")):
        text = LONG.text[answer.start : answer.end]
        shown = not is_blind(ids[text], 0.3)
        assert answer.suggestion == Suggestion("m@1", ["water"], SURE[text], shown)


def test_that_a_newer_model_takes_the_place_of_the_older(client: LabelStudio, project: int, tmp_path: Path) -> None:
    older = Queue(labeller(lambda _: ["water"], "m@1", SURE.__getitem__), Order.uncertainty)
    newer = Queue(labeller(lambda _: ["boat"], "m@2", lambda text: 1 - SURE[text]), Order.uncertainty)
    push(client, project, TASKS, older, tmp_path / "s")
    walk(client, project, 2)
    counts = push(client, project, TASKS, newer, tmp_path / "s")
    assert (counts.created, counts.updated, counts.predictions) == (0, 0, len(THINGS) - 2)
    assert "kappa" in counts.hint
    assert fetch(client, f"api/projects/{project}").body["model_version"] == "m@2"
    rows, _ = fetch_tasks(client, project, fields="all", include="id,data,predictions,total_annotations")
    waiting = [row for row in rows if not row["total_annotations"]]
    assert all([p["model_version"] for p in row["predictions"]] == ["m@2"] for row in waiting)
    assert walk(client, project, 1) == [TASKS[-1]["text"]]
    left = push(client, project, TASKS, newer, tmp_path / "s")
    assert left == Counts(unchanged=len(THINGS))


@pytest.mark.parametrize("skipped", [True, False])
def test_that_a_blind_sentence_stays_blind_for_those_who_come_after(
    client: LabelStudio, tmp_path: Path, skipped: bool
) -> None:
    project = setup(client, WATER, "# 手册", f"半途的盲标 {skipped}", Settings(annotators=2)).project
    everything = labeller(lambda _: ["water"], "m@1")
    push(client, project, TASKS, Queue(everything, Order.uncertainty, blind=0.3), tmp_path / "s")
    blind = [task["text"] for task in TASKS if is_blind(task["ext_id"], 0.3)]
    numbers = task_ids(client, project)
    for text in blind:
        label(client, numbers[text], *([] if skipped else ["risk"]), was_cancelled=skipped)
    newer = Queue(labeller(lambda _: ["boat"], "m@2"), Order.uncertainty, blind=0.3)
    push(client, project, TASKS, newer, tmp_path / "s")
    now = suggested(client, project)
    assert {text for text, (_, shown) in now.items() if not shown} == set(blind)
    assert {version for version, _ in now.values()} == {"m@2"}


def test_that_a_sentence_made_blind_loses_its_ticks_though_a_push_was_cut_off(
    client: LabelStudio, project: int, tmp_path: Path
) -> None:
    everything = labeller(lambda _: ["water"])
    push(client, project, TASKS, Queue(everything), tmp_path / "s")
    blind = Queue(everything, blind=0.3)
    for row in fetch_tasks(client, project, fields="all", include="id,data")[0]:  # all that a push did before it died
        if is_blind(row["data"]["ext_id"], 0.3):
            client.tasks.update(str(row["id"]), data={**row["data"], "blind": True})
    push(client, project, TASKS, blind, tmp_path / "s")
    hidden = {task["text"] for task in TASKS if is_blind(task["ext_id"], 0.3)}
    assert {text for text, (_, shown) in suggested(client, project).items() if not shown} == hidden


def test_that_new_sentences_join_the_queue(client: LabelStudio, project: int, tmp_path: Path) -> None:
    queue = Queue(labeller(boats, sure=SURE.__getitem__), Order.uncertainty)
    push(client, project, TASKS[5:], queue, tmp_path / "s")
    counts = push(client, project, TASKS, queue, tmp_path / "s")
    assert (counts.created, counts.unchanged) == (5, len(THINGS) - 5)
    assert walk(client, project, 2)[0] in {TASKS[0]["text"], TASKS[5]["text"]}


def test_that_another_order_of_the_same_version_is_followed(client: LabelStudio, project: int, tmp_path: Path) -> None:
    said = labeller(boats, sure=lambda text: 1 - SURE[text])
    for plain in (Queue(said), Queue(said, Order.random), Queue(said, Order.diverse)):
        push(client, project, TASKS, plain, tmp_path / "s")
        ordered = Queue(said, Order.uncertainty, blind=0.3)
        assert push(client, project, TASKS, ordered, tmp_path / "s").predictions == len(THINGS)
        again = push(client, project, TASKS, ordered, tmp_path / "s")
        assert again == Counts(unchanged=len(THINGS), blind=again.blind)
        assert len(suggested(client, project)) == len(THINGS)  # one prediction each
        assert served(client, project) == ours(ordered)


def test_that_a_sure_new_sentence_comes_late(client: LabelStudio, project: int, tmp_path: Path) -> None:
    queue = Queue(labeller(boats, sure=SURE.__getitem__), Order.uncertainty)
    push(client, project, TASKS[:-1], queue, tmp_path / "s")
    push(client, project, TASKS, queue, tmp_path / "s")
    assert served(client, project).index(TASKS[-1]["text"]) >= len(THINGS) - 3


def test_that_a_mended_sentence_gets_a_suggestion_of_its_own(client: LabelStudio, project: int, tmp_path: Path) -> None:
    queue = Queue(labeller(boats))
    push(client, project, TASKS, queue, tmp_path / "s")
    mended = [{**TASKS[0], "text": "渡船漆色脱落。"}, *TASKS[1:]]
    counts = push(client, project, mended, queue, tmp_path / "s")
    assert (counts.updated, counts.predictions) == (1, 1)
    assert suggested(client, project)["渡船漆色脱落。"] == ("m@1", ["boat"])


def test_that_an_order_needs_no_model(client: LabelStudio, project: int, tmp_path: Path) -> None:
    copies = "".join(f"第{i}个码头要在20{i}年以前修好。" for i in range(10, 30))
    document = Document.of("渡船全部换新。" + copies + "拨款修缮老闸门。")
    tasks = list(tasks_of([document], segment(document)))
    push(client, project, tasks, Queue(order=Order.diverse), tmp_path / "s")
    seen = walk(client, project, 3)
    assert sum("码头" in text for text in seen) == 1
    push(client, project, tasks, Queue(order=Order.random), tmp_path / "s")
    assert fetch(client, f"api/projects/{project}").body["sampling"] == "Uniform sampling"


def test_that_uncertainty_needs_a_model_that_is_sure_of_something() -> None:
    with pytest.raises(ValueError, match="--order diverse"):
        Queue(order=Order.uncertainty)
    with pytest.raises(ValueError, match="--blind"):
        Queue(blind=1.0)


def test_that_labels_the_project_lacks_are_named_before_anything_is_sent() -> None:
    with pytest.raises(ValueError, match=r"\['boat'\].*trained on this label set"):
        check_labels(labeller(boats), ["risk", "water", "none"])


def test_that_a_pull_reads_what_changed(client: LabelStudio, project: int, tmp_path: Path) -> None:
    push(client, project, TASKS)
    numbers = task_ids(client, project)

    def labels() -> dict[str, list[str]]:
        pull(client, project, WATER, tmp_path, store=tmp_path / "s")
        rows = map(Annotation.from_json, read_jsonl(tmp_path / "label_studio.jsonl"))
        return {LONG.text[row.start : row.end]: row.labels for row in rows}

    first, second, third = (task["text"] for task in TASKS[:3])
    answers = [label(client, numbers[text], "water") for text in (first, second)]
    assert labels() == {first: ["water"], second: ["water"]}
    client.annotations.update(answers[0], result=[choice("boat")])
    client.annotations.delete(answers[1])
    label(client, numbers[third], "none")
    assert labels() == {first: ["boat"], third: []}
    client.tasks.delete(str(numbers[third]))
    assert labels() == {first: ["boat"]}
    assert [row["labels"] for row in read_jsonl(tmp_path / "label_studio.gone")] == [["water"], []]
