"""The editor in use: a chat message that was searched for, writing into a selection, what is locked, and the bars."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, picture

pytestmark = pytest.mark.browser


class Api:
    """The same person's programs beside the page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        token = desk.context.request.get(f"{desk.url}/api/me").json()["csrf_token"]
        self.headers = {"X-CSRF-Token": token}

    def post(self, path: str, **body: Any) -> Any:
        answer = self.desk.context.request.post(f"{self.desk.url}{path}", data=body, headers=self.headers)
        assert answer.ok, answer.text()
        return answer.json()

    def turn(self, draft: str, mode: str, prompt: str, **more: Any) -> Any:
        """Start a turn and wait for its end; its view."""
        started = self.post(f"/api/drafts/{draft}/turns", mode=mode, prompt=prompt, provider="offline", **more)
        self.desk.context.request.get(f"{self.desk.url}/api/turns/{started['id']}/events")
        return self.desk.context.request.get(f"{self.desk.url}/api/turns/{started['id']}").json() | started


def in_view(page: Page, selector: str) -> bool:
    inside: bool = page.locator(selector).evaluate(
        """element => {
            const [box, list] = [element, element.closest("#messages")].map((one) => one.getBoundingClientRect());
            return box.bottom > list.top && box.top < list.bottom && list.height > 0;
        }"""
    )
    return inside


def test_a_found_message_is_shown_where_it_was_said_also_on_another_branch(desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    draft = api.post("/api/drafts", kind="document", title="Lighthouses", text="A lamp burns.")["id"]
    first = api.turn(draft, "ask", "Which zephyr blows here?")
    chat = first["conversation_id"]
    for number in range(8):
        api.turn(draft, "ask", f"Question {number} about the lamp and the sea and the keeper", conversation_id=chat)
    api.turn(draft, "ask", "Another beginning with a quasar", conversation_id=chat, parent_message_id=None)
    page.goto(desk.url + "/")
    page.locator("#search").fill("zephyr")
    page.locator(".found-link").first.click()
    page.wait_for_url("**/drafts/*")
    found = page.locator("#messages .message.found")
    expect(found).to_contain_text("zephyr")
    assert in_view(page, "#messages .message.found")
    expect(found).to_be_focused()
    picture(page, "found-message")
    page.evaluate("location.hash = ''")
    messages = page.request.get(f"{desk.url}/api/conversations/{chat}").json()["messages"]
    other = next(message["id"] for message in messages if "quasar" in message["content"])
    page.evaluate(f"location.hash = '#message={other}&chat={chat}'")
    expect(found).to_contain_text("quasar")
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate(f"location.hash = '#message={messages[0]['id']}&chat={chat}'")
    expect(found).to_contain_text("zephyr")
    assert in_view(page, "#messages .message.found")
    picture(page, "found-message-phone")
    assert desk.problems == []
