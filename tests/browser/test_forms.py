"""A form on two devices, without a network, with mistakes, to the end; shared; and a draft from before."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD, Desk, picture

pytestmark = pytest.mark.browser

BASICS = {"category": "photography", "people": "2", "title": "Portraits of our bakers"}


def start(desk: Desk, page: Page | None = None, form: str = "gig") -> Page:
    page = page or desk.page
    page.goto(f"{desk.url}/forms/{form}")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile(rf"/forms/{form}/[\w-]+/basics"))
    ready(page)
    return page


def ready(page: Page) -> None:
    """The page is bound to its draft: its completion was counted and the pill stands."""
    page.locator("#progress-now:not(:empty)").wait_for(state="attached")
    page.locator('#save-pill[aria-haspopup="dialog"]').wait_for()


def saved(page: Page, what: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The fields on the server, once they are as expected."""
    draft_id = re.findall(r"/forms/\w+/([\w-]+)", page.url)[0]
    origin = page.url.split("/forms/")[0]
    for _ in range(200):
        fields: dict[str, Any] = page.context.request.get(f"{origin}/api/drafts/{draft_id}").json()["fields"]
        if what(fields):
            return fields
        page.wait_for_timeout(50)
    raise AssertionError(f"the server still has {fields}")


def next_step(page: Page) -> None:
    page.get_by_role("button", name="Next").click()


def fill_basics(page: Page) -> None:
    page.locator("#f-title").fill(BASICS["title"])
    page.locator("#f-category").select_option(BASICS["category"])
    page.get_by_label("Editorial").check()
    page.get_by_label("Photographer").check()
    page.locator("#f-people").fill(BASICS["people"])


def test_a_form_from_its_first_mistake_to_handing_it_in(desk: Desk) -> None:
    page = start(desk)
    next_step(page)
    summary = page.locator("#errors")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Title: This is needed.")
    picture(page, "form-errors")
    summary.get_by_role("link", name=re.compile("How many people")).click()
    expect(page.locator("#f-people")).to_be_focused()
    fill_basics(page)
    next_step(page)
    expect(page).to_have_url(re.compile("/details$"))
    expect(page.locator("#step-details")).to_be_focused()
    expect(page.locator('.form-progress li[data-step="basics"]')).to_have_attribute("data-state", "done")
    page.locator("#f-description").fill("One morning in the bakery, from four o'clock, with the oven.")
    page.get_by_label("Some", exact=True).check()
    page.get_by_role("button", name="Back").click()
    expect(page.locator("#f-title")).to_have_value(BASICS["title"])
    page.go_back()
    expect(page).to_have_url(re.compile("/details$"))
    next_step(page)
    expect(page).to_have_url(re.compile("/schedule$"))

    page.goto(page.url.replace("schedule", "review"))
    ready(page)
    expect(page.locator("#answers")).to_contain_text("Photographer")
    page.get_by_role("button", name="Hand in").click()
    expect(summary).to_contain_text("Where it takes place: This is needed.")
    page.get_by_role("button", name="Change When and where").click()
    expect(page.locator("#f-venue")).to_be_hidden()
    page.get_by_label("In a studio").check()
    page.locator("#f-venue").fill("Bakery")
    page.get_by_label("From anywhere").check()
    for name, value in (("starts_on", "2026-04-02"), ("ends_on", "2026-04-02"), ("apply_until", "2026-03-20")):
        page.locator(f"#f-{name}").fill(value)
    next_step(page)
    expect(page).to_have_url(re.compile("/budget$"))
    page.get_by_label("Unpaid").check()
    next_step(page)
    page.get_by_label("Everybody involved").check()
    next_step(page)
    expect(page).to_have_url(re.compile("/review$"))
    expect(page.locator("#completion-text")).to_contain_text("100 %")
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("Handed in.")).to_be_visible()
    picture(page, "form-done")
    page.goto(f"{desk.url}/forms/gig")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    refused = [problem for problem in desk.problems if "422" not in problem]
    assert refused == []


