"""The writer of run logs on both databases: shown is what survives, and what survives gets into the database."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from app.services.assistant import run_journal, run_log
from app.services.assistant.run_journal import RunJournal
from app.services.assistant.run_log import RunLog, RunLogs
from app.store import turns
from app.store.db import Database
from app.store.drafts import Head
from app.store.engine.journal import Journal
from app.store.errors import StoreUnavailable
from app.store.ids import new_id
from tests.store import rows

Scenario = Callable[[RunLogs, Database], Awaitable[Any]]

only_sqlite = pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)


@pytest.fixture
def turn_id(database: Database, draft: Head, now: datetime) -> UUID:
    with database.transaction() as session:
        conversation = rows.create_conversation(session, draft_id=draft.id, provider="offline", model="demo", at=now)
        turn = rows.create_turn(
            session, draft_id=draft.id, conversation_id=conversation.id, user_id=draft.owner_id, at=now, mode="ask",
            provider="offline", model="demo", base_seq=1, worker_id="w1",
        )  # fmt: skip
        return turn.id


@pytest.fixture
def saved_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database takes nothing over unless it is asked."""
    monkeypatch.setattr(run_journal, "_SAVE_EVERY", 3600.0)


@pytest.fixture
def saved_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_journal, "_SAVE_EVERY", 0.01)


def run(address: str, now: datetime, scenario: Scenario, *, stop: bool = True) -> Any:
    """Runs it with run logs of a process of its own; without `stop` that process is lost."""

    async def main() -> Any:
        database = Database.open(address, migrate_schema=False)
        logs = RunLogs(database, lambda: now)
        await logs.start()
        try:
            return await scenario(logs, database)
        finally:
            if stop:
                await logs.stop()
            elif logs._journal is not None:
                logs._journal._journal.close()  # as the kernel does
                logs._journal = None
            await database.close()

    return asyncio.run(main())


async def told(logs: RunLogs, log: RunLog, *words: str) -> None:
    for word in words:
        logs.add(log, "text", {"delta": word})
        await logs.flush()


