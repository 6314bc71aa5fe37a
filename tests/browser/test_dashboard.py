"""The list of drafts in a browser: found, filtered, kept, duplicated, deleted and undone, by mouse and by keys."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk, picture


def made(desk: Desk, title: str, text: str = "Some words.") -> str:
    """A draft through the API; its id."""
    token = desk.page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    answer = desk.context.request.post(
        f"{desk.url}/api/drafts", data={"title": title, "text": text}, headers={"X-CSRF-Token": token}
    )
    assert answer.status == 201, answer.text()
    return str(answer.json()["id"])


@pytest.fixture
def shelf(desk: Desk) -> Iterator[dict[str, Any]]:
    yield {
        title: made(desk, title, text) for title, text in (("Whales", "They sing."), ("Harbour", ""), ("Lamps", "On."))
    }
    assert desk.problems == []


def test_drafts_are_found_and_the_address_says_how(desk: Desk, shelf: dict[str, Any]) -> None:
    page = desk.page
    page.goto(desk.url + "/")
    rows = page.locator(".draft-row")
    expect(rows).to_have_count(3)
    expect(page.locator("#statistics")).to_contain_text("drafts3")
    expect(rows.first).to_contain_text("Saved")
    picture(page, "dashboard")
    page.keyboard.press("/")
    page.keyboard.type("whal")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=whal$"))
    page.reload()
    expect(rows).to_have_count(1)
    expect(page.locator("#search")).to_have_value("whal")
    page.goto(desk.url + "/?status=complete&sort=title")
    expect(page.locator(".draft-title")).to_have_text(["Lamps", "Whales"])
    page.get_by_label("Status").select_option("conflict")
    expect(page.locator(".empty-title")).to_have_text("Nothing like that")
    page.get_by_role("button", name="Show all").click()
    expect(rows).to_have_count(3)
    page.get_by_role("tab", name="Shared").click()
    expect(page.locator(".empty-title")).to_have_text("Nothing is shared with you")


def test_a_draft_is_deleted_undone_duplicated_and_taken_out_of_the_trash_by_keys(
    desk: Desk, shelf: dict[str, Any]
) -> None:
    page = desk.page
    page.goto(desk.url + "/?sort=title")
    titles = page.locator(".draft-title")
    expect(titles).to_have_text(["Harbour", "Lamps", "Whales"])
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("#")
    expect(titles).to_have_text(["Harbour", "Whales"])
    page.get_by_role("button", name="Undo").click()
    expect(titles).to_have_text(["Harbour", "Lamps", "Whales"])
    page.get_by_label("More for Whales").click()
    page.get_by_role("menuitem", name="Duplicate").click()
    expect(titles).to_have_text(["Harbour", "Lamps", "Whales", "Whales (copy)"])
    page.get_by_label("More for Whales", exact=True).click()
    page.get_by_role("menuitem", name="Details…").click()
    expect(page.locator(".details")).to_contain_text("Synced")
    expect(page.locator(".details")).to_contain_text("less than a minute")
    page.keyboard.press("Escape")
    page.get_by_label("Delete Lamps").click()
    page.get_by_role("tab", name="Trash").click()
    expect(titles).to_have_text(["Lamps"])
    expect(page.locator(".draft-row")).to_contain_text("gone for good in 30 days")
    picture(page, "dashboard-trash")
    page.get_by_role("button", name="Put back").click()
    page.get_by_role("tab", name="All").click()
    expect(titles).to_have_text(["Harbour", "Lamps", "Whales", "Whales (copy)"])
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/drafts/*")


def test_any_moment_of_a_draft_is_read_and_brought_back(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    page.locator(".cm-content").click()
    page.keyboard.type("The first words.")
    desk.saved("The first words.")
    page.keyboard.press("Control+a")
    page.keyboard.type("Other words.")
    desk.saved("Other words.")
    draft = page.url.rpartition("/")[2]
    page.goto(f"{desk.url}/drafts/{draft}/activity")
    expect(page.locator(".sitting").first).to_contain_text("You began the draft, wrote 28 characters")
    expect(page.locator(".sitting").first).to_contain_text("Chrome on Linux")
    expect(page.locator("#state")).to_contain_text("Other words.")
    slider = page.get_by_label("Moment of the draft")
    picture(page, "activity")
    slider.focus()
    for _ in range(20):
        if "The first words." in (page.locator("#state").text_content() or ""):
            break
        before = page.locator("#moment-when").text_content()
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#moment-when")).not_to_have_text(before or "")
    expect(page.locator("#state")).to_contain_text("The first words.")
    page.get_by_role("button", name="Bring this back").click()
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".cm-content")).to_have_text("The first words.")
    assert desk.problems == []


def test_a_draft_that_expires_soon_says_so_and_is_kept(desk: Desk) -> None:
    page = desk.page
    made(desk, "Left alone")

    def soon(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        for item in body["items"]:
            item["expires_at"] = item["saved_at"][:10] + "T23:59:59Z"
        route.fulfill(response=answer, json=body)

    page.route(re.compile(r"/api/drafts\?"), soon)
    page.goto(desk.url + "/?sort=title")
    expect(page.locator(".draft-row .tag.warn")).to_contain_text("Expires")
    picture(page, "dashboard-expiring")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".toast")).to_contain_text("“Left alone” stays")
    expect(page.locator(".draft-row .tag.warn")).to_have_count(0)
    assert desk.problems == []


def test_the_trash_tells_what_expired_from_what_was_deleted(desk: Desk) -> None:
    page = desk.page
    made(desk, "Thrown away")

    def expired(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        for item in body["items"]:
            item["edited_by"] = "system"
        route.fulfill(response=answer, json=body)

    page.goto(desk.url + "/")
    page.get_by_label("More for Thrown away").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.locator(".draft-row")).to_have_count(0)
    page.goto(desk.url + "/?tab=trash")
    expect(page.locator(".draft-row time")).to_contain_text("deleted")
    page.route(re.compile(r"/api/drafts\?"), expired)
    page.goto(desk.url + "/?tab=trash&sort=title")
    expect(page.locator(".draft-row time")).to_contain_text("expired")
    assert desk.problems == []
