"""A lesson between two browsers: a student on a phone, an instructor at a desk."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, picture
from tests.browser.lessons import Lesson, csrf, cuttable, hold_first, lesson, message, send, strangers, write

__all__ = ["lesson", "strangers"]

pytestmark = pytest.mark.browser


def test_a_student_begins_a_conversation_with_an_instructor(strangers: tuple[Desk, Page, Page]) -> None:
    desk, student, instructor = strangers
    student.goto(desk.url + "/goals")
    picture(student, "goals-empty-phone")
    student.get_by_role("button", name="New conversation").click()
    student.get_by_label("Goal", exact=True).fill("Play the nocturne by heart")
    expect(student.get_by_label("With")).to_have_value(re.compile("instructor:"))
    student.get_by_role("button", name="Begin", exact=True).click()
    student.wait_for_url("**/goals/*-*")
    instructor.goto(student.url)
    send(student, "Twelve bars today.")
    expect(message(instructor, "Twelve bars today.")).to_be_visible()
    assert desk.problems == []


def test_a_student_and_an_instructor_talk(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    picture(student, "conversation-empty-phone")
    expect(student.locator(".here-who.here")).to_have_count(2)

    write(student, "Twelve bars")
    expect(instructor.locator("#typing")).to_have_text("Sam is writing…")
    expect(student.locator("#composer .pill[data-state=saved]")).to_be_visible()
    expect(message(instructor, "Twelve bars")).to_have_count(0)
    write(student, " **by heart** today.")
    student.locator("#composer .composer-send").click()
    expect(message(student, "Twelve bars by heart today.")).to_be_visible()
    expect(message(instructor, "Twelve bars by heart today.").locator("strong", has_text="by heart")).to_be_visible()
    expect(instructor.locator("#typing")).to_have_text("")
    expect(student.locator(".receipt")).to_contain_text("Seen by Ines")

    send(instructor, "Good. Slower in bar five?")
    expect(message(student, "Slower in bar five?")).to_be_visible()
    for number in range(3):
        send(instructor, f"Point {number}")
        expect(message(student, f"Point {number}")).to_be_visible()

    message(instructor, "Twelve bars").hover()
    message(instructor, "Twelve bars").get_by_role("button", name="Reply in a thread").click()
    send(instructor, "Which hand first?", reply=True)
    expect(instructor.locator("#thread .msg", has_text="Which hand first?")).to_be_visible()
    expect(student.locator(".thread-link")).to_contain_text("1 reply")
    student.locator(".thread-link").click()
    send(student, "The left one.", reply=True)
    expect(instructor.locator("#thread .msg", has_text="The left one.")).to_be_visible()
    picture(student, "thread-phone")
    picture(instructor, "thread-desk")
    student.keyboard.press("Escape")
    expect(student.locator("#thread")).to_be_hidden()

    instructor.keyboard.press("Escape")
    message(instructor, "Point 1").hover()
    message(instructor, "Point 1").get_by_role("button", name="More about this message").click()
    instructor.get_by_role("menuitem", name="Edit").click()
    instructor.get_by_label("Change this message").fill("Point one, mended")
    instructor.keyboard.press("Control+Enter")
    expect(message(student, "Point one, mended")).to_contain_text("edited")
    message(instructor, "Point 2").hover()
    message(instructor, "Point 2").get_by_role("button", name="More about this message").click()
    instructor.get_by_role("menuitem", name="Take back").click()
    expect(student.locator("#log")).to_contain_text("Ines took this message back.")
    expect(message(student, "Point 2")).to_have_count(0)
    picture(student, "conversation-phone")
    picture(instructor, "conversation-desk")
    assert lesson.desk.problems == []


def test_one_draft_on_two_devices_and_a_reload(lesson: Lesson) -> None:
    student = lesson.student
    write(student, "Half a thought")
    expect(student.locator("#composer .pill[data-state=saved]")).to_be_visible()
    laptop = student.context.new_page()
    laptop.goto(lesson.url)
    expect(laptop.locator("#composer .composer-text")).to_have_value("Half a thought")
    laptop.locator("#composer .composer-text").press("End")
    laptop.keyboard.type(", finished here.")
    expect(student.locator("#composer .composer-text")).to_have_value("Half a thought, finished here.")
    student.reload()
    expect(student.locator("#composer .composer-text")).to_have_value("Half a thought, finished here.")
    student.locator("#composer .composer-send").click()
    expect(message(lesson.instructor, "finished here.")).to_be_visible()
    expect(laptop.locator("#composer .composer-text")).to_have_value("")
    expect(message(laptop, "finished here.")).to_have_count(1)
    assert lesson.desk.problems == []


def test_a_message_begun_on_one_device_appears_on_the_other_that_is_open(lesson: Lesson) -> None:
    student = lesson.student
    laptop = student.context.new_page()
    laptop.goto(lesson.url)
    expect(laptop.locator(".here-who.here")).to_have_count(2)
    write(student, "Begun on the phone")
    expect(laptop.locator("#composer .composer-text")).to_have_value("Begun on the phone")
    laptop.locator("#composer .composer-send").click()
    expect(message(student, "Begun on the phone")).to_be_visible()
    expect(student.locator("#composer .composer-text")).to_have_value("")
    write(student, "And another")
    expect(laptop.locator("#composer .composer-text")).to_have_value("And another")
    assert lesson.desk.problems == []


def test_a_message_begun_while_the_other_device_was_cut_off_appears_when_it_is_back(lesson: Lesson) -> None:
    student = lesson.student
    laptop = student.context.new_page()
    sockets, cut = cuttable(laptop)
    laptop.goto(lesson.url)
    expect(laptop.locator(".here-who.here")).to_have_count(2)
    cut[0] = True
    for socket in sockets:
        socket.close()
    expect(laptop.locator(".here-who.here")).to_have_count(0)
    write(student, "Begun meanwhile")
    expect(student.locator("#composer .pill[data-state=saved]")).to_be_visible()
    expect(laptop.locator("#composer .composer-text")).to_have_value("")
    cut[0] = False
    expect(laptop.locator("#composer .composer-text")).to_have_value("Begun meanwhile")
    laptop.locator("#composer .composer-send").click()
    expect(message(student, "Begun meanwhile")).to_be_visible()
    expect(laptop.locator("#composer .composer-text")).to_have_value("")
    assert lesson.desk.problems == []


def test_what_is_not_saved_yet_does_not_say_saved_and_sending_stays_in_its_place(lesson: Lesson) -> None:
    student = lesson.student
    held = hold_first(student, r"/commands$")
    pill, button = student.locator("#composer .pill"), student.locator("#composer .composer-send")
    expect(button).to_be_disabled()
    place = button.bounding_box()
    write(student, "Not saved yet")
    pill.wait_for()
    assert pill.get_attribute("data-state") == "saving"
    assert button.bounding_box() == place
    student.wait_for_timeout(500)
    assert (pill.get_attribute("data-state"), button.bounding_box()) == ("saving", place)
    held[0].continue_()
    expect(pill).to_have_attribute("data-state", "saved")
    assert lesson.desk.problems == []


def test_a_press_on_send_is_not_lost_while_the_draft_is_opened(lesson: Lesson) -> None:
    student = lesson.student
    held = hold_first(student, r"/draft\b")
    write(student, "Quickly said.")
    box = student.locator("#composer .composer-send").bounding_box()
    assert box is not None
    student.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    student.mouse.down()
    held[0].continue_()
    expect(student.locator("#composer .pill")).to_be_visible()
    student.mouse.up()
    expect(message(lesson.instructor, "Quickly said.")).to_be_visible()
    assert lesson.desk.problems == []


def test_a_message_that_arrives_before_its_answer_is_shown_once(lesson: Lesson) -> None:
    student = lesson.student
    held = hold_first(student, r"/api/messages/[^/]+$")
    write(student, "Twice or once?")
    expect(student.locator("#composer .pill[data-state=saved]")).to_be_visible()
    student.locator("#composer .composer-send").click()
    expect(message(student, "Twice or once?")).to_be_visible()
    expect(student.locator("#pending .msg")).to_have_count(0)
    expect(student.locator(".receipt")).to_contain_text("Seen by Ines")
    held[0].continue_()
    send(student, "Once.")
    expect(message(lesson.instructor, "Once.")).to_be_visible()
    assert lesson.desk.problems == []


def test_writing_in_a_thread_while_it_loads_keeps_every_key(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    send(instructor, "Which hand first?")
    message(instructor, "Which hand first?").hover()
    message(instructor, "Which hand first?").get_by_role("button", name="Reply in a thread").click()
    send(instructor, "Of the first bar.", reply=True)
    expect(student.locator(".thread-link")).to_contain_text("1 reply")
    held = hold_first(student, r"/thread\b")
    student.locator(".thread-link").click()
    write(student, "The left", reply=True)
    with student.expect_response(re.compile(r"/thread\b")) as loaded:
        held[0].continue_()
    loaded.value.finished()
    student.keyboard.type(" one.")
    student.locator("#thread .composer-send").click()
    expect(instructor.locator("#thread .msg", has_text="The left one.")).to_be_visible()
    assert lesson.desk.problems == []


def test_what_is_sent_without_a_network_is_sent_later_and_once(lesson: Lesson) -> None:
    student = lesson.student
    # The shell keeps a page when it sees it, which is not the first time.
    student.reload()
    write(student, "Begun with a network, ")
    expect(student.locator("#composer .pill[data-state=saved]")).to_be_visible()
    student.context.set_offline(True)
    send(student, "sent without.")
    expect(student.locator("#pending")).to_contain_text("Kept on this device")
    send(student, "And another.")
    expect(student.locator("#pending .msg")).to_have_count(2)
    write(student, "Still writing")
    picture(student, "conversation-offline-phone")
    student.reload()
    expect(student.locator("#pending .msg")).to_have_count(2)
    expect(student.locator("#composer .composer-text")).to_have_value("Still writing")
    student.context.set_offline(False)
    expect(message(lesson.instructor, "Begun with a network, sent without.")).to_have_count(1)
    expect(message(lesson.instructor, "And another.")).to_have_count(1)
    expect(student.locator("#pending .msg")).to_have_count(0)
    expect(student.locator("#log .msg")).to_have_count(2)
    expect(student.locator("#composer .composer-text")).to_have_value("Still writing")


def test_templates_by_slash_and_several_messages_at_once(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    instructor.get_by_role("button", name="Reply templates").click()
    instructor.get_by_role("button", name="New template").click()
    instructor.get_by_label("Name").fill("Praise")
    instructor.get_by_label("What it says").fill("Well done, go on like this!")
    instructor.get_by_role("button", name="Save", exact=True).click()
    expect(instructor.locator(".row-title")).to_have_text("Praise")
    instructor.keyboard.press("Escape")
    write(instructor, "/pra")
    expect(instructor.get_by_role("option", name="Praise")).to_be_visible()
    picture(instructor, "templates-desk")
    instructor.keyboard.press("Enter")
    expect(instructor.locator("#composer .composer-text")).to_have_value("Well done, go on like this!")
    instructor.keyboard.press("Control+Enter")
    expect(message(student, "Well done, go on like this!")).to_be_visible()

    send(instructor, "One more")
    expect(message(instructor, "One more")).to_be_visible()
    instructor.locator("#talk-menu").click()
    instructor.get_by_role("menuitem", name="Select messages").click()
    for box in instructor.get_by_role("checkbox").all():
        box.check()
    expect(instructor.locator("#selection")).to_contain_text("2 selected")
    with instructor.expect_download() as download:
        instructor.get_by_role("button", name="Export").click()
    assert "Well done" in download.value.path().read_text()
    instructor.get_by_role("button", name="Take back 2").click()
    expect(student.locator(".msg.taken-back")).to_have_count(2)
    instructor.get_by_role("button", name="Undo").click()
    expect(message(student, "One more")).to_be_visible()
    assert lesson.desk.problems == []


def test_a_long_history_is_read_upwards_without_jumping(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    headers = {"X-CSRF-Token": csrf(student)}
    path = lesson.url.replace("/goals/", "/api/goals/conversations/")
    instructor.goto(lesson.desk.url + "/goals")
    for number in range(120):
        student.context.request.post(f"{path}/messages", data={"content": f"Note number {number}."}, headers=headers)
    instructor.reload()
    expect(instructor.locator(".unread-count")).to_have_text(re.compile("99\\+"))
    instructor.goto(lesson.url)
    expect(instructor.locator(".unread-line")).to_be_in_viewport()
    expect(message(instructor, "Note number 0.")).to_be_in_viewport()
    instructor.locator("#to-end").click()
    expect(message(instructor, "Note number 119.")).to_be_in_viewport()
    expect(student.locator(".receipt")).to_contain_text("Seen by Ines")
    instructor.reload()
    expect(message(instructor, "Note number 119.")).to_be_in_viewport()
    instructor.wait_for_function("document.querySelector('#stream').scrollHeight > 2500")
    instructor.locator("#stream").evaluate("box => box.scrollTo(0, 0)")
    expect(message(instructor, "Note number 0.")).to_have_count(1)
    expect(message(instructor, "Note number 20.")).to_be_in_viewport()
    expect(message(instructor, "Note number 0.")).not_to_be_in_viewport()
    picture(instructor, "conversation-history-desk")
    instructor.goto(lesson.desk.url + "/goals")
    expect(instructor.locator(".talk-row")).to_contain_text("Note number 119.")
    picture(instructor, "goals-desk")
