"""Rows of another system's tables: from its database, or from a folder of exports (CSV, JSON, JSON Lines).

Nothing is assumed about their columns but what `old_rows.py` looks for; a table that is not there has no rows.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table, create_engine, event, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from app.services.errors import ServiceError
from app.store.db import database_url

Row = Mapping[str, Any]

TABLES = (
    "profiles", "users", "track_goals", "action_types", "user_daily_notes", "daily_note_files", "user_actions",
    "instructor_goal_responses", "instructor_response_files", "drafts",
)  # fmt: skip
"""What is read, in this order; the first three say who people are and what goals are called."""
_LONGEST_FIELD = 10_000_000


class SourceUnreadable(ServiceError):
    def __init__(self, message: str) -> None:
        super().__init__("source_unreadable", message)


def read_source(address: str) -> dict[str, list[Row]]:
    """All rows by table; `address`: a database's address, or a folder. Raises `SourceUnreadable`."""
    if "://" in address or Path(address).is_file():
        return _from_database(address)
    folder = Path(address)
    if not folder.is_dir():
        raise SourceUnreadable(f"There is no folder or database {address}.")
    return {table: list(_from_folder(folder, table)) for table in TABLES}


def _from_database(address: str) -> dict[str, list[Row]]:
    try:
        engine = create_engine(database_url(address))
    except ValueError as error:
        raise SourceUnreadable(str(error)) from error

    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def only_read(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA query_only = ON")

    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execution_options(postgresql_readonly=True)
            present = set(inspect(connection).get_table_names())
            found: dict[str, list[Row]] = {}
            for name in TABLES:
                table = Table(name, MetaData(), autoload_with=connection) if name in present else None
                # As the database gives them: its own types would refuse values that another program wrote.
                rows = connection.exec_driver_sql(str(select(table))).mappings() if table is not None else ()
                found[name] = [dict(row) for row in rows]
            return found
    except SQLAlchemyError as error:
        raise SourceUnreadable(f"The source cannot be read: {error.__class__.__name__}.") from error
    finally:
        engine.dispose()


def _from_folder(folder: Path, table: str) -> Iterator[Row]:
    try:
        for path in (folder / f"{table}.json", folder / f"{table}.jsonl", folder / f"{table}.csv"):
            if path.is_file():
                yield from _READERS[path.suffix](path)
                return
    except (OSError, ValueError, csv.Error) as error:
        raise SourceUnreadable(f"{path.name} cannot be read: {error}") from error


def _json_rows(path: Path) -> Iterator[Row]:
    rows = json.loads(path.read_text("utf-8-sig"))
    if not isinstance(rows, list):
        raise ValueError("it holds no list of rows")
    yield from rows


def _json_lines(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        yield from (json.loads(line) for line in file if line.strip())


def _csv_rows(path: Path) -> Iterator[Row]:
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: value if value != "" else None for name, value in row.items() if name is not None}


_READERS = {".json": _json_rows, ".jsonl": _json_lines, ".csv": _csv_rows}