def test_two_devices_and_one_without_a_network(desk: Desk) -> None:
    page = start(desk)
    page.locator("#f-title").fill("Begun at the desk")
    saved(page, lambda fields: fields.get("data.title") == "Begun at the desk")
    page.locator('.form-progress li[data-step="details"] a').click()
    page.locator("#f-description").fill("A quiet evening")
    saved(page, lambda fields: fields.get("text.description") == "A quiet evening")

    phone = desk.context.browser.new_context(  # type: ignore[union-attr]
        storage_state=desk.context.storage_state(), viewport={"width": 390, "height": 844}
    )
    other = phone.new_page()
    other.goto(f"{desk.url}/forms/gig")
    # What is opened from now on is kept for a time without a network.
    other.evaluate("async () => (await navigator.serviceWorker.ready).active?.state")
    other.wait_for_function("() => navigator.serviceWorker.controller !== null")
    expect(
        other.get_by_role("heading", name=re.compile(r"Unfinished gig from today \d\d:\d\d, step 2"))
    ).to_be_visible()
    picture(other, "form-restore")
    other.get_by_role("button", name="Preview").click()
    expect(other.get_by_role("dialog")).to_contain_text("A quiet evening")
    other.keyboard.press("Escape")
    other.get_by_role("link", name="Continue").click()
    ready(other)
    expect(other.locator("#f-description")).to_have_value("A quiet evening")

    phone.set_offline(True)
    other.locator("#f-description").press("End")
    other.locator("#f-description").type(" by the sea")
    other.get_by_label("Professional").check()
    expect(other.locator('#save-pill[data-state="device"]')).to_be_visible()
    next_step(other)
    expect(other).to_have_url(re.compile("/schedule$"))
    page.locator("#f-description").press("Home")
    page.locator("#f-description").type("Here: ")
    saved(page, lambda fields: fields.get("text.description") == "Here: A quiet evening")
    other.reload()
    ready(other)
    other.locator(".progress-box > summary").click()
    other.locator('.form-progress li[data-step="details"] a').click()
    expect(other.locator("#f-description")).to_have_value("A quiet evening by the sea")
    phone.set_offline(False)
    fields = saved(page, lambda fields: fields.get("text.description") == "Here: A quiet evening by the sea")
    assert fields["data.experience"] == "professional"
    expect(page.locator("#f-description")).to_have_value("Here: A quiet evening by the sea")
    expect(page.get_by_label("Professional")).to_be_checked()
    expect(other.locator("#f-description")).to_have_value("Here: A quiet evening by the sea")
    phone.close()


def test_a_value_chosen_twice_is_decided_by_the_person(desk: Desk) -> None:
    page = start(desk)
    second = desk.context.new_page()
    second.goto(page.url)
    ready(second)
    desk.context.set_offline(True)
    page.locator("#f-people").fill("3")
    second.locator("#f-people").fill("4")
    for one in (page, second):
        expect(one.locator('#save-pill[data-state="device"]')).to_be_visible()
    desk.context.set_offline(False)
    notice = page.locator(".notice", has_text="“How many people” was changed in two places at once")
    expect(notice).to_be_visible()
    picture(page, "form-conflict")
    notice.get_by_role("button", name="Decide…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Two versions of “How many people”")
    page.locator("#conflict-result").fill("7")
    dialog.get_by_role("button", name="Use this result").click()
    saved(page, lambda fields: fields.get("data.people") == 7)
    for one in (page, second):
        expect(one.locator("#f-people")).to_have_value("7")
    expect(second.locator(".notice", has_text="two places")).to_be_hidden()


def test_a_field_that_is_too_long_stays_in_the_page_and_blocks_no_other(desk: Desk) -> None:
    page = start(desk)
    page.locator('.form-progress li[data-step="details"] a').click()
    long = "x" * 1_048_576
    page.locator("#f-description").evaluate(
        "(field, text) => { field.value = text; field.dispatchEvent(new Event('input', { bubbles: true })); }", long
    )
    expect(page.locator('#save-pill[data-state="attention"]')).to_be_visible()
    page.locator("#f-requirements").fill("A camera")
    fields = saved(page, lambda fields: fields.get("text.requirements") == "A camera")
    assert not fields.get("text.description")
    assert page.locator("#f-description").evaluate("field => field.value.length") == len(long)
    page.locator("#f-description").fill("Short again")
    saved(page, lambda fields: fields.get("text.description") == "Short again")
    expect(page.locator('#save-pill[data-state="saved"]')).to_be_visible()


