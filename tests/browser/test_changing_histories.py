"""Long conversations that change while they are read: the place under the eye stays, and words that are written too."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import picture
from tests.browser.histories import DRIFT, MOST_ROWS, WALK, Talk, is_at_end, note, rows, still, talk, told, top_of
from tests.browser.installations import WORDS
from tests.browser.lessons import cuttable, send

__all__ = ["talk", "told"]

pytestmark = pytest.mark.browser


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
    sockets, cut = cuttable(page)
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
