"""Conversations of 20,000 messages in a browser: what is in the document stays little, and the place under the eye where it is."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from app.services.clock import system_clock
from tests.browser.conftest import picture
from tests.browser.histories import DRIFT, MOST_ROWS, WALK, Talk, note, rows, still, talk, told
from tests.browser.installations import MESSAGES, REPLIES_TO

__all__ = ["talk", "told"]

pytestmark = pytest.mark.browser

WHOLE_WAY = (("instructor", "light"), ("student", "dark"))
"""Once for each width; else far enough for several pages to be loaded."""


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
