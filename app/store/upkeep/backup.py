"""A backup is one .zip: a manifest and the data. Taken while the server runs, restored only into an empty database.

SQLite: a copy of the file, made by SQLite's own online backup. PostgreSQL: every table as COPY text, read in one
transaction. `manifest.json` names the schema's revision and the SHA-256 of every member; both are checked first. Files of
messages are members below `attachments/`, read after the database, so that every row finds its file.
"""

import hashlib
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import URL

from app.store.db import Database, database_url
from app.store.engine import sqlite
from app.store.errors import BadBackup, NotEmpty, StoreUnavailable
from app.store.tables import metadata
from app.store.upkeep.migrate import is_known, newest_revision

_MANIFEST = "manifest.json"
_SQLITE_MEMBER = "draftloom.db"
_CHUNK_BYTES = 1 << 20
_FORMAT = 1
_FILES = "attachments/"


class Manifest(msgspec.Struct, frozen=True):
    """What a backup says about itself. `members` maps names to the SHA-256 of their content, in hex."""

    format: int
    dialect: str
    revision: str
    made_at: datetime
    members: dict[str, str]


def backup(url: str | Path, file: Path, *, at: datetime, files: Iterable[tuple[str, Iterator[bytes]]] = ()) -> Manifest:
    """Writes a backup of the database and of `files` (key and content) to `file`, which must not exist yet.

    Raises FileExistsError, or StoreUnavailable if the database cannot be read. An unfinished file is removed.
    """
    address = database_url(url)
    if file.exists():
        raise FileExistsError(str(file))
    partial = file.with_name(file.name + ".partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            members: dict[str, str] = {}
            source = _sqlite_members if address.get_backend_name() == "sqlite" else _postgresql_members
            revision = ""
            for name, chunks in source(address):
                if name == _MANIFEST:
                    revision = b"".join(chunks).decode()
                    continue
                members[name] = _write_member(archive, name, chunks)
            for key, chunks in files:
                members[_FILES + key] = _write_member(archive, _FILES + key, chunks)
            manifest = Manifest(_FORMAT, address.get_backend_name(), revision, at, members)
            archive.writestr(_MANIFEST, msgspec.json.encode(manifest))
        partial.rename(file)
    except (sqlite3.Error, psycopg.Error) as error:
        raise StoreUnavailable(str(error).strip()) from error
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _write_member(archive: zipfile.ZipFile, name: str, chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as member:
        for chunk in chunks:
            digest.update(chunk)
            member.write(chunk)
    return digest.hexdigest()


def _sqlite_members(address: URL) -> Iterator[tuple[str, Iterator[bytes]]]:
    path = Path(address.database or "")
    if not path.exists():
        raise StoreUnavailable(f"there is no database file {path}")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="backup-") as folder:
        copy = Path(folder) / _SQLITE_MEMBER
        source = sqlite.connect(path, busy_seconds=5)
        target = sqlite3.connect(copy)
        try:
            source.backup(target)
            # A copy in WAL mode would need its -wal file beside it.
            target.execute("PRAGMA journal_mode=DELETE")
            revision: str = target.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        finally:
            target.close()
            source.close()
        yield _MANIFEST, iter([revision.encode()])
        with copy.open("rb") as file:
            yield _SQLITE_MEMBER, _chunks(file)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _postgresql_members(address: URL) -> Iterator[tuple[str, Iterator[bytes]]]:
    with psycopg.connect(_conninfo(address)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.cursor() as cursor:
            row = cursor.execute("SELECT version_num FROM alembic_version").fetchone()
            yield _MANIFEST, iter([row[0].encode() if row else b""])
            for table in metadata.sorted_tables:
                columns = [column.name for column in table.columns]
                yield f"{table.name}.copy", _copied_out(cursor, table.name, columns)


def _copied_out(cursor: psycopg.Cursor[Any], table: str, columns: list[str]) -> Iterator[bytes]:
    """The first line names the columns; rows are in order of the key, so that gapless numbers come in order."""
    yield ("\t".join(columns) + "\n").encode()
    order = {"draft_events": "draft_id, seq", "versions": "draft_id, number"}.get(table, columns[0])
    statement = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table), sql.SQL(order)
    )
    with cursor.copy(statement) as copy:
        for block in copy:
            yield bytes(block)


def _conninfo(address: URL) -> str:
    return address.set(drivername="postgresql").render_as_string(hide_password=False)


