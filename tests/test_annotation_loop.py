"""The whole loop: two annotators in a browser, a third who decides, a model that learns from them and helps."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from typer import Typer
from typer.testing import CliRunner

from data.__main__ import app as data_app
from data.corpus import load_corpus
from data.decisions import resolve
from data.order import Order
from data.records import digest
from data.studio_access import project_number
from data.studio_cli import app
from data.studio_client import connected, fetch_tasks
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_tasks import tasks_of
from desk import Desk, chromium
from studio import WATER, boats, label, labeller, serve
from trained import Workshop

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio

    from data.studio_server import Server

pytestmark = [pytest.mark.studio, pytest.mark.browser, pytest.mark.training]

TITLE = "水务闭环"
GUIDE = "怎样标注水务句子"
KEYS = {x.id: x.hotkey for x in WATER.labels}
ANOTHER = "text => document.querySelector('.sentence')?.innerText.trim() !== text"
PLACES = "东湖 西湖 南湖 北湖 上游 下游 左岸 右岸 新港 老港 城南 城北 山前 山后 湖心 河口".split()
WHAT = {
    "boat": "渡船 货船 木船 游船 拖船".split(),
    "water": "水质 水位 水量 水温 水草".split(),
    "risk": "险情 险段 险工 险坝 险滩".split(),
    "": "会议 展览 培训 集市 座谈".split(),
}
HOW = "已经恢复 正在检查 明显改善 有了变化 由专人登记 仍在统计 略有增加 另行通知".split()
DOCUMENTS, SENTENCES = 12, 20


def documents(folder: Path) -> dict[str, list[str]]:
    """Documents of short sentences; returns the labels of each sentence."""
    makings = [(a, c, b, kind) for a in PLACES for kind, things in WHAT.items() for b in things for c in HOW]
    picked = random.Random(5).sample(makings, DOCUMENTS * SENTENCES)
    gold = {f"{place}{what}{how}。": [kind] if kind else [] for place, how, what, kind in picked}
    folder.mkdir()
    for number in range(DOCUMENTS):
        sentences = list(gold)[number * SENTENCES : (number + 1) * SENTENCES]
        (folder / f"{number}.txt").write_text("".join(sentences), encoding="utf-8")
    return gold


@dataclass(frozen=True, slots=True)
class Lead:
    """The person who runs the commands: a folder with a label set and a guideline, and the server's folder."""

    home: Path
    server: Path

    @staticmethod
    def begin(home: Path, server: Path) -> Lead:
        rows = [{"id": x.id, "name": x.name, "hotkey": x.hotkey} for x in WATER.labels]
        (home / "labels.yaml").write_text(yaml.safe_dump({"labels": rows}, allow_unicode=True), encoding="utf-8")
        (home / "guideline.md").write_text(f"# {GUIDE}\n", encoding="utf-8")
        return Lead(home, server)

    @property
    def kind(self) -> str:
        return f"--labels={self.home / 'labels.yaml'}"

    def path(self, option: str, name: str) -> str:
        return f"--{option}={self.home / name}"

    def data(self, *arguments: str) -> str:
        """python -m data …"""
        return self._run(data_app, *arguments)

    def studio(self, *arguments: str) -> str:
        """python -m data label-studio …, for this project"""
        return self._run(app, *arguments, f"--folder={self.server}", f"--project={TITLE}")

    def pull(self) -> str:
        return self.studio("pull", self.kind, self.path("out", "annotations"))

    def pulled(self) -> list[Path]:
        return sorted((self.home / "annotations").glob("*.jsonl"))

    def _run(self, command: Typer, *arguments: str) -> str:
        done = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output


def test_that_what_people_label_becomes_a_model_that_helps_them(label_studio: Server, tmp_path: Path) -> None:
    lead = Lead.begin(tmp_path, label_studio.folder)
    gold = documents(tmp_path / "documents")
    lead.data("ingest", str(tmp_path / "documents"), lead.path("out", "corpus"))
    lead.studio("setup", lead.kind, lead.path("guideline", "guideline.md"), "--annotators=2")
    invitation = CliRunner().invoke(app, ["invite", f"--folder={label_studio.folder}"]).output.strip()
    with connected(label_studio.url, label_studio.credentials.token) as client, chromium() as browser:
        project = project_number(client, TITLE)
        texts = send_first(client, project, lead)
        jia, yi, bing = (Desk(browser, label_studio.url) for _ in range(3))
        for desk, name in ((jia, "jia"), (yi, "yi"), (bing, "bing")):
            desk.sign_up(invitation, f"{name}@example.cn")
        label_by_hotkeys(jia, project, texts, gold)
        label_otherwise(yi, project, texts, gold)
        output = lead.pull()  # what is named on stderr stands in it too
        assert "10 annotations, 6 sentences, 2 annotators" in output
        assert "1 skipped" in output
        assert f"jia@example.cn: 无 together with 风险: {texts[2]}" in output.replace("\n", " ")
        decide(bing, lead, texts, gold)
        train(client, project, lead, gold)
        ask(bing, project, lead, gold)


