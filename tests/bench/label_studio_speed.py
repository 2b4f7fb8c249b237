"""How long push and pull take with 10,000 sentences, on SQLite and on PostgreSQL side by side.

    PYTHONPATH=tests python tests/bench/label_studio_speed.py [--tasks 10000] [--repeats 3] [--model DIR]

Needs PostgreSQL's initdb and pg_ctl on the path; as root they are run as the user postgres. The labeller of the push is
a cheap function, so that the server and our own part are measured; how long a model directory takes is told apart.
"""

from __future__ import annotations

import hashlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.labellers import Labeller, Said, load_labeller
from data.labels import LabelSet, load_labels
from data.order import Order
from data.records import Document
from data.sentences import segment
from data.studio_client import connected
from data.studio_existing import Counts
from data.studio_project import setup
from data.studio_pull import LATE, pull
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_server import serving
from data.studio_tasks import Task, tasks_of
from postgres import postgres

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

SEEDS = Path(__file__).parents[2] / "seeds"
ANSWERS, CHUNK = 10, 1000
BARS = {"push": 40, "push again": 20, "first pull": 15, "pull after 10 answers": 1}  # seconds, of 10,000 tasks
PLACES = "东港 西闸 南塘 北堤 上游 下游 城郊 老街 新区 山口 河湾 湖心 岛屿 渡口 林场 茶园 盐田 牧区".split()
THINGS = "渡船 泵站 灯塔 栈桥 闸门 堤坝 涵洞 浮标 码头 冷库 渔网 水尺 沙袋 航标 苗圃 仓棚 磨坊 水渠".split()
DEEDS = "更新 检修 巡查 加固 清淤 改造 普查 登记 培训 试运行 验收 补种 拆除 迁移 招标 复核 归档 扩容".split()


def sentence(rng: random.Random) -> str:
    """An invented one of about 60 characters."""
    a, b, c, d = (rng.choice(words) for words in (PLACES, THINGS, DEEDS, PLACES))
    opening = rng.choice(
        ("针对近年来反映集中的情况，", "按照年初确定的安排，", "在前期摸底的基础上，", "考虑到汛期将至，")
    )
    middle = f"{a}要在{rng.randint(2026, 2035)}年{rng.randint(1, 12)}月底以前完成{rng.randint(3, 900)}处{b}的{c}"
    closing = f"，会同{d}的{rng.choice(THINGS)}管理所每{rng.choice('周月季')}公布一次{rng.choice(DEEDS)}的进度和费用。"
    return opening + middle + closing


def corpus(count: int) -> list[Task]:
    """So many tasks, of documents with 100 sentences under headings."""
    rng, tasks = random.Random(13), list[Task]()
    while len(tasks) < count:
        parts = [f"（{number}）{rng.choice(PLACES)}{rng.choice(THINGS)}" for number in "一二三四五"]
        text = "\n".join(f"{part}\n" + "".join(sentence(rng) for _ in range(20)) for part in parts)
        document = Document.of(text, title=f"{rng.choice(PLACES)}{rng.choice(THINGS)}管护方案")
        tasks += tasks_of([document], segment(document))
    return tasks[:count]


def cheap(labels: LabelSet) -> Labeller:
    """Labels and confidence from a hash of the text."""

    def say(texts: Sequence[str]) -> list[Said]:
        dice = [hashlib.sha256(text.encode()).digest() for text in texts]
        return [Said([x for x, byte in zip(labels.ids, d, strict=False) if byte < 60], d[31] / 255) for d in dice]

    return Labeller("cheap@1", frozenset(labels.ids), True, say)


