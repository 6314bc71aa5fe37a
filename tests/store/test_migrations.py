"""The migrations make exactly what the tables say, on both databases, and can be taken back."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from app.store.db import Database
from app.store.finance.budgets import add_budget, delete_budget, list_budgets
from app.store.finance.groups import save_group
from app.store.tables import metadata
from app.store.upkeep.migrate import alembic_config, current_revision, newest_revision


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "empty.db")
    return request.getfixturevalue("empty_postgres")


@pytest.fixture
def empty_database(empty_address: str):
    database = Database.open(empty_address, migrate_schema=False)
    yield database
    database.engine.dispose()


def test_opening_brings_an_empty_database_to_the_newest_revision(empty_address: str) -> None:
    database = Database.open(empty_address)
    with database.engine.connect() as connection:
        assert current_revision(connection) == newest_revision()
        assert set(metadata.tables) <= set(sa.inspect(connection).get_table_names())
    database.engine.dispose()


def test_opening_twice_changes_nothing(empty_address: str) -> None:
    for _ in range(2):
        database = Database.open(empty_address)
        with database.engine.connect() as connection:
            assert current_revision(connection) == newest_revision()
        database.engine.dispose()


def test_alembic_finds_no_difference_between_tables_and_migrations(database: Database) -> None:
    with database.engine.connect() as connection:
        command.check(alembic_config(connection))


def test_every_check_of_the_tables_is_in_the_database(database: Database) -> None:
    with database.engine.connect() as connection:
        inspector = sa.inspect(connection)
        for table in metadata.sorted_tables:
            declared = {str(check.name) for check in table.constraints if isinstance(check, sa.CheckConstraint)}
            found = {check["name"] for check in inspector.get_check_constraints(table.name)}
            assert found == declared, table.name


def test_every_constraint_and_index_has_a_name(database: Database) -> None:
    for table in metadata.sorted_tables:
        assert all(constraint.name for constraint in table.constraints), table.name
        assert all(index.name for index in table.indexes), table.name


def test_migrations_can_be_taken_back_and_made_again(empty_database: Database) -> None:
    empty_database.migrate()
    with empty_database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    empty_database.migrate()
    with empty_database.engine.connect() as connection:
        assert current_revision(connection) == newest_revision()


def test_going_back_never_drops_a_limit_unnoticed(empty_database: Database) -> None:
    empty_database.migrate()
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with empty_database.transaction() as session:
        group = save_group(session, "Press", by=uuid.uuid4(), at=at)
        limits = {"period": "month", "soft_nano": None, "hard_nano": 5, "created_by": None, "created_at": at}
        kept = add_budget(session, scope="installation", **limits, user_id=None, group_id=None, conversation_id=None)
        lost = add_budget(session, scope="group", **limits, user_id=None, group_id=group.id, conversation_id=None)

    def go_back() -> None:
        with empty_database.engine.begin() as connection:
            command.downgrade(alembic_config(connection), "0010")

    with pytest.raises(RuntimeError, match="1 budget of groups cannot be kept"):
        go_back()
    with empty_database.transaction() as session:
        assert current_revision(session.connection()) == newest_revision()
        assert {row.id for row in list_budgets(session)} == {kept.id, lost.id}
        delete_budget(session, lost.id)
    go_back()
    with empty_database.engine.connect() as connection:
        assert current_revision(connection) == "0010"
        assert connection.execute(sa.text("SELECT scope, hard_nano FROM budgets")).all() == [("installation", 5)]
    empty_database.migrate()


def test_a_failing_migration_leaves_nothing_behind(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def upgrade_half_way(config: object, _revision: str) -> None:
        config.attributes["connection"].execute(sa.text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", upgrade_half_way)
    with pytest.raises(RuntimeError, match="power cut"):
        empty_database.migrate()
    with empty_database.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