def guest(desk: Desk, name: str) -> BrowserContext:
    """Somebody else with an account, signed in."""
    token = desk.context.request.get(f"{desk.url}/api/me").json()["csrf_token"]
    made = desk.context.request.post(
        f"{desk.url}/api/users",
        data={"email": f"{name}@example.org", "name": name.title()},
        headers={"X-CSRF-Token": token},
    )
    context = desk.context.browser.new_context()  # type: ignore[union-attr]
    page = context.new_page()
    page.goto(desk.url + re.findall(r"/welcome/[\w-]+", made.text())[0])
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(desk.url + "/")
    return context


def test_a_shared_form_is_filled_by_two_until_one_may_no_longer(desk: Desk) -> None:
    ed = guest(desk, "ed")
    page = start(desk)
    page.locator("#f-title").fill("Ours together")
    page.locator("#form-more").click()
    page.get_by_role("menuitem", name="Share…").click()
    page.locator("#share-email").fill("ed@example.org")
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Ed")
    picture(page, "form-share")
    page.keyboard.press("Escape")

    theirs = ed.new_page()
    theirs.goto(f"{desk.url}/forms")
    theirs.get_by_role("link", name="Ours together").click()
    ready(theirs)
    theirs.locator("#f-people").fill("5")
    expect(page.locator("#f-people")).to_have_value("5")
    expect(theirs.locator("#form-more")).to_have_count(0)

    ed.set_offline(True)
    theirs.locator("#f-title").fill("Written too late")
    expect(theirs.locator('#save-pill[data-state="device"]')).to_be_visible()
    page.locator("#form-more").click()
    page.get_by_role("menuitem", name="Share…").click()
    page.get_by_role("button", name="Stop sharing with Ed").click()
    expect(page.get_by_role("dialog")).to_contain_text("Nobody else has this draft.")
    page.keyboard.press("Escape")
    ed.set_offline(False)
    expect(theirs.get_by_text("no longer shared with you")).to_be_visible()
    theirs.locator("#save-pill").click()
    expect(theirs.get_by_role("dialog")).to_contain_text("Written too late")
    expect(page.locator("#f-title")).to_have_value("Ours together")
    ed.close()


def test_a_template_and_a_draft_from_before(desk: Desk) -> None:
    page = start(desk)
    page.locator("#f-title").fill("Every spring")
    page.locator("#form-more").click()
    page.get_by_role("menuitem", name="Save as template…").click()
    page.locator("#ask-text").fill("Spring")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("“Spring” is kept")
    page.locator("#form-more").click()
    page.get_by_role("menuitem", name="Discard").click()
    page.wait_for_url(f"{desk.url}/forms/gig")
    page.get_by_role("button", name="Start from it").click()
    ready(page)
    expect(page.locator("#f-title")).to_have_value("Every spring")
    page.locator("#form-more").click()
    page.get_by_role("menuitem", name="Discard").click()
    page.wait_for_url(f"{desk.url}/forms/gig")

    page.evaluate("localStorage.setItem('gig-create-draft', JSON.stringify({ title: 'From before', mood: 'calm' }))")
    page.reload()
    page.get_by_role("button", name="Take it over").click()
    ready(page)
    expect(page.locator("#f-title")).to_have_value("From before")
    assert page.evaluate("localStorage.getItem('gig-create-draft')") is None
    page.goto(page.url.replace("basics", "review"))
    ready(page)
    expect(page.locator("#answers")).to_contain_text("No longer asked")
    expect(page.locator("#answers")).to_contain_text("calm")
    assert desk.problems == []
