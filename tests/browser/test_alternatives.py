"""Several ways at once: write alternatives, mix them by paragraph; edit an earlier message and switch between branches."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Api, Desk, picture, settled

pytestmark = pytest.mark.browser


def test_alternatives_are_written_side_by_side_and_the_best_is_taken(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    page.get_by_role("radio", name="Write", exact=True).check(force=True)
    page.locator("#prompt").fill("Write about lighthouses")
    page.get_by_role("button", name="Compare alternatives…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Another one").click()
    expect(dialog.locator("output")).to_contain_text("Together")
    picture(page, "alternatives-choose")
    dialog.get_by_role("button", name="Start").click()

    side_by_side = page.locator("#alternatives")
    expect(side_by_side.locator(".alternative-stream")).to_have_count(3)
    expect(side_by_side.locator(".alternative-stream").first).to_contain_text("Lighthouses")
    picture(page, "alternatives-streaming")
    expect(side_by_side.get_by_role("button", name="Take this")).to_have_count(3)
    expect(side_by_side).to_contain_text("All together free")
    picture(page, "alternatives-done")
    assert desk.text() == ""

    row = side_by_side.get_by_role("radiogroup").first
    chosen = row.locator("label:not(.nothing)").last
    wanted = chosen.locator("span").inner_text()
    chosen.locator("input").focus()
    page.keyboard.press("Space")
    side_by_side.get_by_role("button", name="Take these paragraphs").click()
    expect(side_by_side).to_be_hidden()
    expect(page.locator("#version-name")).to_have_text("Version 4")
    expect(page.locator("#title")).to_have_value("Lighthouses")
    assert wanted in desk.text()

    page.get_by_role("button", name="Side by side").click()
    expect(side_by_side.get_by_role("button", name="Take this")).to_have_count(3)
    side_by_side.get_by_role("button", name="Take this").nth(1).click()
    page.get_by_role("dialog", name="This takes a lot away").get_by_role("button", name="Apply it").click()
    expect(page.locator("#version-name")).to_have_text("Version 5")
    expect(page.locator(".sibling-switch")).to_contain_text("2 / 3")
    # The browser tells of the refusal that asked for the confirmation.
    assert [problem for problem in desk.problems if "409 (Conflict)" not in problem] == []


def test_an_earlier_message_is_edited_and_both_branches_stay(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    chat = page.locator("#messages")
    desk.ask("Ask", "What is a lighthouse?")
    expect(chat.get_by_role("button", name="Retry with…")).to_have_count(1)
    desk.ask("Ask", "And who keeps it?")
    expect(chat.get_by_role("button", name="Retry with…")).to_have_count(2)
    prompt = page.locator("#prompt")
    prompt.fill("Half a thought.")
    chat.get_by_role("button", name="Edit this message").first.click()
    expect(prompt).to_have_value("What is a lighthouse?")
    page.get_by_role("button", name="Leave the earlier message as it is").click()
    expect(prompt).to_have_value("Half a thought.")
    chat.get_by_role("button", name="Edit this message").first.click()
    expect(page.locator("#composer-branch")).to_contain_text("Editing an earlier message")
    picture(page, "branch-editing")
    prompt.fill("What is a beacon?")
    page.locator("#send").click()
    expect(chat.get_by_role("button", name="Retry with…")).to_have_count(1)
    expect(chat).not_to_contain_text("And who keeps it?")
    expect(prompt).to_have_value("Half a thought.")
    expect(chat.locator(".sibling-switch")).to_contain_text("2 / 2")
    picture(page, "branch-switch")
    chat.get_by_role("button", name="Earlier message").click()
    expect(chat).to_contain_text("And who keeps it?")
    expect(chat).not_to_contain_text("What is a beacon?")

    chat.get_by_role("button", name="Retry with…").last.click()
    page.get_by_role("dialog").get_by_role("button", name="Ask again").last.click()
    expect(chat.locator(".sibling-switch").last).to_contain_text("2 / 2")
    page.reload()
    expect(page.locator("#messages .sibling-switch").last).to_contain_text(re.compile("2 / 2"))
    expect(page.locator("#messages")).to_contain_text("And who keeps it?")
    expect(prompt).to_have_value("Half a thought.")
    assert desk.problems == []


LOCKED = "The keeper's oath stands here word for word, and nobody changes it."


def test_an_alternative_that_would_change_what_is_locked_is_refused_and_says_why(short_model: None, desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    kept = LOCKED + " It is long enough to need several lines on a small screen." * 3
    text = f"# Lighthouses\n\n{kept}\n\nA lamp burns."
    draft = api.post("/api/drafts", kind="document", title="Lighthouses", text=text)["id"]
    start = text.index(kept)
    api.post(f"/api/drafts/{draft}/locks", **{"from": start, "to": start + len(kept)})
    page.goto(f"{desk.url}/drafts/{draft}")
    page.get_by_role("radio", name="Write", exact=True).check(force=True)
    page.locator("#prompt").fill("Write about lighthouses")
    page.get_by_role("button", name="Compare alternatives…").click()
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    side_by_side = page.locator("#alternatives")
    take = side_by_side.get_by_role("button", name="Take this")
    expect(take).to_have_count(2)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            take.first.click()
            dialog = page.get_by_role("dialog", name="A locked paragraph is in the way")
            expect(dialog.locator("li")).to_have_text([kept])
            settled(dialog)
            picture(page, f"locked-in-the-way-{width}-{scheme}")
            assert dialog.locator("li").evaluate("one => getComputedStyle(one).textDecorationLine") == "none"
            assert dialog.evaluate("one => one.scrollWidth <= one.clientWidth")
            dialog.get_by_role("button", name="Back to the alternatives").click()
            expect(dialog).to_have_count(0)
            expect(side_by_side).to_be_visible()
    assert desk.text() == text
    page.set_viewport_size({"width": 1440, "height": 900})
    side_by_side.get_by_role("button", name="Close the alternatives").click()
    page.locator(".lock-mark").click()
    expect(page.locator(".lock-mark")).to_be_hidden()
    page.get_by_role("button", name="Side by side").click()
    expect(take).to_have_count(2)
    take.first.click()
    page.get_by_role("dialog", name="This takes a lot away").get_by_role("button", name="Apply it").click()
    expect(side_by_side).to_be_hidden()
    assert kept not in desk.text()
    assert [problem for problem in desk.problems if "409 (Conflict)" not in problem] == []
