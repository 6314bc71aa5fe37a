"""Typing in 60,000 words with 200 suggestions waiting, beside the same page before there were any.

Measured in the page, from the key going down until the editor has taken it in and the page is laid out again: what
keeps the next key waiting. The time to the next frame is the screen's, not ours.
"""

import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.running import serving_and_greeting

WORDS = 60_000
SUGGESTIONS = 200
KEYS = 200
LIMIT_MS = 16.0
SENTENCE = "The keeper was very tired in order to really see that the lamp of the tower is actually quite far away."
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

MEASURE = """() => {
  const content = document.querySelector(".cm-content");
  window.taken = [];
  let began = 0;
  content.addEventListener("keydown", () => (began = performance.now()), { capture: true });
  new MutationObserver(() => {
    if (began === 0) return;
    void content.offsetHeight;
    window.last = performance.now() - began;
  }).observe(content, { childList: true, characterData: true, subtree: true });
  content.addEventListener("keyup", () => {
    if (began > 0 && window.last !== undefined) window.taken.push(window.last);
    began = 0;
    window.last = undefined;
  });
}"""


def _text() -> str:
    """Paragraphs of the length people write."""
    paragraph = " ".join([SENTENCE] * 4)
    return "\n\n".join([paragraph] * (WORDS // len(paragraph.split()) + 1))


def _typed(page: Page) -> list[float]:
    """Milliseconds of each key, typed into the paragraph at the top, where suggestions are on the screen."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("End")
    page.evaluate("window.taken = []")
    for index in range(KEYS):
        page.keyboard.press("x" if index % 6 else " ", delay=4)
    taken: list[float] = page.evaluate("window.taken")
    assert len(taken) >= KEYS * 0.9, f"only {len(taken)} of {KEYS} keys were measured"
    return sorted(taken)


def _p95(sorted_times: list[float]) -> float:
    return sorted_times[int(len(sorted_times) * 0.95)]


def _open(page: Page, url: str, text: str) -> str:
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    headers = {"X-CSRF-Token": token}
    made = page.context.request.post(f"{url}/api/drafts", data={"kind": "document", "text": text}, headers=headers)
    draft: str = made.json()["id"]
    page.goto(f"{url}/drafts/{draft}")
    page.locator(".cm-line").first.wait_for()
    page.evaluate(MEASURE)
    return draft


def _propose(page: Page, url: str, draft: str) -> int:
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    request = page.context.request
    order = {"mode": "edit", "prompt": "make it shorter", "apply": "review"}
    started = request.post(f"{url}/api/drafts/{draft}/turns", data=order, headers={"X-CSRF-Token": token})
    assert started.ok, started.text()
    request.get(f"{url}/api/turns/{started.json()['id']}/events", timeout=120_000)
    waiting = len(request.get(f"{url}/api/drafts/{draft}/proposals?waiting=true").json()["items"])
    page.locator("#review-bar").wait_for()
    return waiting


def main() -> None:
    if CHROMIUM is None:
        print("no Chromium: not measured")
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        serving_and_greeting(Path(folder) / "data", lines=2, DRAFTLOOM_OFFLINE_PACE="0") as (url, _, greeting),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(re.findall(r"http://\S+/welcome/\S+", greeting)[0])
        for name, value in (("name", "Ada"), ("email", "ada@example.org"), ("password", "correct horse battery")):
            page.locator(f"input[name={name}]").fill(value)
        page.keyboard.press("Enter")
        page.wait_for_url(url + "/")
        draft = _open(page, url, _text())
        _typed(page)  # the first keys also warm the browser up
        before = _typed(page)
        waiting = _propose(page, url, draft)
        assert waiting >= SUGGESTIONS, f"only {waiting} suggestions were made"
        after = _typed(page)
        browser.close()
    print(
        f"a key in {WORDS} words: p95 {_p95(before):.1f} ms without suggestions, {_p95(after):.1f} ms with {waiting} "
        f"(at most {LIMIT_MS:.0f}); median {before[len(before) // 2]:.1f} and {after[len(after) // 2]:.1f} ms"
    )


if __name__ == "__main__":
    main()
