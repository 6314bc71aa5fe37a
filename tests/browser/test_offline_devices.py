"""A day without a network on two devices, and what the server did meanwhile: expiry, a share taken back, another form."""

import re
import sqlite3
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import picture, settled
from tests.browser.machines import (
    Machine,
    all_told,
    another_browser,
    arrived,
    back_again,
    begin,
    draft_of,
    form_of,
    keep_shell,
    kept,
    read,
    saved,
    start_form,
)

A_DAY = "24:00:00"


def with_own_clock(page: Page) -> Page:
    """The device's clock can be put on from here."""
    page.context.clock.install()
    page.reload()
    return page


def second_device(browser: Browser, machine: Machine) -> Page:
    """The same person elsewhere, on a device that is ready for a life without a network."""
    page = with_own_clock(another_browser(browser, machine))
    page.context.set_default_timeout(15_000)
    return keep_shell(page)


def write_at(page: Page, key: str, words: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press(key)
    page.keyboard.type(words)


def words_by_replica(machine: Machine, draft: str) -> dict[str, str]:
    """What each page that wrote has in the log."""
    events = read(machine, f"{draft}/events")["items"]
    log: dict[str, str] = {}
    for event in events:
        if event["replica"]:
            log[event["replica"]] = log.get(event["replica"], "") + str(event["payload"])
    return log


def test_a_document_written_on_two_devices_for_a_day_loses_nothing(
    browser: Browser, machine: Machine, page: Page
) -> None:
    with_own_clock(page)
    address = begin(page, "The harbour sleeps.")
    arrived(machine, page, "The harbour sleeps.")
    page.reload()
    page.locator(".cm-content").wait_for()
    phone = second_device(browser, machine)
    phone.goto(address)
    expect(phone.locator(".cm-content")).to_have_text("The harbour sleeps.")
    machine.off()

    write_at(page, "Control+Home", "Morning at the desk. ")
    page.locator("#title").fill("Harbour")
    write_at(phone, "Control+End", " Morning on the phone.")
    phone.locator("#title").fill("Quay")
    for device in (page, phone):
        kept(device)
        device.context.clock.fast_forward(A_DAY)
        device.reload()
        device.locator(".cm-content").wait_for()
    write_at(page, "Control+Home", "Evening at the desk. ")
    write_at(phone, "Control+End", " Evening on the phone.")
    for device in (page, phone):
        kept(device)
    picture(phone, "day-offline-document")

    back_again(machine, page, phone)
    draft = draft_of(page)
    found = all_told(machine, draft, 1, [page, phone])
    told = "Evening at the desk. Morning at the desk. The harbour sleeps. Morning on the phone. Evening on the phone."
    for device in (page, phone):
        expect(device.locator(".cm-content")).to_have_text(told)
    assert read(machine, draft)["text"] == told
    (conflict,) = found["conflicts"]
    assert {conflict["mine"], conflict["theirs"]} == {"Harbour", "Quay"}
    picture(page, "day-offline-document-back")
    log = words_by_replica(machine, draft)
    for words in ("Morning at the desk", "Evening at the desk", "Harbour"):
        assert any(words in one and "phone" not in one for one in log.values()), words
    for words in ("Morning on the phone", "Evening on the phone", "Quay"):
        assert any(words in one and "desk" not in one for one in log.values()), words
    assert not parked(page)
    assert not parked(phone)
    phone.context.close()


def parked(page: Page) -> list[Any]:
    """Words the server did not take, as this browser keeps them."""
    found: list[Any] = page.evaluate(
        """async () => {
            const rows = [];
            for (const { name } of await indexedDB.databases()) {
                if (!name.startsWith("draftloom-")) continue;
                const open = indexedDB.open(name);
                const database = await new Promise((done) => (open.onsuccess = () => done(open.result)));
                const all = database.transaction("parked").objectStore("parked").getAll();
                rows.push(...(await new Promise((done) => (all.onsuccess = () => done(all.result)))));
                database.close();
            }
            return rows;
        }"""
    )
    return found


def test_a_form_filled_on_two_devices_for_a_day_loses_nothing(browser: Browser, machine: Machine, page: Page) -> None:
    with_own_clock(page)
    start_form(machine, page)
    page.locator("#f-title").fill("Portraits")
    form_of(machine, "Portraits")
    draft = draft_of(page)
    page.reload()
    phone = second_device(browser, machine)
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.goto(f"{machine.url}/forms/gig/{draft}")
    expect(phone.locator("#f-title")).to_have_value("Portraits")
    machine.off()

    page.locator("#f-people").fill("3")
    phone.locator("#f-people").fill("4")
    phone.locator("#f-category").select_option("photography")
    for device, words in ((page, "By the sea."), (phone, "At night.")):
        device.get_by_role("button", name="Next").click()
        device.wait_for_url("**/details")
        device.locator("#f-description").fill(words)
        kept(device)
        device.context.clock.fast_forward(A_DAY)
        device.goto(f"{machine.url}/forms/gig/{draft}")
        device.wait_for_url("**/details")
        expect(device.locator("#f-description")).to_have_value(words)
    page.locator("#f-requirements").fill("A camera")
    kept(page)
    picture(phone, "day-offline-form-390")

    back_again(machine, page, phone)
    expect(page.locator("#f-description")).to_have_value(re.compile("By the sea.*At night|At night.*By the sea", re.S))
    found = all_told(machine, draft, 1, [page, phone])
    (conflict,) = found["conflicts"]
    assert (conflict["field"], {conflict["mine"], conflict["theirs"]}) == ("data.people", {3, 4})
    for device in (page, phone):
        expect(device.locator("#f-requirements")).to_have_value("A camera")
        expect(device.locator("#f-category")).to_have_value("photography")
    fields = read(machine, draft)["fields"]
    assert fields["data.category"] == "photography"
    assert fields["text.requirements"] == "A camera"
    assert {"By the sea.", "At night."} <= set(re.findall(r"By the sea\.|At night\.", fields["text.description"]))
    expect(phone.locator("#f-description")).to_have_value(fields["text.description"])
    picture(page, "day-offline-form-back")
    picture(phone, "day-offline-form-back-390")
    log = list(words_by_replica(machine, draft).values())
    assert any("By the sea." in one and "At night." not in one for one in log)
    assert any("At night." in one and "By the sea." not in one for one in log)
    assert parked(page) == parked(phone) == []
    phone.context.close()


def not_changed_for(machine: Machine, draft: str, days: int) -> None:
    """The server is off: its clean-up finds the draft as if so much time had passed."""
    with sqlite3.connect(machine.data / "draftloom.db") as database:
        for column in ("saved_at", "deleted_at"):
            database.execute(
                f"UPDATE draft_streams SET {column} = datetime({column}, ?) || '.000000' WHERE id = ?",
                (f"-{days} days", bytes.fromhex(draft.replace("-", ""))),
            )
    database.close()
    machine.run("expire")


def form_written_in_offline(machine: Machine, page: Page) -> str:
    """A form on the server, with words of this device it has not got; the server is off. Its id."""
    start_form(machine, page)
    page.locator("#f-title").fill("Portraits")
    form_of(machine, "Portraits")
    page.reload()
    expect(page.locator("#f-title")).to_have_value("Portraits")
    machine.off()
    page.locator("#f-people").fill("12")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/details")
    page.locator("#f-description").fill("Written in the mountains")
    kept(page)
    return draft_of(page)


def test_a_form_that_went_into_the_trash_while_a_device_was_away_takes_its_words(machine: Machine, page: Page) -> None:
    draft = form_written_in_offline(machine, page)
    not_changed_for(machine, draft, 31)
    back_again(machine, page)
    notice = page.locator(".notice", has_text="went into the trash")
    expect(notice).to_be_visible(timeout=20_000)
    expect(page.locator("#save-pill")).to_have_attribute("data-state", "attention")
    assert read(machine, draft)["status"] == "discarded"
    picture(page, "form-expired-offline")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "form-expired-offline-390")
    page.emulate_media(color_scheme="dark")
    settled(page.locator("body"))
    picture(page, "form-expired-offline-390-dark")
    notice.get_by_role("button", name="Put back with what you wrote").click()
    expect(page.locator("#toasts")).to_contain_text("in the form again")
    expect(page.locator("#f-description")).to_have_value("Written in the mountains")
    expect(page.locator("#f-description")).to_be_editable()
    for _ in range(400):
        fields = read(machine, draft)["fields"]
        if fields.get("data.people") == 12 and fields.get("text.description"):
            break
        page.wait_for_timeout(50)
    assert (fields["data.people"], fields["text.description"]) == (12, "Written in the mountains")
    saved(page)
    assert parked(page) == []


