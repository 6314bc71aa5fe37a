"""A writer chooses how much a rewrite may take away before they are asked, and is asked accordingly."""

import json
import re

from playwright.sync_api import Route, expect

from tests.browser.conftest import KEPT, Desk, picture, settled
from tests.browser.test_proposals import LONG, write


def save(desk: Desk, percent: str) -> None:
    desk.page.locator("#loss-bound-percent").fill(percent)
    desk.page.get_by_role("button", name="Save bound").click()


def kept(desk: Desk) -> object:
    return desk.context.request.get(f"{desk.url}/api/me/loss-bound").json()["most_dropped_percent"]


def test_who_wants_to_be_asked_later_or_never_is_not_asked(short_model: None, desk: Desk) -> None:
    page = desk.page
    page.emulate_media(reduced_motion="reduce")
    write(desk, LONG)
    desk.ask("Write", "Keep only the first sentence")
    page.locator("#messages").get_by_role("button", name="Apply it all…").click(timeout=20_000)
    dialog = page.get_by_role("dialog")
    settled(dialog)
    picture(page, "loss_bound_dialog")
    dialog.get_by_role("link", name="Choose when you are asked").click()
    page.wait_for_url("**/settings#loss-bound")
    field = page.locator("#loss-bound-percent")
    expect(field).to_have_attribute("placeholder", "30")
    save(desk, "100")
    page.get_by_text("Saved. You are never asked.").wait_for()
    page.go_back()
    page.locator("#messages").get_by_text("so it waits for you").wait_for()
    page.locator("#messages").get_by_role("button", name="Apply it all…").wait_for()  # it was held under the old bound
    page.locator("#review-bar").get_by_role("button", name="Reject all").click()
    desk.ask("Write", "Keep only the first sentence")
    page.locator("#messages").get_by_role("button", name="Accept all").click(timeout=20_000)
    expect(page.locator("#review-bar")).to_be_hidden()
    assert desk.text() == KEPT


def test_the_bound_is_chosen_in_the_settings_and_taken_back_by_an_empty_field(desk: Desk) -> None:
    page = desk.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(desk.url + "/settings#loss-bound")
    field = page.locator("#loss-bound-percent")
    expect(field).to_be_enabled()
    expect(page.locator("#loss-bound-hint")).to_contain_text("this server's 30 %")
    for wrong in ("101", "-1", "2.5"):
        save(desk, wrong)
        expect(field).to_have_attribute("aria-invalid", "true")
        assert kept(desk) is None
    panel = page.locator("#loss-bound")
    for scheme in ("light", "dark"):
        for width in (1440, 390):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            panel.scroll_into_view_if_needed()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            picture(page, f"loss_bound_{scheme}_{width}")
    save(desk, "15")
    page.get_by_text("You are asked when more than 15 % of the words would go.").wait_for()
    page.reload()
    expect(field).to_have_value("15")
    save(desk, "")
    page.get_by_text("You are asked when more than 30 % of the words would go.").wait_for()
    assert kept(desk) is None
    assert desk.problems == []


def test_what_cannot_be_read_or_saved_is_said_and_nothing_is_lost(desk: Desk) -> None:
    page = desk.page
    problem = {
        "type": "about:blank",
        "title": "Broken",
        "status": 503,
        "code": "unavailable",
        "detail": "Not just now.",
    }

    def refuse(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=json.dumps(problem))

    address = re.compile("/api/me/loss-bound$")
    desk.context.route(address, refuse)
    page.goto(desk.url + "/settings#loss-bound")
    panel = page.locator("#loss-bound")
    expect(panel.get_by_role("alert")).to_contain_text("Not just now.")
    expect(panel.get_by_role("button", name="Save bound")).to_be_disabled()
    picture(page, "loss_bound_failed")
    desk.context.unroute(address)
    panel.get_by_role("button", name="Try again").click()
    expect(panel.get_by_role("alert")).to_be_hidden()
    desk.context.route(address, refuse)
    save(desk, "7")
    expect(panel.get_by_role("alert")).to_contain_text("Not just now.")
    expect(page.locator("#loss-bound-percent")).to_have_value("7")
    desk.context.unroute(address)
    panel.get_by_role("button", name="Save bound").click()
    page.get_by_text("more than 7 %").wait_for()
    assert kept(desk) == 7
