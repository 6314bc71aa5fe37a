"""The editor in its states, in dark, wide and narrow: every word can be read, nothing is wider than the screen."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Api, Desk, SlowModel, picture

pytestmark = pytest.mark.browser

TEXT = (
    "# The lighthouse\n\nIn order to really see the lighthouse you basically have to get up very early.\n\n"
    "The keeper was very tired. He had been working for a long time, and he really wanted to sleep."
)

HARD_TO_READ = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const parts = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (front, back) => [0, 1, 2].map(at => front[at] * front[3] + back[at] * (1 - front[3]));
    const behind = element => {
        const layers = [];
        for (let one = element; one; one = one.parentElement) layers.push(parts(getComputedStyle(one).backgroundColor));
        return layers.reverse().reduce((back, layer) => over(layer, back), [255, 255, 255]);
    };
    const light = colour => {
        const [r, g, b] = colour.map(part => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = [];
    for (const element of document.body.querySelectorAll("*")) {
        const words = [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.data.trim()).join(" ").trim();
        if (!words || element.closest(":disabled, svg, script, style, .sr, [hidden]")) continue;
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        const style = getComputedStyle(element);
        let seen = 1;
        for (let one = element; one; one = one.parentElement) seen *= Number(getComputedStyle(one).opacity);
        const back = behind(element);
        const front = parts(style.color);
        const [low, high] = [light(over([...front.slice(0, 3), front[3] * seen], back)), light(back)].sort((a, b) => a - b);
        const ratio = (high + 0.05) / (low + 0.05);
        const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (large ? 3 : 4.5) - 0.02) found.push(`${element.tagName}.${element.className}: "${words.slice(0, 40)}" ${ratio.toFixed(2)}`);
    }
    return found;
}"""


@pytest.mark.parametrize("width", [1440, 390])
def test_every_state_can_be_read_in_the_dark(slow_model: SlowModel, desk: Desk, width: int) -> None:
    page, api = desk.page, Api(desk)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 844})
    narrow = width < 700
    faults: dict[str, Any] = {}

    def look(name: str) -> None:
        page.wait_for_timeout(300)
        picture(page, f"state-{name}-{width}")
        found = page.evaluate(HARD_TO_READ)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if found or wide > width:
            faults[name] = (found, wide)

    def tab(name: str) -> None:
        if narrow:
            page.locator(f".tabs [data-tab={name}]").click()

    empty = api.post("/api/drafts", kind="document", title="Lighthouses")["id"]
    page.goto(f"{desk.url}/drafts/{empty}")
    expect(page.locator("#model")).not_to_have_value("")
    look("empty")
    tab("chat")
    look("empty-chat")
    api.turn(empty, "ask", "Is it open?", provider="slow", model="shut-1")
    page.reload()
    tab("chat")
    expect(page.locator("#messages .message.theirs")).to_have_count(1)
    look("chat-error")

    draft = api.post("/api/drafts", kind="document", title="Lighthouses", text=TEXT)["id"]
    api.post(f"/api/drafts/{draft}/versions", label="The first")
    page.goto(f"{desk.url}/drafts/{draft}")
    started = api.post(f"/api/drafts/{draft}/turns", mode="write", prompt="Write on", provider="slow", model="slow-1")
    page.reload()
    expect(page.locator(".ghost")).to_contain_text("The gulls")
    look("streaming")
    tab("chat")
    look("streaming-chat")
    slow_model.finish.set()
    page.request.get(f"{desk.url}/api/turns/{started['id']}/events")
    expect(page.locator("#review-bar")).to_be_attached()
    waiting = page.request.get(f"{desk.url}/api/drafts/{draft}/proposals?waiting=true").json()["items"]
    for run in {one["turn_id"] for one in waiting}:
        api.post(f"/api/turns/{run}/reject")
    api.turn(draft, "edit", "make it shorter", apply="review")
    page.reload()
    expect(page.locator("#review-bar")).to_be_visible()
    look("proposals")
    page.keyboard.press("F7")
    look("proposal-current")
    tab("chat")
    look("proposals-chat")

    tab("versions")
    if not narrow:
        page.locator("#versions-toggle").click()
    drawer = page.locator("#versions")
    expect(drawer.locator(".version").first).to_be_visible()
    look("versions")
    drawer.locator(".version", has_text="The first").locator(".version-open").click()
    drawer.get_by_role("button", name="Compare with the text").click()
    expect(page.locator("#compare")).to_be_visible()
    look("comparing")
    page.keyboard.press("Escape")

    seq = page.request.get(f"{desk.url}/api/drafts/{draft}").json()["seq"]
    words = TEXT.index("tired")
    for replica, word in (("desk", "awake"), ("phone", "asleep")):
        change = [words, [5, word], len(TEXT) - words - 5]
        op = {"field": "text", "changes": change}
        api.post(f"/api/drafts/{draft}/commands", replica=replica, n=1, base_seq=seq, ops=[op])
    page.reload()
    expect(page.locator("#save-pill")).to_contain_text("Needs you")
    look("conflict")
    page.locator("#save-pill").click()
    look("conflict-dialog")

    price = {"provider": "slow", "model": "slow-1", "since": "2026-01-01", "input_usd": "100", "output_usd": "100"}
    api.post("/api/prices", **price)
    api.post("/api/budgets", scope="installation", period="day", hard_usd="0.000001")
    page.reload()
    tab("chat")
    page.locator("#model").select_option(label="slow-1")
    page.locator("#prompt").fill("What is missing?")
    expect(page.locator(".composer")).to_contain_text("reached")
    look("budget")
    shown = page.locator("#model").evaluate("one => one.clientWidth")
    assert shown >= 80, "the model's name can be read beside the budget"
    assert faults == {}
