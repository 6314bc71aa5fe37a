"""Where a unit that comes alone is committed: on the loop while the disk is quick, in the thread otherwise."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.store.db import Database, quick
from app.store.engine import group_commit
from app.store.engine.checkpoints import Checkpointer
from app.store.engine.writer_connection import WriterConnection
from tests.store.rows import set_value

pytestmark = pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)


@quick
def put(session: Session, key: str) -> str:
    set_value(session, key, "x")
    return key


def put_slowly(session: Session, key: str) -> str:
    set_value(session, key, "x")
    return key


def keys(session: Session) -> set[str]:
    return {row[0] for row in session.execute(text("SELECT provider FROM provider_settings"))}


class Commits:
    """Which commits ran on the loop, and how long the disk takes for the next ones."""

    def __init__(self) -> None:
        self.on_loop: list[bool] = []
        self.seconds = 0.0

    def last(self) -> bool:
        return self.on_loop[-1]


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Commits:
    seen = Commits()
    commit = WriterConnection.commit

    def watched(connection: WriterConnection) -> None:
        seen.on_loop.append(threading.current_thread() is threading.main_thread())
        time.sleep(seen.seconds)
        commit(connection)

    monkeypatch.setattr(WriterConnection, "commit", watched)
    monkeypatch.setattr(group_commit, "_QUICK_COMMIT_SECONDS", 0.2)
    return seen


def running(address: str, main: Callable[[Database], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        database = Database.open(address, migrate_schema=False, **options)
        try:
            await main(database)
        finally:
            await database.close()

    asyncio.run(run())


async def quick_disk(database: Database) -> None:
    """So many lone commits that what was not known of the disk is forgotten."""
    for number in range(60):
        await database.write(put, f"known-{number}")


def test_lone_units_on_a_quick_disk_are_committed_on_the_loop(database_address: str, commits: Commits) -> None:
    async def main(database: Database) -> None:
        await quick_disk(database)
        assert commits.on_loop[:2] == [False, False]
        assert commits.last()
        with sqlite3.connect(database_address) as other:
            assert other.execute("SELECT count(*) FROM provider_settings").fetchone() == (60,)
        other.close()

    running(database_address, main)


def test_units_that_come_together_are_committed_in_the_thread(database_address: str, commits: Commits) -> None:
    async def main(database: Database) -> None:
        await quick_disk(database)
        await asyncio.gather(*(database.write(put, f"together-{number}") for number in range(3)))
        assert not commits.last()
        await database.write(put, "the first that is alone again")
        assert not commits.last()
        await database.write(put, "the second")
        assert commits.last()

    running(database_address, main)


def test_units_that_are_slow_are_committed_in_the_thread(database_address: str, commits: Commits) -> None:
    async def main(database: Database) -> None:
        await quick_disk(database)
        await database.write(put_slowly, "slow")
        assert not commits.last()

    running(database_address, main)


def test_a_disk_that_was_slow_keeps_the_loop_free(database_address: str, commits: Commits) -> None:
    async def main(database: Database) -> None:
        await quick_disk(database)
        commits.seconds = 0.3
        await database.write(put, "nobody knew")
        assert commits.last()
        writing = asyncio.ensure_future(database.write(put, "now it is known"))
        steps = 0
        while not writing.done():
            await asyncio.sleep(0.001)
            steps += 1
        assert not commits.last()
        assert steps > 20
        commits.seconds = 0.0
        await quick_disk(database)
        assert commits.last()

    running(database_address, main)


def test_what_is_due_to_be_copied_is_copied_in_the_thread(
    database_address: str, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(database: Database) -> None:
        await quick_disk(database)
        monkeypatch.setattr(Checkpointer, "overdue", True)
        await database.write(put, "while much is due")
        assert not commits.last()

    running(database_address, main)


def test_a_lone_unit_with_a_broken_constraint_fails_by_itself(database_address: str, commits: Commits) -> None:
    @quick
    def broken(session: Session) -> None:
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        session.execute(
            text(
                "INSERT INTO draft_shares (draft_id, user_id, role, created_at) VALUES (zeroblob(16), zeroblob(16), 'viewer', 0)"
            )
        )

    async def main(database: Database) -> None:
        await quick_disk(database)
        with pytest.raises(IntegrityError):
            await database.write(broken)
        assert await database.write(put, "after") == "after"
        assert "after" in await database.read(keys)

    running(database_address, main)


def test_a_lone_unit_waits_for_a_lock_in_the_thread(database_address: str, commits: Commits) -> None:
    async def main(database: Database) -> None:
        await quick_disk(database)
        other = sqlite3.connect(database_address, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.ensure_future(database.write(put, "locked"))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not writing.done()
        other.execute("COMMIT")
        other.close()
        assert await writing == "locked"
        assert not commits.last()

    running(database_address, main)
