"""A session that ends while somebody writes: they write on, sign in when they like, and everything is sent."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Api, Desk, picture
from tests.browser.installations import PASSWORD

pytestmark = pytest.mark.browser


def sign_in(page: Page, email: str, password: str) -> None:
    dialog = page.get_by_role("dialog", name="Sign in again")
    dialog.get_by_label("E-mail").fill(email)
    dialog.get_by_label("Password").fill(password)
    dialog.get_by_role("button", name="Sign in").click()


def test_who_writes_is_told_and_not_interrupted(desk: Desk) -> None:
    page, api = desk.page, Api(desk)
    email = api.me["email"]
    desk.new_draft()
    page.locator(".cm-content").press_sequentially("Before.")
    desk.saved("Before.")
    desk.context.clear_cookies()
    page.locator(".cm-content").press_sequentially(" And after.")
    told = page.locator(".toast", has_text="Your session has ended")
    expect(told).to_be_visible()
    page.keyboard.type(" Still writing.")
    expect(page.locator(".cm-content")).to_have_text("Before. And after. Still writing.")
    expect(page.get_by_role("dialog")).to_have_count(0)
    picture(page, "session-ended")
    told.get_by_role("button", name="Sign in").click()
    page.keyboard.press("Escape")
    expect(told).to_be_visible()
    told.get_by_role("button", name="Sign in").click()
    sign_in(page, email, "wrong")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    sign_in(page, email, PASSWORD)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator('#save-pill[data-state="saved"]').wait_for()
    desk.saved("Before. And after. Still writing.")
    assert desk.text() == "Before. And after. Still writing."
    expect(told).to_have_count(0)
