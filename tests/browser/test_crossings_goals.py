"""In conversations things cross: messages that are changed, sent, taken back and answered at the same time."""

import re

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Desk
from tests.browser.held import held, until
from tests.browser.lessons import Lesson, csrf, lesson, message, send, strangers, write
from tests.browser.test_attachments import chip, pick

__all__ = ["lesson", "strangers"]


def act(page: Page, words: str, what: str) -> None:
    """What the menu of a message offers."""
    message(page, words).hover()
    message(page, words).get_by_role("button", name="More about this message").click()
    page.get_by_role("menuitem", name=what, exact=True).click()


def reply(instructor: Page, words: str, *replies: str) -> None:
    """A thread on the instructor's screen."""
    send(instructor, words)
    message(instructor, words).hover()
    message(instructor, words).get_by_role("button", name="Reply in a thread").click()
    for one in replies:
        send(instructor, one, reply=True)
        expect(instructor.locator("#thread .thread-log .msg", has_text=one)).to_be_visible()


def test_a_message_written_on_while_its_change_is_saved_keeps_every_word(lesson: Lesson) -> None:
    page = lesson.instructor
    send(page, "Slowly.")
    act(page, "Slowly.", "Edit")
    field = page.get_by_label("Change this message")
    field.press("End")
    page.keyboard.type(" And softly.")
    waiting = held(page, r"/api/messages/[\w-]+$", "PATCH", most=1)
    field.press("Control+Enter")
    until(page, waiting)
    page.keyboard.type(" Twice")
    waiting[0].continue_()
    expect(message(lesson.student, "Slowly. And softly.")).to_be_visible()
    page.keyboard.type(" a day.")
    expect(field).to_have_value("Slowly. And softly. Twice a day.")
    field.press("Control+Enter")
    expect(message(lesson.student, "Slowly. And softly. Twice a day.")).to_be_visible()
    expect(field).to_have_count(0)


def test_a_reply_is_changed_on_while_others_come(lesson: Lesson) -> None:
    page = lesson.instructor
    reply(page, "Which hand?", "The left.")
    lesson.student.locator(".thread-link").click()
    said = page.locator("#thread .thread-log .msg", has_text="The left.")
    said.hover()
    said.get_by_role("button", name="More about this message").click()
    page.get_by_role("menuitem", name="Edit", exact=True).click()
    field = page.get_by_label("Change this message")
    field.press("End")
    page.keyboard.type(" And then")
    send(lesson.student, "Thank you.", reply=True)
    expect(page.locator("#thread .thread-log .msg", has_text="Thank you.")).to_be_visible()
    page.keyboard.type(" the right.")
    expect(field).to_have_value("The left. And then the right.")


def test_who_reads_further_up_in_a_thread_stays_there_when_a_reply_comes(lesson: Lesson) -> None:
    page = lesson.instructor
    reply(page, "Which hand?", *[f"Bar {bar}." for bar in range(14)])
    body = page.locator("#thread .thread-body")
    body.evaluate("box => { box.scrollTop = 0; }")
    lesson.student.locator(".thread-link").click()
    send(lesson.student, "Thank you.", reply=True)
    expect(page.locator("#thread .thread-log .msg", has_text="Thank you.")).to_have_count(1)
    assert body.evaluate("box => box.scrollTop") == 0


def test_a_message_that_could_not_be_taken_back_is_not_said_to_be(lesson: Lesson) -> None:
    page = lesson.instructor
    send(page, "Slowly.")
    page.route(
        re.compile(r"/api/messages/[\w-]+$"),
        lambda route: route.abort() if route.request.method == "DELETE" else route.continue_(),
    )
    act(page, "Slowly.", "Take back")
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    page.wait_for_timeout(1_000)
    expect(page.get_by_text("Message taken back.")).to_have_count(0)


def test_what_could_not_be_marked_as_unread_is_not_said_to_be(lesson: Lesson) -> None:
    page = lesson.instructor
    send(lesson.student, "Every day.")
    page.route(re.compile(r"/bulk$"), lambda route: route.abort())
    act(page, "Every day.", "Mark unread from here")
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    act(page, "Every day.", "Select")
    page.get_by_role("button", name="Mark unread").click()
    page.wait_for_timeout(300)
    expect(page.get_by_text("Marked as unread from here.")).to_have_count(0)
    expect(page.locator("#selection")).to_be_visible()


def test_a_message_that_waits_does_not_draw_its_writer_from_what_they_read(lesson: Lesson) -> None:
    page = lesson.instructor
    for bar in range(25):
        send(page, f"Bar {bar}, slowly.")
    expect(page.locator("#pending .msg")).to_have_count(0)
    tries: list[str] = []

    def fail(route: Route) -> None:
        tries.append(route.request.url)
        route.abort()

    page.route(re.compile(r"/submit$"), fail)
    send(page, "And again.")
    expect(page.locator("#pending")).to_contain_text("Kept on this device")
    box = page.locator("#stream")
    box.evaluate("box => { box.scrollTop = 0; }")
    page.wait_for_timeout(300)
    before = len(tries)
    page.evaluate("dispatchEvent(new Event('online'))")
    for _ in range(100):
        if len(tries) > before:
            break
        page.wait_for_timeout(50)
    assert len(tries) > before
    page.wait_for_timeout(300)
    assert box.evaluate("box => box.scrollTop") < 50


