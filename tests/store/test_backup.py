"""A backup holds everything, is checked before it is used, and fills empty databases only. On both databases."""

import asyncio
import json
import uuid
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from app.core.drafts import Actor
from app.store.db import Database
from app.store.drafts import Head, load_draft, receive_command
from app.store.errors import BadBackup, NotEmpty, StoreUnavailable
from app.store.finance.months import close_month
from app.store.ledger import add_entry
from app.store.tables import LedgerEntry, User, metadata
from app.store.upkeep.backup import backup, read_manifest, restore
from app.store.upkeep.verify import verify
from tests.store.test_integrity import filled


@pytest.fixture
def full(database: Database, draft: Head, writer: User, now: datetime) -> Database:
    with database.transaction() as session:
        filled(session, draft, writer, now)
    return database


@pytest.fixture
def empty_address(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> str:
    """An empty database of the same kind."""
    if database.dialect == "sqlite":
        return str(tmp_path / "restored" / "draftloom.db")
    return request.getfixturevalue("empty_postgres")


def contents(database: Database) -> dict[str, list]:
    with database.transaction() as session:
        return {table.name: sorted(map(repr, session.execute(select(table)).all())) for table in metadata.sorted_tables}


def test_a_restored_database_is_the_same(
    full: Database, database_address: str, empty_address: str, tmp_path: Path, now: datetime, draft: Head
) -> None:
    file = tmp_path / "backup.zip"
    made = backup(database_address, file, at=now)
    assert read_manifest(file) == made
    assert (made.dialect, made.made_at) == (full.dialect, now)
    assert restore(empty_address, file) == made
    restored = Database.open(empty_address)
    assert contents(restored) == contents(full)
    with restored.transaction() as session:
        assert verify(session).ok
        assert load_draft(session, draft.id) == draft
    restored.engine.dispose()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("backup")] == ["backup.zip"]


def test_a_closed_month_is_restored_with_its_rows_and_stays_closed(
    database: Database, database_address: str, empty_address: str, tmp_path: Path, now: datetime
) -> None:
    def row() -> LedgerEntry:
        return LedgerEntry(at=now, provider="p", model="m", outcome="done", status="reported", amount_nano=5)

    with database.transaction() as session:
        add_entry(session, row())
        close_month(session, now.date().replace(day=1), totals={}, by=uuid.uuid4(), at=now)
    backup(database_address, tmp_path / "backup.zip", at=now)
    restore(empty_address, tmp_path / "backup.zip")
    restored = Database.open(empty_address)
    assert contents(restored) == contents(database)
    with restored.transaction() as session:
        assert verify(session).ok
    with pytest.raises(DBAPIError, match="closed"), restored.transaction() as session:
        add_entry(session, row())
    restored.engine.dispose()


def test_a_restored_database_can_be_worked_on(
    full: Database, database_address: str, empty_address: str, tmp_path: Path, now: datetime, draft: Head, actor: Actor
) -> None:
    backup(database_address, tmp_path / "backup.zip", at=now)
    restore(empty_address, tmp_path / "backup.zip")
    restored = Database.open(empty_address)
    command = {"replica": "r", "n": 1, "base_seq": 1, "ops": [{"field": "title", "set": "On"}]}
    with restored.transaction() as session:
        receive_command(session, draft_id=draft.id, user_id=draft.owner_id, json=command, actor=actor, at=now)
    with restored.transaction() as session:
        assert verify(session).ok
    restored.engine.dispose()


def test_a_backup_made_while_the_server_writes_is_consistent(
    full: Database, database_address: str, empty_address: str, tmp_path: Path, now: datetime, draft: Head, actor: Actor
) -> None:
    file = tmp_path / "backup.zip"

    async def main() -> None:
        server = Database.open(database_address, migrate_schema=False)
        copying = asyncio.create_task(asyncio.to_thread(backup, database_address, file, at=now))
        n = 0
        while not copying.done() or n < 20:
            n += 1
            command = {"replica": "r", "n": n, "base_seq": n, "ops": [{"field": "title", "set": f"Title {n}"}]}
            await server.write(
                receive_command, draft_id=draft.id, user_id=draft.owner_id, json=command, actor=actor, at=now
            )
        await copying
        await server.close()

    asyncio.run(main())
    restore(empty_address, file)
    restored = Database.open(empty_address)
    with restored.transaction() as session:
        assert verify(session).ok
        assert session.scalar(select(func.count()).select_from(metadata.tables["versions"])) == 3
    restored.engine.dispose()


def test_only_an_empty_database_is_filled(full: Database, database_address: str, tmp_path: Path, now: datetime) -> None:
    backup(database_address, tmp_path / "backup.zip", at=now)
    before = contents(full)
    with pytest.raises(NotEmpty):
        restore(database_address, tmp_path / "backup.zip")
    assert contents(full) == before


def test_an_existing_file_is_not_overwritten(
    full: Database, database_address: str, tmp_path: Path, now: datetime
) -> None:
    file = tmp_path / "backup.zip"
    file.write_text("precious")
    with pytest.raises(FileExistsError):
        backup(database_address, file, at=now)
    assert file.read_text() == "precious"


def rewritten(file: Path, change: dict[str, object]) -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | change).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("damage", ["not a zip", "cut", "member", "format", "dialect", "no manifest"])
def test_a_damaged_backup_is_refused(
    full: Database, database_address: str, empty_address: str, tmp_path: Path, now: datetime, damage: str
) -> None:
    file = tmp_path / "backup.zip"
    backup(database_address, file, at=now)
    match damage:
        case "not a zip":
            file.write_text("hello")
        case "cut":
            file.write_bytes(file.read_bytes()[:-2000])
        case "member":
            manifest = read_manifest(file)
            rewritten(file, {"members": dict.fromkeys(manifest.members, "0" * 64)})
        case "format":
            rewritten(file, {"format": 2})
        case "dialect":
            rewritten(file, {"dialect": "postgresql" if full.dialect == "sqlite" else "sqlite"})
        case "no manifest":
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("something", "else")
    with pytest.raises(BadBackup):
        restore(empty_address, file)


def test_a_backup_of_an_unknown_schema_is_refused(
    full: Database, database_address: str, empty_address: str, tmp_path: Path, now: datetime
) -> None:
    file = tmp_path / "backup.zip"
    backup(database_address, file, at=now)
    rewritten(file, {"revision": "9999"})
    with pytest.raises(BadBackup):
        restore(empty_address, file)


def test_a_database_that_is_not_there_is_not_backed_up(tmp_path: Path, now: datetime) -> None:
    for address in (str(tmp_path / "missing.db"), f"postgresql://postgres@/x?host={tmp_path}"):
        with pytest.raises(StoreUnavailable):
            backup(address, tmp_path / "backup.zip", at=now)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BadBackup):
        restore(str(tmp_path / "x.db"), tmp_path / "missing.zip")