@dataclass
class Bench:
    """One server, and the seconds that each step took on it."""

    name: str
    client: LabelStudio
    folder: Path
    tasks: list[Task]
    labels: LabelSet
    seconds: dict[str, list[float]] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)  # requests that change something

    def __post_init__(self) -> None:
        http = self.client._client_wrapper.httpx_client.httpx_client
        http.event_hooks = {"request": [lambda r: None if r.method == "GET" else self.writes.append(r.method)]}

    def timed(self, step: str, act: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        done = act()
        self.seconds.setdefault(step, []).append(spent := time.perf_counter() - start)
        print(f"  {self.name}: {step} {spent:.2f} s", flush=True)
        return done

    def push_twice(self, number: int) -> None:
        project = setup(self.client, self.labels, "# 手册", f"推送 {number}").project
        queue, store = Queue(cheap(self.labels), Order.uncertainty, 0.1), self.folder / f"push{number}.sqlite"

        def send() -> Counts:
            return push(self.client, project, self.tasks, queue, store)

        assert self.timed("push", send).created == len(self.tasks)
        before = len(self.writes)
        assert self.timed("push again", send).unchanged == len(self.tasks)
        assert self.writes[before:] == []
        self.client.projects.delete(project)

    def label_half(self) -> int:
        """A project with all tasks, half of them answered, each with a suggestion; returns its number."""
        project = setup(self.client, self.labels, "# 手册", "拉取速度").project
        choice = {"from_name": "labels", "to_name": "text", "type": "choices"}
        rows: list[Any] = []
        for place, task in enumerate(self.tasks):
            result = [{**choice, "value": {"choices": [self.labels.ids[place % len(self.labels.ids)]]}}]
            row = {"data": task, "predictions": [{"model_version": "m", "score": 0.5, "result": result}]}
            rows.append({**row, "annotations": [{"result": result, "ground_truth": False}]} if place % 2 == 0 else row)
        for at in range(0, len(rows), CHUNK):
            self.client.projects.import_tasks(project, request=rows[at : at + CHUNK])
        return int(project)

    def pull_all(self, project: int, number: int) -> None:
        store, out = self.folder / f"pull{number}.sqlite", self.folder / f"out{number}"
        pulled = self.timed("first pull", lambda: pull(self.client, project, self.labels, out, store=store))
        assert len(pulled.annotations) == len(self.tasks) // 2

    def pull_new(self, project: int, number: int) -> None:
        rows: Any = self.client.tasks.list(project=project, page_size=4 * ANSWERS * (number + 1), fields="task_only")
        free = [row.id for row, _ in zip(rows, range(4 * ANSWERS * (number + 1)), strict=False)][1::2]
        choice = {"from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": ["none"]}}
        for task in free[number * ANSWERS :][:ANSWERS]:
            self.client.annotations.create(task, result=[choice])
        store, out = self.folder / "pull0.sqlite", self.folder / "out0"
        act = lambda: pull(self.client, project, self.labels, out, store=store)  # noqa: E731
        pulled = self.timed("pull after 10 answers", act)
        assert len(pulled.annotations) == len(self.tasks) // 2 + (number + 1) * ANSWERS


def measure(benches: list[Bench], repeats: int) -> None:
    """Every step on each server in turn."""
    for number in range(repeats):
        for bench in benches:
            bench.push_twice(number)
    projects = [bench.label_half() for bench in benches]
    time.sleep(LATE.total_seconds() + 1)  # what was just imported would be read again
    for act in (Bench.pull_all, Bench.pull_new):
        for number in range(repeats):
            for bench, project in zip(benches, projects, strict=True):
                act(bench, project, number)


def show(benches: list[Bench]) -> None:
    print(f"\n| step | bar | {' | '.join(bench.name for bench in benches)} |\n|---|---|{'---|' * len(benches)}")
    for step, bar in BARS.items():
        times = [f"{statistics.median(b.seconds[step]):.1f} s ({len(b.seconds[step])} runs)" for b in benches]
        print(f"| {step} | {bar} s | {' | '.join(times)} |")
    print(f"load of the machine: {os.getloadavg()}")


def main(
    tasks: Annotated[int, typer.Option(help="how many sentences")] = 10_000,
    repeats: Annotated[int, typer.Option(help="of every step; the table has medians")] = 3,
    model: Annotated[Path, typer.Option(help="a model directory to time apart")] = Path("serve/models/current"),
) -> None:
    print(f"load of the machine: {os.getloadavg()}")
    sent, labels = corpus(tasks), load_labels(SEEDS / "labels.yaml")
    print(f"{len(sent)} tasks, {statistics.mean(len(task['text']) for task in sent):.0f} characters a sentence")
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        benches = []
        for name, address in (("SQLite", ""), ("PostgreSQL", stack.enter_context(postgres()))):
            server = stack.enter_context(serving(home / name, 0, "", address))
            client = stack.enter_context(connected(server.url, server.credentials.token))
            benches.append(Bench(name, client, home / name, sent, labels))
        measure(benches, repeats)
    show(benches)
    if model.is_dir():
        start = time.perf_counter()
        load_labeller(str(model), SEEDS / "lexicon.yaml").say([task["text"] for task in sent])
        print(f"the labels of {model.resolve().name} for {len(sent)} sentences: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    typer.run(main)
