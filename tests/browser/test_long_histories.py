"""Conversations of 20,000 messages in a browser: what is in the document stays little, and the place under the eye where it is."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from app.services.clock import system_clock
from app.store.db import Database
from app.store.drafts import load_draft
from app.store.goals.messages import begin, publish
from tests.browser.conftest import Desk, fresh_desk, picture
from tests.browser.test_goals import PHONE, csrf, entered, send

pytestmark = pytest.mark.browser

MESSAGES = 20_000
MOST_ROWS = 120
"""A screen and what is drawn ahead on both sides of it; the rows are of one line and more. No more, however far one goes."""
DRIFT = 2.0
"""Pixels by which the place under the eye may be off."""
WORDS = "Hands apart; bar five still stumbles, so slower tomorrow. "
REPLIES_TO = 4_000
WHOLE_WAY = (("instructor", "light"), ("student", "dark"))
"""Once for each width; else far enough for several pages to be loaded."""

# Steps through the stream and tells how far anything moved that should not have, and how much was in the document at most.
WALK = """async ([steps, step]) => {
  const box = document.querySelector("#stream"), log = document.querySelector("#log");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const seen = () => {
    const edge = box.getBoundingClientRect();
    return [...log.querySelectorAll(".msg")].map((row) => [row, row.getBoundingClientRect()])
      .find(([, { top }]) => top >= edge.top + (step < 0 ? 0 : box.clientHeight / 2));
  };
  const topOf = (id) => log.querySelector(`[data-id="${id}"]`)?.getBoundingClientRect().top;
  const told = { drift: 0, rows: 0, nodes: 0, blank: 0, taken: 0, slow: 0, where: [] };
  for (let at = 0; at < steps; at += 1) {
    if (step < 0 && box.scrollTop === 0 && log.getAttribute("aria-busy") === null) break;
    const [row, { top }] = seen() ?? [null, {}];
    const before = box.scrollTop;
    const began = performance.now();
    box.scrollTop += step;
    const moved = box.scrollTop - before;
    await frame();
    await frame();
    told.slow = Math.max(told.slow, performance.now() - began);
    told.taken += 1;
    if (row) {
      const now = topOf(row.dataset.id);
      const off = now === undefined ? (Math.abs(step) > 1_000 ? 0 : 9_999) : Math.abs(now - (top - moved));
      if (off > told.drift) told.where.push(`step ${at}: ${off} after moving ${moved}, ${row.textContent.slice(0, 40)}`);
      told.drift = Math.max(told.drift, off);
    }
    const kept = seen();
    if (!kept) told.blank += 1;
    while (log.getAttribute("aria-busy") !== null) await frame();
    await frame();
    if (kept) {
      const off = Math.abs((topOf(kept[0].dataset.id) ?? 9_999) - kept[1].top);
      if (off > told.drift) told.where.push(`step ${at}: ${off} while loading, ${kept[0].textContent.slice(0, 40)} at ${kept[1].top}`);
      told.drift = Math.max(told.drift, off);
    }
    told.rows = Math.max(told.rows, log.children.length);
    told.nodes = Math.max(told.nodes, document.querySelectorAll("*").length);
  }
  return told;
}"""


@dataclass
class Talk:
    """A conversation of 20,000 messages, and the two who have it."""

    id: str
    desk: Desk
    student: BrowserContext
    instructor: BrowserContext
    ids: list[str]
    pages: list[Page] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"{self.desk.url}/api/goals/conversations/{self.id}"

    def open(self, context: BrowserContext, hash_: str = "", *, theme: Any = "light") -> Page:
        page = context.new_page()
        page.emulate_media(color_scheme=theme)
        self.pages.append(page)
        page.on("pageerror", lambda error: self.desk.problems.append(str(error)))
        page.goto(f"{self.desk.url}/goals/{self.id}{hash_}")
        expect(page.locator("#log .msg").first).to_be_attached()
        return page

    def ask(self, context: BrowserContext, method: str, path: str, **data: Any) -> Any:
        """What a program of the same person does meanwhile."""
        headers = {"X-CSRF-Token": csrf(context.pages[0])}
        answer = context.request.fetch(self.desk.url + path, method=method, data=data, headers=headers)
        assert answer.ok, answer.text()
        return answer.json() if answer.text() else None


def fill(data: Path, talk: UUID, student: UUID, instructor: UUID) -> list[str]:
    """Notes of a year, each answered now and then; one has replies in a thread."""
    database = Database.open(f"sqlite:///{data / 'draftloom.db'}")
    start = system_clock() - timedelta(days=400)
    ids: list[str] = []
    for piece in range(0, MESSAGES, 500):
        with database.transaction() as session:
            for number in range(piece, piece + 500):
                by, kind = (instructor, "instructor_response") if number % 7 == 6 else (student, "daily_note")
                at = start + timedelta(minutes=25 * number)
                content = f"Note number {number}. " + WORDS * (number * number % 11)
                head = begin(
                    session, conversation_id=talk, sender_id=by, message_type=kind, content=content.strip(), at=at
                )
                ids.append(str(publish(session, load_draft(session, head.id), at=at).id))
    with database.transaction() as session:
        for number in range(3):
            head = begin(
                session, conversation_id=talk, sender_id=instructor, message_type="instructor_response",
                content=f"Reply number {number}", reply_to_id=UUID(ids[REPLIES_TO]), at=start + timedelta(days=399),
            )  # fmt: skip
            ids.append(str(publish(session, load_draft(session, head.id), at=start + timedelta(days=399)).id))
    asyncio.run(database.close())
    return ids


@pytest.fixture(scope="module")
def told(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    data = tmp_path_factory.mktemp("long") / "data"
    with fresh_desk(browser, data) as desk:
        instructor = entered(browser, desk, "Ines", "instructor", viewport={"width": 1440, "height": 900})
        student = entered(browser, desk, "Sam", "student", **PHONE)
        begun = Talk("", desk, student, instructor, [])
        goal = begun.ask(student, "POST", "/api/goals", title="Play the nocturne by heart")
        teacher = begun.ask(instructor, "GET", "/api/me")["id"]
        answer = begun.ask(student, "POST", "/api/goals/conversations", goal_id=goal["id"], instructor_id=teacher)
        begun.id = answer["id"]
        learner = begun.ask(student, "GET", "/api/me")["id"]
        # The browser's loop runs in this thread; the database wants one of its own.
        with ThreadPoolExecutor(1) as beside:
            begun.ids = beside.submit(fill, data, UUID(begun.id), UUID(learner), UUID(teacher)).result()
        for context in (student, instructor):
            begun.ask(context, "POST", f"/api/goals/conversations/{begun.id}/read", position=MESSAGES + 3)
        yield begun
        student.close()
        instructor.close()


@pytest.fixture
def talk(told: Talk) -> Iterator[Talk]:
    told.desk.problems.clear()
    yield told
    for page in told.pages:
        page.close()
    told.pages.clear()
    assert [problem for problem in told.desk.problems if "ERR_INTERNET_DISCONNECTED" not in problem] == []


def note(page: Page, number: int) -> Any:
    return page.locator("#log .msg", has_text=re.compile(rf"Note number {number}\."))


def rows(page: Page) -> int:
    count: int = page.locator("#log > *").count()
    return count


def heap(page: Page) -> float:
    """Megabytes that scripts hold once what is not needed is gone."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    size: float = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    session.detach()
    return size


