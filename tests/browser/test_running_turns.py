"""While a model writes: who comes later sees it where it belongs, and what would pull the text away is refused."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Api, Desk, SlowModel, picture, settled

pytestmark = pytest.mark.browser


TEXT = "The first paragraph stays.\n\nThe second is written anew.\n\nThe third stays too."


def test_who_comes_later_sees_the_words_at_their_passage(slow_model: SlowModel, desk: Desk) -> None:
    page = desk.page
    address = desk.new_draft()
    page.locator(".cm-content").click()
    page.keyboard.insert_text(TEXT)
    desk.saved("too.")
    page.locator(".cm-line", has_text="The second is").click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    desk.ask("Write", "Write this anew")
    expect(page.locator(".ghost")).to_contain_text("The gulls sleep")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("Gulls. ")
    desk.saved("too.")
    second = desk.context.new_page()
    second.goto(address)
    page.reload()
    for one in (page, second):
        expect(one.locator(".ghost")).to_contain_text("The gulls sleep")
        expect(one.locator(".being-edited")).to_have_text("The second is written anew.")
        shown = one.locator(".cm-content").inner_text()
        assert shown.index("The second is") < shown.index("The gulls sleep") < shown.index("The third stays")
    picture(page, "ghost-picked-up")
    slow_model.finish.set()
    expect(page.locator("#review-bar")).to_be_visible()
    page.locator("#review-bar").get_by_role("button", name="Accept all").click()
    desk.saved("too.")
    changed = TEXT.replace("The second is written anew.", "The gulls sleep on the roof.")
    expect(page.locator("#review-bar")).to_be_hidden()
    assert desk.text() == f"Gulls. {changed}"
    assert desk.problems == []


REFUSED = "The assistant is still writing in this draft. Stop it first, or wait for it."


@pytest.mark.parametrize("width", [1440, 390])
def test_no_version_is_brought_back_while_the_assistant_writes(slow_model: SlowModel, desk: Desk, width: int) -> None:
    page, api = desk.page, Api(desk)
    page.set_viewport_size({"width": width, "height": 844})
    draft = api.post("/api/drafts", kind="document", title="Gulls", text="The gulls are loud.")["id"]
    api.post(f"/api/drafts/{draft}/versions", label="Loud")
    api.post(
        f"/api/drafts/{draft}/commands", replica="r", n=1, base_seq=1,
        ops=[{"field": "text", "replace": "The gulls are quiet."}],
    )  # fmt: skip
    api.post(f"/api/drafts/{draft}/versions")
    page.goto(f"{desk.url}/drafts/{draft}")
    api.post(f"/api/drafts/{draft}/turns", mode="write", prompt="Write on")
    (page.locator(".tabs [data-tab=versions]") if width < 700 else page.locator("#versions-toggle")).click()
    drawer = page.locator("#versions")
    drawer.locator(".version", has_text="Loud").locator(".version-open").click()
    toast = page.locator("#toasts .toast")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        drawer.get_by_role("button", name="Restore", exact=True).click()
        expect(toast).to_contain_text(REFUSED)
        settled(toast)
        picture(page, f"restore-refused-{width}-{scheme}")
        toast.evaluate("one => one.remove()")
    # The turn in the way is on the page now, where it can be stopped.
    expect(page.locator("#send")).to_have_attribute("aria-label", "Stop")
    expect(page.locator(".ghost")).to_contain_text("The gulls sleep")
    assert desk.text() == "The gulls are quiet."

    page.goto(f"{desk.url}/drafts/{draft}/activity")
    page.locator("#step-back").click()
    expect(page.locator("#state")).to_contain_text("loud")
    page.locator("#bring-back").click()
    expect(toast).to_contain_text(REFUSED)
    settled(toast)
    picture(page, f"moment-refused-{width}-dark")
    page.emulate_media(color_scheme="light")
    picture(page, f"moment-refused-{width}-light")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.request.get(f"{desk.url}/api/drafts/{draft}").json()["text"] == "The gulls are quiet."


@pytest.mark.parametrize("width", [1440, 390])
def test_no_branch_is_switched_to_or_merged_while_the_assistant_writes(
    slow_model: SlowModel, desk: Desk, width: int
) -> None:
    page, api = desk.page, Api(desk)
    page.set_viewport_size({"width": width, "height": 844})
    draft = api.post("/api/drafts", kind="document", title="Gulls", text="The gulls are loud.\n\nThe sea is near.")[
        "id"
    ]
    loud = api.post(f"/api/drafts/{draft}/versions", label="Loud")["id"]
    night = api.post(f"/api/drafts/{draft}/branches", version_id=loud, name="Night")["id"]
    api.post(
        f"/api/drafts/{draft}/commands", replica="r", n=1, base_seq=1,
        ops=[{"field": "text", "replace": "The gulls are loud.\n\nThe sea is far."}],
    )  # fmt: skip
    far = api.post(f"/api/drafts/{draft}/versions", label="Far")["id"]
    api.post(f"/api/drafts/{draft}/branches", version_id=far, name="Day")
    api.post(f"/api/drafts/{draft}/branches/{night}/switch")
    page.goto(f"{desk.url}/drafts/{draft}")
    (page.locator(".tabs [data-tab=versions]") if width < 700 else page.locator("#versions-toggle")).click()
    drawer = page.locator("#versions")
    drawer.get_by_role("button", name="Branches").click()
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("Day")
    api.post(f"/api/drafts/{draft}/turns", mode="write", prompt="Write on")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        dialog.get_by_role("button", name="Switch").first.click()
        expect(dialog.get_by_role("alert")).to_have_text(REFUSED)
        picture(page, f"switch-refused-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Escape")

    drawer.locator(".version", has_text="Far").locator(".version-open").click()
    if width < 700:  # The comparison lies over the list.
        page.locator("#compare").get_by_role("button", name="Close").click()
    drawer.get_by_role("button", name="Merge", exact=True).click()
    dialog.get_by_role("button", name="Merge", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text(REFUSED)
    picture(page, f"merge-refused-{width}-dark")
    page.emulate_media(color_scheme="light")
    picture(page, f"merge-refused-{width}-light")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert desk.text() == "The gulls are loud.\n\nThe sea is near."
    slow_model.finish.set()
