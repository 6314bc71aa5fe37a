"""The search index keeps step with what it is an index of."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.core.drafts import Actor
from app.core.text.terms import query_of
from app.store import drafts as draft_store
from app.store import search
from app.store.db import Database
from app.store.drafting.expiry import Place, erase_some
from app.store.search import Source
from app.store.tables import User


@pytest.fixture
def session(database: Database) -> Any:
    with database.transaction() as session:
        yield session


def make(session: Session, writer: User, at: datetime, words: str) -> Source:
    fields = {"title": "Harbour", "text": words}
    head = draft_store.create_stream(
        session, kind="document", owner_id=writer.id, actor=Actor("user", writer.id), at=at, fields=fields
    )
    return Source(head.id, "draft", head.id)


def index(session: Session, source: Source, words: list[str]) -> None:
    search.replace_entry(session, source, search.content_of(session, source), [], words)
    search.sweep(session)


def found(session: Session, writer: User, typed: str) -> list[Source]:
    query = query_of(typed)
    assert query is not None
    return search.find(session, writer.id, query, cursor=None, limit=10).items


def test_a_change_waits_once_and_no_longer_when_it_is_indexed(session: Session, writer: User, now: datetime) -> None:
    source = make(session, writer, now, "boats")
    assert search.waiting(session, limit=10) == [source]
    assert search.waiting(session, owner_id=source.id, limit=10) == []
    index(session, source, ["boats"])
    assert search.waiting(session, owner_id=writer.id, limit=10) == []
    assert found(session, writer, "boats") == [source]


def test_what_changed_while_it_was_indexed_goes_on_waiting(session: Session, writer: User, now: datetime) -> None:
    source = make(session, writer, now, "boats")
    before = search.content_of(session, source)
    command = {"replica": "r", "n": 1, "base_seq": 1, "ops": [{"field": "title", "set": "Sea"}]}
    draft_store.receive_command(
        session, draft_id=source.id, user_id=writer.id, json=command, actor=Actor("user", writer.id), at=now
    )
    search.replace_entry(session, source, before, [], ["boats"])
    assert search.waiting(session, limit=10) == [source]
    index(session, source, ["boats"])
    assert search.waiting(session, limit=10) == []


def test_nothing_stays_of_a_draft_that_is_gone_for_good(session: Session, writer: User, now: datetime) -> None:
    source = make(session, writer, now, "secret")
    index(session, source, ["secret"])
    draft_store.discard(session, draft_id=source.id, user_id=writer.id, actor=Actor("user", writer.id), at=now)
    assert found(session, writer, "secret") == []
    session.execute(text("UPDATE draft_streams SET erased_at = saved_at, erasing = true"))
    assert erase_some(session, [source.id], Place(), seconds=60) == (1, Place())
    assert search.waiting(session, limit=10) == []
    assert session.scalar(text("SELECT count(*) FROM search_entries")) == 0
    if session.get_bind().dialect.name == "sqlite":
        assert search.anything_gone(session)
        search.sweep(session)
        assert not search.anything_gone(session)
        # The index itself says whether it still agrees with its entries.
        session.execute(text("INSERT INTO search_index (search_index) VALUES ('integrity-check')"))
        matches = "SELECT count(*) FROM search_index WHERE search_index MATCH 'secret'"
        assert session.scalar(text(matches)) == 0


def test_indexing_again_replaces_what_was_there(session: Session, writer: User, now: datetime) -> None:
    source = make(session, writer, now, "boats")
    index(session, source, ["boats"])
    index(session, source, ["ships"])
    assert found(session, writer, "boats") == []
    assert found(session, writer, "ships") == [source]
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("INSERT INTO search_index (search_index) VALUES ('integrity-check')"))
