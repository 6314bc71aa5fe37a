"""The audit log: who did what to what. Append-only; the database refuses changes."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import literal as sql_literal
from sqlalchemy import select, tuple_
from sqlmodel import Session, col
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.rows import Page, decode_cursor, encode_cursor
from app.store.tables import AuditEntry
from app.store.types import BinaryUuid


def record(
    session: Session,
    *,
    action: str,
    at: datetime,
    actor_id: uuid.UUID | None = None,
    target: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Adds an entry. `action` is a stable name like `user.created`; `details` hold no text of drafts and no secrets."""
    row = AuditEntry(at=at, actor_id=actor_id, action=action, target=target[:300], details=details or {})
    session.add(row)
    session.flush()
    return row


def list_entries(
    session: Session, *, actor_id: uuid.UUID | None = None, cursor: str | None = None, limit: int = 50
) -> Page[AuditEntry]:
    """The log, newest first. Raises BadCursor."""
    place = tuple_(col(AuditEntry.at), col(AuditEntry.id))
    statement = select(AuditEntry).order_by(col(AuditEntry.at).desc(), col(AuditEntry.id).desc()).limit(limit + 1)
    if actor_id is not None:
        statement = statement.where(col(AuditEntry.actor_id) == actor_id)
    if cursor is not None:
        at, last_id = decode_cursor(cursor, datetime, uuid.UUID)
        statement = statement.where(place < tuple_(sql_literal(at, UTCDateTime()), sql_literal(last_id, BinaryUuid())))
    rows = session.scalars(statement).all()
    items = list(rows[:limit])
    return Page(items, encode_cursor(items[-1].at, items[-1].id) if len(rows) > limit else None)
