"""Words the server did not take are written back into their document or report, merged as any other words."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import picture, settled
from tests.browser.machines import (
    Machine,
    another_browser,
    arrived,
    back_again,
    begin,
    draft_of,
    kept,
    read,
    refuse,
)
from tests.browser.test_offline_devices import guest, not_changed_for, parked

COMMANDS = re.compile("/commands$")


def pictured(page: Page, name: str) -> None:
    """The same state at both widths, light and dark."""
    for scheme in ("light", "dark"):
        for width, height in ((1440, 900), (390, 844)):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": height})
            for dialog in page.locator("dialog[open]").all():
                settled(dialog)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            picture(page, f"put_back_{name}_{scheme}_{width}")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": 1440, "height": 900})


def type_at_end(page: Page, words: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def poisoned(machine: Machine, page: Page) -> str:
    """A document whose last words, " Poisoned.", the server would not take. Its id."""
    begin(page, "The harbour sleeps.")
    arrived(machine, page, "The harbour sleeps.")
    refuse(machine.context, 422, "invalid_change")
    type_at_end(page, " Poisoned.")
    expect(page.locator("#save-pill")).to_have_attribute("data-state", "attention")
    expect(page.locator(".cm-content")).to_have_text("The harbour sleeps.")
    return draft_of(page)


def test_words_of_a_document_are_written_back_from_behind_the_pill(
    browser: Browser, machine: Machine, page: Page
) -> None:
    poisoned(machine, page)
    page.locator("#save-pill").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Write it back").click()
    expect(dialog.get_by_role("alert")).to_contain_text("would not take them again: Not this one.")
    assert [words["inserted"] for words in parked(page)] == [" Poisoned."]
    pictured(page, "refused_again")
    page.keyboard.press("Escape")
    machine.context.unroute(COMMANDS)
    other = another_browser(browser, machine)
    other.goto(page.url)
    other.locator(".cm-content").click()
    other.keyboard.press("Control+Home")
    other.keyboard.type("At night: ")
    expect(page.locator(".cm-content")).to_have_text("At night: The harbour sleeps.")
    page.locator("#save-pill").click()
    dialog.get_by_role("button", name="Write it back").click()
    expect(dialog).to_be_hidden()
    arrived(machine, page, "At night: The harbour sleeps. Poisoned.")
    for device in (page, other):
        expect(device.locator(".cm-content")).to_have_text("At night: The harbour sleeps. Poisoned.")
    assert parked(page) == []
    page.goto(machine.url + "/")
    expect(page.locator(".draft-row")).to_have_count(1)
    expect(page.locator("#kept-here")).to_be_hidden()
    other.context.close()


def test_words_of_a_document_are_offered_again_when_it_is_opened_anew(machine: Machine, page: Page) -> None:
    poisoned(machine, page)
    page.reload()
    notice = page.locator("#notices .notice:visible")
    expect(notice).to_contain_text("could not be saved in this text")
    pictured(page, "offered")
    notice.get_by_role("button", name="Write them in again").click()
    expect(notice).to_contain_text("would not take them again")
    assert len(parked(page)) == 1
    machine.context.unroute(COMMANDS)
    machine.off()
    notice.get_by_role("button", name="Write them in again").click()
    expect(notice).to_contain_text("cannot be reached")
    assert len(parked(page)) == 1
    back_again(machine, page)
    notice.get_by_role("button", name="Write them in again").click()
    expect(notice).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("What you wrote is in the text again.")
    arrived(machine, page, "The harbour sleeps. Poisoned.")
    assert parked(page) == []


def away(machine: Machine, page: Page, draft: str) -> None:
    """The draft goes into the trash on the server before this device, back again, has sent its words."""
    refuse(machine.context, 503, "unavailable")
    machine.on()
    token = page.locator('meta[name="csrf-token"]').get_attribute("content") or ""
    gone = machine.context.request.delete(f"{machine.url}/api/drafts/{draft}", headers={"X-CSRF-Token": token})
    assert gone.status == 204
    machine.context.unroute(COMMANDS)
    page.evaluate("window.dispatchEvent(new Event('online'))")


def test_a_document_is_put_back_with_what_was_written_and_a_conflict_is_decided(
    browser: Browser, machine: Machine, page: Page
) -> None:
    address = begin(page, "The harbour sleeps.")
    arrived(machine, page, "The harbour sleeps.")
    draft = draft_of(page)
    page.reload()
    expect(page.locator(".cm-content")).to_have_text("The harbour sleeps.")
    other = another_browser(browser, machine)
    page.context.set_offline(True)
    other.goto(address)
    other.locator("#title").fill("Harbour")
    type_at_end(other, " The gulls too.")
    for _ in range(200):
        found = read_by(other, machine, draft)
        if (found["title"], found["text"]) == ("Harbour", "The harbour sleeps. The gulls too."):
            break
        other.wait_for_timeout(50)
    assert (found["title"], found["text"]) == ("Harbour", "The harbour sleeps. The gulls too.")
    other.context.close()
    page.locator("#title").fill("Quay")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("By night ")
    kept(page)
    machine.off()
    page.context.set_offline(False)
    away(machine, page, draft)
    notice = page.locator(".notice", has_text="in the trash")
    back = notice.get_by_role("button", name="Put back with what you wrote")
    expect(back).to_be_visible(timeout=20_000)
    expect(page.locator(".cm-content")).to_have_attribute("contenteditable", "false")
    expect(page.locator("#notices .notice:visible")).to_have_count(1)
    page.locator("#save-pill").click()
    expect(page.get_by_role("dialog")).to_contain_text("By night")
    expect(page.get_by_role("button", name=re.compile("Write it back|Insert at the cursor"))).to_have_count(0)
    page.keyboard.press("Escape")
    pictured(page, "trash")
    back.click()
    expect(page.locator("#toasts")).to_contain_text("What you wrote is in the text again.")
    expect(page.locator(".cm-content")).to_have_text("By night The harbour sleeps. The gulls too.")
    expect(page.locator(".cm-content")).to_have_attribute("contenteditable", "true")
    expect(page.locator("#notices")).to_contain_text("in two places")
    pictured(page, "conflict")
    found = read(machine, draft)
    assert found["text"] == "By night The harbour sleeps. The gulls too."
    (conflict,) = found["conflicts"]
    assert {conflict["mine"], conflict["theirs"]} == {"Harbour", "Quay"}
    assert parked(page) == []
    assert page.url == address


def read_by(page: Page, machine: Machine, draft: str) -> Any:
    return page.context.request.get(f"{machine.url}/api/drafts/{draft}").json()


TITLE = "What is wrong, in one line"
DESCRIPTION = "What happened"


def report_fields(machine: Machine, draft: str, **expected: str) -> Any:
    """The report's fields, once they are as expected."""
    for _ in range(400):
        fields = read(machine, draft)["fields"]
        if expected.items() <= fields.items():
            return fields
        machine.context.pages[0].wait_for_timeout(50)
    raise AssertionError(fields)


