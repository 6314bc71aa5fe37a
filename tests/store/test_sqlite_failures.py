"""What happens to a SQLite file when the disk is full, another process holds it, or the power goes: nothing acknowledged is lost."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.store.db import Database, quick
from app.store.engine import checkpoints, sqlite
from app.store.errors import StoreUnavailable
from app.store.upkeep.verify import verify
from tests.store.rows import set_value

pytestmark = pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)


def put(session: Session, key: str, size: int = 10) -> str:
    set_value(session, key, "x" * size)
    return key


@quick
def put_quickly(session: Session, key: str, size: int = 10) -> str:
    return put(session, key, size)


def keys(session: Session) -> set[str]:
    return {row[0] for row in session.execute(text("SELECT provider FROM provider_settings"))}


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Every connection the program opens from now on."""
    opened: list[sqlite3.Connection] = []
    connect = sqlite.connect

    def remembered(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite, "connect", remembered)
    return opened


def writers(connections: list[sqlite3.Connection]) -> list[sqlite3.Connection]:
    return [connection for connection in connections if isinstance(connection, sqlite.OwnedTransaction)]


@pytest.mark.parametrize("unit", [put, put_quickly])
def test_a_full_disk_is_said_and_survived(
    database_address: str, connections: list[sqlite3.Connection], unit: Any
) -> None:
    async def main() -> None:
        database = Database.open(database_address, migrate_schema=False)
        await database.write(unit, "before")
        writer = writers(connections)[0]
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count={pages + 2}")
        results = await asyncio.gather(
            database.write(unit, "small"),
            database.write(unit, "large", 200_000),
            database.write(unit, "other"),
            return_exceptions=True,
        )
        failed = [result for result in results if isinstance(result, Exception)]
        assert isinstance(results[1], StoreUnavailable)
        assert all(isinstance(error, StoreUnavailable) and "full" in str(error.values["reason"]) for error in failed)
        saved = {key for key in results if isinstance(key, str)} | {"before"}
        assert await database.read(keys) == saved
        for writer in writers(connections):
            try:
                writer.execute("PRAGMA max_page_count=1000000")
            except sqlite3.ProgrammingError:
                continue  # Closed: the writer works with another one now.
        assert await database.write(unit, "after", 200_000) == "after"
        assert await database.read(keys) == saved | {"after"}
        await database.close()

    asyncio.run(main())


DISK_FULL_AT_COMMIT = """
import asyncio, os, resource, sys
from app.store.db import Database, quick
from app.store.engine import group_commit
from app.store.errors import StoreUnavailable
from tests.store.rows import set_value

@quick
def put(session, key):
    set_value(session, key, os.urandom(2000).hex())
    return key

group_commit._QUICK_COMMIT_SECONDS = 60

async def main(address, together):
    database = Database.open(address)
    await database.write(put, "before")
    size = os.path.getsize(address + "-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, resource.RLIM_INFINITY))
    acknowledged, failed = ["before"], 0
    for group in range(200 // together):
        units = [database.write(put, f"{group}-{number}") for number in range(together)]
        for result in await asyncio.gather(*units, return_exceptions=True):
            if isinstance(result, StoreUnavailable):
                failed += 1
            elif isinstance(result, str):
                acknowledged.append(result)
            else:
                raise result
    assert failed, "the limit was never reached"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    acknowledged.append(await database.write(put, "after"))
    print(" ".join(acknowledged))
    await database.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def stored_keys(address: str) -> set[str]:
    with sqlite3.connect(address) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = {row[0] for row in connection.execute("SELECT provider FROM provider_settings")}
    connection.close()
    return found


@pytest.mark.parametrize("together", [10, 1])
def test_a_disk_that_fills_up_at_commit_acknowledges_nothing_it_lost(database_address: str, together: int) -> None:
    """Groups are committed in the thread, lone units on the loop."""
    result = subprocess.run(
        [sys.executable, "-c", DISK_FULL_AT_COMMIT, database_address, str(together)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert set(result.stdout.split()) == stored_keys(database_address)


KILLED = """
import asyncio, sys
from app.store.db import Database, quick
from app.store.engine import group_commit
from tests.store.rows import set_value

group_commit._QUICK_COMMIT_SECONDS = 60

@quick
def put(session, key):
    set_value(session, key, "x" * 3000)
    return key

async def client(database, number):
    count = 0
    while True:
        count += 1
        print(await database.write(put, f"{number}-{count}"), flush=True)

async def main(address, clients):
    database = Database.open(address)
    await asyncio.gather(*(client(database, number) for number in range(clients)))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.parametrize("clients", [8, 1])
def test_killing_the_process_loses_nothing_acknowledged(database_address: str, clients: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, database_address, str(clients)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(2000)]
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.wait()
    process.stdout.close()
    acknowledged += [line for line in rest.split("\n")[:-1] if line]
    assert len(acknowledged) >= 2000
    assert set(acknowledged) <= stored_keys(database_address)


