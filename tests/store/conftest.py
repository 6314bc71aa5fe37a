"""Both databases for the contract tests: a SQLite file, and a PostgreSQL server started once per session."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.drafts import Actor
from app.store.accounts import create_user
from app.store.db import Database
from app.store.drafts import Head, create_stream
from app.store.tables import User
from tests.postgres import emptied, new_postgres

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def empty_postgres(postgres_folder: Path) -> Iterator[str]:
    """The address of a new, empty database."""
    yield from new_postgres(postgres_folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, empty database; each test runs once on each."""
    if request.param == "sqlite":
        path = tmp_path / "draftloom.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield str(path)
        return
    address: str = request.getfixturevalue("migrated_postgres")
    yield address
    emptied(address)


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
