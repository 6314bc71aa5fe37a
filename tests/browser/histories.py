"""A conversation of 20,000 messages as tests look at it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Desk
from tests.browser.installations import History
from tests.browser.lessons import csrf, two_browsers
from tests.browser.machines import has_shell

MOST_ROWS = 120
"""A screen and what is drawn ahead on both sides of it; the rows are of one line and more. No more, however far one goes."""
DRIFT = 2.0
"""Pixels by which the place under the eye may be off."""

# Steps through the stream and tells how far anything moved that should not have, and how much was in the document at most.
WALK = """async ([steps, step]) => {
  const box = document.querySelector("#stream"), log = document.querySelector("#log");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const seen = () => {
    const edge = box.getBoundingClientRect();
    return [...log.querySelectorAll(".msg")].map((row) => [row, row.getBoundingClientRect()])
      .find(([, { top }]) => top >= edge.top + (step < 0 ? 0 : box.clientHeight / 2));
  };
  const topOf = (id) => log.querySelector(`[data-id="${id}"]`)?.getBoundingClientRect().top;
  const told = { drift: 0, rows: 0, nodes: 0, blank: 0, taken: 0, slow: 0, where: [] };
  for (let at = 0; at < steps; at += 1) {
    if (step < 0 && box.scrollTop === 0 && log.getAttribute("aria-busy") === null) break;
    const [row, { top }] = seen() ?? [null, {}];
    const before = box.scrollTop;
    const began = performance.now();
    box.scrollTop += step;
    const moved = box.scrollTop - before;
    await frame();
    await frame();
    told.slow = Math.max(told.slow, performance.now() - began);
    told.taken += 1;
    if (row) {
      const now = topOf(row.dataset.id);
      const off = now === undefined ? (Math.abs(step) > 1_000 ? 0 : 9_999) : Math.abs(now - (top - moved));
      if (off > told.drift) told.where.push(`step ${at}: ${off} after moving ${moved}, ${row.textContent.slice(0, 40)}`);
      told.drift = Math.max(told.drift, off);
    }
    const kept = seen();
    if (!kept) told.blank += 1;
    while (log.getAttribute("aria-busy") !== null) await frame();
    await frame();
    if (kept) {
      const off = Math.abs((topOf(kept[0].dataset.id) ?? 9_999) - kept[1].top);
      if (off > told.drift) told.where.push(`step ${at}: ${off} while loading, ${kept[0].textContent.slice(0, 40)} at ${kept[1].top}`);
      told.drift = Math.max(told.drift, off);
    }
    told.rows = Math.max(told.rows, log.children.length);
    told.nodes = Math.max(told.nodes, document.querySelectorAll("*").length);
  }
  return told;
}"""


@dataclass
class Talk:
    """A conversation of 20,000 messages, and the browsers of the two who have it, each with a page at the list."""

    id: str
    desk: Desk
    student: BrowserContext
    instructor: BrowserContext
    ids: list[str]
    """Of the messages in their order, then those of the replies in a thread."""
    pages: list[Page] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"{self.desk.url}/api/goals/conversations/{self.id}"

    def open(self, context: BrowserContext, hash_: str = "", *, theme: Any = "light") -> Page:
        page = context.new_page()
        page.emulate_media(color_scheme=theme)
        self.pages.append(page)
        page.on("pageerror", lambda error: self.desk.problems.append(str(error)))
        page.goto(f"{self.desk.url}/goals/{self.id}{hash_}")
        expect(page.locator("#log .msg").first).to_be_attached()
        return page

    def ask(self, context: BrowserContext, method: str, path: str, **data: Any) -> Any:
        """What a program of the same person does meanwhile."""
        headers = {"X-CSRF-Token": csrf(context.pages[0])}
        answer = context.request.fetch(self.desk.url + path, method=method, data=data, headers=headers)
        assert answer.ok, answer.text()
        return answer.json() if answer.text() else None


@pytest.fixture(scope="module")
def told(browser: Browser, history: History, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    """Read to its end by both."""
    data = tmp_path_factory.mktemp("told") / "data"
    history.of.copied_to(data)
    with two_browsers(history.of, browser, data) as (desk, student, instructor):
        talk = Talk(history.talk, desk, student.context, instructor.context, history.ids)
        for page in (student, instructor):
            page.goto(desk.url + "/")
            has_shell(page)
            talk.ask(page.context, "POST", f"/api/goals/conversations/{talk.id}/read", position=len(talk.ids))
        yield talk


@pytest.fixture
def talk(told: Talk) -> Iterator[Talk]:
    """What is opened in a test is closed after it, and nothing went wrong in it."""
    told.desk.problems.clear()
    yield told
    for page in told.pages:
        page.close()
    told.pages.clear()
    assert [problem for problem in told.desk.problems if "ERR_INTERNET_DISCONNECTED" not in problem] == []


def note(page: Page, number: int) -> Any:
    return page.locator("#log .msg", has_text=re.compile(rf"Note number {number}\."))


def rows(page: Page) -> int:
    count: int = page.locator("#log > *").count()
    return count


def top_of(page: Page, number: int) -> float:
    box = note(page, number).bounding_box()
    assert box is not None
    return float(box["y"])


def still(page: Page) -> None:
    """Two frames: what was measured has been put right."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def is_at_end(page: Page) -> None:
    """The end of the conversation is looked at."""
    expect(page.locator("#stream-bottom")).to_be_hidden()
    page.wait_for_function(
        "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight <= 1)(document.querySelector('#stream'))"
    )
