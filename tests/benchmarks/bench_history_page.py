"""The history page in Chromium while it is scrolled through 1,000 and 100,000 versions: how long its frames take.

Floor: the frames of an empty page that scrolls as far, in the same browser and run.
Run: make bench BENCH_ARGS=history_page
"""

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from app.store.db import Database
from app.store.drafting.heads import load_head
from tests.benchmarks.bench_versions_tree import many_versions
from tests.browser.conftest import CHROMIUM, OPTIONS
from tests.running import HEADERS, prepare, serving

FRAMES = 240
STEP = 240
"""Pixels a frame: a fast flick of the wheel."""

_SCROLL = """([selector, frames, step]) => new Promise((resolve) => {
  const pane = document.querySelector(selector);
  const taken = [];
  let before = performance.now();
  const frame = () => {
    const now = performance.now();
    taken.push(now - before);
    before = now;
    pane.scrollTop += step;
    if (taken.length < frames) requestAnimationFrame(frame);
    else resolve(taken.slice(1));
  };
  requestAnimationFrame(frame);
})"""
_EMPTY = (
    "<div id=pane style='height:600px;overflow:auto'><div style='height:9000000px;"
    "background:repeating-linear-gradient(#fff,#eee 60px)'></div></div>"
)


def frames(page: Page, selector: str) -> str:
    taken: list[float] = sorted(page.evaluate(_SCROLL, [selector, FRAMES, STEP]))
    return f"p50 {taken[len(taken) // 2]:.1f}, p95 {taken[len(taken) * 95 // 100]:.1f}, longest {taken[-1]:.1f} ms"


def fill(data: Path, draft: str, versions: int) -> None:
    database = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    with database.transaction() as session:
        head: Any = load_head(session, uuid.UUID(draft))
        many_versions(session, head.id, head.owner_id, versions)
    asyncio.run(database.close())


@pytest.mark.bench
def test_scrolling_the_history_page(tmp_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium: install it (Debian, Ubuntu: apt-get install chromium)")
    data = tmp_path / "data"
    drafts = prepare(data, 2)
    sizes = (1_000, 100_000)
    for draft, size in zip(drafts, sizes, strict=True):
        fill(data, draft, size)
    with serving(data) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        page = browser.new_context(viewport={"width": 1440, "height": 900}, extra_http_headers=HEADERS).new_page()
        page.set_content(_EMPTY)
        print(f"\nempty page: {frames(page, '#pane')}")
        for draft, size in zip(drafts, sizes, strict=True):
            page.goto(f"{url}/drafts/{draft}/versions")
            page.locator(".graph-row").first.wait_for()
            print(f"{size:,} versions: {frames(page, '#history')}")
        browser.close()
