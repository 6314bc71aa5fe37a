"""While a model writes: who comes later sees it where it belongs, and what would pull the text away is refused."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk, picture

pytestmark = pytest.mark.browser


class SlowModel(ThreadingHTTPServer):
    """A model that says some words and the rest only when it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlowAnswers)
        self.finish = Event()


class SlowAnswers(BaseHTTPRequestHandler):
    server: SlowModel

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
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
    """The product, started after this, has a model that waits."""
    server = SlowModel()
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint = {"name": "slow", "base_url": f"http://127.0.0.1:{server.server_port}/v1", "models": ["slow-1"]}
    monkeypatch.setenv("DRAFTLOOM_ENDPOINTS", json.dumps([endpoint]))
    monkeypatch.setenv("DRAFTLOOM_DEFAULT_MODEL", "slow/slow-1")
    yield server
    server.finish.set()
    server.shutdown()
    server.server_close()


TEXT = "The first paragraph stays.\n\nThe second is written anew.\n\nThe third stays too."


def test_who_comes_later_sees_the_words_at_their_passage(slow_model: SlowModel, desk: Desk) -> None:
    page = desk.page
    address = desk.new_draft()
    page.locator(".cm-content").click()
    page.keyboard.insert_text(TEXT)
    desk.saved("too.")
    page.locator(".cm-line", has_text="The second is").click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    desk.ask("Write", "Write this anew")
    expect(page.locator(".ghost")).to_contain_text("The gulls sleep")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Gulls. ")
    desk.saved("too.")
    second = desk.context.new_page()
    second.goto(address)
    page.reload()
    for one in (page, second):
        expect(one.locator(".ghost")).to_contain_text("The gulls sleep")
        expect(one.locator(".being-edited")).to_have_text("The second is written anew.")
        shown = one.locator(".cm-content").inner_text()
        assert shown.index("The second is") < shown.index("The gulls sleep") < shown.index("The third stays")
    picture(page, "ghost-picked-up")
    slow_model.finish.set()
    expect(page.locator("#review-bar")).to_be_visible()
    page.locator("#review-bar").get_by_role("button", name="Accept all").click()
    desk.saved("too.")
    changed = TEXT.replace("The second is written anew.", "The gulls sleep on the roof.")
    expect(page.locator("#review-bar")).to_be_hidden()
    assert desk.text() == f"Gulls. {changed}"
    assert desk.problems == []