def test_a_message_sent_twice_and_written_on_is_sent_once_and_the_rest_stays(lesson: Lesson) -> None:
    page = lesson.instructor
    waiting = held(page, r"/draft$", "PUT", most=1)
    write(page, "Slowly.")
    until(page, waiting)
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+Enter")
    page.keyboard.type(" And then")
    waiting[0].continue_()
    expect(message(lesson.student, "Slowly.")).to_be_visible()
    page.keyboard.type(" softly.")
    expect(page.locator("#composer .composer-text")).to_have_value("And then softly.")
    page.wait_for_timeout(500)
    expect(page.locator("#pending .msg")).to_have_count(0)
    expect(lesson.student.locator("#log .msg")).to_have_count(1)
    expect(lesson.student.locator("#log .msg .msg-words")).to_have_text("Slowly.")


def test_a_template_chosen_while_the_draft_opens_is_put_into_the_message(lesson: Lesson) -> None:
    page = lesson.instructor
    made = page.context.request.post(
        f"{lesson.desk.url}/api/reply-templates",
        data={"name": "Praise", "content": "Well done!"},
        headers={"X-CSRF-Token": csrf(page)},
    )
    assert made.ok, made.text()
    waiting = held(page, r"/draft$", "PUT", most=1)
    write(page, "Sam. ")
    until(page, waiting)
    page.get_by_role("button", name="Reply templates").click()
    expect(page.get_by_role("button", name="Insert")).to_be_visible()
    waiting[0].continue_()
    expect(page.locator("#composer .pill")).to_be_visible()
    page.get_by_role("button", name="Insert").click()
    expect(page.locator("#composer .composer-text")).to_have_value("Sam. Well done!")


def test_words_begun_elsewhere_are_seen_before_they_are_sent(lesson: Lesson) -> None:
    page = lesson.instructor
    waiting = held(page, r"/draft$", "PUT", most=1)
    write(page, "Slowly.")
    until(page, waiting)
    page.keyboard.press("Control+Enter")
    talk = page.url.rpartition("/")[2]
    request = page.context.request
    headers = {"X-CSRF-Token": csrf(page)}
    address = f"{lesson.desk.url}/api/goals/conversations/{talk}/draft"
    begun = request.put(address, data={"reply_to_id": None}, headers=headers).json()
    command = {"replica": "01900000-0000-7000-8000-000000000001", "n": 1, "base_seq": begun["seq"]}
    ops = [{"field": "content", "changes": [[0, "Not for other eyes."]]}]
    done = request.post(
        f"{lesson.desk.url}/api/drafts/{begun['id']}/commands", data={**command, "ops": ops}, headers=headers
    )
    assert done.ok, done.text()
    waiting[0].continue_()
    expect(page.locator(".toast")).to_contain_text("begun elsewhere")
    expect(page.locator("#composer .composer-text")).to_have_value("Not for other eyes.\n\nSlowly.")
    expect(lesson.student.locator("#log .msg")).to_have_count(0)


def test_a_draft_that_opens_slowly_does_not_double_what_is_written_meanwhile(browser: Browser, lesson: Lesson) -> None:
    page = lesson.instructor
    write(page, "Slowly")
    expect(page.locator("#composer .pill[data-state=saved]")).to_be_visible()
    page.wait_for_timeout(600)
    other = browser.new_context(storage_state=page.context.storage_state(), service_workers="block")
    again = other.new_page()
    again.add_init_script(
        """const open = indexedDB.open.bind(indexedDB);
        indexedDB.open = (...args) => {
          const asked = open(...args), late = (name) => {
            let run = null;
            Object.defineProperty(asked, name, { set: (given) => (run = given), get: () => run });
            asked.addEventListener(name.slice(2), (event) => setTimeout(() => run?.call(asked, event), 600));
          };
          const add = asked.addEventListener.bind(asked);
          asked.addEventListener = (type, hear, more) =>
            add(type, type === "success" ? (event) => setTimeout(() => hear.call(asked, event), 600) : hear, more);
          return asked;
        };"""
    )
    again.goto(page.url)
    field = again.locator("#composer .composer-text")
    field.press("Control+End")
    again.keyboard.type(" and softly")
    expect(again.locator("#composer .pill[data-state=saved]")).to_be_visible()
    again.wait_for_timeout(1_500)
    content = field.input_value()
    assert content.count("softly") == 1, content
    talk = page.url.rpartition("/")[2]
    address = f"{lesson.desk.url}/api/goals/conversations/{talk}/draft"
    headers = {"X-CSRF-Token": csrf(page)}
    kept = page.context.request.put(address, data={"reply_to_id": None}, headers=headers).json()["content"]
    assert kept.count("softly") == 1, kept
    assert kept.count("Slowly") == 1, kept
    other.close()


