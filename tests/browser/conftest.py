"""A real Chromium on the product as it is served. Without one the tests are skipped, and say how to get it."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.running import serving_and_greeting

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
PASSWORD = "correct horse battery"

OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Desk:
    """Somebody signed in, at a browser, with the server's address."""

    url: str
    context: BrowserContext
    page: Page
    problems: list[str]

    def new_draft(self) -> str:
        """Start a draft from the list; its address."""
        self.page.goto(self.url + "/")
        self.page.get_by_role("button", name=re.compile("new draft", re.IGNORECASE)).first.click()
        self.page.wait_for_url("**/drafts/*")
        self.page.locator(".cm-content").wait_for()
        return self.page.url

    def saved(self, expected: str | None = None) -> None:
        """Wait until the page says so, and the server's text ends as expected (the pill speaks up after 350 ms only)."""
        for _ in range(200):
            if expected is None or self.text().endswith(expected):
                break
            self.page.wait_for_timeout(50)
        self.page.locator('#save-pill[data-state="saved"]').wait_for()

    def text(self) -> str:
        """The draft's text as the server has it."""
        draft = self.page.url.rpartition("/")[2]
        text: str = self.context.request.get(f"{self.url}/api/drafts/{draft}").json()["text"]
        return text

    def ask(self, mode: str, prompt: str) -> None:
        self.page.get_by_role("radio", name=mode, exact=True).check(force=True)
        self.page.locator("#prompt").fill(prompt)
        self.page.locator("#send").click()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed with the file: until then its loop runs in this thread, where other tests want to run their own."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: install it (Debian, Ubuntu: apt-get install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def desk(browser: Browser, data: Path) -> Iterator[Desk]:
    """A fresh installation whose administrator has just used the printed link."""
    with serving_and_greeting(data, lines=2, DRAFTLOOM_OFFLINE_PACE="200") as (url, _, greeting):
        link = re.findall(r"http://\S+/welcome/\S+", greeting)[0]
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(15_000)
        page = context.new_page()
        problems: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            if message.type == "error":
                problems.append(message.text)

        page.on("console", heard)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(link)
        page.locator("input[name=name]").fill("Ada")
        page.locator("input[name=email]").fill("ada@example.org")
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(url + "/")
        yield Desk(url, context, page, problems)
        context.close()


PICTURES = os.environ.get("DRAFTLOOM_PICTURES", "")


def picture(page: Page, name: str) -> None:
    """Keep a picture for people to look at, where `DRAFTLOOM_PICTURES` names a folder."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))
