"""Lists of drafts and statistics, on both databases."""

import uuid
from datetime import datetime, timedelta

import pytest

from app.core.drafts import Actor
from app.store.accounts import create_user
from app.store.db import Database
from app.store.drafting.draft_lists import list_drafts, stats
from app.store.drafts import create_stream, discard, receive_command, recover
from app.store.errors import BadCursor
from app.store.tables import User
from app.store.versions import add_version

TITLES = ("Cherry", "apple", "Österreich", "banana", "Яблоко")


@pytest.fixture
def shelf(database: Database, writer: User, actor: Actor, now: datetime) -> dict[str, uuid.UUID]:
    """Five drafts, one day apart, the n-th with n + 1 words; and one of somebody else."""
    with database.transaction() as session:
        other = create_user(session, email="other@example.org", name="O", roles=[], at=now)
        create_stream(session, kind="document", owner_id=other.id, actor=actor, at=now, fields={"title": "Theirs"})
        return {
            title: create_stream(
                session,
                kind="document",
                owner_id=writer.id,
                actor=actor,
                at=now + timedelta(days=number),
                fields={"title": title, "text": "word " * (number + 1)},
            ).id
            for number, title in enumerate(TITLES)
        }


@pytest.mark.parametrize(
    "sort, expected",
    [
        ("saved", ["Яблоко", "banana", "Österreich", "apple", "Cherry"]),
        ("created", ["Яблоко", "banana", "Österreich", "apple", "Cherry"]),
        ("title", ["apple", "banana", "Cherry", "Österreich", "Яблоко"]),
        ("words", ["Яблоко", "banana", "Österreich", "apple", "Cherry"]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 5, 50])
def test_drafts_are_listed_in_order_page_by_page(
    database: Database, shelf: dict, writer: User, sort: str, expected: list[str], limit: int
) -> None:
    listed, cursor, pages = [], None, 0
    with database.transaction() as session:
        while pages < 10:
            page = list_drafts(session, writer.id, sort=sort, cursor=cursor, limit=limit)
            listed += page.items
            pages, cursor = pages + 1, page.next
            if cursor is None:
                break
    assert [summary.title for summary in listed] == expected
    assert pages == -(-5 // limit)


def test_equal_places_are_not_listed_twice(database: Database, writer: User, actor: Actor, now: datetime) -> None:
    with database.transaction() as session:
        made = {create_stream(session, kind="document", owner_id=writer.id, actor=actor, at=now).id for _ in range(7)}
        seen, cursor = [], None
        while True:
            page = list_drafts(session, writer.id, sort="completion", cursor=cursor, limit=2)
            seen += [summary.id for summary in page.items]
            if (cursor := page.next) is None:
                break
    assert len(seen) == 7
    assert set(seen) == made


def test_a_summary_tells_what_a_list_shows(
    database: Database, shelf: dict, writer: User, actor: Actor, now: datetime
) -> None:
    draft_id = shelf["apple"]
    with database.transaction() as session:
        for words in ("mine", "theirs"):
            json = {
                "replica": words,
                "n": 1,
                "base_seq": 1,
                "ops": [{"field": "title", "set": words}],
            }
            receive_command(
                session, draft_id=draft_id, user_id=writer.id, json=json, actor=Actor("user", uuid.uuid4()), at=now
            )
        add_version(session, draft_id, text="word word", seq=1, source="user", at=now)
        [summary] = [s for s in list_drafts(session, writer.id).items if s.id == draft_id]
    assert (summary.title, summary.words, summary.versions, summary.conflicts) == ("theirs", 2, 1, 1)
    assert (summary.excerpt, summary.status, summary.completion) == ("word word", "open", 100)
    assert (summary.kind, summary.seq, summary.deleted_at) == ("document", 4, None)


@pytest.mark.parametrize(
    "q, expected",
    [
        ("APPLE", ["apple"]),
        ("österREICH", ["Österreich"]),
        ("яБЛОКО", ["Яблоко"]),
        ("word word word word", ["Яблоко", "banana"]),
        ("100%", []),
        ("_", []),
        ("", ["Яблоко", "banana", "Österreich", "apple", "Cherry"]),
    ],
)
def test_drafts_are_found_by_words_in_any_case(
    database: Database, shelf: dict, writer: User, q: str, expected: list[str]
) -> None:
    with database.transaction() as session:
        assert [summary.title for summary in list_drafts(session, writer.id, q=q).items] == expected


def test_drafts_are_filtered(database: Database, shelf: dict, writer: User, actor: Actor, now: datetime) -> None:
    with database.transaction() as session:
        discard(session, draft_id=shelf["apple"], user_id=writer.id, actor=actor, at=now)

        def titles(**filters) -> list[str]:
            return [summary.title for summary in list_drafts(session, writer.id, **filters).items]

        assert "apple" not in titles()
        assert titles(trash=True) == ["apple"]
        assert len(titles(kind="document", status="open")) == 4
        assert titles(kind="form") == []
        assert titles(status="submitted") == []
        recover(session, draft_id=shelf["apple"], user_id=writer.id, actor=actor, at=now)
        assert len(titles()) == 5


@pytest.mark.parametrize("cursor", ["nonsense", "!", "WzFd", "e30"])
def test_a_made_up_cursor_is_refused(database: Database, shelf: dict, writer: User, cursor: str) -> None:
    with pytest.raises(BadCursor), database.transaction() as session:
        list_drafts(session, writer.id, cursor=cursor)


def test_statistics_count_what_is_there(
    database: Database, shelf: dict, writer: User, actor: Actor, now: datetime
) -> None:
    with database.transaction() as session:
        create_stream(session, kind="document", owner_id=writer.id, actor=actor, at=now, fields={"text": "no title"})
        discard(session, draft_id=shelf["Cherry"], user_id=writer.id, actor=actor, at=now)
        found = stats(session, writer.id)
    assert (found.total, found.completed, found.words, found.trashed) == (5, 4, 2 + 3 + 4 + 5 + 2, 1)
    assert (found.average_completion, found.synced, found.in_conflict) == (90.0, 5, 0)
    assert (found.submitted, found.autosaves, found.manual_saves) == (0, 0, 0)


def test_statistics_of_nobody_are_zero(database: Database) -> None:
    with database.transaction() as session:
        found = stats(session, uuid.uuid4())
    assert (found.total, found.average_completion, found.words) == (0, 0.0, 0)
