"""Without a network, in a real browser: cold start, new drafts, several tabs, refusals, signing out, a server set back."""

import re
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import picture
from tests.browser.machines import (
    Machine,
    another_browser,
    arrived,
    back_again,
    begin,
    form_of,
    kept,
    refuse,
    saved,
    start_form,
)


def test_a_draft_opens_from_a_cold_start_and_what_was_written_arrives(machine: Machine, page: Page) -> None:
    address = begin(page, "Before. ")
    arrived(machine, page, "Before. ")
    page.reload()
    page.locator(".cm-content").wait_for()
    page.close()
    machine.off()
    cold = machine.context.new_page()
    cold.goto(address)
    expect(cold.locator(".cm-content")).to_have_text("Before. ")
    cold.locator(".cm-content").click()
    cold.keyboard.press("Control+End")
    cold.keyboard.type("Without a server.")
    kept(cold)
    picture(cold, "offline-cold")
    cold.reload()
    expect(cold.locator(".cm-content")).to_have_text("Before. Without a server.")
    back_again(machine, cold)
    saved(cold)
    assert machine.text(cold) == "Before. Without a server."


def test_a_draft_begun_without_a_server_is_made_once_it_is_back(machine: Machine, page: Page) -> None:
    machine.off()
    address = begin(page, "Begun on a train.")
    kept(page)
    page.goto(machine.url + "/")
    row = page.locator(".draft-row")
    expect(row).to_contain_text("Only on this device")
    expect(row).to_contain_text("Begun on a train.")
    picture(page, "offline-list")
    row.locator("a").click()
    page.wait_for_url(address)
    expect(page.locator(".cm-content")).to_have_text("Begun on a train.")
    page.goto(machine.url + "/")
    expect(row).to_have_count(1)
    back_again(machine, page)
    expect(row).to_contain_text("Saved", timeout=20_000)
    expect(row).to_have_count(1)
    row.locator("a").click()
    page.wait_for_url(address)
    expect(page.locator(".cm-content")).to_have_text("Begun on a train.")


def test_the_address_of_a_draft_begun_offline_opens_before_the_server_knows_it(machine: Machine, page: Page) -> None:
    machine.off()
    address = begin(page, "Known here first.")
    kept(page)
    page.close()
    machine.on()
    fresh = machine.context.new_page()
    fresh.goto(address)
    expect(fresh.locator(".cm-content")).to_have_text("Known here first.")
    arrived(machine, fresh, "Known here first.")


def test_a_draft_that_is_not_on_this_device_says_so(machine: Machine, page: Page) -> None:
    machine.off()
    page.goto(f"{machine.url}/drafts/01a1f84a-c6fb-7b87-833f-9ee2981ada57")
    expect(page.locator("#notices .notice", has_text="not kept on this device")).to_be_visible()


def test_two_tabs_without_a_server_lose_nothing(machine: Machine, page: Page) -> None:
    address = begin(page, "Middle.")
    arrived(machine, page, "Middle.")
    page.reload()
    page.locator(".cm-content").wait_for()
    other = machine.context.new_page()
    other.goto(address)
    other.locator(".cm-content").wait_for()
    machine.off()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("First tab. ")
    other.locator(".cm-content").click()
    other.keyboard.press("Control+End")
    other.keyboard.type(" Second tab.")
    kept(page)
    kept(other)
    back_again(machine, page, other)
    saved(page)
    saved(other)
    for tab in (page, other):
        expect(tab.locator(".cm-content")).to_have_text("First tab. Middle. Second tab.")
    assert machine.text(page) == "First tab. Middle. Second tab."


def test_words_the_server_never_takes_are_kept_to_be_copied_and_block_nothing(machine: Machine, page: Page) -> None:
    begin(page, "Good. ")
    arrived(machine, page, "Good. ")
    refuse(machine.context, 422, "invalid_change")
    page.keyboard.type("Poisoned.")
    expect(page.locator("#save-pill")).to_have_attribute("data-state", "attention")
    machine.context.unroute(re.compile("/commands$"))
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("Healthy.")
    for _ in range(200):
        if machine.text(page) != "Good. ":
            break
        page.wait_for_timeout(50)
    assert machine.text(page) == "Good. Healthy."
    page.goto(machine.url + "/")
    expect(page.locator("#kept-here")).to_contain_text("could not be saved")
    page.get_by_role("button", name="Look at them").click()
    expect(page.locator("dialog")).to_contain_text("Poisoned.")
    picture(page, "offline-parked")
    page.get_by_role("button", name="Let it go").first.click()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator(".draft-row")).to_have_count(1)


