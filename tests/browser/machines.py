"""A server that goes away and comes back, and the browsers of the people who use it meanwhile."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.forked import Forked, forked
from tests.running import environment


@dataclass
class Machine:
    """A server that can be switched off and on, and one person's browser."""

    data: Path
    port: int
    context: BrowserContext
    password: str
    process: Forked | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self) -> None:
        self.process = forked(["serve"], environment(self.data, self.port))
        assert b"is at" in self.process.stdout.readline()

    def off(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
        self.process = None

    def run(self, *arguments: str) -> None:
        process = forked(list(arguments), environment(self.data, self.port))
        printed = process.stdout.read().decode()
        process.stdout.close()
        assert process.wait() == 0, printed

    def text(self, page: Page) -> str:
        draft = page.url.rpartition("/")[2]
        text: str = self.context.request.get(f"{self.url}/api/drafts/{draft}").json()["text"]
        return text


def begin(page: Page, words: str = "") -> str:
    page.get_by_role("button", name=re.compile("new draft", re.IGNORECASE)).first.click()
    page.wait_for_url("**/drafts/*")
    page.locator(".cm-content").click()
    if words:
        page.keyboard.type(words)
    return page.url


def saved(page: Page) -> None:
    expect(page.locator("#save-pill")).to_have_attribute("data-state", "saved", timeout=20_000)


def arrived(machine: Machine, page: Page, expected: str) -> None:
    """Wait until the server has it and the page says so."""
    for _ in range(300):
        if machine.text(page) == expected:
            break
        page.wait_for_timeout(50)
    assert machine.text(page) == expected
    saved(page)


def kept(page: Page) -> None:
    expect(page.locator("#save-pill")).to_have_attribute("data-state", re.compile("device|offline"), timeout=20_000)


def back_again(machine: Machine, *pages: Page) -> None:
    machine.on()
    for page in pages:
        page.evaluate("window.dispatchEvent(new Event('online'))")


def refuse(context: BrowserContext, status: int, code: str) -> None:
    problem = {"type": "about:blank", "title": "Refused", "status": status, "code": code, "detail": "Not this one."}
    context.route(
        re.compile("/commands$"),
        lambda route: route.fulfill(status=status, content_type="application/problem+json", json=problem),
    )


def form_of(machine: Machine, title: str) -> list[Any]:
    """The person's open forms on the server, once one of them has the title."""
    for _ in range(400):
        forms: list[Any] = machine.context.request.get(f"{machine.url}/api/drafts?kind=form").json()["items"]
        if title in [draft["title"] for draft in forms]:
            return forms
        machine.context.pages[0].wait_for_timeout(50)
    raise AssertionError(forms)


def start_form(machine: Machine, page: Page) -> None:
    page.goto(machine.url + "/forms/gig")
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("#progress-now:not(:empty)").wait_for(state="attached")


def sign_in(machine: Machine, page: Page) -> Page:
    page.goto(machine.url + "/sign-in")
    page.locator("input[name=email]").fill("ada@example.org")
    page.locator("input[name=password]").fill(machine.password)
    page.keyboard.press("Enter")
    page.wait_for_url(machine.url + "/")
    return page


def another_browser(browser: Browser, machine: Machine) -> Page:
    """The same person, signed in elsewhere."""
    return sign_in(machine, browser.new_context().new_page())


def has_shell(page: Page) -> None:
    """Wait until the shell has the product's files. Fetching them all beside a test's first steps would delay these."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def keep_shell(page: Page) -> Page:
    """The page, which is the list, once the shell is ready for a life without a network."""
    has_shell(page)
    for _ in range(300):
        if page.evaluate("sessionStorage.getItem('draftloom.editor-kept') !== null"):
            break
        page.wait_for_timeout(50)
    page.reload()
    return page


def draft_of(page: Page) -> str:
    return re.findall(r"/([0-9a-f]{8}-[\w-]{27})", page.url)[0]


def read(machine: Machine, path: str) -> Any:
    answer = machine.context.request.get(f"{machine.url}/api/drafts/{path}")
    assert answer.ok, answer.text()
    return answer.json()


def all_told(machine: Machine, draft: str, conflicts: int, seen: list[Page]) -> Any:
    """The draft, once the server knows of so many conflicts and every page has everything."""
    for _ in range(400):
        found = read(machine, draft)
        if len(found["conflicts"]) == conflicts:
            break
        seen[0].wait_for_timeout(50)
    pills = [page.locator("#save-pill").get_attribute("data-state") for page in seen]
    assert len(found["conflicts"]) == conflicts, (found, pills)
    for page in seen:
        expect(page.locator("#notices")).to_contain_text("in two places", timeout=20_000)
    return read(machine, draft)