def test_a_form_that_was_erased_while_a_device_was_away_leaves_its_words_to_the_person(
    machine: Machine, page: Page
) -> None:
    draft = form_written_in_offline(machine, page)
    address = page.url
    not_changed_for(machine, draft, 31)
    not_changed_for(machine, draft, 31)
    back_again(machine, page)
    expect(page.locator(".notice", has_text="it is gone")).to_be_visible(timeout=20_000)
    page.locator("#save-pill").click()
    expect(page.get_by_role("dialog")).to_contain_text("Written in the mountains")
    expect(page.get_by_role("button", name="Insert at the cursor")).to_have_count(0)
    settled(page.locator("dialog"))
    picture(page, "form-erased-offline")
    page.goto(address)
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    expect(page.locator(".gate-card")).to_contain_text("kept on this device")
    picture(page, "form-erased-address")
    page.get_by_role("link", name="All drafts").click()
    page.get_by_role("button", name="Look at them").click()
    expect(page.get_by_role("dialog")).to_contain_text("Written in the mountains")


def test_a_form_erased_while_its_page_was_closed_opens_for_the_sake_of_its_words(machine: Machine, page: Page) -> None:
    draft = form_written_in_offline(machine, page)
    address = page.url
    page.close()
    not_changed_for(machine, draft, 31)
    not_changed_for(machine, draft, 31)
    machine.on()
    fresh = machine.context.new_page()
    fresh.goto(address)
    expect(fresh.locator(".notice", has_text="it is gone")).to_be_visible(timeout=20_000)
    fresh.locator("#save-pill").click()
    expect(fresh.get_by_role("dialog")).to_contain_text("Written in the mountains")