def begin_report(machine: Machine, page: Page) -> str:
    """A bug report, known to the server and to this device. Its id."""
    page.goto(machine.url + "/report/bug")
    page.get_by_label(TITLE).fill("The door squeaks")
    for _ in range(400):
        items = machine.context.request.get(f"{machine.url}/api/drafts?kind=bug_report").json()["items"]
        if [item["title"] for item in items] == ["The door squeaks"]:
            expect(page.locator(".report-pill")).to_have_attribute("data-state", "saved")
            return str(items[0]["id"])
        page.wait_for_timeout(50)
    raise AssertionError(items)


def test_a_report_that_expired_while_a_device_was_away_is_put_back_with_its_words(machine: Machine, page: Page) -> None:
    draft = begin_report(machine, page)
    machine.off()
    page.get_by_label(DESCRIPTION).fill("Written on the train.")
    expect(page.locator(".report-pill")).to_have_attribute("data-state", re.compile("device|offline"), timeout=20_000)
    not_changed_for(machine, draft, 31)
    back_again(machine, page)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("It is in the trash.")).to_be_visible(timeout=20_000)
    assert read(machine, draft)["status"] == "discarded"
    back = dialog.get_by_role("button", name="Put back with what you wrote")
    expect(back).to_be_visible()
    pictured(page, "report_trash")
    back.click()
    expect(page.locator("#toasts")).to_contain_text("What you wrote is in the bug report again.")
    expect(page.get_by_label(DESCRIPTION)).to_have_value("Written on the train.")
    expect(page.get_by_label(DESCRIPTION)).to_be_editable()
    pictured(page, "report_back")
    report_fields(machine, draft, title="The door squeaks", description="Written on the train.")
    expect(page.locator(".report-pill")).to_have_attribute("data-state", "saved")
    assert parked(page) == []


