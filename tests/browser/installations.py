"""Installations with people in them, made by the page once and copied for each test: migrating an empty database and
letting somebody in takes seconds. Where nothing is prepared, `test_story.py` begins."""

import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, Page, StorageState
from sqlmodel import Session

from app.services.clock import system_clock
from app.store.accounts import list_users
from app.store.db import Database
from app.store.drafts import load_draft
from app.store.goals.conversations import add_conversation, add_goal
from app.store.goals.messages import begin, publish
from tests.forked import forked
from tests.running import serving_and_greeting

PASSWORD = "correct horse battery"
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@dataclass(frozen=True)
class Installation:
    """A data folder that nothing serves, and the cookies of its people."""

    data: Path
    cookies: dict[str, StorageState]

    def copied_to(self, data: Path) -> None:
        shutil.copytree(self.data, data)

    def browser_of(self, name: str, browser: Browser, **options: Any) -> BrowserContext:
        """One in which this person is signed in, at whatever port the installation is served."""
        context = browser.new_context(storage_state=self.cookies[name], **options)
        context.set_default_timeout(15_000)
        return context


@contextmanager
def being_made(data: Path, *, lines: int = 1) -> Iterator[tuple[str, str]]:
    """An installation's address and the first `lines` it printed; stopped in order, so that all of it is in its files."""
    with serving_and_greeting(data, lines=lines, start=forked) as (url, process, greeting):
        yield url, greeting
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def first_link(greeting: str) -> str:
    """The administrator's, as the product prints it."""
    link: str = re.findall(r"http://\S+/welcome/\S+", greeting)[0]
    return link


def welcomed(page: Page, link: str, *, name: str = "", email: str = "") -> None:
    """Use a link that lets in once; ends at the list."""
    page.goto(link)
    if name:
        page.locator("input[name=name]").fill(name)
        page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"^http://[^/]+/$"))


def cookies_after(browser: Browser, link: str, **who: str) -> StorageState:
    """The cookies of somebody who has used the link."""
    context = browser.new_context()
    context.set_default_timeout(15_000)
    welcomed(context.new_page(), link, **who)
    cookies = context.cookies()
    context.close()
    return {"cookies": cookies, "origins": []}  # type: ignore[typeddict-item]


def installed(browser: Browser, data: Path) -> Installation:
    """One whose administrator, Ada, has used the printed link."""
    with being_made(data, lines=2) as (_, greeting):
        ada = cookies_after(browser, first_link(greeting), name="Ada", email="ada@example.org")
    return Installation(data, {"Ada": ada})


def with_people(browser: Browser, begun: Installation, data: Path, **roles: str) -> Installation:
    """The same with further people, by name, whom Ada invited."""
    begun.copied_to(data)
    cookies = dict(begun.cookies)
    with being_made(data) as (url, _):
        ada = begun.browser_of("Ada", browser)
        token = ada.request.get(f"{url}/api/me").json()["csrf_token"]
        for name, role in roles.items():
            person = {"email": f"{name.lower()}@example.org", "name": name, "roles": [role]}
            invited = ada.request.post(f"{url}/api/users", data=person, headers={"X-CSRF-Token": token})
            assert invited.ok, invited.text()
            cookies[name] = cookies_after(browser, invited.json()["link"])
        ada.close()
    return Installation(data, cookies)


MESSAGES = 20_000
REPLIES_TO = 4_000
"""The message that has replies in a thread."""
WORDS = "Hands apart; bar five still stumbles, so slower tomorrow. "


@dataclass(frozen=True)
class History:
    """An installation with a conversation of `MESSAGES`, and the ids of these in their order, then of the replies."""

    of: Installation
    talk: str
    ids: list[str]


def with_history(school: Installation, data: Path) -> History:
    """Notes of a year, each answered now and then; one has replies in a thread."""
    school.copied_to(data)
    database = Database.open(data / "draftloom.db", migrate_schema=False)
    start = system_clock() - timedelta(days=400)
    ids: list[str] = []

    def say(session: Session, by: UUID, kind: str, content: str, *, at: datetime, **more: UUID) -> None:
        head = begin(session, conversation_id=talk, sender_id=by, message_type=kind, content=content, at=at, **more)
        ids.append(str(publish(session, load_draft(session, head.id), at=at).id))

    with database.transaction() as session:
        people = {user.name: user.id for user in list_users(session)}
        sam, ines = people["Sam"], people["Ines"]
        goal = add_goal(session, student_id=sam, created_by=sam, at=start, title="Play the nocturne by heart")
        talk = add_conversation(session, student_id=sam, instructor_id=ines, goal_id=goal.id, at=start)[0].id
    for piece in range(0, MESSAGES, 500):
        with database.transaction() as session:
            for number in range(piece, piece + 500):
                content = f"Note number {number}. " + WORDS * (number * number % 11)
                by, kind = (ines, "instructor_response") if number % 7 == 6 else (sam, "daily_note")
                say(session, by, kind, content.strip(), at=start + timedelta(minutes=25 * number))
    with database.transaction() as session:
        for number in range(3):
            say(
                session, ines, "instructor_response", f"Reply number {number}", at=start + timedelta(days=399),
                reply_to_id=UUID(ids[REPLIES_TO]),
            )  # fmt: skip
    database.engine.dispose()
    return History(Installation(data, school.cookies), str(talk), ids)