def test_a_draft_that_went_meanwhile_leaves_its_words_to_their_author(machine: Machine, page: Page) -> None:
    address = begin(page, "Shared. ")
    arrived(machine, page, "Shared. ")
    page.reload()
    page.locator(".cm-content").wait_for()
    machine.off()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("Mine alone.")
    kept(page)
    refuse(machine.context, 503, "unavailable")
    machine.on()
    token = page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    draft = address.rpartition("/")[2]
    gone = machine.context.request.delete(f"{machine.url}/api/drafts/{draft}", headers={"X-CSRF-Token": token})
    assert gone.status == 204
    machine.context.unroute(re.compile("/commands$"))
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#save-pill")).to_have_attribute("data-state", "attention", timeout=20_000)
    page.locator("#save-pill").click()
    expect(page.locator("dialog")).to_contain_text("Mine alone.")


def test_signing_out_with_unsent_words_asks_first(machine: Machine, page: Page) -> None:
    begin(page)
    saved(page)
    refuse(machine.context, 503, "unavailable")
    page.keyboard.type("Not sent yet.")
    kept(page)
    page.goto(machine.url + "/")
    page.get_by_label("Sign out Ada").click()
    expect(page.locator("dialog")).to_contain_text("Some words are not saved yet")
    page.get_by_role("button", name="Stay").click()
    machine.context.unroute(re.compile("/commands$"))
    page.get_by_label("Sign out Ada").click()
    page.wait_for_url("**/sign-in*")


def test_a_server_restored_from_an_older_backup_gets_back_what_it_lacks(
    machine: Machine, page: Page, tmp_path: Path
) -> None:
    begin(page, "In the backup. ")
    arrived(machine, page, "In the backup. ")
    page.reload()
    page.locator(".cm-content").wait_for()
    machine.run("backup", str(tmp_path / "older.zip"))
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("After it.")
    arrived(machine, page, "In the backup. After it.")
    machine.off()
    shutil.move(machine.data, tmp_path / "lost")
    machine.data.mkdir()
    shutil.copy(tmp_path / "lost" / "secret.key", machine.data / "secret.key")
    machine.run("restore", str(tmp_path / "older.zip"))
    back_again(machine, page)
    expect(page.locator(".toast")).to_contain_text("set back", timeout=20_000)
    saved(page)
    expect(page.locator(".cm-content")).to_have_text("In the backup. After it.")
    assert machine.text(page) == "In the backup. After it."


def test_a_device_that_is_nearly_full_says_so_before_typing(machine: Machine, page: Page) -> None:
    machine.context.add_init_script("navigator.storage.estimate = () => Promise.resolve({ usage: 99e6, quota: 100e6 })")
    begin(page)
    expect(page.locator("#notices .notice", has_text="nearly full")).to_be_visible()


def test_words_written_before_an_update_of_the_page_are_sent_after_it(machine: Machine, page: Page) -> None:
    """The update is a page whose script has another address than the one the words were written with."""
    address = begin(page, "Old page. ")
    arrived(machine, page, "Old page. ")
    refuse(machine.context, 503, "unavailable")
    page.keyboard.type("Unsent.")
    kept(page)
    machine.context.unroute(re.compile("/commands$"))

    def updated(route: Any) -> None:
        answer = route.fetch()
        body = re.sub(r'(/static/editor-[\w-]+\.js)"', r'\1?build=2"', answer.text())
        assert "?build=2" in body
        route.fulfill(response=answer, body=body)

    page.close()
    fresh = machine.context.new_page()
    fresh.route(address, updated)
    fresh.goto(address)
    expect(fresh.locator(".cm-content")).to_have_text("Old page. Unsent.")
    arrived(machine, fresh, "Old page. Unsent.")