@pytest.mark.parametrize(
    "who, theme", [("instructor", "light"), ("student", "dark"), ("instructor", "dark"), ("student", "light")]
)
def test_the_whole_history_is_scrolled_through_with_little_in_the_document(talk: Talk, who: str, theme: str) -> None:
    page = talk.open(getattr(talk, who), theme=theme)
    expect(note(page, MESSAGES - 1)).to_be_in_viewport()
    before = heap(page)
    told = page.evaluate(WALK, [60, -900])
    assert told["drift"] <= DRIFT, told
    assert (told["blank"], told["rows"] <= MOST_ROWS, told["nodes"] < 9_000) == (0, True, True), told
    if (who, theme) in WHOLE_WAY:
        told = page.evaluate(WALK, [4_000, -9_000])
        assert told["drift"] <= DRIFT, told
        assert (told["blank"], told["rows"] <= MOST_ROWS, told["nodes"] < 9_000) == (0, True, True), told
        expect(note(page, 0)).to_be_in_viewport()
        expect(page.locator("#stream-top")).to_have_text("This is where the conversation begins.")
        assert heap(page) - before < 12
        picture(page, f"history-beginning-{who}-{theme}")
    told = page.evaluate(WALK, [60, 900])
    assert told["drift"] <= DRIFT, told
    assert (told["blank"], told["rows"] <= MOST_ROWS) == (0, True), told
    picture(page, f"history-middle-{who}-{theme}")
    if page.locator("#to-end").is_visible():
        page.locator("#to-end").click()
        expect(page.locator("#stream")).to_be_focused()
    expect(note(page, MESSAGES - 1)).to_be_in_viewport()
    expect(page.locator("#stream-bottom")).to_be_hidden()


