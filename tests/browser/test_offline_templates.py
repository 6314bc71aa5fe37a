"""Forms begun without a network and templates: two that were begun apart become one, and a template that is on the device."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import picture, settled
from tests.browser.machines import (
    Machine,
    all_told,
    another_browser,
    back_again,
    draft_of,
    form_of,
    kept,
    read,
    saved,
    start_form,
)


def test_a_form_begun_offline_joins_one_begun_from_a_template_elsewhere(
    browser: Browser, machine: Machine, page: Page
) -> None:
    machine.off()
    start_form(machine, page)
    page.locator("#f-title").fill("From the train")
    page.locator("#f-people").fill("3")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/details")
    page.locator("#f-requirements").fill("A bicycle")
    kept(page)
    machine.context.set_offline(True)
    machine.on()
    desk = another_browser(browser, machine)
    start_form(machine, desk)
    desk.locator("#f-title").fill("Every spring")
    desk.locator('.form-progress li[data-step="details"] a').click()
    desk.locator("#f-description").fill("Blossoms, as every year.")
    desk.locator("#form-more").click()
    desk.get_by_role("menuitem", name="Save as template…").click()
    desk.locator("#ask-text").fill("Spring")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.locator("#toasts")).to_contain_text("“Spring” is kept")
    desk.locator("#form-more").click()
    desk.get_by_role("menuitem", name="Discard").click()
    desk.wait_for_url(f"{machine.url}/forms/gig")
    desk.get_by_role("button", name="Start from it").click()
    desk.wait_for_url("**/forms/gig/*/basics")
    (there,) = form_of(machine, "Every spring")

    machine.context.set_offline(False)
    page.wait_for_url(f"**/forms/gig/{there['id']}/details", timeout=20_000)
    expect(page.locator("#f-requirements")).to_have_value("A bicycle")
    expect(page.locator("#f-description")).to_have_value("Blossoms, as every year.")
    expect(page.locator("#f-people")).to_have_value("3")
    found = all_told(machine, there["id"], 1, [page])
    (conflict,) = found["conflicts"]
    assert {conflict["mine"], conflict["theirs"]} == {"From the train", "Every spring"}
    picture(page, "form-joined-template")
    (only,) = machine.context.request.get(f"{machine.url}/api/drafts?kind=form").json()["items"]
    assert only["id"] == there["id"]
    desk.context.close()


def template_of_spring(machine: Machine, page: Page) -> None:
    """A template on the server; the page is the one on which the form begins, without an unfinished one."""
    start_form(machine, page)
    page.locator("#f-title").fill("Every spring")
    page.locator("#f-people").fill("2")
    page.locator('.form-progress li[data-step="details"] a').click()
    page.locator("#f-description").fill("Blossoms, as every year.")
    page.locator("#form-more").click()
    page.get_by_role("menuitem", name="Save as template…").click()
    page.locator("#ask-text").fill("Spring")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("“Spring” is kept")
    page.locator("#form-more").click()
    page.get_by_role("menuitem", name="Discard").click()
    page.wait_for_url(f"{machine.url}/forms/gig")
    page.get_by_role("button", name="Start from it").wait_for()


def test_a_template_that_is_on_the_device_begins_a_form_without_a_network(machine: Machine, page: Page) -> None:
    template_of_spring(machine, page)
    machine.off()
    page.goto(machine.url + "/forms/gig")
    page.get_by_role("button", name="Start from it").click()
    expect(page.locator("#f-title")).to_have_value("Every spring")
    expect(page.locator("#f-people")).to_have_value("2")
    kept(page)
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/details")
    expect(page.locator("#f-description")).to_have_value("Blossoms, as every year.")
    page.locator("#f-description").press("End")
    page.keyboard.type(" Bring hats.")
    kept(page)
    draft = draft_of(page)

    page.goto(machine.url + "/forms/gig")
    notice = page.locator(".notice", has_text="is on this device only")
    expect(notice).to_be_visible()
    page.get_by_role("button", name="Start from it").click()
    expect(page.locator("#problem")).to_contain_text("There is an unfinished gig on this device")
    expect(page.locator("#problem")).to_be_in_viewport()
    picture(page, "template-offline-unfinished")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    settled(page.locator("body"))
    picture(page, "template-offline-unfinished-390-dark")
    notice.get_by_role("link", name="Continue").click()
    page.wait_for_url(f"**/{draft}/details")
    expect(page.locator("#f-description")).to_have_value("Blossoms, as every year. Bring hats.")

    back_again(machine, page)
    (form,) = form_of(machine, "Every spring")
    assert form["id"] == draft
    saved(page)
    fields = read(machine, draft)["fields"]
    assert fields["text.description"] == "Blossoms, as every year. Bring hats."
    assert (fields["data.people"], fields["current_step"]) == (2, "details")


def test_a_form_begun_offline_from_a_template_joins_one_begun_elsewhere(
    browser: Browser, machine: Machine, page: Page
) -> None:
    template_of_spring(machine, page)
    machine.off()
    page.goto(machine.url + "/forms/gig")
    page.get_by_role("button", name="Start from it").click()
    expect(page.locator("#f-title")).to_have_value("Every spring")
    kept(page)
    machine.context.set_offline(True)
    machine.on()
    desk = another_browser(browser, machine)
    start_form(machine, desk)
    desk.locator("#f-people").fill("5")
    desk.locator("#f-category").select_option("photography")
    (there,) = form_of(machine, "Gig")
    for _ in range(200):
        if read(machine, there["id"])["fields"].get("data.category"):
            break
        desk.wait_for_timeout(50)
    machine.context.set_offline(False)
    page.wait_for_url(f"**/forms/gig/{there['id']}/basics", timeout=20_000)
    expect(page.locator("#f-title")).to_have_value("Every spring")
    expect(page.locator("#f-category")).to_have_value("photography")
    found = all_told(machine, there["id"], 1, [page])
    (conflict,) = found["conflicts"]
    assert {conflict["mine"], conflict["theirs"]} == {2, 5}
    assert found["fields"]["text.description"] == "Blossoms, as every year."
    desk.context.close()


def test_a_template_the_device_does_not_have_says_that_it_needs_a_connection(machine: Machine, page: Page) -> None:
    template_of_spring(machine, page)
    # As a page that was kept before its templates came with it.
    page.evaluate(
        """async () => {
            const pages = await caches.open("draftloom-pages-1");
            const kept = await pages.match("/forms/gig");
            const without = (await kept.text()).replace('"templates":', '"earlier":');
            await pages.put("/forms/gig", new Response(without, { headers: kept.headers }));
        }"""
    )
    machine.off()
    page.goto(machine.url + "/forms/gig")
    page.get_by_role("button", name="Start from it").click()
    expect(page.locator("#problem")).to_contain_text("starting from it needs a connection")
    picture(page, "template-needs-connection")
    page.get_by_role("button", name="Remove the template Spring").click()
    expect(page.locator("#problem")).to_contain_text("Removing a template needs a connection")
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("#progress-now:not(:empty)").wait_for(state="attached")
    expect(page.locator("#f-title")).to_have_value("")
