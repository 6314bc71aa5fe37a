"""The audit log: who did what to what. Append-only; the database refuses changes."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import literal as sql_literal
from sqlalchemy import or_, select, tuple_
from sqlmodel import Session, col
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.rows import Page, decode_cursor, encode_cursor
from app.store.tables import AuditEntry
from app.store.types import BinaryUuid


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilters:
    """Which entries are meant; None: any. A person is whoever did it or to whom it was done."""

    person_id: uuid.UUID | None = None
    actions: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is not meant any more."""


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
    session: Session,
    filters: AuditFilters = AuditFilters(),
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[AuditEntry]:
    """The log, newest first. Raises BadCursor."""
    place = tuple_(col(AuditEntry.at), col(AuditEntry.id))
    statement = select(AuditEntry).order_by(col(AuditEntry.at).desc(), col(AuditEntry.id).desc()).limit(limit + 1)
    if filters.person_id is not None:
        acted = col(AuditEntry.actor_id) == filters.person_id
        statement = statement.where(or_(acted, col(AuditEntry.target) == str(filters.person_id)))
    if filters.actions is not None:
        statement = statement.where(col(AuditEntry.action).in_(filters.actions))
    if filters.since is not None:
        statement = statement.where(col(AuditEntry.at) >= filters.since)
    if filters.until is not None:
        statement = statement.where(col(AuditEntry.at) < filters.until)
    if cursor is not None:
        at, last_id = decode_cursor(cursor, datetime, uuid.UUID)
        statement = statement.where(place < tuple_(sql_literal(at, UTCDateTime()), sql_literal(last_id, BinaryUuid())))
    rows = session.scalars(statement).all()
    items = list(rows[:limit])
    return Page(items, encode_cursor(items[-1].at, items[-1].id) if len(rows) > limit else None)