def top_of(page: Page, number: int) -> float:
    box = note(page, number).bounding_box()
    assert box is not None
    return float(box["y"])


def is_at_end(page: Page) -> None:
    """The end of the conversation is looked at."""
    expect(page.locator("#stream-bottom")).to_be_hidden()
    page.wait_for_function(
        "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight <= 1)(document.querySelector('#stream'))"
    )


def still(page: Page) -> None:
    """Two frames: what was measured has been put right."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("who, theme", [("instructor", "light"), ("student", "dark")])
def test_messages_are_gone_to_by_address_reply_and_day(talk: Talk, who: str, theme: str) -> None:
    page = talk.open(getattr(talk, who), f"#message={talk.ids[5_000]}", theme=theme)
    expect(note(page, 5_000)).to_be_in_viewport()
    expect(note(page, 5_000)).to_be_focused()
    expect(note(page, 5_001)).to_be_attached()
    still(page)
    picture(page, f"history-jump-{who}-{theme}")
    assert rows(page) <= MOST_ROWS
    # Reading in the middle is not reading the end.
    assert page.locator("#to-end").is_visible()
    told = page.evaluate(WALK, [20, 900])
    assert (told["drift"] <= DRIFT, told["blank"]) == (True, 0), told

    page.evaluate(f"location.hash = '#message={talk.ids[MESSAGES + 1]}'")
    expect(page.locator("#thread .msg", has_text="Reply number 1")).to_be_visible()
    if who == "student":
        picture(page, f"history-thread-{who}-{theme}")
        page.get_by_role("button", name="Go to message").click()
        expect(page.locator("#thread")).to_be_hidden()
    expect(note(page, REPLIES_TO)).to_be_in_viewport()
    if who == "instructor":
        page.locator("#stream").press("End")
        expect(note(page, MESSAGES - 1)).to_be_in_viewport()
        page.get_by_role("button", name="Go to message").click()
    expect(note(page, REPLIES_TO)).to_be_in_viewport()
    expect(note(page, REPLIES_TO)).to_be_focused()
    expect(note(page, REPLIES_TO).locator(".thread-link")).to_contain_text("3 replies")

    page.locator("#talk-menu").click()
    page.get_by_role("menuitem", name="Go to a day…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Go", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose a day.")
    dialog.get_by_label("Day").fill("2199-01-01")
    dialog.get_by_role("button", name="Go", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("Nothing was sent on that day or later.")
    picture(page, f"history-day-{who}-{theme}")
    day = (system_clock() - timedelta(days=200)).date()
    dialog.get_by_label("Day").fill(day.isoformat())
    dialog.get_by_role("button", name="Go", exact=True).click()
    expect(dialog).to_have_count(0)
    focused = page.locator("#log .msg:focus")
    expect(focused).to_be_in_viewport()
    sent = page.locator("#log .msg:focus time").first.get_attribute("datetime") or ""
    assert page.evaluate("sent => new Date(sent).toDateString()", sent) == day.strftime("%a %b %d %Y")
    assert page.locator("#log .msg:focus").evaluate("row => row.previousElementSibling.className") == "day-line"

    page.evaluate("location.hash = '#message=00000000-0000-7000-8000-000000000000'")
    expect(page.get_by_text("That message is not here.")).to_be_visible()
    expect(focused).to_be_in_viewport()
    # The browser itself notes the 404.
    talk.desk.problems.clear()


def test_it_opens_at_the_first_unread_message_however_far_that_is(talk: Talk) -> None:
    talk.ask(
        talk.instructor, "POST", f"/api/goals/conversations/{talk.id}/bulk",
        action="mark_unread", message_ids=[talk.ids[12_000]],
    )  # fmt: skip
    page = talk.open(talk.instructor)
    expect(page.locator(".unread-line")).to_be_in_viewport()
    expect(page.locator(".unread-line")).to_have_text("New messages")
    expect(note(page, 12_000)).to_be_in_viewport()
    assert page.locator(".unread-line").evaluate("line => line.nextElementSibling.textContent").count("12000.") == 1
    page.wait_for_timeout(300)
    view = talk.ask(talk.instructor, "GET", f"/api/goals/conversations/{talk.id}?limit=1")
    assert view["read_position"] == 12_000
    picture(page, "history-unread-desk")
    page.locator("#to-end").click()
    expect(note(page, MESSAGES - 1)).to_be_attached()
    for _ in range(50):
        view = talk.ask(talk.instructor, "GET", f"/api/goals/conversations/{talk.id}?limit=1")
        if view["read_position"] >= MESSAGES:
            break
        page.wait_for_timeout(50)
    assert view["read_position"] >= MESSAGES


# Scrolls up and, before the browser has said so, does something else; tells how far what was in sight has moved then.
PUSH = """async (how) => {
  const box = document.querySelector("#stream"), log = document.querySelector("#log");
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  const rows = [...log.querySelectorAll(".msg")];
  const seen = rows.find((row) => row.getBoundingClientRect().top >= box.getBoundingClientRect().top);
  const top = () => log.querySelector(`[data-id="${seen.dataset.id}"]`).getBoundingClientRect().top;
  const before = top();
  box.scrollTop -= 150;
  if (how === "grow") rows.at(-1).style.paddingBottom = "40px";
  else document.querySelector("#selection button:last-of-type").click();
  for (let at = 0; at < 6; at += 1) await frame();
  return top() - before;
}"""


@pytest.mark.parametrize("how", ["grow", "draw"])
@pytest.mark.parametrize("where", ["end", "middle"])
def test_a_scroll_is_not_undone_by_what_happens_meanwhile(talk: Talk, where: str, how: str) -> None:
    page = talk.open(talk.instructor, "" if where == "end" else f"#message={talk.ids[5_000]}")
    expect(note(page, MESSAGES - 1 if where == "end" else 5_000)).to_be_in_viewport()
    if how == "draw":
        page.locator("#talk-menu").click()
        page.get_by_role("menuitem", name="Select messages").click()
    expect(page.locator("#log")).not_to_have_attribute("aria-busy", "true")
    still(page)
    assert abs(page.evaluate(PUSH, how) - 150) <= DRIFT
    if where == "end":
        expect(page.locator("#to-end")).to_be_visible()


def test_no_step_is_lost_while_messages_are_fetched(talk: Talk) -> None:
    page = talk.open(talk.instructor)
    expect(note(page, MESSAGES - 1)).to_be_in_viewport()
    fetched: list[str] = []

    def slowly(route: Route) -> None:
        fetched.append(route.request.url)
        page.wait_for_timeout(300)
        route.continue_()

    page.route(re.compile(r"\?before="), slowly)
    note(page, MESSAGES - 1).focus()
    page.evaluate(
        """steps => { for (let at = 0; at < steps; at += 1)
          document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "k", bubbles: true, cancelable: true })) }""",
        120,
    )
    expect(note(page, MESSAGES - 121)).to_be_focused()
    expect(note(page, MESSAGES - 121)).to_be_in_viewport()
    assert fetched
    page.unroute_all(behavior="ignoreErrors")


def test_messages_that_left_the_document_stay_chosen(talk: Talk) -> None:
    page = talk.open(talk.instructor)
    page.locator("#talk-menu").click()
    page.get_by_role("menuitem", name="Select messages").click()
    note(page, MESSAGES - 1).get_by_role("checkbox").check()
    page.locator("#stream").press("Home")
    expect(note(page, 0)).to_be_focused()
    note(page, 1).get_by_role("checkbox").check()
    expect(note(page, MESSAGES - 1)).to_have_count(0)
    expect(page.locator("#selection")).to_contain_text("2 selected")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Export").click()
    text = saved.value.path().read_text()
    assert (text.count("Note number"), text.index("Note number 1.") < text.index(f"Note number {MESSAGES - 1}.")) == (
        2,
        True,
    )
    page.locator("#stream").press("End")
    expect(note(page, MESSAGES - 1).get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Done").click()


def test_keys_walk_beyond_what_is_loaded_and_the_focus_is_never_lost(talk: Talk) -> None:
    page = talk.open(talk.instructor)
    note(page, MESSAGES - 1).focus()
    for number in range(MESSAGES - 2, MESSAGES - 132, -1):
        page.keyboard.press("k")
        if number % 10 == 0:
            expect(note(page, number)).to_be_focused()
            expect(note(page, number)).to_be_in_viewport()
    assert rows(page) <= MOST_ROWS
    held = page.evaluate("document.activeElement.dataset.id")
    page.locator("#stream").evaluate("box => box.scrollBy(0, -6000)")
    still(page)
    assert page.evaluate("document.activeElement.dataset.id") == held
    page.keyboard.press("j")
    expect(page.locator("#log .msg:focus")).to_be_in_viewport()
    # Beyond what is kept loaded, the focus goes to the stream and not out of it.
    page.evaluate(WALK, [300, -9_000])
    assert page.evaluate("document.activeElement.id") == "stream"
    page.keyboard.press("j")
    expect(page.locator("#log .msg:focus")).to_be_in_viewport()
    expect(page.locator("#log .msg:focus")).to_have_attribute("aria-setsize", "-1")
    page.keyboard.press("End")
    expect(note(page, MESSAGES - 1)).to_be_attached()


def test_older_messages_that_cannot_be_had_are_asked_for_again(talk: Talk) -> None:
    page = talk.open(talk.instructor, f"#message={talk.ids[600]}")
    expect(note(page, 600)).to_be_focused()
    broken = [True]
    page.route(
        re.compile(r"\?before="),
        lambda route: (
            route.fulfill(status=503, json={"title": "x", "status": 503, "code": "busy", "detail": "Too busy."})
            if broken[0]
            else route.continue_()
        ),
    )
    page.locator("#stream").evaluate("box => box.scrollTo(0, 0)")
    expect(page.locator("#stream-top")).to_contain_text("Too busy.")
    picture(page, "history-failed-desk")
    broken[0] = False
    page.locator("#stream-top").get_by_role("button", name="Try again").click()
    expect(page.locator("#stream-top")).not_to_contain_text("Too busy.")
    page.evaluate(WALK, [40, -3_000])
    expect(note(page, 0)).to_be_in_viewport()
    talk.desk.problems.clear()


def test_marked_words_can_be_copied_though_one_scrolls_on(talk: Talk) -> None:
    page = talk.open(talk.instructor, f"#message={talk.ids[300]}")
    expect(note(page, 300)).to_be_focused()
    page.evaluate(
        """(id) => {
          const row = document.querySelector(`[data-id="${id}"] .msg-words`);
          document.getSelection().setBaseAndExtent(row, 0, row.closest(".msg").nextElementSibling.querySelector(".msg-words"), 1);
        }""",
        talk.ids[300],
    )
    marked = page.evaluate("document.getSelection().toString()")
    assert "Note number 300." in marked
    page.evaluate(WALK, [6, -900])
    expect(note(page, 300)).not_to_be_in_viewport()
    assert page.evaluate("document.getSelection().toString()") == marked


def test_the_place_stays_while_messages_above_grow_change_and_go(talk: Talk) -> None:
    ours = [
        talk.ask(talk.student, "POST", f"/api/goals/conversations/{talk.id}/messages", content=f"Late {n}. {WORDS}")
        for n in range(60)
    ]
    page = talk.open(talk.instructor, f"#message={ours[20]['id']}")
    held = page.locator("#log .msg", has_text="Late 20.")
    expect(held).to_be_focused()
    box = page.locator("#stream")

    def place() -> float:
        still(page)
        found = held.bounding_box()
        assert found is not None
        return float(found["y"])

    before = place()
    above = page.locator(f'#log [data-id="{ours[18]["id"]}"]')
    # As a picture does that loads without having said its size.
    above.locator(".msg-words").evaluate("words => (words.style.minHeight = '700px')")
    assert abs(place() - before) <= DRIFT
    talk.ask(talk.student, "PATCH", f"/api/messages/{ours[17]['id']}", content="Longer. " + WORDS * 20)
    expect(page.locator(f'#log [data-id="{ours[17]["id"]}"]')).to_contain_text("Longer.")
    assert abs(place() - before) <= DRIFT
    talk.ask(talk.student, "DELETE", f"/api/messages/{ours[18]['id']}")
    expect(above).to_contain_text("Sam took this message back.")
    assert abs(place() - before) <= DRIFT
    talk.ask(talk.student, "POST", f"/api/goals/conversations/{talk.id}/messages", content="One more")
    expect(page.locator("#to-end")).to_have_text("1 new message")
    assert abs(place() - before) <= DRIFT
    page.locator("#talk-menu").click()
    page.get_by_role("menuitem", name="Compact view").click()
    expect(page.locator("#talk.compact")).to_be_attached()
    assert abs(place() - before) <= DRIFT
    page.locator("#talk-menu").click()
    page.get_by_role("menuitem", name="Roomy view").click()
    # All rows change at once: one of those in sight stays, and others move by what lies between.
    expect(held).to_be_in_viewport()
    assert abs(place() - before) <= 40
    before = place()
    page.set_viewport_size({"width": 1000, "height": 900})
    assert abs(place() - before) <= DRIFT
    page.set_viewport_size({"width": 1440, "height": 900})
    assert abs(place() - before) <= DRIFT

    # Far from the end a new message changes nothing but the button.
    page.evaluate(f"location.hash = '#message={talk.ids[9_000]}'")
    expect(note(page, 9_000)).to_be_focused()
    still(page)
    before = top_of(page, 9_000)
    talk.ask(talk.student, "POST", f"/api/goals/conversations/{talk.id}/messages", content="Far away")
    expect(page.locator("#to-end")).to_have_text("2 new messages")
    assert abs(top_of(page, 9_000) - before) <= DRIFT
    expect(page.locator("#log .msg", has_text="Far away")).to_have_count(0)
    receipts = talk.ask(talk.instructor, "GET", f"/api/goals/conversations/{talk.id}?limit=1")
    read = next(one["position"] for one in receipts["receipts"] if one["person"]["name"] == "Ines")
    assert read < receipts["seq"]
    page.locator("#to-end").click()
    expect(page.locator("#log .msg", has_text="Far away")).to_be_in_viewport()
    # At the end, one stays at the end.
    talk.ask(talk.student, "POST", f"/api/goals/conversations/{talk.id}/messages", content="At the end")
    expect(page.locator("#log .msg", has_text="At the end")).to_be_in_viewport()
    assert box.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") <= 1


def test_words_that_are_being_changed_survive_going_away(talk: Talk) -> None:
    sent = talk.ask(talk.instructor, "POST", f"/api/goals/conversations/{talk.id}/messages", content="To be changed")
    page = talk.open(talk.instructor)
    mine = page.locator(f'#log [data-id="{sent["id"]}"]')
    mine.hover()
    mine.get_by_role("button", name="More about this message").click()
    page.get_by_role("menuitem", name="Edit").click()
    page.get_by_label("Change this message").fill("Half changed")
    talk.ask(
        talk.student, "POST", f"/api/goals/conversations/{talk.id}/messages", content="A reply", reply_to_id=sent["id"]
    )
    page.wait_for_timeout(300)
    expect(page.get_by_label("Change this message")).to_be_focused()
    page.evaluate(f"location.hash = '#message={talk.ids[3]}'")
    expect(note(page, 3)).to_be_focused()
    expect(mine).to_have_count(0)
    page.locator("#to-end").click()
    expect(page.get_by_label("Change this message")).to_have_value("Half changed")
    page.get_by_label("Change this message").press("Control+Enter")
    expect(mine).to_contain_text("Half changed")
    expect(mine.locator(".thread-link")).to_contain_text("1 reply")


def test_what_is_sent_without_a_network_stands_at_the_end_wherever_one_reads(talk: Talk) -> None:
    page = talk.open(talk.student, f"#message={talk.ids[7_000]}")
    expect(note(page, 7_000)).to_be_in_viewport()
    talk.student.set_offline(True)
    page.locator("#stream").evaluate("box => box.scrollTo(0, 0)")
    expect(page.locator("#stream-top")).to_contain_text("Try again")
    picture(page, "history-offline-phone")
    send(page, "Said without a network.")
    expect(page.locator("#pending .msg")).to_be_in_viewport()
    is_at_end(page)
    expect(page.locator("#pending .msg")).to_have_count(1)
    talk.student.set_offline(False)
    expect(page.locator("#pending .msg")).to_have_count(0)
    expect(page.locator("#log .msg", has_text="Said without a network.")).to_have_count(1)
    expect(page.locator("#log .msg", has_text="Said without a network.")).to_be_in_viewport()


def test_what_was_missed_during_a_break_is_caught_up_without_moving_what_is_read(talk: Talk) -> None:
    page = talk.instructor.new_page()
    talk.pages.append(page)
    sockets: list[Any] = []
    cut = [False]

    def between(socket: Any) -> None:
        if cut[0]:
            return socket.close()
        sockets.append(socket)
        socket.connect_to_server()

    page.route_web_socket(re.compile("/api/live"), between)
    page.goto(f"{talk.desk.url}/goals/{talk.id}#message={talk.ids[8_000]}")
    expect(note(page, 8_000)).to_be_focused()
    still(page)
    before = top_of(page, 8_000)
    cut[0] = True
    for socket in sockets:
        socket.close()
    expect(page.locator(".here-who.here")).to_have_count(0)
    for number in range(120):
        talk.ask(
            talk.student, "POST", f"/api/goals/conversations/{talk.id}/messages", content=f"Missed number {number}."
        )
    talk.ask(talk.student, "PATCH", f"/api/messages/{talk.ids[8_001]}", content="Mended meanwhile. " + WORDS * 9)
    cut[0] = False
    expect(page.locator("#to-end")).to_have_text("120 new messages", timeout=30_000)
    expect(page.locator(f'#log [data-id="{talk.ids[8_001]}"]')).to_contain_text("Mended meanwhile.")
    still(page)
    assert abs(top_of(page, 8_000) - before) <= DRIFT
    assert rows(page) <= MOST_ROWS
    page.locator("#to-end").click()
    is_at_end(page)
    expect(page.locator("#log .msg", has_text="Missed number 119.")).to_be_in_viewport()
    # On the way up the messages that came meanwhile join what was before them.
    told = page.evaluate(WALK, [5, -900])
    assert told["drift"] <= DRIFT, told
    expect(page.locator("#log .msg", has_text="Missed number 0.")).to_be_attached()
    shown = page.evaluate("[...document.querySelectorAll('#log .msg')].map((row) => Number(row.ariaPosInSet))")
    assert shown == list(range(shown[0], shown[0] + len(shown)))
