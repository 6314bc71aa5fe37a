"""A lesson between two browsers: who has it, and how they write and read in it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import Api, Desk, note_problems, served_to
from tests.browser.installations import PHONE, WIDE, Installation
from tests.browser.machines import has_shell


@dataclass
class Lesson:
    """A conversation open in two browsers: an instructor's at a desk and a student's on a phone."""

    url: str
    student: Page
    instructor: Page
    desk: Desk


@contextmanager
def two_browsers(school: Installation, browser: Browser, data: Path) -> Iterator[tuple[Desk, Page, Page]]:
    """The desk of a school that is served, and pages of its student and its instructor, empty yet."""
    with (
        served_to(school, browser, data) as desk,
        school.browser_of("Sam", browser, **PHONE) as phone,
        school.browser_of("Ines", browser, **WIDE) as wide,
    ):
        student, instructor = phone.new_page(), wide.new_page()
        note_problems(desk, student)
        note_problems(desk, instructor)
        yield desk, student, instructor


@pytest.fixture
def strangers(browser: Browser, school: Installation, data: Path) -> Iterator[tuple[Desk, Page, Page]]:
    """A student and an instructor who have nothing to do with each other yet."""
    school.copied_to(data)
    with two_browsers(school, browser, data) as both:
        yield both


@pytest.fixture
def lesson(strangers: tuple[Desk, Page, Page]) -> Lesson:
    desk, student, instructor = strangers
    sam, ines = (Api(Desk(desk.url, page.context, page, [])) for page in (student, instructor))
    goal = sam.post("/api/goals", title="Play the nocturne by heart")
    talk = sam.post("/api/goals/conversations", goal_id=goal["id"], instructor_id=ines.me["id"])
    url = f"{desk.url}/goals/{talk['id']}"
    for page in (student, instructor):
        page.goto(url)
        has_shell(page)
    return Lesson(url, student, instructor, desk)


def csrf(page: Page) -> str:
    return page.locator("meta[name=csrf-token]").get_attribute("content") or ""


def write(page: Page, words: str, *, reply: bool = False) -> None:
    page.locator("#thread .composer-text" if reply else "#composer .composer-text").press("Control+End")
    page.keyboard.type(words)


def send(page: Page, words: str, *, reply: bool = False) -> None:
    write(page, words, reply=reply)
    page.locator("#thread .composer-send" if reply else "#composer .composer-send").click()


def hold_first(page: Page, address: str) -> list[Route]:
    """Keeps the first request to an address waiting; it is in the list once it is made."""
    held: list[Route] = []
    page.route(re.compile(address), lambda route: route.continue_() if held else held.append(route))
    return held


def cuttable(page: Page) -> tuple[list[Any], list[bool]]:
    """The live sockets the page opens from now on, and whether further ones are refused."""
    sockets: list[Any] = []
    cut = [False]

    def between(socket: Any) -> None:
        if cut[0]:
            return socket.close()
        sockets.append(socket)
        socket.connect_to_server()

    page.route_web_socket(re.compile("/api/live"), between)
    return sockets, cut


def message(page: Page, words: str) -> Any:
    return page.locator("#log .msg", has_text=words)