def guest(machine: Machine, browser: Browser) -> BrowserContext:
    """Somebody else with an account, on a device that is ready for a life without a network."""
    token = machine.context.request.get(f"{machine.url}/api/me").json()["csrf_token"]
    made = machine.context.request.post(
        f"{machine.url}/api/users",
        data={"email": "ed@example.org", "name": "Ed"},
        headers={"X-CSRF-Token": token},
    )
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(machine.url + re.findall(r"/welcome/[\w-]+", made.text())[0])
    page.locator("input[name=password]").fill(machine.password)
    page.keyboard.press("Enter")
    page.wait_for_url(machine.url + "/")
    keep_shell(with_own_clock(page))
    return context


def counted(context: BrowserContext) -> Counter[str]:
    """The changes that this browser tries to save from now on, by their content."""
    sent: Counter[str] = Counter()
    context.on("request", lambda one: sent.update([one.post_data or ""] if one.url.endswith("/commands") else []))
    return sent


@pytest.mark.parametrize("open_meanwhile", [True, False])
def test_who_may_no_longer_write_keeps_what_they_wrote_and_sends_it_once(
    browser: Browser, machine: Machine, page: Page, open_meanwhile: bool
) -> None:
    context = guest(machine, browser)
    theirs = context.pages[0]
    start_form(machine, page)
    page.locator("#f-title").fill("Ours together")
    form_of(machine, "Ours together")
    draft = draft_of(page)
    token = machine.context.request.get(f"{machine.url}/api/me").json()["csrf_token"]
    shares = f"{machine.url}/api/drafts/{draft}/shares"
    shared = machine.context.request.put(
        shares, data={"email": "ed@example.org", "role": "editor"}, headers={"X-CSRF-Token": token}
    ).json()["items"]
    address = f"{machine.url}/forms/gig/{draft}/basics"
    theirs.goto(address)
    expect(theirs.locator("#f-title")).to_have_value("Ours together")
    theirs.reload()
    expect(theirs.locator("#f-title")).to_have_value("Ours together")

    machine.off()
    theirs.locator("#f-title").fill("Written too late")
    kept(theirs)
    if not open_meanwhile:
        # What a page says when it is left would get through where only its context is offline.
        theirs.goto(machine.url + "/")
        theirs.locator("#drafts").wait_for()
    context.set_offline(True)
    machine.on()
    taken = machine.context.request.delete(f"{shares}/{shared[0]['user_id']}", headers={"X-CSRF-Token": token})
    assert taken.status == 204, taken.text()
    sent = counted(context)
    context.set_offline(False)
    if open_meanwhile:
        expect(theirs.get_by_text("no longer shared with you")).to_be_visible()
        theirs.locator("#save-pill").click()
    else:
        expect(theirs.locator("#kept-here")).to_contain_text("could not be saved", timeout=20_000)
        picture(theirs, "share-taken-back-list")
        theirs.get_by_role("button", name="Look at them").click()
    expect(theirs.get_by_role("dialog")).to_contain_text("Written too late")
    settled(theirs.locator("dialog"))
    picture(theirs, f"share-taken-back-{open_meanwhile}")
    assert set(sent.values()) == {1}
    context.clock.fast_forward("02:00:00")
    theirs.evaluate("window.dispatchEvent(new Event('online'))")
    theirs.wait_for_timeout(1_000)
    assert set(sent.values()) == {1}
    theirs.goto(address)
    expect(theirs.get_by_role("heading", name="There is nothing here")).to_be_visible()
    expect(theirs.locator(".gate-card")).to_contain_text("kept on this device")
    assert set(sent.values()) == {1}
    expect(page.locator("#f-title")).to_have_value("Ours together")
    assert read(machine, draft)["fields"]["data.title"] == "Ours together"
    context.close()
