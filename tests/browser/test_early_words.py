"""What people type, send and press before the page's scripts have come counts as anything else."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from tests.browser.conftest import PASSWORD, Api, Desk

SCRIPTS = re.compile(r"/static/(app|editor)-")


@pytest.fixture
def early(browser: Browser, desk: Desk) -> Iterator[BrowserContext]:
    """The same person in a browser without the offline shell, so that scripts come from the server each time."""
    context = browser.new_context(storage_state=desk.context.storage_state(), service_workers="block")
    context.set_default_timeout(15_000)
    yield context
    context.close()


@contextmanager
def slow_scripts(context: BrowserContext) -> Iterator[None]:
    """Scripts that come only at the end of the block."""
    waiting: list[Route] = []
    context.route(SCRIPTS, lambda route: waiting.append(route))
    yield
    assert waiting
    for route in waiting:
        route.continue_()
    context.unroute(SCRIPTS)


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address, wait_until="commit")
    return page


def has(desk: Desk, text: str) -> None:
    """The server has this text."""
    for _ in range(200):
        if desk.text() == text:
            break
        desk.page.wait_for_timeout(50)
    assert desk.text() == text


def test_title_and_prompt_typed_before_the_editor_starts_are_kept(desk: Desk, early: BrowserContext) -> None:
    address = desk.new_draft()
    desk.page.locator("#title").fill("Harbour")
    desk.page.locator("#prompt").fill("Make it")
    desk.page.locator(".cm-content").fill("The harbour sleeps.")
    desk.saved("The harbour sleeps.")
    with slow_scripts(early):
        page = opened(early, address)
        page.locator("#title").fill("Quay")
        page.locator("#prompt").fill("shorter.")
        page.get_by_role("radio", name="Edit", exact=True).check(force=True)
    expect(page.locator(".cm-content")).to_have_text("The harbour sleeps.")
    expect(page.locator("#title")).to_have_value("Quay")
    expect(page).to_have_title("Quay · Draftloom")
    expect(page.locator("#prompt")).to_have_value("shorter.")
    expect(page.get_by_role("radio", name="Edit", exact=True)).to_be_checked()
    expect(desk.page.locator("#title")).to_have_value("Quay")
    page.reload()
    expect(page.locator("#title")).to_have_value("Quay")
    expect(page.locator("#prompt")).to_have_value("shorter.")

    with slow_scripts(early):
        page.reload(wait_until="commit")
        page.locator("#prompt").fill("And in French.")
    expect(page.locator("#prompt")).to_have_value("shorter.\nAnd in French.")


def test_a_shared_text_typed_in_early_is_merged_with_what_came_meanwhile(browser: Browser, desk: Desk) -> None:
    address = desk.new_draft()
    desk.page.locator(".cm-content").fill("Ours together.")
    desk.saved("Ours together.")
    draft = address.rpartition("/")[2]
    welcome = Api(desk).post("/api/users", email="ed@example.org", name="Ed")
    guest = browser.new_context(service_workers="block")
    page = guest.new_page()
    page.goto(desk.url + re.findall(r"/welcome/[\w-]+", str(welcome))[0])
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(desk.url + "/")
    shared = desk.context.request.put(
        f"{desk.url}/api/drafts/{draft}/shares",
        data={"email": "ed@example.org", "role": "editor"},
        headers=Api(desk).headers,
    )
    assert shared.ok, shared.text()
    with slow_scripts(guest):
        page.goto(address, wait_until="commit")
        page.locator("[data-field=title]").fill("Ours")
        text = page.locator("textarea[data-field=text]")
        text.fill("Ours together. By Ed.")
        text.evaluate("field => field.setSelectionRange(15, 17)")
        desk.page.locator(".cm-content").press("Control+Home")
        desk.page.keyboard.type("Now: ")
        has(desk, "Now: Ours together.")
    expect(text).to_have_value("Now: Ours together. By Ed.")
    assert text.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == "By"
    expect(desk.page.locator(".cm-content")).to_have_text("Now: Ours together. By Ed.")
    expect(desk.page.locator("#title")).to_have_value("Ours")
    has(desk, "Now: Ours together. By Ed.")
    guest.close()


def test_a_password_sent_before_the_script_has_come_stays_out_of_the_address(browser: Browser, desk: Desk) -> None:
    context = browser.new_context(service_workers="block")
    asked: list[Request] = []
    context.on("request", lambda one: asked.append(one))
    with slow_scripts(context):
        page = opened(context, desk.url + "/sign-in")
        page.locator("input[name=email]").fill("ada@example.org")
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_timeout(200)
        assert page.url == desk.url + "/sign-in"
    page.wait_for_url(desk.url + "/")
    assert [one.url for one in asked if "password" in one.url or "correct" in one.url] == []
    assert [one.method for one in asked if one.url == desk.url + "/sign-in"] == ["GET"]
    context.close()


def test_drafts_searched_for_before_the_list_starts_are_found(desk: Desk, early: BrowserContext) -> None:
    for title in ("Harbour", "Quay"):
        desk.new_draft()
        desk.page.locator("#title").fill(title)
        desk.page.locator(".cm-content").fill(f"About the {title}.")
        desk.saved(f"About the {title}.")
    with slow_scripts(early):
        page = opened(early, desk.url + "/")
        page.locator("#search").fill("Harbour")
    expect(page.locator(".draft-row")).to_have_count(1)
    expect(page.locator(".draft-row")).to_contain_text("Harbour")
    expect(page.locator("#search")).to_have_value("Harbour")


def test_what_a_page_is_for_is_begun_by_a_press_before_its_script_has_come(desk: Desk, early: BrowserContext) -> None:
    with slow_scripts(early):
        page = opened(early, desk.url + "/")
        page.locator("#new-draft").click()
    page.wait_for_url("**/drafts/*")
    with slow_scripts(early):
        page = opened(early, desk.url + "/forms/gig")
        page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url("**/forms/gig/*/basics")
    page.go_back()
    expect(page.get_by_role("link", name="Continue")).to_be_visible()
    page.wait_for_timeout(300)
    assert page.url == desk.url + "/forms/gig"