def test_a_file_that_could_not_be_taken_off_is_still_shown(lesson: Lesson) -> None:
    page = lesson.instructor
    pick(page, ("notes.txt", "text/plain", b"Bar 5"))
    expect(chip(page, "notes.txt")).to_have_attribute("data-state", "clean")
    page.route(
        re.compile(r"/api/attachments/[\w-]+$"),
        lambda route: route.abort() if route.request.method == "DELETE" else route.continue_(),
    )
    chip(page, "notes.txt").get_by_role("button", name="Remove notes.txt").click()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    expect(chip(page, "notes.txt")).to_be_visible()
    page.unroute_all(behavior="wait")
    chip(page, "notes.txt").get_by_role("button", name="Remove notes.txt").click()
    expect(chip(page, "notes.txt")).to_have_count(0)


def test_a_file_cancelled_as_it_arrives_does_not_go_with_the_message(lesson: Lesson) -> None:
    page = lesson.instructor
    late: list[Route] = []
    page.route(re.compile(r"/finish$"), lambda route: late.append(route))
    pick(page, ("notes.txt", "text/plain", b"Bar 5"))
    until(page, late)
    arrived = late[0].fetch()
    page.get_by_role("button", name="Cancel notes.txt").click()
    expect(chip(page, "notes.txt")).to_have_count(0)
    late[0].fulfill(response=arrived)
    page.unroute_all(behavior="ignoreErrors")
    page.wait_for_timeout(500)
    send(page, "Without it.")
    expect(message(lesson.student, "Without it.")).to_be_visible()
    expect(lesson.student.locator("#log .file-chip")).to_have_count(0)


def test_two_people_change_a_goal_and_neither_undoes_the_other(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    for page in (student, instructor):
        page.locator("#talk-menu").click()
        page.get_by_role("menuitem", name="Goal…").click()
    instructor.get_by_label("What it is about").fill("The one in E flat, by heart.")
    instructor.get_by_role("button", name="Save").click()
    expect(instructor.get_by_role("dialog")).to_have_count(0)
    student.get_by_label("Progress, in percent").fill("30")
    student.get_by_role("button", name="Save").click()
    expect(student.get_by_role("dialog")).to_have_count(0)
    talk = student.url.rpartition("/")[2]
    goal = student.context.request.get(f"{lesson.desk.url}/api/goals/conversations/{talk}").json()["goal"]
    assert (goal["progress"], goal["description"]) == (30, "The one in E flat, by heart.")


def test_a_conversation_begun_with_a_double_click_is_one(strangers: tuple[Desk, Page, Page]) -> None:
    desk, page, _ = strangers
    page.goto(desk.url + "/goals")
    page.get_by_role("button", name="New conversation").click()
    page.get_by_label("Goal", exact=True).fill("Play the nocturne by heart")
    expect(page.get_by_label("With")).to_have_value(re.compile("instructor:"))
    page.get_by_role("button", name="Begin", exact=True).dblclick()
    page.wait_for_url("**/goals/*-*")
    page.wait_for_timeout(300)
    assert len(page.request.get(f"{desk.url}/api/goals/conversations").json()["items"]) == 1


def test_the_list_of_conversations_is_the_one_chosen_last(lesson: Lesson) -> None:
    page = lesson.instructor
    page.goto(lesson.desk.url + "/goals")
    expect(page.locator(".talk-row")).to_have_count(1)
    page.get_by_role("tab", name="Archived").click()
    expect(page.get_by_text("Nothing archived")).to_be_visible()
    waiting = held(page, r"status=active", "GET", most=1)
    page.get_by_role("tab", name="Open").click()
    until(page, waiting)
    page.get_by_role("tab", name="Archived").click()
    page.wait_for_timeout(300)
    waiting[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator(".talk-row")).to_have_count(0)
    expect(page.get_by_text("Nothing archived")).to_be_visible()


def test_an_assistant_closed_before_it_answers_writes_for_nobody(lesson: Lesson) -> None:
    page = lesson.instructor
    send(lesson.student, "I practised the left hand.")
    expect(message(page, "I practised the left hand.")).to_be_visible()
    page.locator("#composer").get_by_role("button", name="Assistant", exact=True).click()
    wish = page.get_by_role("button", name="Draft a reply")
    expect(wish).to_be_enabled()
    waiting = held(page, r"/turns$", most=1)
    stopped: list[str] = []
    page.on("request", lambda asked: stopped.append(asked.url) if asked.url.endswith("/stop") else None)
    wish.click()
    until(page, waiting)
    page.get_by_role("button", name="Close the assistant").click()
    waiting[0].continue_()
    for _ in range(60):
        if stopped:
            break
        page.wait_for_timeout(50)
    assert stopped
    page.locator("#composer").get_by_role("button", name="Assistant", exact=True).click()
    page.wait_for_timeout(500)
    expect(page.get_by_role("region", name="Suggested words")).to_be_hidden()