# Restoring


def read_manifest(file: Path) -> Manifest:
    """Checks a backup file and says what it is. Raises BadBackup."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = msgspec.json.decode(archive.read(_MANIFEST), type=Manifest)
            for name, digest in manifest.members.items():
                with archive.open(name) as member:
                    if hashlib.file_digest(member, "sha256").hexdigest() != digest:  # type: ignore[arg-type]
                        raise BadBackup("The backup is damaged.", member=name)
    except (OSError, zipfile.BadZipFile, KeyError, msgspec.MsgspecError, EOFError, ValueError) as error:
        raise BadBackup("This file is not a backup of Draftloom, or it is damaged.", file=str(file)) from error
    if manifest.format != _FORMAT:
        raise BadBackup("The backup has a format this version does not know.", format=manifest.format)
    return manifest


def restore(
    url: str | Path, file: Path, *, take_file: Callable[[str, Iterator[bytes]], None] | None = None
) -> Manifest:
    """Fills an empty database from a backup, then brings its schema up to date; `take_file` gets key and content of each file
    of messages, once the database is there.

    Raises BadBackup, NotEmpty if the database holds anything, or StoreUnavailable; then nothing was changed.
    """
    address = database_url(url)
    manifest = read_manifest(file)
    if manifest.dialect != address.get_backend_name():
        raise BadBackup(
            f"This is a backup of a {manifest.dialect} database; it cannot fill another kind.", dialect=manifest.dialect
        )
    if not is_known(manifest.revision):
        raise BadBackup(
            "The backup was made by a newer version of Draftloom; use that one.", revision=manifest.revision
        )
    try:
        if manifest.dialect == "sqlite":
            _restore_sqlite(Path(address.database or ""), file)
        else:
            _restore_postgresql(address, file, manifest)
    except (sqlite3.Error, psycopg.Error) as error:
        raise StoreUnavailable(str(error).strip()) from error
    database = Database.open(url)
    database.engine.dispose()
    if take_file is not None:
        _give_files(file, manifest, take_file)
    return manifest


def _give_files(file: Path, manifest: Manifest, take: Callable[[str, Iterator[bytes]], None]) -> None:
    with zipfile.ZipFile(file) as archive:
        for name in manifest.members:
            if name.startswith(_FILES):
                with archive.open(name) as member:
                    take(name.removeprefix(_FILES), _chunks(member))


def _restore_sqlite(path: Path, file: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size:
        target = sqlite3.connect(path)
        try:
            if _sqlite_rows(target):
                raise NotEmpty("The database is not empty; a backup is only restored into an empty one.")
        finally:
            target.close()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="restore-") as folder, zipfile.ZipFile(file) as archive:
        source = sqlite3.connect(archive.extract(_SQLITE_MEMBER, folder))
        target = sqlite3.connect(path, timeout=5)
        try:
            source.backup(target)
        finally:
            target.close()
            source.close()


def _sqlite_rows(connection: sqlite3.Connection) -> bool:
    present = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return any(
        connection.execute(f'SELECT 1 FROM "{table.name}" LIMIT 1').fetchone()  # noqa: S608 - our own tables
        for table in metadata.sorted_tables
        if table.name in present
    )


def _restore_postgresql(address: URL, file: Path, manifest: Manifest) -> None:
    """The tables are made by the migrations, so the backup must be of this program's revision."""
    if manifest.revision != newest_revision():
        raise BadBackup(
            "The backup is of another schema; restore it with the version of Draftloom that made it, then upgrade.",
            revision=manifest.revision,
            expected=newest_revision(),
        )
    Database.open(address.render_as_string(hide_password=False)).engine.dispose()
    with psycopg.connect(_conninfo(address)) as connection, zipfile.ZipFile(file) as archive:
        tables = [table.name for table in metadata.sorted_tables]
        for table in tables:
            found = connection.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))).fetchone()
            if found:
                raise NotEmpty("The database is not empty; a backup is only restored into an empty one.", table=table)
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        for table in tables:
            with archive.open(f"{table}.copy") as member:
                columns = member.readline().decode().rstrip("\n").split("\t")
                _copied_in(connection, table, columns, member)


def _copied_in(connection: psycopg.Connection[Any], table: str, columns: list[str], member: IO[bytes]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for chunk in _chunks(member):
            copy.write(chunk)
