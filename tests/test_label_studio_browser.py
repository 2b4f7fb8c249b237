"""An annotator at work: a real browser on a real Label Studio server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser import ABSENT, CHROMIUM, QUIET
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
from studio import WATER, boats, labeller

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from data.studio_server import Server

pytestmark = [pytest.mark.studio, pytest.mark.browser]

SEEDS = Path(__file__).parent.parent / "seeds"
DOCUMENT = Document.of("堤防年久失修，水质也差。渡船去年全部换新。", title="治理方案")


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a headless Chromium."""
    if CHROMIUM is None:
        pytest.skip(ABSENT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser.new_page(viewport={"width": 1400, "height": 900})
        browser.close()


def log_in(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/user/login/")
    page.fill("input[name=email]", server.credentials.email)
    page.fill("input[name=password]", server.credentials.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "login" not in url)


def start_labelling(page: Page, server: Server, project: int, guideline: str) -> None:
    page.goto(f"{server.url}/projects/{project}/data")
    page.click("text=/Label All Tasks/i")
    page.wait_for_selector(f"text={guideline}")  # it opens by itself
    page.keyboard.press("Escape")
    page.wait_for_selector(f"text={guideline}", state="hidden")


def submit(page: Page) -> None:
    with page.expect_response(lambda r: r.request.method == "POST" and "/annotations" in r.url) as answer:
        page.keyboard.press("Control+Enter")
    assert answer.value.status == 201


def ticked(page: Page, *names: str) -> None:
    """Wait until exactly these choices are ticked."""
    page.wait_for_function(
        "names => JSON.stringify([...document.querySelectorAll('.ant-checkbox-input:checked')].map(e => e.name))"
        " === JSON.stringify(names)",
        arg=list(names),
    )


def test_that_hotkeys_reach_the_pulled_file(label_studio: Server, page: Page, tmp_path: Path) -> None:
    tasks = list(tasks_of([DOCUMENT], segment(DOCUMENT)))
    strangers: set[str] = set()
    page.on(
        "request", lambda r: None if r.url.startswith((label_studio.url, "data:", "blob:")) else strangers.add(r.url)
    )
    with connected(label_studio.url, label_studio.credentials.token) as client:
        project = setup(client, WATER, "# 怎样标注", "浏览器里标注").project
        push(client, project, tasks, Queue(labeller(boats)))
        log_in(page, label_studio)
        start_labelling(page, label_studio, project, "怎样标注")

        page.wait_for_selector(".sentence:has-text('堤防年久失修')")
        assert "渡船去年全部换新。" in page.locator(".context").all_inner_texts()
        page.keyboard.press("9")
        page.keyboard.press("Control+Enter")  # doubt alone is no decision
        page.click(".ant-modal:has-text('请至少选一个标签') button:has-text('OK')")
        page.keyboard.press("1")
        page.keyboard.press("2")
        ticked(page, "风险", "水", "不确定")
        page.fill("textarea", "两件事")
        page.keyboard.press("Shift+Enter")
        page.wait_for_selector("textarea", state="hidden")
        submit(page)

        page.wait_for_selector(".sentence:has-text('渡船')")
        ticked(page, "船")  # the lexicon's suggestion
        submit(page)
        pull(client, project, WATER, tmp_path, store=tmp_path / "store.sqlite")
    rows = [Annotation.from_json(row) for row in read_jsonl(tmp_path / "label_studio.jsonl")]
    assert [(row.labels, row.unsure, row.comment) for row in rows] == [
        (["risk", "water"], True, "两件事"),
        (["boat"], False, ""),
    ]
    assert strangers == set()


def test_that_a_sentence_labelled_in_the_browser_is_in_the_built_dataset(
    label_studio: Server, page: Page, tmp_path: Path
) -> None:
    labels = load_labels(SEEDS / "labels.yaml")
    guideline = (SEEDS / "guideline.md").read_text(encoding="utf-8")
    ingest([SEEDS / "documents"], tmp_path / "corpus")
    documents, sentences = load_corpus(tmp_path / "corpus")
    with connected(label_studio.url, label_studio.credentials.token) as client:
        project = setup(client, labels, guideline, "从文件到数据集").project
        push(client, project, list(tasks_of(documents, sentences)))
        log_in(page, label_studio)
        start_labelling(page, label_studio, project, guideline.splitlines()[0].lstrip("# "))
        text = page.inner_text(".sentence")
        for key in "135":
            page.keyboard.press(key)
        ticked(page, "问题", "目标", "人才")
        submit(page)
        pull(client, project, labels, tmp_path / "pulled", store=tmp_path / "store.sqlite")
    annotations = [*sorted((SEEDS / "annotations").glob("*.jsonl")), tmp_path / "pulled" / "label_studio.jsonl"]
    sources = Sources([tmp_path / "corpus"], annotations, SEEDS / "labels.yaml")
    left_out = build(sources, tmp_path / "examples", (0.64, 0.18, 0.18), 13)["left_out"]
    repeated = sum(count for reason, count in left_out.items() if reason.startswith("repeated"))
    rows = [row for side in SPLITS for row in read_jsonl(tmp_path / "examples" / f"{side}.jsonl")]
    assert len(rows) + repeated == sum(s.kind in CLASSIFIED_KINDS for s in sentences)
    assert [row["labels"] for row in rows if row["text"] == text.strip()] == [["problem", "talent", "target"]]