def test_words_of_a_report_are_offered_again_and_a_conflict_opens_where_it_must(machine: Machine, page: Page) -> None:
    draft = begin_report(machine, page)
    refuse(machine.context, 422, "invalid_change")
    page.get_by_label(TITLE).fill("The gate squeaks")
    expect(page.locator(".report-pill")).to_have_attribute("data-state", "attention")
    page.get_by_label(DESCRIPTION).fill("Every morning.")
    for _ in range(200):
        if len(parked(page)) == 2:
            break
        page.wait_for_timeout(50)
    csrf = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    theirs = {
        "replica": "elsewhere",
        "n": 1,
        "base_seq": read(machine, draft)["seq"],
        "ops": [{"field": "title", "set": "The window squeaks"}],
    }
    answer = machine.context.request.post(
        f"{machine.url}/api/drafts/{draft}/commands", data=theirs, headers={"X-CSRF-Token": csrf}
    )
    assert answer.ok, answer.text()
    page.goto(machine.url + f"/report/bug?draft={draft}")
    expect(page.get_by_label(TITLE)).to_have_value("The window squeaks")
    notice = page.locator(".report-notices .notice", has_text="kept on this device")
    expect(notice).to_contain_text("could not be saved in this bug report")
    pictured(page, "report_offered")
    machine.context.unroute(COMMANDS)
    notice.get_by_role("button", name="Write them in again").click()
    expect(notice).to_be_hidden()
    expect(page.locator(".report-notices .notice:visible")).to_contain_text("in two places")
    fields = report_fields(machine, draft, description="Every morning.")
    assert parked(page) == []
    (conflict,) = read(machine, draft)["conflicts"]
    assert {conflict["mine"], conflict["theirs"]} == {"The gate squeaks", "The window squeaks"}
    assert fields["title"] in {"The gate squeaks", "The window squeaks"}


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_who_may_no_longer_write_in_a_document_may_copy_what_they_wrote(
    browser: Browser, machine: Machine, page: Page, role: str
) -> None:
    context = guest(machine, browser)
    theirs = context.pages[0]
    begin(page, "Ours together.")
    arrived(machine, page, "Ours together.")
    draft = draft_of(page)
    shares = f"{machine.url}/api/drafts/{draft}/shares"
    token = {"X-CSRF-Token": page.locator("meta[name=csrf-token]").get_attribute("content") or ""}

    def share(role: str) -> Any:
        answer = machine.context.request.put(shares, data={"email": "ed@example.org", "role": role}, headers=token)
        assert answer.ok, answer.text()
        return answer.json()["items"][0]["user_id"]

    person = share("editor")
    theirs.goto(page.url)
    text = theirs.locator("textarea[data-field=text]")
    expect(text).to_have_value("Ours together.")
    context.set_offline(True)
    text.fill("Ours together. Too late.")
    expect(theirs.locator("#save-pill")).to_have_attribute("data-state", re.compile("device|offline"), timeout=20_000)
    if role == "viewer":
        share("viewer")
    else:
        taken = machine.context.request.delete(f"{shares}/{person}", headers=token)
        assert taken.status == 204, taken.text()
    context.set_offline(False)
    expect(theirs.locator("#save-pill")).to_have_attribute("data-state", "attention", timeout=20_000)
    if role == "viewer":
        theirs.reload()
        expect(text).to_have_value("Ours together.")
    theirs.locator("#save-pill").click()
    dialog = theirs.get_by_role("dialog")
    expect(dialog).to_contain_text("Too late.")
    expect(dialog.get_by_role("button", name="Copy", exact=True)).to_be_visible()
    expect(dialog.get_by_role("button", name=re.compile("Write it back|Insert at the cursor"))).to_have_count(0)
    expect(theirs.get_by_text("Write them in again")).to_have_count(0)
    pictured(theirs, f"copy_only_{role}")
    assert read(machine, draft)["text"] == "Ours together."
    assert len(parked(theirs)) == 1
    context.close()