def journal_of(logs: RunLogs) -> RunJournal:
    assert logs._journal is not None
    return logs._journal


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(2000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("this never came")


def stored(database: Database, turn_id: UUID) -> list[tuple[int, str]]:
    with database.transaction() as session:
        return [(event.n, event.data) for event in turns.run_events_after(session, turn_id, 0)]


def texts(*words: str) -> list[tuple[int, str]]:
    return [(n, f'{{"delta":"{word}"}}') for n, word in enumerate(words, 1)]


@pytest.mark.usefixtures("saved_late")
def test_what_was_shown_survives_its_process(
    database_address: str, database: Database, turn_id: UUID, now: datetime
) -> None:
    async def scenario(logs: RunLogs, _: Database) -> int:
        log = logs.open(turn_id, owner_id=new_id())
        await told(logs, log, "a", "b", "c")
        return len(log.committed)

    async def nothing(logs: RunLogs, _: Database) -> None:
        pass

    assert run(database_address, now, scenario, stop=False) == 3
    run(database_address, now, nothing)
    assert stored(database, turn_id) == texts("a", "b", "c")


@pytest.mark.usefixtures("saved_late")
def test_a_reader_of_the_database_gets_what_was_shown(
    database_address: str, database: Database, turn_id: UUID, now: datetime
) -> None:
    async def scenario(logs: RunLogs, _: Database) -> None:
        log = logs.open(turn_id, owner_id=new_id())
        await told(logs, log, "a", "b")
        await logs.save()
        assert stored(database, turn_id) == texts("a", "b")
        await told(logs, log, "c")
        await logs.save()
        await logs.save()
        assert stored(database, turn_id) == texts("a", "b", "c")

    run(database_address, now, scenario)


@only_sqlite
@pytest.mark.usefixtures("saved_often")
def test_the_database_takes_entries_over_while_the_turn_runs_and_nothing_stays_in_the_files(
    database_address: str, database: Database, turn_id: UUID, now: datetime, tmp_path: Any
) -> None:
    words = [str(number) for number in range(30)]

    async def scenario(logs: RunLogs, _: Database) -> None:
        log = logs.open(turn_id, owner_id=new_id())
        for word in words:
            await told(logs, log, word)
            await asyncio.sleep(0.002)
        assert len(stored(database, turn_id)) > 5
        await until(lambda: len(stored(database, turn_id)) == len(words))
        logs.close(log)
        await until(lambda: journal_of(logs)._saving is None)
        assert [file.read_bytes().strip(b"\0") for file in tmp_path.glob("*-runs-*")] == [b"", b""]

    run(database_address, now, scenario)
    assert stored(database, turn_id) == texts(*words)


@only_sqlite
@pytest.mark.usefixtures("saved_often")
def test_a_database_that_cannot_for_a_moment_gets_them_later(
    database_address: str, database: Database, turn_id: UUID, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [StoreUnavailable("locked")] * 3
    catch_up = run_journal.catch_up_run_events

    def failing(*args: Any) -> None:
        if failures:
            raise failures.pop()
        catch_up(*args)

    monkeypatch.setattr(run_journal, "catch_up_run_events", failing)

    async def scenario(logs: RunLogs, _: Database) -> None:
        log = logs.open(turn_id, owner_id=new_id())
        for word in "abcdef":
            await told(logs, log, word)
            await asyncio.sleep(0.01)
        assert [len(log.committed), log.finished] == [6, False]
        await until(lambda: len(stored(database, turn_id)) == 6)

    run(database_address, now, scenario)
    assert failures == []
    assert stored(database, turn_id) == texts(*"abcdef")


@only_sqlite
@pytest.mark.usefixtures("saved_late")
def test_what_is_under_way_to_the_database_is_still_offered_to_the_end_of_the_turn(
    database_address: str, database: Database, turn_id: UUID, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    catch_up = run_journal.catch_up_run_events

    def slow(*args: Any) -> None:
        go_on.wait(30)
        catch_up(*args)

    monkeypatch.setattr(run_journal, "catch_up_run_events", slow)

    async def scenario(logs: RunLogs, opened: Database) -> None:
        log = logs.open(turn_id, owner_id=new_id())
        await told(logs, log, "a")
        saving = asyncio.create_task(logs.save())
        await until(lambda: bool(journal_of(logs)._in_hand))
        await told(logs, log, "b")
        unsaved = logs.unsaved(log)
        assert [event.n for event in unsaved][-1] == 2
        go_on.set()
        await opened.write(turns.catch_up_run_events, {turn_id: unsaved})
        await saving
        assert stored(database, turn_id) == texts("a", "b")

    run(database_address, now, scenario)
    assert stored(database, turn_id) == texts("a", "b")


@only_sqlite
@pytest.mark.usefixtures("saved_late")
def test_a_turn_that_is_gone_takes_no_other_with_it(
    database_address: str, database: Database, turn_id: UUID, now: datetime
) -> None:
    async def scenario(logs: RunLogs, _: Database) -> None:
        gone, log = logs.open(new_id(), owner_id=new_id()), logs.open(turn_id, owner_id=new_id())
        await told(logs, gone, "x")
        await told(logs, log, "a")
        await logs.save()
        assert (gone.finished, log.finished) == (True, False)

    run(database_address, now, scenario)
    assert stored(database, turn_id) == texts("a")


@only_sqlite
@pytest.mark.parametrize("breath", [0.0, 3600.0])
def test_what_the_journal_refuses_is_shown_to_nobody(
    database_address: str, turn_id: UUID, now: datetime, monkeypatch: pytest.MonkeyPatch, breath: float
) -> None:
    """Whether it is written at once, when nobody waits for it yet, or at the end of a breath."""
    monkeypatch.setattr(run_log, "_BREATH", breath)

    def full(*_: Any) -> None:
        raise StoreUnavailable("no space left")

    async def scenario(logs: RunLogs, _: Database) -> None:
        log = logs.open(turn_id, owner_id=new_id())
        await told(logs, log, "a")
        monkeypatch.setattr(Journal, "append", full)
        with pytest.raises(StoreUnavailable) if breath else contextlib.nullcontext():
            await told(logs, log, "b")
        assert (len(log.committed), log.finished) == (1, True)

    run(database_address, now, scenario)


@only_sqlite
@pytest.mark.usefixtures("saved_late")
def test_a_second_process_does_without_the_files(
    database_address: str, database: Database, turn_id: UUID, now: datetime
) -> None:
    async def scenario(logs: RunLogs, opened: Database) -> None:
        second = RunLogs(opened, lambda: now)
        await second.start()
        assert second._journal is None
        log = second.open(turn_id, owner_id=new_id())
        await told(second, log, "a", "b")
        assert stored(database, turn_id) == texts("a", "b")
        await second.stop()

    run(database_address, now, scenario)


@only_sqlite
@pytest.mark.usefixtures("saved_late")
def test_who_goes_away_while_waiting_takes_nothing_along(
    database_address: str, database: Database, turn_id: UUID, now: datetime
) -> None:
    async def scenario(logs: RunLogs, _: Database) -> None:
        log = logs.open(turn_id, owner_id=new_id())
        await told(logs, log, "a")
        reader = asyncio.create_task(logs.save())
        await asyncio.sleep(0)
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reader

    run(database_address, now, scenario)
    assert stored(database, turn_id) == texts("a")
