"""The history page in Chromium while it is scrolled through 1,000 and 100,000 versions: how long its frames take, and
what the page itself does in them.

Floor: the frames of an empty page that scrolls as far, in the same browser and run. Chromium without a graphics card
paints in software and is late by itself, more so on a busy machine; so the pages take turns and are to be compared.
Run: make bench BENCH_ARGS=history_page
"""

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from app.store.db import Database
from app.store.drafting.heads import load_head
from tests.benchmarks.bench_versions_tree import many_versions
from tests.browser.conftest import CHROMIUM, OPTIONS
from tests.running import HEADERS, prepare, serving

FRAMES = 230
STEP = 240
"""Pixels a frame: a fast flick of the wheel, down to the end of 1,000 versions."""
ROUNDS = 3
INTERVAL = 1_000 / 60
"""Milliseconds from one frame to the next on a screen of 60 Hz."""
LATE = 1.5
"""Intervals after which a frame counts as late: the one before was shown twice."""

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
_WORK = {"script": "ScriptDuration", "style": "RecalcStyleDuration", "layout": "LayoutDuration", "all": "TaskDuration"}


@dataclass
class Scrolled:
    """Frames of all rounds, in milliseconds, and the seconds the page's main thread worked meanwhile, by kind."""

    frames: list[float] = field(default_factory=list)
    work: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        taken = sorted(self.frames)
        p50, p95 = taken[len(taken) // 2], taken[len(taken) * 95 // 100]
        late = sum(frame > LATE * INTERVAL for frame in taken) / len(taken)
        kinds = ", ".join(f"{kind} {self.work[name] / len(taken) * 1_000:.2f}" for kind, name in _WORK.items())
        return (
            f"p50 {p50:.1f}, p95 {p95:.1f}, longest {taken[-1]:.1f} ms; {len(taken) / sum(taken) * 1_000:.1f} frames/s, "
            f"{late:.1%} late; main thread, ms a frame: {kinds}"
        )


def scroll(page: Page, selector: str, scrolled: Scrolled) -> None:
    page.bring_to_front()
    page.wait_for_timeout(500)  # what loading left to do is no part of it
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    before = measured(devtools)
    scrolled.frames += page.evaluate(_SCROLL, [selector, FRAMES, STEP])
    after = measured(devtools)
    scrolled.work.update({name: after[name] - before[name] for name in _WORK.values()})
    devtools.detach()


def measured(devtools: Any) -> dict[str, float]:
    return {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}


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
    results = {name: Scrolled() for name in ("empty page", *(f"{size:,} versions" for size in sizes))}
    with serving(data) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        for _ in range(ROUNDS):
            # The first page of a browser would keep the application on the device meanwhile, which is another's cost.
            page = browser.new_context(
                viewport={"width": 1440, "height": 900}, extra_http_headers=HEADERS, service_workers="block"
            ).new_page()
            page.set_content(_EMPTY)
            scroll(page, "#pane", results["empty page"])
            for draft, size in zip(drafts, sizes, strict=True):
                page.goto(f"{url}/drafts/{draft}/versions")
                page.locator(".graph-row").first.wait_for()
                scroll(page, "#history", results[f"{size:,} versions"])
            page.context.close()
        browser.close()
    for name, scrolled in results.items():
        print(f"\n{name}: {scrolled}", end="")
    print()
