"""Two directions from one text: branch, write, switch back, merge with a decision, and ask who wrote it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Api, Desk, picture

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


ROWS = """() => [...document.querySelectorAll('.graph-row')].map((row) => {
    row.marks = (row.marks ?? 0) + 1;
    return [Number(row.dataset.index), row.marks, row.offsetTop, row.textContent];
})"""
"""The drawn rows from top to bottom as they stand in the page; how often each was seen before, by this."""


def test_scrolling_the_history_draws_what_comes_into_sight_and_keeps_the_rest(desk: Desk) -> None:
    page = desk.page
    draft = desk.new_draft().rpartition("/")[2]
    api, many = Api(desk), 160
    seq = desk.context.request.get(f"{desk.url}/api/drafts/{draft}").json()["seq"]
    for number in range(many):
        ops = [{"field": "text", "replace": f"Text {number}."}]
        seq = api.post(f"/api/drafts/{draft}/commands", replica="r", n=number + 1, base_seq=seq, ops=ops)["seq"]
        api.post(f"/api/drafts/{draft}/versions")
    page.goto(f"{desk.url}/drafts/{draft}/versions")
    expect(page.locator("#version-count")).to_have_text(f"{many} versions")

    def rows(first: int) -> list[tuple[int, int, int, str]]:
        """The drawn rows once the first is this one."""
        page.wait_for_function(
            "first => document.querySelector('.graph-row')?.dataset.index === String(first)", arg=first
        )
        return [tuple(row) for row in page.evaluate(ROWS)]

    before = rows(0)
    height = 56
    for first in (10, 13, 60, 57, 0):
        page.evaluate(
            "top => (document.getElementById('history').scrollTop = top)", (first + 6) * height if first else 0
        )
        now = rows(first)
        assert [row[0] for row in now] == list(range(first, first + len(now)))
        assert all(top == index * height and f"Version {many - index}" in text for index, _, top, text in now)
        kept = {row[0]: row[1] for row in before}
        assert {index: seen for index, seen, _, _ in now if seen > 1} == {
            index: kept[index] + 1 for index, *_ in now if index in kept
        }
        before = now
    page.keyboard.press("j")
    expect(page.locator("#row-1")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#row-0")).to_have_attribute("aria-selected", "false")
    changed = {index for index, seen, _, _ in rows(0) if seen == 1}
    assert changed == {0, 1}, "only what was chosen before and is now is drawn anew"
    page.keyboard.press("End")
    expect(page.locator(f"#row-{many - 1}")).to_contain_text("Version 1")
    page.locator("#named-only").check()
    expect(page.locator(".graph-row")).to_have_count(0)
    page.locator("#named-only").uncheck()
    expect(page.locator("#row-0")).to_contain_text(f"Version {many}")
    assert desk.problems == []