def test_a_report_is_written_by_its_address_without_a_network(machine: Machine, page: Page) -> None:
    machine.off()
    page.goto(machine.url + "/report/feature?draft=")
    page.get_by_label("What you wish for, in one line").fill("Reports on trains")
    picture(page, "report-by-address-offline")
    expect(page.locator(".report-pill")).not_to_have_attribute("data-state", "saved")
    back_again(machine, page)
    for _ in range(400):
        kept = machine.context.request.get(f"{machine.url}/api/drafts?kind=feature_request").json()["items"]
        if [draft["title"] for draft in kept] == ["Reports on trains"]:
            return
        page.wait_for_timeout(50)
    raise AssertionError(kept)


def at_details(page: Page, title: str) -> None:
    """The form is open at its second step, with what was written in the first."""
    page.wait_for_url("**/forms/gig/*/details")
    expect(page.locator("#step-details")).to_be_visible()
    expect(page.locator("#f-title")).to_be_hidden()
    expect(page.locator("#f-title")).to_have_value(title)


def test_a_form_is_started_filled_and_reopened_without_a_network(machine: Machine, page: Page) -> None:
    machine.off()
    start_form(machine, page)
    page.locator("#f-title").fill("Portraits from a train")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/details")
    picture(page, "form-begun-offline")
    page.goto(machine.url + "/forms/gig")
    page.get_by_role("button", name="Start", exact=True).click()
    at_details(page, "Portraits from a train")
    page.goto(machine.url + "/")
    row = page.locator(".draft-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Only on this device")
    expect(row).to_contain_text("Portraits from a train")
    picture(page, "form-begun-offline-list")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "form-begun-offline-list-390")
    row.locator("a").click()
    at_details(page, "Portraits from a train")
    picture(page, "form-begun-offline-390")
    page.set_viewport_size({"width": 1440, "height": 900})
    back_again(machine, page)
    (form,) = form_of(machine, "Portraits from a train")
    assert form["id"] in page.url


def test_the_address_of_a_form_begun_offline_opens_before_the_server_knows_it(machine: Machine, page: Page) -> None:
    machine.off()
    start_form(machine, page)
    page.locator("#f-title").fill("Known here first")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/details")
    kept(page)
    address = page.url.removesuffix("/details")
    draft = address.rpartition("/")[2]
    page.close()
    machine.on()
    fresh = machine.context.new_page()
    answer = fresh.goto(address)
    assert answer is not None
    assert answer.status == 404
    at_details(fresh, "Known here first")
    link = fresh.locator('.form-progress li[data-step="basics"] a')
    expect(link).to_have_attribute("href", f"/forms/gig/{draft}/basics")
    (form,) = form_of(machine, "Known here first")
    assert form["id"] == draft
    fresh.reload()
    at_details(fresh, "Known here first")


def test_the_address_of_no_form_says_that_there_is_nothing(machine: Machine, page: Page) -> None:
    page.goto(f"{machine.url}/forms/gig/01a1f84a-c6fb-7b87-833f-9ee2981ada57")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    expect(page.locator("#form")).to_have_count(0)
    picture(page, "form-nothing")


def test_a_form_begun_offline_joins_the_one_the_server_has(browser: Browser, machine: Machine, page: Page) -> None:
    machine.off()
    start_form(machine, page)
    page.locator("#f-title").fill("From the train")
    page.locator("#f-people").fill("3")
    machine.context.set_offline(True)
    machine.on()
    desk = another_browser(browser, machine)
    start_form(machine, desk)
    desk.locator("#f-title").fill("At the desk")
    (there,) = form_of(machine, "At the desk")
    machine.context.set_offline(False)
    page.wait_for_url(f"**/forms/gig/{there['id']}/*")
    expect(page.locator("#f-people")).to_have_value("3")
    expect(page.locator("#notices")).to_contain_text("two places")
    picture(page, "form-joined")
    (form,) = machine.context.request.get(f"{machine.url}/api/drafts?kind=form").json()["items"]
    values = machine.context.request.get(f"{machine.url}/api/drafts/{form['id']}").json()
    (conflict,) = values["conflicts"]
    assert {conflict["mine"], conflict["theirs"]} == {"From the train", "At the desk"}
    desk.context.close()
