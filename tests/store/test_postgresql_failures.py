"""What happens when a PostgreSQL server drops connections, asks for another attempt, or is gone."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.store.db import Database
from app.store.errors import StoreUnavailable
from app.store.tables import ProviderSetting
from tests.store.rows import get_value, set_value

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("database_address", ["postgresql"], indirect=True)]


def run(address: str, scenario: Callable[[Database], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        database = Database.open(address, migrate_schema=False, **options)
        try:
            await scenario(database)
        finally:
            await database.close()

    asyncio.run(main())


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_unit_is_run_again_where_the_server_asks_for_it(database_address: str, code: str) -> None:
    attempts = []

    def collide_twice(session: Session) -> str:
        attempts.append(1)
        set_value(session, "a", len(attempts))
        if len(attempts) < 3:
            session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'collision' USING ERRCODE = '{code}'; END $$"))
        return "saved"

    async def scenario(database: Database) -> None:
        assert await database.write(collide_twice) == "saved"
        assert await database.read(get_value, "a") == 3

    run(database_address, scenario)


def test_a_unit_that_collides_for_ever_is_given_up(database_address: str) -> None:
    attempts = []

    def collide(session: Session) -> None:
        attempts.append(1)
        session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'collision' USING ERRCODE = '40001'; END $$"))

    async def scenario(database: Database) -> None:
        with pytest.raises(StoreUnavailable):
            await database.write(collide)
        assert len(attempts) == 5

    run(database_address, scenario)


def test_crossing_locks_are_sorted_out(database_address: str) -> None:
    """Two units that lock two rows in opposite order: the server stops one, which then runs again."""

    def add(session: Session, first: str, second: str) -> None:
        for key in (first, second):
            row = session.get_one(ProviderSetting, key, with_for_update=True)
            session.execute(text("SELECT pg_sleep(0.05)"))
            row.models = [row.models[0] + 1]

    async def scenario(database: Database) -> None:
        for key in "ab":
            await database.write(set_value, key, 0)
        await asyncio.gather(*(database.write(add, *pair) for pair in ("ab", "ba")))
        assert [await database.read(get_value, key) for key in "ab"] == [2, 2]

    run(database_address, scenario)


def test_dropped_connections_are_replaced(database_address: str) -> None:
    def drop_all(session: Session) -> None:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )

    def drop_own(session: Session) -> None:
        set_value(session, "lost", 1)
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    async def scenario(database: Database) -> None:
        await asyncio.gather(*(database.write(set_value, f"k{number}", 1) for number in range(10)))
        await database.write(drop_all)
        await asyncio.gather(*(database.write(set_value, f"l{number}", 1) for number in range(10)))
        with pytest.raises(StoreUnavailable):
            await database.write(drop_own)
        assert await database.read(get_value, "lost") is None
        assert await database.health() is True

    run(database_address, scenario)


def test_a_server_that_is_not_there_is_unavailable(database_address: str, tmp_path: Path) -> None:
    address = f"postgresql://postgres@/nothing?host={tmp_path}"
    with pytest.raises(StoreUnavailable):
        Database.open(address)

    async def scenario(database: Database) -> None:
        assert await database.health() is False
        for call in (database.read, database.write):
            with pytest.raises(StoreUnavailable):
                await call(get_value, "a")

    run(address, scenario)


def test_a_lock_held_too_long_is_said(database_address: str) -> None:
    async def scenario(database: Database) -> None:
        await database.write(set_value, "a", 0)
        with database.transaction() as session:
            session.get_one(ProviderSetting, "a", with_for_update=True)
            with pytest.raises(StoreUnavailable):
                await database.write(set_value, "a", 1)

    run(database_address, scenario, busy_seconds=0.1)
