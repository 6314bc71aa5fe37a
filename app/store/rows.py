"""Small questions about what a statement did, and places in ordered lists. No table is named here."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import CursorResult
from sqlalchemy.orm.util import identity_key
from sqlalchemy.sql.dml import UpdateBase
from sqlmodel import Session

from app.store.errors import BadCursor

T = TypeVar("T")


def changed_rows(session: Session, statement: UpdateBase) -> int:
    """Executes an UPDATE or DELETE and returns how many rows it met. Rows the session holds are kept in step."""
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return int(result.rowcount)


def forget(session: Session, table: type[Any], id_: Any) -> None:
    """Has the session read a row again, if it holds it: a statement past the session changed it."""
    held = session.identity_map.get(identity_key(table, id_))
    if held is not None:
        session.expire(held)


def encode_cursor(*place: Any) -> str:
    """An opaque text for the place after which a list goes on: the sort values of its last row."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decode_cursor(cursor: str, *types: Any) -> list[Any]:
    """The sort values again, as the given types. Raises BadCursor for anything `encode_cursor` did not make."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        values = msgspec.json.decode(raw, type=list[Any])
        if len(values) != len(types):
            raise BadCursor
        return [msgspec.convert(value, kind) for value, kind in zip(values, types, strict=True)]
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadCursor from error


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next` is the cursor of the one that follows, None at the end."""

    items: list[T]
    next: str | None