def send_first(client: LabelStudio, project: int, lead: Lead) -> list[str]:
    """Send six sentences with suggestions; returns them in the order in which people are to see them."""
    tasks = list(tasks_of(*load_corpus(lead.home / "corpus")))
    first = sorted(tasks, key=lambda task: str(task["text"]))[:6]
    sure = {task["text"]: place / 10 for place, task in enumerate(first)}
    queue = Queue(labeller(boats, sure=sure.__getitem__), Order.uncertainty)
    push(client, project, first, queue, lead.server / "projects" / f"{TITLE}.sqlite")
    plan = queue.plan(first)
    texts = [str(task["text"]) for task in sorted(first, key=lambda task: plan[task["ext_id"]].score)]
    assert texts[0] == min(sure, key=lambda text: sure[text])
    return texts


def label_by_hotkeys(desk: Desk, project: int, texts: list[str], gold: dict[str, list[str]]) -> None:
    """The first: the uncertain sentence comes first, ticks are there, a skip, an empty set by 无, 无 with a label."""
    desk.start(project, GUIDE)
    for place, text in enumerate(texts):
        ticks = boats(text)
        desk.expect(text, *(["船"] if ticks else []))
        if place == 1:
            desk.skip()
            continue
        wanted = ["0", "1"] if place == 2 else [KEYS[x] for x in gold[text]] or ["0"]
        desk.change([KEYS[x] for x in ticks], wanted)
        desk.submit()


def label_otherwise(desk: Desk, project: int, texts: list[str], gold: dict[str, list[str]]) -> None:
    """The second: labels all of them right, but for the first one."""
    desk.start(project, GUIDE)
    for _ in texts:
        text = desk.sentence()
        ticks = boats(text)
        desk.expect(text, *(["船"] if ticks else []))
        wrong = ["0"] if gold[text] else ["1"]
        wanted = wrong if text == texts[0] else [KEYS[x] for x in gold[text]] or ["0"]
        desk.change([KEYS[x] for x in ticks], wanted)
        desk.submit()
        desk.page.wait_for_function(ANOTHER, arg=text)


def decide(desk: Desk, lead: Lead, texts: list[str], gold: dict[str, list[str]]) -> None:
    """A third sees both answers under the sentence, and what the third says holds."""
    corpus = lead.path("corpus", "corpus")
    lead.data("agreement", str(lead.pulled()[0]), lead.kind, corpus, lead.path("out", "agreement"))
    queue = str(lead.home / "agreement" / "queue.jsonl")
    output = lead.studio("adjudicate", queue, lead.kind, corpus, lead.path("guideline", "guideline.md"))
    assert "1 created" in output
    desk.start(int(output.rsplit("/projects/", 1)[1].split("/")[0]), GUIDE)
    desk.expect(texts[0])
    assert "A：" in desk.page.inner_text(".note")
    desk.change([], [KEYS[x] for x in gold[texts[0]]] or ["0"])
    desk.submit()
    lead.pull()
    assert [file.stem for file in lead.pulled()] == [TITLE, f"{TITLE}·裁定"]
    decided = {row.sentence: labels for _, row, labels in resolve(lead.pulled()[::-1])}  # whatever the files' order
    assert decided[digest(texts[0])] == gold[texts[0]]


def train(client: LabelStudio, project: int, lead: Lead, gold: dict[str, list[str]]) -> None:
    """All but twenty of the other sentences are labelled, and a model learns from them."""
    assert "updated" in lead.studio("setup", lead.kind, lead.path("guideline", "guideline.md"), "--annotators=1")
    lead.studio("push", str(lead.home / "corpus"))
    rows, _ = fetch_tasks(client, project, fields="all", include="id,data,total_annotations")
    new = [row for row in rows if not row["total_annotations"]]
    for row in new[:-20]:
        label(client, row["id"], *(gold[row["data"]["text"]] or ["none"]))
    lead.pull()
    (lead.home / "register.json").write_text("{}", encoding="utf-8")
    files = [f"--annotations={file}" for file in lead.pulled()]
    record = [lead.path("register", "register.json"), "--record"]
    lead.data("build", lead.path("corpus", "corpus"), *files, lead.kind, *record, lead.path("out", "examples"))
    knobs = ("optim.epochs=40", "optim.learning_rate=3e-3", "encoder.hidden=64", "optim.patience=40")
    done = Workshop(lead.home).train(*knobs)
    assert done.returncode == 0, done.stderr


def ask(desk: Desk, project: int, lead: Lead, gold: dict[str, list[str]]) -> None:
    """The model is asked when a task is opened, and ticks the right labels; then it orders all that is left."""
    model = Workshop(lead.home).model
    with serve(model) as url:
        lead.studio("connect", url)
        desk.start(project, GUIDE)
        right = 0
        for _ in range(5):
            text = desk.sentence()
            desk.page.wait_for_timeout(500)
            ticks = desk.ticked()
            right += ticks == [WATER.names[x] for x in gold[text]]
            desk.change([], [] if ticks else ["0"])
            desk.submit()
            desk.page.wait_for_function(ANOTHER, arg=text)
    assert right >= 4
    output = lead.studio("push", str(lead.home / "corpus"), f"--prelabel={model}", "--order=uncertainty")
    assert "0 created" in output
    assert "15 predictions" in output  # five of the twenty have just been labelled
