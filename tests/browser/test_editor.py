"""The editor in use: a chat message that was searched for, writing into a selection, what is locked, and the bars."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Api, Desk, picture, settled

pytestmark = pytest.mark.browser


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


def test_a_message_found_on_another_branch_offers_the_way_back(desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    draft = api.post("/api/drafts", kind="document", title="Lighthouses", text="A lamp burns.")["id"]
    chat = api.turn(draft, "ask", "Which zephyr blows here?")["conversation_id"]
    api.turn(draft, "ask", "Another beginning with a quasar", conversation_id=chat, parent_message_id=None)

    def shown() -> list[str]:
        answer = page.request.get(f"{desk.url}/api/conversations/{chat}").json()
        return [one["content"] for one in answer["messages"] if one["current"] and one["role"] == "user"]

    messages = page.request.get(f"{desk.url}/api/conversations/{chat}").json()["messages"]
    zephyr, quasar = (
        next(one["id"] for one in messages if word in one["content"]) for word in ("zephyr blows", "quasar")
    )
    page.goto(f"{desk.url}/drafts/{draft}#message={quasar}&chat={chat}")
    expect(page.locator("#messages .message.found")).to_contain_text("quasar")
    expect(page.locator("#toasts .toast")).to_have_count(0)
    page.evaluate(f"location.hash = '#message={zephyr}&chat={chat}'")
    toast = page.locator("#toasts .toast")
    expect(toast).to_contain_text("on another branch of the chat")
    settled(toast)
    picture(page, "found-way-back")
    assert shown() == ["Which zephyr blows here?"]
    toast.get_by_role("button", name="Go back").click()
    expect(page.locator("#messages")).to_contain_text("quasar")
    expect(page.locator("#messages")).not_to_contain_text("zephyr blows")
    expect(toast).to_have_count(0)
    assert shown() == ["Another beginning with a quasar"]
    desk.ask("Ask", "And then?")
    expect(page.locator("#send")).to_have_attribute("aria-label", "Stop")
    expect(page.locator("#send")).to_have_attribute("aria-label", "Send")
    assert shown() == ["Another beginning with a quasar", "And then?"]

    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("location.hash = ''")
    page.evaluate(f"location.hash = '#message={zephyr}&chat={chat}'")
    expect(toast).to_be_visible()
    settled(toast)
    picture(page, "found-way-back-phone")
    desk.ask("Ask", "And the wind?")
    expect(toast).to_have_count(0)
    expect(page.locator("#messages")).to_contain_text("And the wind?")
    assert shown() == ["Which zephyr blows here?", "And the wind?"]
    assert desk.problems == []


def test_a_message_found_in_another_chat_offers_the_way_back(desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    draft = api.post("/api/drafts", kind="document", title="Lighthouses", text="A lamp burns.")["id"]
    earlier = api.turn(draft, "ask", "Which zephyr blows here?")["conversation_id"]
    api.turn(draft, "ask", "Another chat with a quasar")
    asked = page.request.get(f"{desk.url}/api/conversations/{earlier}").json()["messages"][0]["id"]
    page.goto(f"{desk.url}/drafts/{draft}")
    expect(page.locator("#messages")).to_contain_text("quasar")
    # Told twice, as when the address changes while the chat still opens.
    page.evaluate(
        f"location.hash = '#message={asked}&chat={earlier}'; dispatchEvent(new HashChangeEvent('hashchange'))"
    )
    expect(page.locator("#messages .message.found")).to_contain_text("zephyr")
    toast = page.locator("#toasts .toast")
    expect(toast).to_contain_text("in another chat of this draft")
    toast.get_by_role("button", name="Go back").click()
    expect(page.locator("#messages")).to_contain_text("quasar")
    expect(page.locator("#messages")).not_to_contain_text("zephyr")
    assert desk.problems == []


def test_the_selection_bar_fits_a_phone_and_keeps_the_rest_in_a_menu(desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    draft = api.post("/api/drafts", kind="document", title="Lighthouses", text="A lamp burns all night.")["id"]
    page.goto(f"{desk.url}/drafts/{draft}")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    bar = page.locator("#selection-bar")
    expect(bar.get_by_role("button")).to_have_text(["Ask…", "Tighten", "Clarify", "Tone", "Comment", "More"])
    picture(page, "selection-bar")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    expect(bar).to_be_visible()
    assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
    bar.get_by_role("button", name="More", exact=True).click()
    for label in ("Longer", "Comment…", "Lock the paragraph", "Who wrote this"):
        expect(page.get_by_role("menuitem", name=label, exact=True)).to_be_visible()
    picture(page, "selection-menu-phone")
    page.get_by_role("menuitem", name="Lock the paragraph").click()
    expect(page.locator(".lock-mark")).to_be_visible()
    assert desk.problems == []


@pytest.mark.parametrize("width", [1440, 390])
def test_the_streaming_words_are_named_in_full_wherever_the_text_is_scrolled(desk: Desk, width: int) -> None:
    page = desk.page
    page.set_viewport_size({"width": width, "height": 844})
    desk.new_draft()
    if width < 700:
        page.locator(".tabs [data-tab=chat]").click()
    desk.ask(
        "Write", "Write a long and detailed article about lighthouses, covering lamps, keepers, storms, ships, fog"
    )
    if width < 700:
        page.locator(".tabs [data-tab=write]").click()
    page.wait_for_function(
        """() => {
            const [ghost, text] = [".ghost", ".cm-scroller"].map((one) => document.querySelector(one));
            return ghost && ghost.clientHeight > text.clientHeight && text.scrollTop > 100;
        }"""
    )
    hidden = page.evaluate(
        """() => {
            const [label, text] = [".ghost-label", ".cm-scroller"].map((one) => document.querySelector(one).getBoundingClientRect());
            return Math.max(0, text.top - label.top);
        }"""
    )
    picture(page, f"streaming-{width}")
    assert hidden == 0
    assert desk.problems == []


def test_writing_into_a_selection_shows_the_words_there(desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    text = "# Lighthouses\n\nA lamp burns all night.\n\nThe keeper sleeps."
    draft = api.post("/api/drafts", kind="document", title="Lighthouses", text=text)["id"]
    page.goto(f"{desk.url}/drafts/{draft}")
    page.get_by_text("A lamp burns all night.").click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.get_by_role("radio", name="Write", exact=True).check(force=True)
    expect(page.locator(".composer")).to_contain_text("Only the selected 5 words")
    desk.ask("Write", "Write about the storm")
    page.locator(".ghost").wait_for()
    assert page.evaluate(
        """() => {
            const [ghost, last] = [document.querySelector(".ghost"), [...document.querySelectorAll(".cm-line")].at(-1)];
            return Boolean(ghost.compareDocumentPosition(last) & Node.DOCUMENT_POSITION_FOLLOWING);
        }"""
    )
    picture(page, "writing-into-a-selection")
    page.locator("#review-bar").get_by_role("button", name="Accept all").click()
    expect(page.locator("#review-bar")).to_be_hidden()
    now = desk.text()
    assert now.startswith("# Lighthouses\n\n")
    assert now.endswith("\n\nThe keeper sleeps.")
    assert "storm" in now
    assert desk.problems == []


def test_a_draft_in_the_list_is_exported_in_every_format(desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    api.post("/api/drafts", kind="document", title="Lighthouses", text="A lamp burns.")
    page.goto(desk.url + "/")
    for label, name in (
        ("Markdown", "Lighthouses.md"), ("Word (docx)", "Lighthouses.docx"),
        ("PDF", "Lighthouses.pdf"), ("Web page (HTML)", "Lighthouses.html"),
    ):  # fmt: skip
        page.get_by_role("button", name="More for Lighthouses").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=f"Export as {label}").click()
        assert download.value.suggested_filename == name
    assert desk.problems == []


def test_the_assistant_writes_where_nothing_is_written_and_is_asked_where_something_is(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    expect(page.get_by_role("radio", name="Write", exact=True)).to_be_checked()
    page.locator("#prompt").fill("How whales sing")
    page.locator("#send").click()
    expect(page.locator(".cm-content")).to_contain_text("whales", ignore_case=True)
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio", name="Ask", exact=True)).to_be_checked()
    assert desk.problems == []
