"""Files of messages in a browser: picked, dropped, pasted, refused, sent, looked at; a connection that breaks in the middle."""

import base64
import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.attachments.samples import SCRIPTED_SVG, png
from tests.browser.conftest import picture
from tests.browser.lessons import Lesson, lesson, message, send, strangers, write

__all__ = ["lesson", "strangers"]

pytestmark = pytest.mark.browser

DROP = """([target, files, type]) => {
  const transfer = new DataTransfer();
  for (const [name, kind, content] of files) {
    transfer.items.add(new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name, { type: kind }));
  }
  const element = document.querySelector(target);
  const how = { bubbles: true, cancelable: true };
  if (type === "paste") element.dispatchEvent(new ClipboardEvent("paste", { ...how, clipboardData: transfer }));
  else element.dispatchEvent(new DragEvent(type, { ...how, dataTransfer: transfer }));
}"""


def hand(page: Page, type_: str, target: str, *files: tuple[str, str, bytes]) -> None:
    encoded = [[name, kind, base64.b64encode(content).decode()] for name, kind, content in files]
    page.evaluate(DROP, [target, encoded, type_])


def pick(page: Page, *files: tuple[str, str, bytes]) -> None:
    page.locator("#composer input[type=file]").set_input_files(
        [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
    )


def chip(page: Page, name: str) -> Any:
    return page.locator("#composer .file-chip", has_text=name)


def test_files_are_attached_sent_and_looked_at(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    pick(student, ("before.png", "image/png", png(300, 200)))
    expect(chip(student, "before.png")).to_have_attribute("data-state", "clean")
    expect(chip(student, "before.png").locator("img[src]")).to_be_visible()
    expect(student.locator("#composer .hint", has_text="not scanned for viruses")).to_be_visible()

    hand(student, "dragenter", "#stream", ("after.png", "image/png", png(200, 300)))
    expect(student.locator(".talk-main .drop-veil")).to_be_visible()
    picture(student, "attachments-drop-phone")
    hand(student, "drop", "#stream", ("after.png", "image/png", png(200, 300)), ("notes.txt", "text/plain", b"Bar 5"))
    expect(student.locator(".talk-main .drop-veil")).to_be_hidden()
    hand(student, "paste", "#composer .composer-text", ("image.png", "image/png", png(50, 50)))
    for name in ("after.png", "notes.txt", "image.png"):
        expect(chip(student, name)).to_have_attribute("data-state", "clean")
    chip(student, "image.png").get_by_role("button", name="Remove image.png").click()
    expect(chip(student, "image.png")).to_have_count(0)

    pick(
        student, ("drawing.svg", "image/svg+xml", SCRIPTED_SVG), ("fake.png", "image/png", b"\xff\xd8\xff" + bytes(50))
    )
    expect(chip(student, "drawing.svg")).to_contain_text("contains a script")
    expect(chip(student, "fake.png")).to_contain_text("not what the name says")
    picture(student, "attachments-composer-phone")
    for name in ("drawing.svg", "fake.png"):
        chip(student, name).get_by_role("button").click()

    send(student, "Before and after.")
    said = message(instructor, "Before and after.")
    expect(said.locator(".picture img[src]")).to_have_count(2)
    expect(said.locator("button.file-chip")).to_contain_text("notes.txt")
    expect(student.locator("#composer .file-chip")).to_have_count(0)
    picture(student, "attachments-message-phone")
    picture(instructor, "attachments-message-desk")

    with instructor.expect_download() as saved:
        said.get_by_role("button", name=re.compile("Download notes.txt")).click()
    assert saved.value.suggested_filename == "notes.txt"
    said.get_by_role("button", name="View before.png").click()
    viewer = instructor.locator("dialog.viewer")
    expect(viewer.locator("h2")).to_have_text("before.png")
    expect(viewer.locator("img[src]")).to_be_visible()
    picture(instructor, "attachments-viewer-desk")
    instructor.keyboard.press("ArrowRight")
    expect(viewer.locator("h2")).to_have_text("after.png")
    expect(viewer.get_by_role("button", name="Next picture (→)")).to_be_hidden()
    instructor.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(said.get_by_role("button", name="View before.png")).to_be_focused()
    # The browser itself notes that one file was refused while it was sent.
    assert [problem for problem in lesson.desk.problems if "status of 422" not in problem] == []


def test_a_message_may_be_files_alone_and_a_draft_keeps_its_files(lesson: Lesson) -> None:
    student, instructor = lesson.student, lesson.instructor
    write(student, "Words first")
    expect(student.locator("#composer .pill[data-state=saved]")).to_be_visible()
    pick(student, ("one.png", "image/png", png()))
    expect(chip(student, "one.png")).to_have_attribute("data-state", "clean")
    student.reload()
    expect(chip(student, "one.png")).to_have_attribute("data-state", "clean")
    expect(student.locator("#composer .composer-text")).to_have_value("Words first")
    expect(instructor.locator(".picture")).to_have_count(0)
    student.locator("#composer .composer-text").fill("")
    student.locator("#composer .composer-send").click()
    expect(instructor.locator("#log .picture img[src]")).to_have_count(1)


def test_an_upload_goes_on_where_the_connection_broke(lesson: Lesson) -> None:
    student = lesson.student
    # The page waits longer after each failure, 13 s in all; with a clock of its own that can be put on.
    student.context.clock.install()
    student.reload()
    sent: list[str] = []
    broken = 0

    def flaky(route: Route) -> None:
        nonlocal broken
        if broken < 5 and len(sent) == 1:
            broken += 1
            route.abort("connectionreset")
            return
        sent.append(route.request.headers["upload-offset"])
        route.continue_()

    student.route(
        "**/api/uploads/*", lambda route: flaky(route) if route.request.method == "PUT" else route.continue_()
    )
    size = 18 << 20
    pick(student, ("long.txt", "text/plain", b"words and " * (size // 10)))
    stopped = chip(student, "long.txt")
    for _ in range(600):
        if "Try again" in (stopped.text_content() or ""):
            break
        student.clock.fast_forward(10_000)
        student.wait_for_timeout(50)
    expect(stopped).to_contain_text("Try again")
    picture(student, "attachments-stopped-phone")
    stopped.get_by_role("button", name="Try again").click()
    expect(stopped).to_have_attribute("data-state", "clean", timeout=30_000)
    assert sent == ["0", str(8 << 20), str(16 << 20)]
    assert broken == 5
