"""The walk a newcomer takes: write, ask, edit by hand, ask for a change, look at versions and cost, restore."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Desk, at_desk, picture
from tests.browser.installations import WIDE, first_link, welcomed
from tests.running import serving_and_greeting

pytestmark = pytest.mark.browser


@pytest.fixture
def newcomer(browser: Browser, data: Path) -> Iterator[Desk]:
    """Who started the product as the manual says, on nothing, and has used the link that it printed."""
    with (
        serving_and_greeting(data, lines=2, DRAFTLOOM_OFFLINE_PACE="200") as (url, _, greeting),
        browser.new_context(**WIDE) as context,
    ):
        context.set_default_timeout(15_000)
        desk = at_desk(url, context)
        welcomed(desk.page, first_link(greeting), name="Ada", email="ada@example.org")
        yield desk


def test_a_newcomer_writes_asks_versions_and_restores(newcomer: Desk) -> None:
    desk = newcomer
    page = desk.page
    picture(page, "drafts-empty")
    desk.new_draft()
    desk.ask("Write", "Write a short essay about lighthouses")
    expect(page.locator(".cm-content")).to_contain_text("lighthouses")
    expect(page.locator("#title")).to_have_value("Lighthouses")
    first = desk.text()
    assert first.startswith("# Lighthouses")
    expect(page.locator("#messages")).to_contain_text("free")

    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\n\nA line of my own.")
    desk.saved("A line of my own.")
    assert desk.text().endswith("A line of my own.")

    page.get_by_role("radio", name="Edit", exact=True).check(force=True)
    page.locator("#apply-at-once").check()
    desk.ask("Edit", "make it shorter")
    expect(page.locator("#version-name")).to_have_text("Version 3")
    shorter = desk.text()
    assert len(shorter) < len(first)
    assert shorter.endswith("A line of my own.")

    page.locator("#versions-toggle").click()
    drawer = page.locator("#versions")
    for name in ("Version 3", "Version 2", "Version 1"):
        expect(drawer).to_contain_text(name)
    expect(drawer).to_contain_text("free")
    picture(page, "versions")

    drawer.get_by_text("Version 1", exact=True).click()
    drawer.get_by_role("button", name=re.compile("restore", re.IGNORECASE)).first.click()
    expect(page.locator("#version-name")).to_contain_text("4")
    desk.saved(first[-30:])
    assert desk.text() == first
    assert desk.problems == []


def test_a_reload_never_loses_a_keystroke(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    page.locator(".cm-content").click()
    page.keyboard.type("Typed and reloaded at once")
    page.reload()
    page.locator(".cm-content").wait_for()
    expect(page.locator(".cm-content")).to_contain_text("Typed and reloaded at once")
    desk.saved("at once")
    assert desk.text() == "Typed and reloaded at once"


def test_what_is_typed_without_a_server_is_kept_and_sent_later(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    page.locator(".cm-content").click()
    page.keyboard.type("Before the tunnel. ")
    desk.saved("tunnel. ")
    desk.context.set_offline(True)
    page.keyboard.type("Inside the tunnel.")
    expect(page.locator("#save-pill")).not_to_have_attribute("data-state", "saved")
    picture(page, "offline")
    desk.context.set_offline(False)
    desk.saved("Inside the tunnel.")
    assert desk.text() == "Before the tunnel. Inside the tunnel."


def test_two_pages_on_one_draft_end_with_the_same_text(desk: Desk) -> None:
    address = desk.new_draft()
    other = desk.context.new_page()
    other.goto(address)
    other.locator(".cm-content").wait_for()
    desk.page.locator(".cm-content").click()
    desk.page.keyboard.type("From the first page. ")
    expect(other.locator(".cm-content")).to_contain_text("From the first page.")
    other.locator(".cm-content").click()
    other.keyboard.press("Control+End")
    other.keyboard.type("And the second.")
    expect(desk.page.locator(".cm-content")).to_contain_text("And the second.")
    desk.saved("And the second.")
    assert desk.text() == "From the first page. And the second."


def test_stop_keeps_what_was_written(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    desk.ask("Write", "Write a very long report about the history of the sea, in many sections")
    expect(page.locator(".cm-content, .ghost").first).to_contain_text("sea")
    page.locator("#send").click()
    expect(page.locator("#messages")).to_contain_text(re.compile("stopped", re.IGNORECASE))
    desk.saved()
    assert len(desk.text()) > 10


def test_a_phone_has_the_same_three_parts(desk: Desk) -> None:
    address = desk.new_draft()
    desk.page.locator(".cm-content").click()
    desk.page.keyboard.type("Words for a small screen.")
    desk.saved()
    phone = desk.context.new_page()
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.goto(address)
    tabs = phone.get_by_role("navigation", name="Parts of the page")
    for name in ("Chat", "Versions", "Write"):
        tabs.get_by_role("button", name=name).click()
        picture(phone, f"phone-{name.lower()}")
    expect(phone.locator(".cm-content")).to_contain_text("Words for a small screen.")
    width = phone.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_the_drafts_page_deletes_with_undo_and_keeps_a_trash(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    page.locator("#title").fill("To be deleted")
    page.keyboard.press("Enter")
    expect(page.locator("#page-name")).to_have_text("To be deleted")
    page.goto(desk.url + "/")
    expect(page.locator("main")).to_contain_text("To be deleted")
    picture(page, "drafts")
    page.get_by_role("button", name=re.compile("^delete", re.IGNORECASE)).first.click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("main")).to_contain_text("To be deleted")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_look_right_in_both_schemes(desk: Desk, scheme: str) -> None:
    desk.new_draft()
    desk.page.locator(".cm-content").click()
    desk.page.keyboard.type("# A heading\n\nSome **bold** words.")
    desk.saved()
    desk.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    picture(desk.page, f"editor-{scheme}")
    paper, ink = desk.page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert paper != ink
    desk.page.goto(desk.url + "/settings")
    picture(desk.page, f"settings-{scheme}")
    assert desk.problems == []
