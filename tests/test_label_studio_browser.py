"""An annotator at work: a real browser on a real Label Studio server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from data.build import Sources, build
from data.corpus import load_corpus
from data.ingest import ingest
from data.labels import load_labels
from data.records import CLASSIFIED_KINDS, Annotation, Document, read_jsonl
from data.sentences import segment
from data.split import SPLITS
from data.studio_client import connected
from data.studio_project import setup
from data.studio_pull import pull
from data.studio_push import push
from data.studio_queue import Queue
from data.studio_tasks import tasks_of
from desk import Desk, chromium
from studio import WATER, boats, labeller

if TYPE_CHECKING:
    from data.studio_server import Server

pytestmark = [pytest.mark.studio, pytest.mark.browser]

SEEDS = Path(__file__).parent.parent / "seeds"
DOCUMENT = Document.of("堤防年久失修，水质也差。渡船去年全部换新。", title="治理方案")
TASKS = list(tasks_of([DOCUMENT], segment(DOCUMENT)))


@pytest.fixture
def desk(label_studio: Server) -> Iterator[Desk]:
    """The first account's desk."""
    with chromium() as browser:
        found = Desk(browser, label_studio.url)
        found.log_in(label_studio.credentials.email, label_studio.credentials.password)
        yield found


def test_that_hotkeys_reach_the_pulled_file(label_studio: Server, desk: Desk, tmp_path: Path) -> None:
    strangers: set[str] = set()
    desk.page.on(
        "request", lambda r: None if r.url.startswith((label_studio.url, "data:", "blob:")) else strangers.add(r.url)
    )
    with connected(label_studio.url, label_studio.credentials.token) as client:
        project = setup(client, WATER, "# 怎样标注", "浏览器里标注").project
        push(client, project, TASKS, Queue(labeller(boats)))
        desk.start(project, "怎样标注")

        desk.expect("堤防年久失修")
        assert "渡船去年全部换新。" in desk.page.locator(".context").all_inner_texts()
        desk.press("9")
        desk.page.keyboard.press("Control+Enter")  # doubt alone is no decision
        desk.page.click(".ant-modal:has-text('请至少选一个标签') button:has-text('OK')")
        desk.press("12")
        desk.expect("堤防年久失修", "风险", "水", "不确定")
        desk.page.fill("textarea", "两件事")
        desk.page.keyboard.press("Shift+Enter")
        desk.page.wait_for_selector("textarea", state="hidden")
        desk.submit()

        desk.expect("渡船", "船")  # the suggestion
        desk.submit()
        pull(client, project, WATER, tmp_path, store=tmp_path / "store.sqlite")
    rows = [Annotation.from_json(row) for row in read_jsonl(tmp_path / "label_studio.jsonl")]
    assert [(row.labels, row.unsure, row.comment) for row in rows] == [
        (["risk", "water"], True, "两件事"),
        (["boat"], False, ""),
    ]
    assert strangers == set()


def test_that_an_answer_can_be_mended(label_studio: Server, desk: Desk, tmp_path: Path) -> None:
    with connected(label_studio.url, label_studio.credentials.token) as client:
        project = setup(client, WATER, "# 怎样标注", "回头改一改").project
        push(client, project, TASKS)
        desk.start(project, "怎样标注")
        desk.expect("堤防年久失修")
        desk.press("1")
        desk.expect("堤防年久失修", "风险")
        desk.submit()
        desk.expect("渡船")
        pull(client, project, WATER, tmp_path, store=tmp_path / "store.sqlite")
        desk.page.click("[data-testid=prev-task]")
        desk.expect("堤防年久失修", "风险")
        desk.press("12")
        desk.expect("堤防年久失修", "水")
        desk.update()
        pulled = pull(client, project, WATER, tmp_path, store=tmp_path / "store.sqlite")
    assert [row["labels"] for row in read_jsonl(tmp_path / "label_studio.jsonl")] == [["water"]]
    assert pulled.doubtful == []  # it is the same person's


def test_that_markup_in_a_document_stays_text(label_studio: Server, desk: Desk) -> None:
    evil = '<img src=x onerror="window.hit = 1"><script>window.hit = 1</script>要清理岸线垃圾。{{7*7}}'
    fields = ("text", "document_title", "heading_path", "previous", "next", "note")
    with connected(label_studio.url, label_studio.credentials.token) as client:
        project = setup(client, WATER, f"# 怎样标注\n\n{evil}", "写着标记的文件").project
        push(client, project, [{**TASKS[0], **dict.fromkeys(fields, evil)}])
    desk.page.goto(f"{label_studio.url}/projects/{project}/data")
    desk.page.wait_for_selector("text=onerror")
    desk.start(project, "怎样标注")
    assert desk.sentence() == evil
    assert desk.page.inner_text(".where").count(evil) == 2
    assert desk.page.inner_text(".note").strip() == evil
    desk.page.wait_for_timeout(500)
    assert desk.page.evaluate("window.hit") is None


def test_that_a_sentence_labelled_in_the_browser_is_in_the_built_dataset(
    label_studio: Server, desk: Desk, tmp_path: Path
) -> None:
    labels = load_labels(SEEDS / "labels.yaml")
    guideline = (SEEDS / "guideline.md").read_text(encoding="utf-8")
    ingest([SEEDS / "documents"], tmp_path / "corpus")
    documents, sentences = load_corpus(tmp_path / "corpus")
    with connected(label_studio.url, label_studio.credentials.token) as client:
        project = setup(client, labels, guideline, "从文件到数据集").project
        push(client, project, list(tasks_of(documents, sentences)))
        desk.start(project, guideline.splitlines()[0].lstrip("# "))
        text = desk.sentence()
        desk.press("135")
        desk.expect(text, "问题", "目标", "人才")
        desk.submit()
        pull(client, project, labels, tmp_path / "pulled", store=tmp_path / "store.sqlite")
    annotations = [*sorted((SEEDS / "annotations").glob("*.jsonl")), tmp_path / "pulled" / "label_studio.jsonl"]
    sources = Sources([tmp_path / "corpus"], annotations, SEEDS / "labels.yaml")
    left_out = build(sources, tmp_path / "examples", (0.64, 0.18, 0.18), 13)["left_out"]
    repeated = sum(count for reason, count in left_out.items() if reason.startswith("repeated"))
    rows = [row for side in SPLITS for row in read_jsonl(tmp_path / "examples" / f"{side}.jsonl")]
    assert len(rows) + repeated == sum(s.kind in CLASSIFIED_KINDS for s in sentences)
    assert [row["labels"] for row in rows if row["text"] == text] == [["problem", "talent", "target"]]
