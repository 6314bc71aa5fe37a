"""Conventions of all tables: constraint names, and columns that repeat. Import it before any table is defined."""

import uuid
from typing import Any

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from app.store.ids import new_id
from app.store.types import BinaryUuid, PlainText

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


def identifier() -> Any:
    """The `id` column of a table: a time-ordered UUID, made when the row is built."""
    return Field(default_factory=new_id, primary_key=True, sa_type=BinaryUuid)


def characters(length: int | None = None, **options: Any) -> Any:
    """A column of text, at most `length` characters; `options` are those of `Field`."""
    return Field(sa_type=PlainText(length), **options)


def reference(
    target: str | None = None, *, on_delete: Any = None, index: bool = False, primary_key: bool = False
) -> Any:
    """A column that must hold another row's id (`target` "table.column"), or an id nobody enforces."""
    options: dict[str, Any] = {"sa_type": BinaryUuid, "index": index}
    if target:
        options["foreign_key"] = target
    if on_delete:
        options["ondelete"] = on_delete
    if primary_key:
        options["primary_key"] = True
    return Field(**options)


def optional_reference(target: str | None = None, *, on_delete: Any = None, index: bool = False) -> Any:
    """The same, where the other row may be missing."""
    options: dict[str, Any] = {"default": None, "sa_type": BinaryUuid, "index": index, "nullable": True}
    if target:
        options["foreign_key"] = target
    if on_delete:
        options["ondelete"] = on_delete
    return Field(**options)


def one_of(column: str, *values: str) -> CheckConstraint:
    """Enumerations are strings that the database checks: readable in any tool, and extended by a migration."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


__all__ = ["SQLModel", "characters", "identifier", "one_of", "optional_reference", "reference", "uuid"]
