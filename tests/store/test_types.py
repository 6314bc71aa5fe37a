"""Column types, identifiers, cursors and prepared statements mean the same on both databases."""

import threading
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import col

from app.store.db import Database
from app.store.engine.prepared import Prepared
from app.store.errors import BadCursor
from app.store.ids import new_id
from app.store.rows import decode_cursor, encode_cursor
from app.store.tables import DraftStream, User

TIMES = [
    datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
    datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
    datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5))),
    datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
]
COLUMNS = (col(User.id), col(User.email), col(User.roles), col(User.disabled_at), col(User.created_at))


def values(at: datetime, **given) -> dict:
    return {
        "id": new_id(),
        "email": "a@example.org",
        "name": "A",
        "password_hash": None,
        "roles": ["é🙂", "x"],
        "disabled_at": None,
        "created_at": at,
    } | given


@pytest.mark.parametrize("at", TIMES)
@pytest.mark.parametrize("way_in", ["prepared", "core"])
@pytest.mark.parametrize("way_out", ["prepared", "core"])
def test_prepared_statements_and_core_agree(database: Database, at: datetime, way_in: str, way_out: str) -> None:
    row = values(at, disabled_at=at)
    with database.transaction() as session:
        if way_in == "core":
            session.execute(insert(User).values(**row))
        else:
            assert Prepared(insert(User)).run(session, **row) == 1
    with database.transaction() as session:
        if way_out == "core":
            [found] = session.execute(select(*COLUMNS)).all()
        else:
            [found] = Prepared(select(*COLUMNS)).all(session)
    assert tuple(found) == (row["id"], row["email"], row["roles"], at, at)
    assert found[4].tzinfo is UTC


def test_a_prepared_statement_keeps_its_constants(database: Database, now: datetime) -> None:
    statement = Prepared(
        select(col(User.name)).where(col(User.email) == bindparam("email"), col(User.name) == "A").limit(1)
    )
    with database.transaction() as session:
        Prepared(insert(User)).run(session, **values(now))
        assert statement.one(session, email="a@example.org") == ("A",)
        assert statement.one(session, email="b@example.org") is None


def test_prepared_statements_are_part_of_the_transaction(database: Database, now: datetime) -> None:
    def add_and_fail() -> None:
        with database.transaction() as session:
            Prepared(insert(User)).run(session, **values(now))
            raise LookupError

    with pytest.raises(LookupError):
        add_and_fail()
    with database.transaction() as session:
        assert session.scalars(select(User)).all() == []


def test_a_time_without_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="timezone"), database.transaction() as session:
        session.execute(insert(User).values(**values(datetime(2026, 3, 1))))  # noqa: DTZ001


def test_errors_do_not_tell_what_was_written(database: Database, now: datetime) -> None:
    """Errors are logged, and parameters may be somebody's text."""
    row = values(now, name="a secret name")

    def twice(prepared: bool) -> None:
        with database.transaction() as session:
            for _ in range(2):
                if prepared:
                    Prepared(insert(User)).run(session, **row)
                else:
                    session.execute(insert(User).values(**row))

    for prepared in (True, False):
        with pytest.raises(IntegrityError) as caught:
            twice(prepared)
        assert "secret" not in str(caught.value)


def test_ids_take_sixteen_bytes_on_sqlite(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        session.execute(insert(User).values(**values(now)))
        if database.dialect == "sqlite":
            assert session.execute(text("SELECT typeof(id), length(id) FROM users")).one() == ("blob", 16)
        else:
            assert session.execute(text("SELECT pg_typeof(id)::text FROM users")).one() == ("uuid",)


def test_missing_json_is_null_in_the_database(database: Database, draft) -> None:
    with database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM draft_streams WHERE conflicts IS NULL")).scalar() == 1
        assert session.get_one(DraftStream, draft.id).conflicts is None


def test_ids_sort_by_the_moment_they_were_made() -> None:
    made = [new_id() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    moment = datetime.fromtimestamp((made[0].int >> 80) / 1000, UTC)
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_ids_made_in_several_threads_are_different() -> None:
    made: list[uuid.UUID] = []
    threads = [threading.Thread(target=lambda: made.extend(new_id() for _ in range(5000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20_000


@given(st.integers(-(2**62), 2**62), st.text(), st.uuids(), st.datetimes(timezones=st.just(UTC)))
def test_a_cursor_gives_back_what_was_put_in(number: int, words: str, one: uuid.UUID, at: datetime) -> None:
    cursor = encode_cursor(number, words, one, at)
    assert decode_cursor(cursor, int, str, uuid.UUID, datetime) == [number, words, one, at]


@given(st.text())
def test_a_cursor_from_elsewhere_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(cursor, int, uuid.UUID)
