"""The page of costs, in a real browser: from the total to the attempt, sorted, on a phone, and what an administrator sets."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from app.services.clock import system_clock
from app.store.db import Database
from app.store.ledger import add_entry
from app.store.tables import LedgerEntry
from tests.browser.conftest import Api, Desk, picture


def test_costs_from_the_total_to_the_attempt_and_a_budget(desk: Desk) -> None:
    page = desk.page
    page.goto(desk.url + "/costs")
    expect(page.get_by_text("Nothing was spent in this period")).to_be_visible()
    desk.new_draft()
    desk.ask("Write", "Write about whales")
    expect(page.locator("#session-cost")).not_to_be_empty()
    page.goto(desk.url + "/")
    page.get_by_role("link", name="Costs").click()
    table = page.locator("#cost-table")
    day = table.locator("tbody th a")
    expect(day).to_have_count(1)
    expect(table.locator("tfoot")).to_contain_text("$0.00")
    day.click()
    page.wait_for_url("**/costs?*group_by=draft*")
    table.locator("tbody th a").click()
    page.wait_for_url("**group_by=conversation*")
    expect(page.get_by_role("link", name=re.compile("All drafts instead of"))).to_be_visible()
    table.locator("tbody th a").click()
    expect(page.get_by_role("heading", name="Attempts of this chat")).to_be_visible()
    page.get_by_label("Group by").select_option("model")
    page.wait_for_url("**group_by=model*")
    head = table.get_by_role("columnheader", name="Attempts")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    page.goto(desk.url + "/costs")
    page.get_by_text("Set a budget").click()
    page.get_by_role("button", name="Set budget").click()
    expect(page.locator("#budget-form")).to_contain_text("A budget has a soft or a hard limit.")
    page.get_by_label("Refuse from, USD").fill("0.5")
    page.get_by_role("button", name="Set budget").click()
    expect(page.get_by_text("Everybody, a month")).to_be_visible()
    page.get_by_role("button", name="Change the cost centre of Ada").click()
    page.get_by_label("Name", exact=True).fill("Press")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Press", exact=True)).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^Close \d{4}-\d{2}$")).first.click()
    expect(page.get_by_text("Closed", exact=True)).to_be_visible()
    page.get_by_role("button", name="Reopen…").click()
    page.get_by_role("button", name="Reopen", exact=True).click()
    page.get_by_label("Why").fill("A bill came late")
    page.get_by_role("button", name="Reopen", exact=True).click()
    expect(page.get_by_text(re.compile("reopened .*: A bill came late"))).to_be_visible()
    page.get_by_text("Set a price").click()
    page.get_by_label("Provider", exact=True).fill("openai")
    page.get_by_label("Model, * for any", exact=True).fill("gpt-*")
    page.get_by_label("Input, USD").fill("1")
    page.get_by_label("Output, USD").fill("2")
    page.get_by_role("button", name="Set price").click()
    expect(page.get_by_text(re.compile(r"\$1 in, \$2 out"))).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Ledger rows").click()
    lines = saved.value.path().read_text().splitlines()
    assert lines[0].startswith("at,id,outcome")
    assert any(",offline," in line for line in lines[1:]), lines
    for width, name in ((1440, "desk"), (390, "phone")):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        picture(page, f"costs-{name}")
    # The refusals this story asked for are logged by the browser too.
    assert [problem for problem in desk.problems if "422" not in problem] == []


def test_what_came_of_it_is_told_beside_what_was_spent(desk: Desk) -> None:
    """The demo is free, so the numbers are given here; `tests/api/test_measures.py` has how they are counted."""
    page = desk.page
    desk.new_draft()
    desk.ask("Write", "Write about whales")
    given = {"accepted": 2, "rejected": 1, "pending": 1, "withdrawn": 0, "accepted_percent": "66.7", "words_kept": 1234,
             "cost_per_1000_words_usd": "0.034", "given_up_usd": "0.12", "given_up_unpriced": 2}  # fmt: skip
    page.route("**/api/costs/measures*", lambda route: route.fulfill(json=given))
    page.goto(desk.url + "/costs")
    expect(page.locator("#cost-numbers")).to_contain_text("66.7 %of 3 suggestions accepted, 1 open")
    expect(page.locator("#cost-numbers")).to_contain_text("$0.03per 1,000 words kept, 1,234 words")
    expect(page.locator("#cost-numbers")).to_contain_text("$0.12on branches given up, 2 unpriced")
    for width, name in ((1440, "desk"), (390, "phone")):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        picture(page, f"costs-measures-{name}")
    assert desk.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_price_with_tiers_and_tool_fees_is_set_without_knowing_its_format(desk: Desk, scheme: Any) -> None:
    page = desk.page
    page.emulate_media(color_scheme=scheme)
    page.goto(desk.url + "/costs")
    page.get_by_text("Set a price").click()
    page.get_by_label("Provider", exact=True).fill("openai")
    page.get_by_label("Model, * for any", exact=True).fill("gpt-*")
    page.get_by_label("Input, USD").fill("2")
    page.get_by_label("Output, USD").fill("10")
    page.get_by_label("Cache 5 min, USD").fill("2.5")
    page.get_by_label("Cache 1 h, USD").fill("4")
    for adds in ("Add a price for long inputs", "Add a service tier", "Add a tool fee"):
        page.get_by_role("button", name=adds).click()
    long = page.get_by_role("group", name="Long inputs")
    tier = page.get_by_role("group", name="Service tier")
    fee = page.locator("#price-fees").get_by_role("group", name="Tool fee")
    page.get_by_role("button", name="Set price").click()
    expect(long.get_by_label("Above, input tokens")).to_be_focused()
    expect(long.locator(".field-error")).to_have_count(3)
    long.get_by_label("Above, input tokens").fill("200000")
    long.get_by_label("Input, USD").fill("4")
    long.get_by_label("Output, USD").fill("20")
    tier.get_by_label("Service tier", exact=True).fill("flex")
    tier.get_by_label("Input, USD").fill("half")
    tier.get_by_label("Output, USD").fill("5")
    tier.get_by_label("Cache 5 min, USD").fill("1.25")
    fee.get_by_label("Tool, as the provider names it").fill("web_search_requests")
    fee.get_by_label("Per 1,000 calls, USD").fill("10")
    page.get_by_role("button", name="Set price").click()
    expect(tier.locator(".field-error")).to_have_text("This is an amount in USD, such as 2.50.")
    expect(tier.get_by_label("Input, USD")).to_be_focused()
    for width, name in ((1440, "desk"), (390, "phone")):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        tier.scroll_into_view_if_needed()
        picture(page, f"price-form-{scheme}-{name}")
    tier.get_by_label("Input, USD").fill("1")
    page.get_by_role("button", name="Set price").click()
    prices = page.locator("#prices .price-more")
    expect(prices).to_contain_text("above 200,000 input tokens: $4 in, $20 out")
    expect(prices).to_contain_text("flex: $1 in, $5 out, $1.25 to cache for 5 minutes")
    listed = page.locator("#prices .row-sub").first
    expect(listed).to_contain_text("$2 in, $10 out, $2.5 to cache for 5 minutes, $4 to cache for an hour")
    expect(prices).to_contain_text("Web search: $10 per 1,000 calls")
    for width, name in ((1440, "desk"), (390, "phone")):
        page.set_viewport_size({"width": width, "height": 844})
        prices.scroll_into_view_if_needed()
        picture(page, f"price-list-{scheme}-{name}")
    assert [problem for problem in desk.problems if "422" not in problem] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_waits_for_a_price_names_the_model_that_has_none(desk: Desk, data: Path, scheme: Any) -> None:
    page = desk.page
    page.emulate_media(color_scheme=scheme)
    inside = {
        "type": "advisor_message",
        "model": "a-model-that-advises-2026-11",
        "input_tokens": 60,
        "output_tokens": 5,
    }
    db = Database.open(data / "draftloom.db", migrate_schema=False)
    with db.transaction() as session:
        for model in ("writer-1", "writer-2"):
            add_entry(session, LedgerEntry(
                at=system_clock(), provider="mill", model=model, outcome="done", status="unknown", input_tokens=100,
                output_tokens=10, raw_usage={"iterations": [inside]} if model == "writer-1" else None,
            ))  # fmt: skip
    db.engine.dispose()
    since = system_clock().date().isoformat()
    priced = {"provider": "mill", "model": "writer-1", "since": since, "input_usd": "2", "output_usd": "10"}
    Api(desk).post("/api/prices", **priced)
    page.goto(desk.url + "/costs")
    queue = page.get_by_role("region", name="Waiting for a price")
    row = queue.get_by_role("listitem").filter(has_text="writer-1")
    expect(row).to_contain_text("its answers used a-model-that-advises-2026-11, whose price is missing")
    expect(queue.get_by_role("listitem").filter(has_text="writer-2")).not_to_contain_text("its answers")
    for width, name in ((1440, "desk"), (390, "phone")):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        row.scroll_into_view_if_needed()
        picture(page, f"costs-waiting-{scheme}-{name}")
    row.get_by_role("button", name="Set its price").click()
    expect(page.get_by_label("Model, * for any", exact=True)).to_have_value("a-model-that-advises-2026-11")
    page.get_by_label("Input, USD").fill("20")
    page.get_by_label("Output, USD").fill("100")
    page.get_by_role("button", name="Set price").click()
    expect(row).to_have_count(0)
    expect(page.locator("#cost-numbers")).to_contain_text("1unpriced, not in the sum")
    assert desk.problems == []
