"""A document read by somebody without an account, until the link is taken back."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Api, Desk, note_problems, picture, settled
from tests.browser.installations import WIDE

pytestmark = pytest.mark.browser

TEXT = """The keeper counts the boats *every* morning.

## What she writes down

- the wind, and where it comes from
- who is out **late**

> The sea keeps no diary.

| Boat | Crew |
|---|---|
| Aurora | 3 |

```
lat 54.3  lon 10.1
```

And a last line with a [link](https://example.org)."""


def looks(page: Page, name: str) -> None:
    """Pictures at both widths, light and dark; nothing is wider than the screen."""
    for scheme in ("light", "dark"):
        for width in (1440, 390):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            picture(page, f"{name}_{scheme}_{width}")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_a_link_is_made_read_followed_and_taken_back(desk: Desk, browser: Browser) -> None:
    page = desk.page
    api = Api(desk)
    draft = api.post("/api/drafts", kind="document", title="The keeper's diary", text=TEXT)
    page.goto(f"{desk.url}/drafts/{draft['id']}")
    page.locator(".cm-content").wait_for()
    page.emulate_media(reduced_motion="reduce")
    page.locator("#share").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("No links yet.")
    dialog.get_by_label("Name of the link").fill("The press")
    dialog.get_by_label("It ends").select_option(label="after a day…")
    dialog.get_by_label("Last day").fill("2020-01-01")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.get_by_label("Last day")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("It ends").select_option(label="in a week")
    dialog.get_by_role("button", name="Make a link").click()
    address = dialog.locator(".once code").inner_text()
    expect(dialog.get_by_role("button", name="Copy")).to_be_focused()
    expect(dialog.get_by_role("list", name="Links to read it")).to_contain_text("The press")
    expect(dialog).to_contain_text("not opened yet")
    settled(dialog)
    for scheme in ("light", "dark"):
        for width in (1440, 390):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            dialog.locator(".once").scroll_into_view_if_needed()
            picture(page, f"share_link_dialog_{scheme}_{width}")
    page.set_viewport_size({"width": 1440, "height": 900})

    with browser.new_context(**WIDE) as nobody:
        reader = nobody.new_page()
        note_problems(desk, reader)
        reader.goto(address)
        expect(reader.get_by_role("heading", name="The keeper's diary")).to_be_visible()
        expect(reader.locator(".reading-by")).to_have_text(
            re.compile(r"By Ada · shared by link until \d+ \w+|By Ada · shared by link until \w+ \d+, \d{4}, \d\d:\d\d")
        )
        expect(reader.get_by_role("cell", name="Aurora")).to_be_visible()
        looks(reader, "shared_link")
        assert reader.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
        assert nobody.cookies() == []

        write = {"field": "text", "replace": TEXT.replace("a [link]", "one [link]").replace("keeper", "warden")}
        api.post(f"/api/drafts/{draft['id']}/commands", replica="r", n=1, base_seq=draft["seq"], ops=[write])
        expect(reader.get_by_text("The warden counts")).to_be_visible()
        write = {"field": "text", "replace": "First of all.\n\n" + write["replace"]}
        reader.get_by_text("one link").evaluate("element => (element.untouched = true)")
        api.post(f"/api/drafts/{draft['id']}/commands", replica="r", n=2, base_seq=draft["seq"] + 1, ops=[write])
        expect(reader.get_by_text("First of all.")).to_be_visible()
        assert reader.get_by_text("And a last line").evaluate("element => element.untouched")

        nobody.set_offline(True)
        expect(reader.get_by_text("The server cannot be reached. This is the text as it was at")).to_be_visible()
        looks(reader, "shared_link_offline")
        nobody.set_offline(False)
        expect(reader.get_by_text("The server cannot be reached")).to_be_hidden()

        dialog.get_by_role("button", name="Take back The press").click()
        expect(dialog).to_contain_text("No links yet.")
        expect(reader.get_by_role("heading", name="This link has ended")).to_be_focused()
        assert "warden" not in reader.content()
        gone = reader.goto(address)
        assert gone is not None
        assert gone.status == 404
        expect(reader.get_by_role("heading", name="There is nothing here")).to_be_visible()
        looks(reader, "shared_link_gone")
    wrong = [
        problem for problem in desk.problems if "404" not in problem and "ERR_INTERNET_DISCONNECTED" not in problem
    ]
    assert wrong == []


def test_only_documents_offer_links(desk: Desk) -> None:
    draft = Api(desk).post("/api/drafts", kind="form", fields={"form": "gig"})
    desk.page.goto(f"{desk.url}/forms/gig/{draft['id']}/basics")
    desk.page.locator('#save-pill[aria-haspopup="dialog"]').wait_for()
    desk.page.get_by_role("button", name="More", exact=True).click()
    desk.page.get_by_role("menuitem", name="Share…").click()
    expect(desk.page.get_by_role("dialog")).to_contain_text("Nobody else has this draft.")
    expect(desk.page.get_by_role("button", name="Make a link")).to_have_count(0)
