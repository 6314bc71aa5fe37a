"""Signing in by an identity provider, in a browser: there and back, what is said when it fails, and over an open page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Desk, at_desk, picture
from tests.browser.installations import WIDE, Installation
from tests.forked import forked
from tests.identity_server import CLIENT_ID, CLIENT_SECRET, IdentityServer, identity_server
from tests.running import serving


@pytest.fixture
def provider() -> Iterator[IdentityServer]:
    with identity_server() as provider:
        provider.person = {"sub": "lin-1", "email": "lin@example.org", "email_verified": True, "name": "Lin"}
        yield provider


@pytest.fixture
def gate(browser: Browser, house: Installation, data: Path, provider: IdentityServer) -> Iterator[Desk]:
    """The installation with a provider, before a browser in which nobody is signed in."""
    house.copied_to(data)
    settings = {
        "DRAFTLOOM_OIDC_ISSUER": provider.issuer,
        "DRAFTLOOM_OIDC_CLIENT_ID": CLIENT_ID,
        "DRAFTLOOM_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "DRAFTLOOM_OIDC_LABEL": "Harbour ID",
        "DRAFTLOOM_OIDC_CREATE": "yes",
    }
    with serving(data, start=forked, **settings) as (url, _):
        context = browser.new_context(**WIDE)
        context.set_default_timeout(15_000)
        yield at_desk(url, context)
        context.close()


def pictured(page: Page, name: str) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        for width in (1440, 390):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{width} scrolls sideways"
            picture(page, f"{name}_{scheme}_{width}")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_there_and_back_to_the_page_that_was_asked_for(gate: Desk) -> None:
    page = gate.page
    page.goto(gate.url + "/forms")
    page.wait_for_url("**/sign-in?next=*")
    pictured(page, "sign_in_by_provider")
    page.get_by_label("Password").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Continue with Harbour ID")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(gate.url + "/forms")
    page.get_by_role("button", name="Sign out Lin").click()
    page.wait_for_url("**/sign-in")
    page.get_by_role("link", name="Continue with Harbour ID").click()
    page.wait_for_url(gate.url + "/")
    assert gate.problems == []


def test_what_went_wrong_is_said_and_can_be_tried_again(gate: Desk, provider: IdentityServer) -> None:
    page = gate.page
    provider.person["email_verified"] = False
    page.goto(gate.url + "/sign-in")
    page.get_by_role("link", name="Continue with Harbour ID").click()
    expect(page.get_by_role("heading", name="Your address is not verified")).to_be_visible()
    pictured(page, "sign_in_refused")
    provider.person["email_verified"] = True
    page.get_by_role("link", name="Try again with Harbour ID").click()
    page.wait_for_url(gate.url + "/")
    page.goto(gate.url + "/sign-in/oidc/callback?state=somebody-elses&code=x")
    expect(page.get_by_role("heading", name="Begin again")).to_be_visible()
    page.get_by_role("link", name="Sign in another way").click()
    page.wait_for_url(gate.url + "/")  # the session that was there is none the worse


def test_words_written_after_the_session_ended_survive_the_way_there(gate: Desk) -> None:
    page = gate.page
    page.goto(gate.url + "/sign-in")
    page.get_by_role("link", name="Continue with Harbour ID").click()
    page.wait_for_url(gate.url + "/")
    gate.new_draft()
    page.locator(".cm-content").click()
    page.keyboard.type("The tide turns.")
    gate.saved("The tide turns.")
    gate.context.clear_cookies()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" The lamp is lit.")
    page.get_by_role("status").get_by_role("button", name="Sign in").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    expect(dialog).to_be_visible()
    picture(page, "sign_in_again_by_provider")
    address = page.url
    dialog.get_by_role("link", name="Continue with Harbour ID").click()
    page.wait_for_url(re.compile(re.escape(address)))
    page.locator(".cm-content").wait_for()
    gate.saved("The lamp is lit.")
