"""`Database.read` and `write` keep their promise on both databases: all or nothing, and nothing before it is saved."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError, InternalError
from sqlmodel import Session

from app.store.db import Database, database_url, expect_slow, quick
from app.store.errors import StoreUnavailable
from app.store.tables import ProviderSetting, User
from tests.store.conftest import NOW
from tests.store.rows import get_value, set_value


def run(address: str, scenario: Callable[[Database], Awaitable[Any]], **options: Any) -> Any:
    """Opens the database on a loop of its own, as the server does."""

    async def main() -> Any:
        database = Database.open(address, migrate_schema=False, **options)
        try:
            return await scenario(database)
        finally:
            await database.close()

    return asyncio.run(main())


def keys(session: Session) -> list[str]:
    return [row[0] for row in session.execute(text("SELECT provider FROM provider_settings ORDER BY provider"))]


def put(session: Session, key: str) -> str:
    set_value(session, key, 1)
    return key


@quick
def put_quickly(session: Session, key: str) -> str:
    return put(session, key)


def put_and_fail(session: Session, key: str) -> None:
    put(session, key)
    raise LookupError(key)


@quick
def put_quickly_and_fail(session: Session, key: str) -> None:
    put_and_fail(session, key)


@quick
def fail_quickly(session: Session) -> None:
    raise LookupError("nothing written")


def break_a_reference(session: Session) -> None:
    """Violates a constraint that is only checked at COMMIT."""
    session.execute(text("UPDATE drafts SET current_version_id = id"))


def test_what_a_unit_wrote_is_read_afterwards(database_address: str) -> None:
    async def scenario(database: Database) -> None:
        assert await database.write(put, "a") == "a"
        assert await database.read(get_value, "a") == 1

    run(database_address, scenario)


@pytest.mark.parametrize("failing", [put_and_fail, put_quickly_and_fail])
def test_a_failing_unit_leaves_nothing_and_does_not_harm_the_others(
    database_address: str, failing: Callable[..., None]
) -> None:
    async def scenario(database: Database) -> None:
        results = await asyncio.gather(
            database.write(put_quickly, "a"),
            database.write(put, "b"),
            database.write(failing, "bad"),
            database.write(put_quickly, "c"),
            database.write(put, "d"),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [str, str, LookupError, str, str]
        assert await database.read(keys) == ["a", "b", "c", "d"]

    run(database_address, scenario)


def test_quick_units_around_a_failing_one_are_saved_once(database_address: str) -> None:
    async def scenario(database: Database) -> None:
        units = [database.write(put_quickly, f"k{number}") for number in range(20)]
        units.insert(7, database.write(fail_quickly))
        units.insert(14, database.write(put_quickly_and_fail, "bad"))
        results = await asyncio.gather(*units, return_exceptions=True)
        assert [index for index, result in enumerate(results) if isinstance(result, LookupError)] == [7, 14]
        assert len(await database.read(keys)) == 20

    run(database_address, scenario)


def test_a_database_error_in_one_unit_is_its_own(database_address: str) -> None:
    def twice(session: Session) -> None:
        for _ in range(2):
            session.execute(insert(User).values(email="a@example.org", name="A", roles=[], created_at=NOW))

    async def scenario(database: Database) -> None:
        results = await asyncio.gather(
            database.write(put, "b"), database.write(twice), database.write(put, "c"), return_exceptions=True
        )
        assert [type(result) for result in results] == [str, IntegrityError, str]
        assert await database.read(keys) == ["b", "c"]

    run(database_address, scenario)


def test_a_constraint_broken_at_commit_fails_only_the_unit_that_broke_it(database_address: str, draft: Any) -> None:
    async def scenario(database: Database) -> None:
        results = await asyncio.gather(
            database.write(put_quickly, "a"),
            database.write(break_a_reference),
            database.write(put, "b"),
            return_exceptions=True,
        )
        assert (results[0], results[2]) == ("a", "b")
        assert isinstance(results[1], IntegrityError)
        assert await database.read(keys) == ["a", "b"]

    run(database_address, scenario)


def test_objects_of_one_unit_are_unknown_to_the_next(database_address: str) -> None:
    seen: list[ProviderSetting | None] = []

    def change(session: Session) -> None:
        seen.append(session.get(ProviderSetting, "a"))
        session.get_one(ProviderSetting, "a").models = [len(seen)]

    async def scenario(database: Database) -> None:
        await database.write(put, "a")
        await asyncio.gather(database.write(change), database.write(change))
        assert seen[0] is not seen[1]
        assert await database.read(get_value, "a") == 2

    run(database_address, scenario)


def test_a_quick_function_that_has_much_to_do_goes_on_in_a_thread(database_address: str) -> None:
    threads: list[str] = []

    @quick
    def slow_after_all(session: Session, key: str) -> str:
        expect_slow(session)
        threads.append(threading.current_thread().name)
        return put(session, key)

    @quick
    def slow_read(session: Session) -> list[str]:
        expect_slow(session)
        threads.append(threading.current_thread().name)
        return keys(session)

    async def scenario(database: Database) -> None:
        results = await asyncio.gather(
            database.write(put_quickly, "a"), database.write(slow_after_all, "b"), database.write(put_quickly, "c")
        )
        assert results == ["a", "b", "c"]
        assert await database.read(slow_read) == ["a", "b", "c"]

    run(database_address, scenario)
    assert len(threads) == 2
    assert threading.main_thread().name not in threads


def test_units_run_in_the_order_they_were_given(database_address: str) -> None:
    order: list[int] = []

    def slow(session: Session, number: int) -> None:
        order.append(number)

    @quick
    def fast(session: Session, number: int) -> None:
        order.append(number)

    async def scenario(database: Database) -> None:
        await asyncio.gather(*(database.write(slow if number % 3 == 1 else fast, number) for number in range(60)))

    if database_address.startswith("postgresql"):
        run(database_address, scenario, pool_size=1)
    else:
        run(database_address, scenario)
    assert order == list(range(60))


def test_a_caller_that_went_away_does_not_stop_the_others(database_address: str) -> None:
    async def scenario(database: Database) -> None:
        gone = asyncio.ensure_future(database.write(put, "gone"))
        kept = asyncio.ensure_future(database.write(put, "kept"))
        await asyncio.sleep(0)
        gone.cancel()
        assert await kept == "kept"
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert "kept" in await database.read(keys)

    run(database_address, scenario)


def test_closing_answers_everybody_who_waits(database_address: str) -> None:
    async def main() -> list[Any]:
        database = Database.open(database_address, migrate_schema=False)
        waiting = [asyncio.ensure_future(database.write(put, f"k{number:02}")) for number in range(30)]
        await asyncio.sleep(0)
        await database.close()
        return await asyncio.gather(*waiting)

    assert len(asyncio.run(main())) == 30


def test_a_read_sees_one_state_however_long_it_takes(database_address: str) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def read_twice(session: Session) -> tuple[list[str], list[str]]:
        first = keys(session)
        entered.set()
        assert go_on.wait(10)
        return first, keys(session)

    async def scenario(database: Database) -> None:
        await database.write(put, "a")
        reading = asyncio.ensure_future(database.read(read_twice))
        await asyncio.to_thread(entered.wait, 10)
        await database.write(put, "b")
        go_on.set()
        assert await reading == (["a"], ["a"])

    run(database_address, scenario)


def test_a_query_cannot_write(database_address: str) -> None:
    async def scenario(database: Database) -> None:
        for query in (put, put_quickly):
            with pytest.raises((StoreUnavailable, InternalError), match=r"readonly|read-only|cannot save"):
                await database.read(query, "a")
        assert await database.read(keys) == []

    run(database_address, scenario)


def test_mistakes_in_sql_are_not_called_an_outage(database_address: str) -> None:
    def mistaken(session: Session) -> None:
        session.execute(text("SELECT nonsense FROM provider_settings"))

    async def scenario(database: Database) -> None:
        for call in (database.write, database.read):
            with pytest.raises(Exception, match="nonsense") as caught:
                await call(mistaken)
            assert not isinstance(caught.value, StoreUnavailable)

    run(database_address, scenario)


def test_health_follows_the_database(database_address: str) -> None:
    async def scenario(database: Database) -> None:
        assert await database.health() is True

    run(database_address, scenario)


def test_concurrent_writers_lose_nothing(database_address: str) -> None:
    def add_one(session: Session) -> None:
        row = session.get_one(ProviderSetting, "count", with_for_update=True)
        row.models = [row.models[0] + 1]

    async def scenario(database: Database) -> int:
        await database.write(set_value, "count", 0)
        await asyncio.gather(*(database.write(add_one) for _ in range(200)))
        return await database.read(get_value, "count")

    assert run(database_address, scenario) == 200


@pytest.mark.parametrize(
    "given, expected",
    [
        ("postgresql://u:p@host/db", "postgresql+psycopg://u:***@host/db"),
        ("postgres://u@host/db", "postgresql+psycopg://u@host/db"),
        ("postgresql+psycopg://u@host/db", "postgresql+psycopg://u@host/db"),
        ("sqlite:////data/x.db", "sqlite:////data/x.db"),
        ("/data/x.db", "sqlite:////data/x.db"),
    ],
)
def test_addresses_are_read_as_people_write_them(given: str, expected: str) -> None:
    assert database_url(given).render_as_string() == expected


@pytest.mark.parametrize("given", ["mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(given: str) -> None:
    with pytest.raises(ValueError, match="not a PostgreSQL address"):
        database_url(given)
