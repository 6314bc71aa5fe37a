"""A thread beside the stream: what is read and written in it stays while others go on."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import picture
from tests.browser.lessons import Lesson, lesson, message, send, strangers

__all__ = ["lesson", "strangers"]
pytestmark = pytest.mark.browser

LONG = "Hands apart; bar five still stumbles, so slower tomorrow, and the left hand alone first. " * 4


def both_in_the_thread(lesson: Lesson) -> None:
    """The instructor's question with a first reply, open as a thread on both sides."""
    send(lesson.instructor, "Slower in bar five?")
    root = message(lesson.instructor, "Slower in bar five?")
    root.hover()
    root.get_by_role("button", name="Reply in a thread").click()
    send(lesson.instructor, "Which hand first?", reply=True)
    lesson.student.locator(".thread-link").click()
    expect(lesson.student.locator("#thread .msg", has_text="Which hand first?")).to_be_visible()


def test_a_reply_that_is_being_changed_is_not_drawn_over(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    both_in_the_thread(lesson)
    own = instructor.locator("#thread .msg", has_text="Which hand first?")
    own.hover()
    own.get_by_role("button", name="More about this message").click()
    instructor.get_by_role("menuitem", name="Edit").click()
    field = instructor.locator("#thread .msg-edit textarea")
    field.press("Control+End")
    instructor.keyboard.type(" Or")
    send(student, "The left one.", reply=True)
    expect(instructor.locator("#thread .msg", has_text="The left one.")).to_be_visible()
    expect(field).to_be_focused()
    instructor.keyboard.type(" both?")
    expect(field).to_have_value("Which hand first? Or both?")
    picture(instructor, "thread-editing-desk")
    instructor.keyboard.press("Control+Enter")
    for page in (student, instructor):
        expect(page.locator("#thread .msg", has_text="Which hand first? Or both?")).to_be_visible()
    expect(instructor.locator("#thread .msg-edit")).to_have_count(0)


def test_whoever_reads_further_up_in_a_thread_stays_there_and_a_link_leads_to_a_reply(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    both_in_the_thread(lesson)
    for number in range(8):
        send(instructor, f"Reply {number}. {LONG}", reply=True)
        expect(student.locator("#thread .msg", has_text=f"Reply {number}.")).to_be_in_viewport()
    body = student.locator("#thread .thread-body")
    body.evaluate("box => { box.scrollTop = 150; }")
    read = student.locator("#thread .msg", has_text="Reply 1.")
    expect(read).to_be_in_viewport()
    student.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    before = read.bounding_box()
    send(instructor, f"Reply 8. {LONG}", reply=True)
    expect(student.locator("#thread-count")).to_have_text("10 replies")
    assert read.bounding_box() == before
    send(student, "Seen.", reply=True)
    expect(student.locator("#thread .msg", has_text="Seen.")).to_be_in_viewport()
    picture(student, "thread-long-phone")

    body.evaluate("box => { box.scrollTop = 0; }")
    wanted = student.locator("#thread .msg", has_text="Reply 2.").get_attribute("data-id")
    instructor.goto("about:blank")
    instructor.goto(f"{lesson.url}#message={wanted}")
    expect(instructor.locator("#thread .msg", has_text="Reply 2.")).to_be_focused()
    expect(instructor.locator("#thread .msg", has_text="Reply 2.")).to_be_in_viewport()
    assert lesson.desk.problems == []
