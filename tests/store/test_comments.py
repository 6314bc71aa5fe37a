"""What the database itself holds of comments."""

import uuid
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.store.accounts import create_user, delete_user
from app.store.comments import begin_thread, entries_of, get_comment, get_thread, say, take_words_back, threads_of
from app.store.db import Database
from app.store.drafting.heads import Head
from app.store.errors import NotFound
from app.store.tables import Comment, CommentThread, Draft, User, metadata

threads = metadata.tables["comment_threads"]
comments = metadata.tables["comments"]


@pytest.fixture
def thread(database: Database, draft: Head, writer: User, now: datetime) -> uuid.UUID:
    """A thread with two things said in it."""
    with database.transaction() as session:
        begun = begin_thread(
            session, draft_id=draft.id, seq=1, place=(4, 9), quote="boats", by=writer.id, at=now
        )  # fmt: skip
        for body in ("Which?", "All."):
            say(session, begun, body=body, by=writer.id, at=now)
        return begun.id


def refused(database: Database, statement: Any) -> None:
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.execute(statement)


def rows(session: Session) -> tuple[int, int]:
    return (
        session.scalar(select(func.count()).select_from(CommentThread)) or 0,
        session.scalar(select(func.count()).select_from(Comment)) or 0,
    )


@pytest.mark.parametrize(
    "wrong", [{"range_to": 3}, {"range_from": -1}, {"placed_seq": 0}, {"quote": ""}, {"resolved_by": True}]
)
def test_a_thread_is_about_a_passage(
    database: Database, thread: uuid.UUID, writer: User, wrong: dict[str, Any]
) -> None:
    values = {name: writer.id if value is True else value for name, value in wrong.items()}
    refused(database, update(threads).values(values))


def test_what_is_said_has_words_unless_they_were_taken_back(
    database: Database, thread: uuid.UUID, now: datetime
) -> None:
    refused(database, update(comments).values(body=""))
    refused(database, update(comments).values(deleted_at=now))
    row = {"id": uuid.uuid4(), "thread_id": uuid.uuid4(), "body": "x", "created_at": now}
    refused(database, insert(comments).values(row))


def test_a_thread_in_which_nothing_is_left_goes(
    database: Database, draft: Head, thread: uuid.UUID, now: datetime
) -> None:
    with database.transaction() as session:
        found = get_thread(session, draft.id, thread)
        first, second = (entry.id for entry in entries_of(session, draft.id, thread))
        take_words_back(session, found, get_comment(session, found, first), at=now)
        assert [entry.body for entry in entries_of(session, draft.id)] == ["", "All."]
        with pytest.raises(NotFound):
            get_comment(session, found, first)
        take_words_back(session, found, get_comment(session, found, second), at=now)
    with database.transaction() as session:
        assert rows(session) == (0, 0)


def test_comments_go_with_their_document(database: Database, draft: Head, thread: uuid.UUID) -> None:
    with database.transaction() as session:
        session.execute(delete(Draft).where(Draft.id == draft.id))
    with database.transaction() as session:
        assert rows(session) == (0, 0)


def test_what_was_said_outlives_the_account_of_who_said_it(
    database: Database, draft: Head, thread: uuid.UUID, now: datetime
) -> None:
    with database.transaction() as session:
        guest = create_user(session, email="guest@example.org", name="Guest", roles=["writer"], at=now)
        say(session, get_thread(session, draft.id, thread), body="Mine.", by=guest.id, at=now)
    with database.transaction() as session:
        delete_user(session, guest.id)
    with database.transaction() as session:
        assert [(entry.author, entry.body) for entry in entries_of(session, draft.id)] == [
            ("Wanda Writer", "Which?"),
            ("Wanda Writer", "All."),
            (None, "Mine."),
        ]
        assert len(threads_of(session, draft.id)) == 1
