"""An annotator's desk: a headless Chromium on a Label Studio server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from browser import ABSENT, CHROMIUM, QUIET

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PASSWORD = "an annotator's own 1"
TICKED = "[...document.querySelectorAll('.ant-checkbox-input:checked')].map(e => e.name)"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; skips the test where there is none."""
    if CHROMIUM is None:
        pytest.skip(ABSENT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


class Desk:
    """One person's page."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.page: Page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()

    def sign_up(self, invitation: str, email: str) -> None:
        """Make an account by the link that a colleague was sent."""
        self.page.goto(invitation)
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "signup" not in url)

    def log_in(self, email: str, password: str) -> None:
        self.page.goto(f"{self.url}/user/login/")
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")
        self.page.wait_for_url(lambda url: "login" not in url)

    def start(self, project: int, guideline: str) -> None:
        """Press “Label All Tasks” and close the guideline, which opens by itself."""
        self.page.goto(f"{self.url}/projects/{project}/data")
        self.page.click("text=/Label All Tasks/i")
        self.page.wait_for_selector(f"text={guideline}")
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector(f"text={guideline}", state="hidden")

    def sentence(self) -> str:
        """The sentence that is asked."""
        return self.page.inner_text(".sentence").strip()

    def expect(self, sentence: str, *ticks: str) -> None:
        """Wait until this sentence is asked and exactly these choices are ticked."""
        self.page.wait_for_selector(f".sentence:has-text('{sentence}')")
        self.page.wait_for_function(f"names => JSON.stringify({TICKED}) === JSON.stringify(names)", arg=list(ticks))

    def press(self, keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def change(self, have: list[str], wanted: list[str]) -> None:
        """Press the hotkeys that lead from some ticks to others."""
        self.press("".join(key for key in [*have, *wanted] if (key in have) != (key in wanted)))

    def ticked(self) -> list[str]:
        """The Chinese names that are ticked now."""
        return list(self.page.evaluate(TICKED))

    def submit(self) -> None:
        with self.page.expect_response(lambda r: r.request.method == "POST" and "/annotations" in r.url) as answer:
            self.page.keyboard.press("Control+Enter")
        assert answer.value.status == 201

    def update(self) -> None:
        """Submit a changed answer again."""
        with self.page.expect_response(lambda r: r.request.method == "PATCH" and "/annotations" in r.url) as answer:
            self.page.click("button:has-text('Update')")
        assert answer.value.status == 200

    def skip(self) -> None:
        with self.page.expect_response(lambda r: r.request.method == "POST" and "/annotations" in r.url) as answer:
            self.page.click("button:has-text('Skip')")
        assert answer.value.status == 201
