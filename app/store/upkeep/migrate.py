"""Brings a database to the current schema, with Alembic. The steps themselves are in `migrations/`."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

_MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
_MIGRATION_LOCK = 0x64726166  # "draf"; any number that no other program locks in the same database


def alembic_config(connection: Connection | None = None) -> Config:
    """The Alembic configuration, built here so that no file has to lie beside the program."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@cache
def newest_revision() -> str:
    """The revision this program was written for."""
    revision = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if revision is None:
        raise RuntimeError(f"no migration found in {_MIGRATIONS}")
    return revision


def is_known(revision: str) -> bool:
    """Whether this program can bring a database of this revision up to date."""
    return revision in {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def current_revision(connection: Connection) -> str | None:
    """The revision a database is at, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade_engine(engine: Engine) -> None:
    """Runs every missing step, in one transaction on either database, so that a failing step leaves nothing behind.
    A second process that starts at the same moment waits for the first."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        if current_revision(connection) != newest_revision():
            command.upgrade(alembic_config(connection), "head")
