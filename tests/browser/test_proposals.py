"""Reviewing in a real browser: suggestions beside the text, taken one by one or all at once, undone, refined, guarded."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import KEPT, Api, Desk, picture, settled

pytestmark = pytest.mark.browser

TEXT = (
    "# The lighthouse\n\n"
    "In order to really see the lighthouse you basically have to get up very early. It is actually quite far away.\n\n"
    "The keeper was very tired. He had been working for a long time, and he really wanted to sleep.\n\n"
    "At the end of the day the light was actually never switched off."
)


def write(desk: Desk, text: str = TEXT) -> None:
    """A draft that holds the text, open on the page."""
    created = desk.context.request.post(
        f"{desk.url}/api/drafts",
        data={"kind": "document", "title": "The lighthouse", "text": text},
        headers={"X-CSRF-Token": desk.page.locator("meta[name=csrf-token]").get_attribute("content") or ""},
    )
    assert created.status == 201, created.text()
    desk.page.goto(f"{desk.url}/drafts/{created.json()['id']}")
    expect(desk.page.locator(".cm-content")).to_contain_text("lighthouse")


def suggestions(page: Page, prompt: str = "make it shorter") -> None:
    page.get_by_role("radio", name="Edit", exact=True).check(force=True)
    page.locator("#prompt").fill(prompt)
    page.locator("#send").click()
    expect(page.locator("#review-bar")).to_be_visible()


def test_suggestions_are_reviewed_one_by_one_by_keyboard_and_undone(desk: Desk) -> None:
    page = desk.page
    write(desk)
    suggestions(page)
    assert desk.text() == TEXT
    expect(page.locator(".hunk-old").first).to_be_visible()
    picture(page, "proposals-light")
    page.emulate_media(color_scheme="dark")
    picture(page, "proposals-dark")
    page.emulate_media(color_scheme="light")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("F7")
    place = page.locator(".review-place")
    expect(place).to_have_text(re.compile(r"^1 of \d+$"))
    total = int((place.text_content() or "").split(" ")[-1])
    assert total >= 2
    page.keyboard.press("Control+Alt+Enter")
    expect(place).to_have_text(f"1 of {total - 1}")
    once = desk.text()
    assert once != TEXT
    page.keyboard.press("Control+Alt+Backspace")
    if total > 2:
        expect(place).to_have_text(f"1 of {total - 2}")
    else:
        expect(page.locator("#review-bar")).to_be_hidden()
    assert desk.text() == once
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+z")
    expect(page.locator(".cm-content")).to_contain_text("In order to really see")
    desk.saved(TEXT)
    assert desk.text() == TEXT
    assert desk.problems == []


def test_all_at_once_is_one_step_to_undo_and_two_pages_agree(desk: Desk) -> None:
    page = desk.page
    write(desk)
    other = desk.context.new_page()
    other.goto(page.url)
    expect(other.locator(".cm-content")).to_contain_text("lighthouse")
    suggestions(page)
    expect(other.locator("#review-bar")).to_be_visible()
    page.locator("#review-bar").get_by_role("button", name="Accept all").click()
    expect(page.locator("#review-bar")).to_be_hidden()
    expect(other.locator("#review-bar")).to_be_hidden()
    assert desk.text() != TEXT
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+z")
    desk.saved(TEXT)
    assert desk.text() == TEXT


def test_typing_in_a_suggestion_makes_it_stale_and_typing_elsewhere_does_not(desk: Desk) -> None:
    page = desk.page
    write(desk)
    suggestions(page)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Z ")
    page.keyboard.press("F7")
    expect(page.locator("#review-bar").get_by_role("button", name="Accept", exact=True)).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.type("xx")
    expect(page.locator("#review-bar")).to_have_class(re.compile("stale"))
    picture(page, "proposals-stale")
    page.locator("#review-bar").get_by_role("button", name="Dismiss").click()
    expect(page.locator("#review-bar")).not_to_have_class(re.compile("stale"))
    assert "xx" in desk.text()


def test_a_locked_paragraph_is_left_alone(desk: Desk) -> None:
    page = desk.page
    write(desk)
    page.get_by_text("The keeper was very tired.").click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    bar = page.locator("#selection-bar")
    bar.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Lock the paragraph").click()
    expect(page.locator(".lock-mark")).to_be_visible()
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Home")
    suggestions(page)
    picture(page, "proposals-locked")
    page.locator("#review-bar").get_by_role("button", name="Accept all").click()
    expect(page.locator("#review-bar")).to_be_hidden()
    kept = "The keeper was very tired. He had been working for a long time, and he really wanted to sleep."
    assert kept in desk.text()
    page.locator(".lock-mark").click()
    expect(page.locator(".lock-mark")).to_be_hidden()


def test_a_suggestion_in_a_paragraph_that_was_locked_since_is_refused(desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    write(desk)
    suggestions(page)
    draft = page.url.rpartition("/")[2]
    start = TEXT.index("In order")
    api.post(f"/api/drafts/{draft}/locks", **{"from": start, "to": start + 20})
    expect(page.locator(".lock-mark")).to_be_visible()
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("F7")
    page.locator("#review-bar").get_by_role("button", name="Accept", exact=True).click()
    toast = page.locator("#toasts .toast")
    expect(toast).to_have_text("The paragraph is locked. Unlock it first.")
    settled(toast)
    picture(page, "proposal-locked-refused")
    assert desk.text() == TEXT


def test_a_suggestion_is_refined_by_hand(desk: Desk) -> None:
    page = desk.page
    write(desk)
    suggestions(page)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("F7")
    page.locator("#review-bar").get_by_role("button", name="Refine…").click()
    dialog = page.get_by_role("dialog")
    picture(page, "proposals-refine")
    dialog.locator("#refine-value").fill("My own words")
    dialog.get_by_role("button", name="Accept my words").click()
    expect(page.locator(".cm-content")).to_contain_text("My own words")
    assert "My own words" in desk.text()


def test_a_phone_reviews_above_its_tabs(desk: Desk) -> None:
    write(desk)
    suggestions(desk.page)
    phone = desk.context.new_page()
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.goto(desk.page.url)
    bar = phone.locator("#review-bar")
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Next suggestion").click()
    picture(phone, "phone-proposals")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    box = bar.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    bar.get_by_role("button", name="Accept", exact=True).click()
    expect(phone.locator(".review-place")).to_have_text("1 of 2")
    assert desk.text() != TEXT


LONG = KEPT + "".join(
    f"\n\nParagraph {number} of this text. " + "It says a good many words of its own. " * 4 for number in range(9)
)


def test_a_rewrite_that_takes_much_away_asks_first(short_model: None, desk: Desk) -> None:
    page = desk.page
    write(desk, LONG)
    desk.ask("Write", "Keep only the first sentence")
    expect(page.locator("#review-bar")).to_be_visible(timeout=20_000)
    assert desk.text() == LONG
    chat = page.locator("#messages")
    chat.get_by_text("so it waits for you").click()
    picture(page, "loss-guard-chat")
    chat.get_by_role("button", name="Apply it all…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Paragraph 8")
    dialog.evaluate("element => Promise.all(element.getAnimations({subtree: true}).map(one => one.finished))")
    picture(page, "loss-guard-dialog")
    dialog.get_by_role("button", name="Keep my text").click()
    expect(dialog).to_be_hidden()
    assert desk.text() == LONG
    page.locator("#review-bar").get_by_role("button", name="Accept all").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply it").click()
    expect(page.locator("#review-bar")).to_be_hidden()
    assert desk.text() == KEPT


def test_a_suggestion_is_asked_for_anew(desk: Desk) -> None:
    page = desk.page
    write(desk)
    suggestions(page)
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("F7")
    page.locator("#review-bar").get_by_role("button", name="Refine…").click()
    page.get_by_role("dialog").locator("#refine-prompt").fill("make it shorter still")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("make it shorter still")
    expect(page.locator("#messages .message.theirs")).to_have_count(2)
    expect(page.locator("#send")).to_have_attribute("aria-label", "Send")
    expect(page.locator("#review-bar")).to_be_visible()
    assert desk.text() == TEXT
