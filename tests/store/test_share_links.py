"""What the database itself holds of links to read."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from app.core.drafts import Actor
from app.store.accounts import delete_user
from app.store.db import Database
from app.store.drafting.heads import Head
from app.store.drafts import create_stream
from app.store.share_links import add_link, count_links, links_of, note_use, open_link, remove_link
from app.store.tables import Draft, ShareLink, User

DAY = timedelta(days=1)


def link(database: Database, draft_id: uuid.UUID, at: datetime, **given: Any) -> uuid.UUID:
    values: dict[str, Any] = {"name": "", "token_hash": b"one", "expires_at": None} | given
    with database.transaction() as session:
        return add_link(session, draft_id=draft_id, at=at, **values).id


def test_a_link_leads_to_its_document_until_the_moment_it_ends(
    database: Database, draft: Head, writer: User, now: datetime
) -> None:
    made = link(database, draft.id, now, expires_at=now + DAY)
    with database.transaction() as session:
        found = open_link(session, b"one", now + DAY - timedelta(microseconds=1))
        assert found is not None
        assert (found.link_id, found.draft_id, found.seq, found.owner_name) == (made, draft.id, draft.seq, writer.name)
        assert (found.expires_at, found.last_used_at) == (now + DAY, None)
        assert open_link(session, b"one", now + DAY) is None
        assert open_link(session, b"two", now) is None
        note_use(session, made, at=now)
    with database.transaction() as session:
        assert [row.last_used_at for row in links_of(session, draft.id)] == [now]
        assert remove_link(session, uuid.uuid4(), made) is False
        assert remove_link(session, draft.id, made) is True
        assert remove_link(session, draft.id, made) is False
        assert count_links(session, draft.id) == 0


def test_the_database_refuses_a_second_link_of_one_token_and_one_that_ended_before_it_began(
    database: Database, draft: Head, now: datetime
) -> None:
    link(database, draft.id, now)
    with pytest.raises(DBAPIError):
        link(database, draft.id, now)
    with pytest.raises(DBAPIError):
        link(database, draft.id, now, token_hash=b"two", expires_at=now)


def test_only_documents_have_links(database: Database, writer: User, actor: Actor, now: datetime) -> None:
    fields = {"title": "T", "description": "D"}
    with database.transaction() as session:
        report = create_stream(session, kind="bug_report", owner_id=writer.id, actor=actor, at=now, fields=fields)
    with pytest.raises(DBAPIError):
        link(database, report.id, now)


@pytest.mark.parametrize("goes", ["document", "owner"])
def test_a_link_goes_with_what_it_leads_to(
    database: Database, draft: Head, writer: User, now: datetime, goes: str
) -> None:
    link(database, draft.id, now)
    with database.transaction() as session:
        if goes == "owner":
            delete_user(session, writer.id)
        else:
            session.execute(delete(Draft).where(Draft.id == draft.id))
    with database.transaction() as session:
        assert session.scalars(select(ShareLink.id)).all() == []
