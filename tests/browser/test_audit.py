"""The audit log as an administrator looks through it, and the way there."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Api, Desk, picture


def test_an_administrator_looks_through_the_log(desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    page.emulate_media(reduced_motion="reduce")
    for name in ("Bo", "Cleo"):
        api.post("/api/users", email=f"{name.lower()}@example.org", name=name, roles=["writer"])
    api.post("/api/tokens", name="a name without a single place to break it " + "x" * 50)
    page.goto(desk.url + "/settings")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Audit log").click()
    expect(page.get_by_role("heading", name="Audit log")).to_be_visible()
    expect(
        page.get_by_role("listitem").filter(has_text="Ada made an account for bo@example.org as writer.")
    ).to_be_visible()
    for scheme in ("light", "dark"):
        for width in (1440, 390):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{width} scrolls sideways"
            picture(page, f"audit_{scheme}_{width}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_label("Kind").select_option("People and roles")
    page.get_by_role("button", name="Show").press("Enter")
    page.wait_for_url(re.compile("kind=people"))
    expect(page.get_by_text("a name without a single place")).to_have_count(0)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="As CSV").click()
    text = downloading.value.path().read_text()
    assert "Ada made an account for cleo@example.org as writer." in text
    page.get_by_label("Kind").select_option("Costs and budgets")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Nothing that was recorded fits these filters.")).to_be_visible()
    picture(page, "audit_empty")
    page.get_by_role("main").get_by_role("link", name="Without filters").first.click()
    expect(page.get_by_role("listitem").filter(has_text="Ada exported this audit log.")).to_be_visible()
    assert desk.problems == []
