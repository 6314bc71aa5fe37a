"""A real Chromium on the product as it is served. Without one the tests are skipped, and say how to get it."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright

from tests.browser.installations import PASSWORD, WIDE, History, Installation, installed, with_history, with_people
from tests.browser.machines import Machine, has_shell, keep_shell
from tests.forked import forked
from tests.running import free_port, serving

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)

# As long as for everything else that is waited for: on a machine with other work, 5 s passed before an answer had come.
expect.set_options(timeout=15_000)

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


class Api:
    """The same person's programs beside the page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.me: dict[str, Any] = desk.context.request.get(f"{desk.url}/api/me").json()
        self.headers = {"X-CSRF-Token": self.me["csrf_token"]}

    def post(self, path: str, **body: Any) -> Any:
        answer = self.desk.context.request.post(f"{self.desk.url}{path}", data=body, headers=self.headers)
        assert answer.ok, answer.text()
        return answer.json()

    def turn(self, draft: str, mode: str, prompt: str, **more: Any) -> Any:
        """Start a turn and wait for its end; its view."""
        started = self.post(f"/api/drafts/{draft}/turns", mode=mode, prompt=prompt, **{"provider": "offline"} | more)
        self.desk.context.request.get(f"{self.desk.url}/api/turns/{started['id']}/events")
        return self.desk.context.request.get(f"{self.desk.url}/api/turns/{started['id']}").json() | started


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Closed when other tests follow: until then its loop runs in this thread, where they want to run their own."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: install it (Debian, Ubuntu: apt-get install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Ada's, which tests copy."""
    return installed(browser, tmp_path_factory.mktemp("house") / "data")


@pytest.fixture(scope="package")
def school(browser: Browser, house: Installation, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The same with an instructor, Ines, and a student, Sam."""
    return with_people(browser, house, tmp_path_factory.mktemp("school") / "data", Ines="instructor", Sam="student")


@pytest.fixture(scope="package")
def history(school: Installation, tmp_path_factory: pytest.TempPathFactory) -> History:
    return with_history(school, tmp_path_factory.mktemp("history") / "data")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def desk(browser: Browser, house: Installation, data: Path) -> Iterator[Desk]:
    """Ada's, at the list."""
    house.copied_to(data)
    with served_to(house, browser, data) as desk:
        desk.page.goto(desk.url + "/")
        has_shell(desk.page)
        yield desk


@contextmanager
def served_to(of: Installation, browser: Browser, data: Path) -> Iterator[Desk]:
    """A copy of an installation, served, and Ada's desk with an empty page."""
    with (
        serving(data, start=forked, DRAFTLOOM_OFFLINE_PACE="200") as (url, _),
        of.browser_of("Ada", browser, **WIDE) as context,
    ):
        yield at_desk(url, context)


def at_desk(url: str, context: BrowserContext) -> Desk:
    """A desk with an empty page; whatever goes wrong in the page is noted."""
    desk = Desk(url, context, context.new_page(), [])
    note_problems(desk, desk.page)
    return desk


def note_problems(desk: Desk, page: Page) -> None:
    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            desk.problems.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: desk.problems.append(str(error)))


@pytest.fixture
def bare(browser: Browser, house: Installation, desk: Desk) -> Iterator[Page]:
    """A page of the same person in a browser without the offline shell: every answer comes from the server, or is held."""
    with house.browser_of("Ada", browser, service_workers="block", **WIDE) as context:
        yield context.new_page()


@pytest.fixture
def machine(browser: Browser, house: Installation, data: Path) -> Iterator[Machine]:
    house.copied_to(data)
    context = house.browser_of("Ada", browser, **WIDE)
    machine = Machine(data, free_port(), context, PASSWORD)
    try:
        machine.on()
        context.new_page().goto(machine.url + "/")
        yield machine
    finally:
        context.close()
        machine.off()


@pytest.fixture
def page(machine: Machine) -> Page:
    """The list, with the shell ready for a life without a network."""
    return keep_shell(machine.context.pages[0])


KEPT = "The lighthouse stands."


class ShortAnswers(BaseHTTPRequestHandler):
    """A model that answers every request with the first sentence alone."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        pieces = [{"delta": {"content": KEPT}, "index": 0}, {"delta": {}, "index": 0, "finish_reason": "stop"}]
        chunks = [
            {"id": "1", "object": "chat.completion.chunk", "model": "short-1", "choices": [one]} for one in pieces
        ]
        body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test says what went wrong."""


@pytest.fixture
def short_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The product, started after this, has a model that drops nearly everything."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), ShortAnswers)
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint = {"name": "short", "base_url": f"http://127.0.0.1:{server.server_port}/v1", "models": ["short-1"]}
    monkeypatch.setenv("DRAFTLOOM_ENDPOINTS", json.dumps([endpoint]))
    monkeypatch.setenv("DRAFTLOOM_DEFAULT_MODEL", "short/short-1")
    yield
    server.shutdown()
    server.server_close()


class SlowModel(ThreadingHTTPServer):
    """A model that says some words and the rest only when it is told to; beside it one that takes no key."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlowAnswers)
        self.finish = Event()


class SlowAnswers(BaseHTTPRequestHandler):
    server: SlowModel

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["model"] == "shut-1":
            self.send_error(401)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.say({"delta": {"content": "The gulls sleep "}, "index": 0})
        self.server.finish.wait(60)
        self.say({"delta": {"content": "on the roof."}, "index": 0})
        self.say({"delta": {}, "index": 0, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def say(self, choice: dict[str, object]) -> None:
        chunk = {"id": "1", "object": "chat.completion.chunk", "model": "slow-1", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test says what went wrong."""


@pytest.fixture
def slow_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowModel]:
    """The product, started after this, has a model that waits and one that refuses."""
    server = SlowModel()
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint = {"name": "slow", "base_url": f"http://127.0.0.1:{server.server_port}/v1", "models": ["slow-1", "shut-1"]}
    monkeypatch.setenv("DRAFTLOOM_ENDPOINTS", json.dumps([endpoint]))
    monkeypatch.setenv("DRAFTLOOM_DEFAULT_MODEL", "slow/slow-1")
    yield server
    server.finish.set()
    server.shutdown()
    server.server_close()


def settled(element: Locator) -> None:
    """Wait until it has come to rest, for a picture of it."""
    element.evaluate("element => Promise.all(element.getAnimations({subtree: true}).map(one => one.finished))")


PICTURES = os.environ.get("DRAFTLOOM_PICTURES", "")


def picture(page: Page, name: str) -> None:
    """Keep a picture for people to look at, where `DRAFTLOOM_PICTURES` names a folder."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))