@pytest.mark.parametrize("unit", [put, put_quickly])
def test_a_lock_held_elsewhere_is_waited_for(database_address: str, unit: Any) -> None:
    async def main() -> None:
        database = Database.open(database_address, migrate_schema=False)
        other = sqlite3.connect(database_address, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.ensure_future(database.write(unit, "a"))
        # The loop is free while the writer waits: a read goes through.
        assert await database.read(keys) == set()
        assert not writing.done()
        other.execute("COMMIT")
        assert await writing == "a"
        other.close()
        await database.close()

    asyncio.run(main())


@pytest.mark.parametrize("unit", [put, put_quickly])
def test_a_lock_held_too_long_is_said_and_survived(database_address: str, unit: Any) -> None:
    async def main() -> None:
        database = Database.open(database_address, migrate_schema=False, busy_seconds=0.1)
        other = sqlite3.connect(database_address, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(database.write(unit, f"k{n}") for n in range(3)), return_exceptions=True)
        assert {type(result) for result in results} == {StoreUnavailable}
        other.execute("ROLLBACK")
        other.close()
        assert await database.write(unit, "later") == "later"
        assert await database.read(keys) == {"later"}
        await database.close()

    asyncio.run(main())


def test_the_command_line_and_the_server_write_at_once(database_address: str) -> None:
    def command_line() -> None:
        database = Database.open(database_address)
        for number in range(20):
            with database.transaction() as session:
                put(session, f"line-{number}")
        database.engine.dispose()

    async def main() -> None:
        database = Database.open(database_address, migrate_schema=False)
        other = threading.Thread(target=command_line)
        other.start()
        number = 0
        while other.is_alive() or number < 20:
            await asyncio.gather(database.write(put_quickly, f"quick-{number}"), database.write(put, f"slow-{number}"))
            number += 1
        found = await database.read(keys)
        assert {f"line-{n}" for n in range(20)} <= found
        assert len(found) == 20 + 2 * number
        await database.close()

    asyncio.run(main())
    assert stored_keys(database_address)


def test_a_database_that_cannot_be_opened_is_unavailable(database_address: str, tmp_path: Path) -> None:
    folder = tmp_path / "a-folder"
    folder.mkdir()
    with pytest.raises(StoreUnavailable):
        Database.open(folder)


def test_a_file_that_is_no_database_is_unavailable(database_address: str, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 1000)
    with pytest.raises(StoreUnavailable):
        Database.open(path)
    assert path.read_text().startswith("Dear Sir")


def test_the_log_is_copied_into_the_file_while_writing_goes_on(
    database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "_INTERVAL_SECONDS", 0.001)
    monkeypatch.setattr(checkpoints, "_BOUND_PAGES", 50)

    async def main() -> None:
        database = Database.open(database_address, migrate_schema=False)
        largest = 0
        for number in range(400):
            await database.write(put_quickly, f"k{number % 20}", 20_000)
            largest = max(largest, os.path.getsize(database_address + "-wal"))  # noqa: ASYNC240
        # 400 times 20 KB were written; the log started again whenever it passed 50 pages.
        assert largest < 4_000_000
        await database.close()

    asyncio.run(main())
    assert len(stored_keys(database_address)) == 20


def test_commits_are_on_the_disk_when_they_return(database_address: str, connections: list[sqlite3.Connection]) -> None:
    async def main() -> None:
        database = Database.open(database_address, migrate_schema=False)
        await database.write(put, "a")
        for connection in writers(connections):
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
        await database.close()

    asyncio.run(main())


def test_an_empty_database_verifies(database: Database) -> None:
    with database.transaction() as session:
        report = verify(session)
    assert report.ok


def test_units_that_were_saved_apart_stay_saved_when_the_disk_fills_up(
    database_address: str, connections: list[sqlite3.Connection]
) -> None:
    """A unit that fails after it wrote makes its group run one by one; then each is answered for itself."""

    @quick
    def put_and_fail(session: Session) -> None:
        put(session, "undone")
        raise LookupError

    async def main() -> None:
        database = Database.open(database_address, migrate_schema=False)
        await database.write(put, "before")
        writer = writers(connections)[0]
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count={pages + 2}")
        results = await asyncio.gather(
            database.write(put_quickly, "saved"),
            database.write(put_and_fail),
            database.write(put_quickly, "large", 200_000),
            database.write(put_quickly, "last"),
            return_exceptions=True,
        )
        assert [type(result) for result in results[:3]] == [str, LookupError, StoreUnavailable]
        saved = {key for key in results if isinstance(key, str)} | {"before"}
        assert await database.read(keys) == saved
        await database.close()

    asyncio.run(main())


def test_the_checkpointer_stops_also_when_it_is_told_just_after_its_pause(
    database_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpointer = checkpoints.Checkpointer(Path(database_address))
    pause = checkpointer._stopping.wait

    def told_just_after(seconds: float) -> bool:
        over = pause(0)
        checkpointer._stopping.set()
        checkpointer._committed.set()
        return over

    monkeypatch.setattr(checkpointer._stopping, "wait", told_just_after)
    checkpointer.after_commit(None)
    assert checkpointer._thread is not None
    checkpointer._thread.join(10)
    assert not checkpointer._thread.is_alive()
