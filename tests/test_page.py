"""The page in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from browser import ABSENT, CHROMIUM, QUIET
from test_serve_command import server
from trained import Workshop

pytestmark = [
    pytest.mark.training,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=ABSENT),
]


def test_that_a_pasted_text_comes_back_coloured_by_label(workshop: Workshop) -> None:
    with server(workshop) as (_, address), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        faults: list[str] = []
        outside: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith((address, "blob:")) else outside.append(r.url))
        page.goto(address)
        text = "一、任务\n要建𠮷林平台。企业融资难。\n责任编辑：某某"
        page.fill("#text", text)
        page.click("#go")
        page.wait_for_selector("#result .s")
        shown = page.eval_on_selector_all("#result .s", "found => found.map(x => x.firstChild.textContent)")
        assert shown == ["一、任务", "要建𠮷林平台。", "企业融资难。", "责任编辑：某某"]
        assert page.locator("#legend button").count() == 6
        page.focus("#result .s.labelled >> nth=0")
        assert page.locator("#scores div").count() == 6
        with page.expect_download() as download:
            page.click("#csv")
        assert download.value.suggested_filename == "sentences.csv"
        page.click("#legend button >> nth=0")
        assert page.get_attribute("#legend button >> nth=0", "aria-pressed") == "true"
        browser.close()
        assert (faults, outside) == ([], [])


def test_that_a_stopped_server_is_said_plainly(workshop: Workshop) -> None:
    with server(workshop) as (process, address), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        page.goto(address)
        process.kill()
        process.wait()
        page.fill("#text", "要建平台。")
        page.click("#go")
        page.wait_for_selector("#problem:not([hidden])")
        assert "未能分类" in page.inner_text("#problem")
        browser.close()
