"""The budget of one chat, set beside the chat: what is used, what is refused, and only for those who may."""

from playwright.sync_api import expect

from tests.browser.conftest import Desk, picture


def test_an_administrator_sets_the_budget_of_a_chat_where_it_is(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    page.get_by_text("Context", exact=False).first.click()
    page.get_by_role("button", name="Set a budget…").click()
    expect(page.get_by_text("A chat begins with its first message")).to_be_visible()
    desk.ask("Ask", "What do whales eat?")
    expect(page.locator("#session-cost")).not_to_be_empty()
    page.get_by_role("button", name="Set a budget…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Set budget").click()
    expect(dialog.locator(".field-error")).to_have_text("A budget has a soft or a hard limit.")
    dialog.get_by_label("Warn from, USD").fill("2")
    dialog.get_by_label("Refuse from, USD").fill("1")
    dialog.get_by_role("button", name="Set budget").click()
    expect(dialog.locator(".field-error")).to_have_text("The soft limit is not above the hard one.")
    dialog.get_by_label("Warn from, USD").fill("0.5")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        picture(page, f"chat-budget-dialog-{scheme}")
    dialog.get_by_role("button", name="Set budget").click()
    expect(page.locator("#chat-budgets")).to_contain_text("$0.00 of $1.00 used this month")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        picture(page, f"chat-budget-{scheme}")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Chat", exact=True).click()
    expect(page.locator("#chat-budgets")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    picture(page, "chat-budget-phone")
    page.get_by_role("button", name="Remove this chat’s budget for a month").click()
    expect(page.get_by_text("This chat has no budget of its own.")).to_be_visible()
    assert [problem for problem in desk.problems if "422" not in problem] == []
