"""Brings a database to the current schema, with Alembic. The steps themselves are in `migrations/`.

Alembic is imported only where there is something to do: it and the steps take 10 MB and a fifth of a second, which a
server on a database that is up to date saves.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, func, inspect, select, text

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).resolve().parents[3] / "migrations"
_VERSION_TABLE = "alembic_version"
_MIGRATION_LOCK = 0x64726166  # "draf"; any number that no other program locks in the same database


def alembic_config(connection: Connection | None = None) -> Config:
    """The Alembic configuration, built here so that no file has to lie beside the program."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@cache
def newest_revision() -> str:
    """The revision this program was written for. The files of the steps are named after theirs, in order."""
    steps = sorted(path.name for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    if not steps:
        raise RuntimeError(f"no migration found in {_MIGRATIONS}")
    return steps[-1].partition("_")[0]


def is_known(revision: str) -> bool:
    """Whether this program can bring a database of this revision up to date."""
    from alembic.script import ScriptDirectory

    return revision in {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}


def current_revision(connection: Connection) -> str | None:
    """The revision a database is at, None for an empty one."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    revision: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSION_TABLE}"))  # noqa: S608 - a constant
    return revision


def upgrade_engine(engine: Engine) -> None:
    """Runs every missing step, in one transaction on either database, so that a failing step leaves nothing behind.
    A second process that starts at the same moment waits for the first."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        if current_revision(connection) != newest_revision():
            from alembic import command

            command.upgrade(alembic_config(connection), "head")
