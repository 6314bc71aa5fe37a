"""The assistant beside a message: it suggests, and only the person takes and sends."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Api, SlowModel, picture, settled
from tests.browser.lessons import Lesson, lesson, message, send, strangers, write

__all__ = ["lesson", "strangers"]

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_assistant_suggests_a_message_and_the_person_takes_it(lesson: Lesson, theme: Any) -> None:
    for page, name in ((lesson.student, "phone"), (lesson.instructor, "desktop")):
        page.emulate_media(color_scheme=theme)
        write(page, "Half a thought")
        expect(page.locator("#composer .pill[data-state=saved]")).to_be_visible()
        page.locator("#composer").get_by_role("button", name="Assistant", exact=True).click()
        panel = page.locator("#composer .reply-assistant")
        expect(panel.locator("output")).to_contain_text("tokens")
        panel.get_by_role("button", name="Draft a reply").click()
        expect(panel.get_by_role("button", name="Use instead")).to_be_visible()
        picture(page, f"reply-assistant-{name}-{theme}")
        words = panel.locator(".suggested-words").inner_text().strip()
        panel.get_by_role("button", name="Add below").click()
        text = page.locator("#composer .composer-text")
        expect(text).to_have_value(f"Half a thought\n\n{words}")
        text.press("Control+z")
        expect(text).to_have_value("Half a thought")
        for other in (lesson.student, lesson.instructor):
            expect(other.locator("#log .msg")).to_have_count(0)


def test_a_suggestion_waits_beside_what_is_typed_meanwhile_and_is_sent_by_hand_alone(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    send(instructor, "How did bar twelve go?")
    expect(message(student, "How did bar twelve go?")).to_be_visible()
    student.locator("#composer").get_by_role("button", name="Assistant", exact=True).click()
    panel = student.locator("#composer .reply-assistant")
    expect(panel.get_by_role("button", name="Tighten")).to_be_disabled()
    panel.get_by_role("button", name="Draft a reply").click()
    use = panel.get_by_role("button", name="Use this")
    expect(use).to_be_visible()
    write(student, "My own words")
    expect(use).to_have_count(0)
    text = student.locator("#composer .composer-text")
    expect(text).to_have_value("My own words")
    words = panel.locator(".suggested-words").inner_text().strip()
    expect(instructor.locator("#log .msg")).to_have_count(1)
    panel.get_by_role("button", name="Use instead").click()
    expect(text).to_have_value(words)
    expect(instructor.locator("#log .msg")).to_have_count(1)
    student.locator("#composer .composer-send").click()
    expect(instructor.locator("#log .msg")).to_have_count(2)
    instructor.goto(lesson.desk.url + "/costs")
    expect(instructor.locator("main")).not_to_contain_text("Draft a reply")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_assistant_says_that_a_budget_is_used_up_and_answers_once_it_is_not(
    slow_model: SlowModel, lesson: Lesson, theme: Any
) -> None:
    slow_model.finish.set()
    api, student = Api(lesson.desk), lesson.student
    api.post("/api/prices", provider="slow", model="slow-1", since="2026-01-01", input_usd="100", output_usd="100")
    sam = student.context.request.get(f"{lesson.desk.url}/api/me").json()["id"]
    budget = api.post("/api/budgets", scope="user", user_id=sam, period="month", hard_usd="0.0001")
    send(lesson.instructor, "How did bar twelve go?")
    expect(message(student, "How did bar twelve go?")).to_be_visible()
    for page, name in ((student, "phone"), (wide(student, lesson, theme), "desktop")):
        page.emulate_media(color_scheme=theme)
        composer = page.locator("#composer")
        if name == "phone":
            write(page, "My own words")
            expect(composer.locator(".pill[data-state=saved]")).to_be_visible()
        expect(composer.locator(".composer-text")).to_have_value("My own words")
        composer.get_by_role("button", name="Assistant", exact=True).click()
        panel = composer.locator(".reply-assistant")
        with page.expect_response(re.compile(r"/turns$")) as refused:
            panel.get_by_role("button", name="Draft a reply").click()
        assert (refused.value.status, refused.value.json()["code"]) == (402, "budget_reached")
        expect(panel.locator("p[role=status]")).to_have_text(refused.value.json()["detail"])
        assert "Ada" in refused.value.json()["detail"]
        expect(panel.get_by_role("button", name="Use instead")).to_be_hidden()
        expect(panel.get_by_role("button", name="Stop")).to_be_hidden()
        expect(composer.locator(".composer-text")).to_have_value("My own words")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        settled(panel)
        picture(page, f"reply-assistant-budget-{name}-{theme}")
    lesson.desk.context.request.delete(f"{lesson.desk.url}/api/budgets/{budget['id']}", headers=api.headers)
    panel = student.locator("#composer .reply-assistant")
    panel.get_by_role("button", name="Draft a reply").click()
    expect(panel.locator(".suggested-words")).to_have_text("The gulls sleep on the roof.")
    expect(panel.locator("p[role=status]")).to_contain_text("$")
    panel.get_by_role("button", name="Use instead").click()
    expect(student.locator("#composer .composer-text")).to_have_value("The gulls sleep on the roof.")
    # The browser itself notes that it was refused.
    assert [problem for problem in lesson.desk.problems if "402" not in problem] == []


def wide(page: Page, lesson: Lesson, theme: Any) -> Page:
    """The same person at a desk."""
    cookies = page.context.storage_state()
    browser = page.context.browser
    assert browser is not None
    desk = browser.new_context(storage_state=cookies, viewport={"width": 1440, "height": 900}, color_scheme=theme)
    desk.set_default_timeout(15_000)
    other = desk.new_page()
    other.goto(lesson.url)
    return other


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_assistant_helps_with_a_reply_in_a_thread(lesson: Lesson, theme: Any) -> None:
    student, instructor = lesson.student, lesson.instructor
    send(instructor, "Which hand first?")
    expect(message(student, "Which hand first?")).to_be_visible()
    write(student, "Left in the main composer")
    expect(student.locator("#composer .pill[data-state=saved]")).to_be_visible()
    for page, name in ((student, "phone"), (instructor, "desktop")):
        page.emulate_media(color_scheme=theme)
        said = message(page, "Which hand first?")
        said.hover()
        if name == "phone":
            said.get_by_role("button", name="More about this message").click()
            page.get_by_role("menuitem", name="Open thread").click()
        else:
            said.get_by_role("button", name="Reply in a thread").click()
        write(page, "Half a reply", reply=True)
        thread = page.locator("#thread")
        expect(thread.locator(".pill[data-state=saved]")).to_be_visible()
        thread.get_by_role("button", name="Assistant", exact=True).click()
        panel = thread.locator(".reply-assistant")
        expect(panel.locator("output")).to_contain_text("tokens")
        panel.get_by_role("button", name="Draft a reply").click()
        expect(panel.get_by_role("button", name="Use instead")).to_be_visible()
        expect(thread.locator(".composer-send")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        picture(page, f"reply-assistant-thread-{name}-{theme}")
        words = panel.locator(".suggested-words").inner_text().strip()
        # Escape closes the assistant and not the thread it helps in.
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()
        expect(thread).to_be_visible()
        text = thread.locator(".composer-text")
        expect(text).to_be_focused()
        expect(text).to_have_value("Half a reply")
        thread.get_by_role("button", name="Assistant", exact=True).click()
        panel.get_by_role("button", name="Draft a reply").click()
        expect(panel.get_by_role("button", name="Add below")).to_be_visible()
        words = panel.locator(".suggested-words").inner_text().strip()
        panel.get_by_role("button", name="Add below").click()
        expect(text).to_have_value(f"Half a reply\n\n{words}")
    # Nothing is sent but by hand, and no other message took the words.
    for page in (student, instructor):
        expect(page.locator("#thread .thread-log .msg")).to_have_count(1)
    student.locator("#thread .composer-send").click()
    expect(instructor.locator("#thread .thread-log .msg")).to_have_count(2)
    expect(instructor.locator("#thread .thread-log .msg").last).to_contain_text("Half a reply")
    student.keyboard.press("Escape")
    expect(student.locator("#composer .composer-text")).to_have_value("Left in the main composer")
    assert lesson.desk.problems == []
