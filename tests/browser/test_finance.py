"""Finance on the page of costs, in a real browser: groups and their budget, a provider's export, a second currency."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Desk, picture

EXPORT = b"usage_date_utc,model_version,usage_input_tokens_no_cache,usage_output_tokens\n2020-01-31,whale-1,10,5\n"


def test_groups_an_export_and_a_second_currency(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    desk.ask("Write", "Write about whales")
    expect(page.locator("#session-cost")).not_to_be_empty()
    page.goto(desk.url + "/costs")
    page.get_by_text("Make a group").click()
    page.get_by_label("Name of the group").fill("Press")
    page.get_by_role("button", name="Make group").click()
    expect(page.get_by_role("link", name="Press")).to_be_visible()
    page.get_by_text("Who is in which group").click()
    page.get_by_role("button", name="Change the group of Ada").click()
    page.locator("#asked-group").select_option("Press")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 person today")).to_be_visible()
    page.get_by_text("Set a budget").click()
    page.get_by_label("For", exact=True).select_option("Press")
    page.get_by_label("Refuse from, USD").fill("5")
    page.get_by_role("button", name="Set budget").click()
    expect(page.get_by_text("Group Press, a month")).to_be_visible()
    page.get_by_text("Compare an export").click()
    page.set_input_files("#reconcile-file", {"name": "use.csv", "mimeType": "text/csv", "buffer": EXPORT})
    page.get_by_role("button", name="Compare", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 of 1 lines need a look")
    expect(dialog.get_by_role("row", name=re.compile("whale-1 missing here"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("use.csv")).to_be_visible()
    page.get_by_text("Set a rate").click()
    page.get_by_label("Currency").fill("EUR")
    page.get_by_label("One US dollar is").fill("0.92")
    page.get_by_label("Says who").fill("Central bank")
    page.get_by_role("button", name="Set rate").click()
    expect(page.get_by_text("$1 = 0.92 EUR")).to_be_visible()
    page.get_by_label("Also in").select_option("EUR")
    page.wait_for_url("**currency=EUR*")
    expect(page.locator("#cost-table").get_by_role("columnheader", name="EUR")).to_be_visible()
    page.get_by_role("link", name="Press").first.click()
    page.wait_for_url("**group_id=*")
    expect(page.get_by_role("link", name="All groups instead of Press")).to_be_visible()
    page.get_by_role("button", name="Remove the group Press").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("There is no group yet.")).to_be_visible()
    for width, name in ((1440, "desk"), (390, "phone")):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        picture(page, f"finance-{name}")
    assert desk.problems == []
