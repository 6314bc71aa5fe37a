"""Two directions from one text: branch, write, switch back, merge with a decision, and ask who wrote it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, picture

pytestmark = pytest.mark.browser


def write(desk: Desk, text: str) -> None:
    desk.page.locator(".cm-content").click()
    desk.page.keyboard.press("Control+A")
    desk.page.keyboard.insert_text(text)
    desk.saved(text)


def answer(page: Page, words: str) -> None:
    page.locator("#ask-text").fill(words)
    page.keyboard.press("Enter")


def test_a_branch_is_written_merged_and_traced(desk: Desk) -> None:
    page = desk.page
    address = desk.new_draft()
    write(desk, "The fox sleeps all day.\n\nThe dog barks at night.")
    page.keyboard.press("Control+s")
    answer(page, "Start")
    page.locator("#versions-toggle").click()
    drawer = page.locator("#versions")
    drawer.locator(".version-open").first.click()
    drawer.get_by_role("button", name="Branch", exact=True).click()
    answer(page, "Night")
    expect(page.locator("#toasts")).to_contain_text("You are on “Night”")
    write(desk, "The fox sleeps all day.\n\nThe dog howls at night.")

    drawer.get_by_role("button", name="Branches").click()
    expect(page.locator("dialog")).to_contain_text("You are here")
    picture(page, "branches")
    page.locator("dialog").get_by_role("button", name="Switch").click()
    expect(page.locator(".cm-content")).to_contain_text("barks")
    write(desk, "The vixen sleeps all day.\n\nThe dog growls at night.")

    drawer.locator(".version", has_text="Night").locator(".version-open").click()
    expect(drawer.locator(".version[data-chosen]")).to_contain_text("Night")
    drawer.get_by_role("button", name="Merge", exact=True).click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("1 passage to decide")
    picture(page, "merge")
    dialog.get_by_role("button", name="Use theirs").click()
    dialog.get_by_role("button", name="Merge", exact=True).click()
    expect(dialog).to_have_count(0)
    desk.saved("The vixen sleeps all day.\n\nThe dog howls at night.")

    page.keyboard.press("Escape")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.locator("#selection-bar").get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Who wrote this").click()
    expect(page.locator(".who-list")).to_contain_text("howls")
    picture(page, "who-wrote")
    page.keyboard.press("Escape")

    page.goto(address + "/versions")
    rows = page.locator(".graph-row")
    expect(rows).to_have_count(4)
    expect(page.locator(".graph-row .lane")).not_to_have_count(0)
    page.keyboard.press("j")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator(".marked-text")).to_contain_text("vixen")
    picture(page, "history")
    page.keyboard.press("c")
    expect(page.locator("#compare")).to_contain_text("vixen")
    page.keyboard.press("Escape")
    page.emulate_media(color_scheme="dark")
    page.keyboard.press("Enter")
    picture(page, "history-dark")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "history-phone-dark")
    page.emulate_media(color_scheme="light")
    page.locator("#named-only").check()
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(re.compile("Merged version"))
    picture(page, "history-phone")
    assert desk.problems == []
