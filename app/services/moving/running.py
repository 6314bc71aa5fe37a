"""A move from beginning to end: read, store files, one transaction, and nothing left of what was not used."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from pathlib import Path

from app.services.attachments.storage import CHUNK_BYTES, FILES, Storage, new_key
from app.services.moving.moving import Move, Report, Undone, files_at_hand, undo
from app.services.moving.old_rows import old_messages
from app.services.moving.sources import read_source
from app.store.db import Database


class _OnlyTried(Exception):
    """Ends a dry run's transaction."""


async def move(
    db: Database,
    storage: Storage,
    address: str,
    *,
    source: str,
    folder: Path | None,
    create_people: bool,
    dry_run: bool,
    at: datetime,
) -> Report:
    """Moves a source in, or with `dry_run` finds out what that would do. Raises `SourceUnreadable`."""
    tables = read_source(address)
    messages, _ = old_messages(tables)
    files = files_at_hand(messages, folder, partial(new_key, FILES))
    stored: set[str] = set()
    used: set[str] = set()
    try:
        if not dry_run:
            for file in files.values():
                await storage.write(file.key, _content(file.path))
                stored.add(file.key)
        report = Report()
        try:
            with db.transaction() as session:
                run = Move(session, source, tables, files=files, create_people=create_people, at=at)
                report = run.run()
                if dry_run or not report.proven:
                    raise _OnlyTried
            used = run.used
        except _OnlyTried:
            pass
    finally:
        for key in stored - used:
            await storage.delete(key)
    return report


def take_out(db: Database, source: str) -> Undone:
    """Undoes what was moved from a source."""
    with db.transaction() as session:
        return undo(session, source)


async def _content(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
