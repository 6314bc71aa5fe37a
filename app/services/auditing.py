"""The audit log as administrators read it: who did what, when, told in sentences. What may be read ends at ids, names and
settings; words of drafts and keys are never in it."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.audit_words import GONE, KINDS, NOBODY, Told, actions_of, ids_in, kind_of, sentence
from app.services.checks import checked_cursor
from app.services.clock import Clock
from app.services.errors import InvalidInput
from app.services.finance.reports import begun, csv_bytes
from app.services.views import Page
from app.store import accounts as account_store
from app.store import audit
from app.store.audit import AuditFilters
from app.store.db import Database
from app.store.tables import AuditEntry

COLUMNS = ("at", "id", "kind", "action", "actor_id", "actor", "target", "sentence", "details")
_MOST_PER_PAGE = 200
_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """What was asked, unchecked, as text; nothing and an empty text both mean: any. Days are UTC days, both included."""

    person: str | None = None
    kind: str | None = None
    first: str | None = None
    last: str | None = None
    cursor: str | None = None
    limit: int = 50


class AuditEntryView(msgspec.Struct, frozen=True):
    """`actor` is null for the operator and for whoever was not signed in; `actor_name` then says which."""

    id: UUID
    at: datetime
    kind: str
    action: str
    actor_id: UUID | None
    actor_name: str
    target: str
    sentence: str
    details: dict[str, Any]


class Auditing:
    """Use cases of reading the audit log; the guard of its routes lets administrators in only."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def entries(self, asked: AuditQuery) -> Page[AuditEntryView]:
        """Newest first. Raises `InvalidInput` and `BadCursor`."""
        filters, cursor = _filters(asked), checked_cursor(asked.cursor or None)
        return await self._db.read(_page, filters, cursor, max(1, min(asked.limit, _MOST_PER_PAGE)))

    async def table(self, by: Principal, asked: AuditQuery) -> AsyncIterator[bytes]:
        """All of them as CSV, newest first, beginning with this export. Raises `InvalidInput` and `StoreUnavailable`, before
        anything is sent; the pieces that follow the first raise the latter too."""
        filters = _filters(asked)
        details = {"person": asked.person, "kind": asked.kind, "from": asked.first, "to": asked.last}
        given = {name: value for name, value in details.items() if value}
        await self._db.write(audit.record, action="audit.exported", at=self._clock(), actor_id=by.id, details=given)
        return await begun(self._pieces(filters))

    async def _pieces(self, filters: AuditFilters) -> AsyncIterator[bytes]:
        head: list[Iterable[object]] = [COLUMNS]
        cursor: str | None = None
        while True:
            page = await self._db.read(_page, filters, cursor, _ROWS_AT_ONCE)
            yield csv_bytes([*head, *map(_cells, page.items)])
            head, cursor = [], page.next
            if cursor is None:
                return

    async def people(self) -> list[tuple[str, str]]:
        """Id and name of everybody with an account, for the filter."""
        users = await self._db.read(account_store.list_users)
        return [(str(user.id), f"{user.name} ({user.email})" if user.name else user.email) for user in users]


def _filters(asked: AuditQuery) -> AuditFilters:
    if asked.kind and asked.kind not in KINDS:
        raise InvalidInput("kind", f"Kinds are {', '.join(KINDS)}.")
    first, last = _day("from", asked.first), _day("to", asked.last)
    if first and last and first > last:
        raise InvalidInput("to", "The period ends before it begins.")
    return AuditFilters(
        person_id=_id(asked.person),
        actions=actions_of(asked.kind) if asked.kind else None,
        since=datetime.combine(first, time(), UTC) if first else None,
        until=datetime.combine(last + timedelta(days=1), time(), UTC) if last else None,
    )


def _id(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError as error:
        raise InvalidInput("person", "This is not an id.") from error


def _day(field: str, value: str | None) -> date | None:
    try:
        day = date.fromisoformat(value) if value else None
    except ValueError as error:
        raise InvalidInput(field, "This is not a day, such as 2026-03-31.") from error
    if day is not None and not 2000 <= day.year <= 2999:
        raise InvalidInput(field, "The year is one from 2000 to 2999.")
    return day


def _page(session: Session, filters: AuditFilters, cursor: str | None, limit: int) -> Page[AuditEntryView]:
    page = audit.list_entries(session, filters, cursor=cursor, limit=limit)
    ids = {row.actor_id for row in page.items if row.actor_id is not None}
    ids.update(id_ for row in page.items for id_ in ids_in(row.target))
    names = account_store.names_of(session, ids)
    return Page([_view(row, names) for row in page.items], page.next)


def _view(row: AuditEntry, names: dict[UUID, str]) -> AuditEntryView:
    anonymous = "Somebody" if row.action in ("sign_in.failed", "sign_in.refused") else NOBODY
    who = anonymous if row.actor_id is None else names.get(row.actor_id, GONE.capitalize())
    whom = row.target
    for id_ in ids_in(row.target):
        whom = whom.replace(str(id_), names.get(id_, GONE))
    told = Told(who=who, whom=whom, oneself=row.target == str(row.actor_id), details=row.details)
    return AuditEntryView(
        row.id,
        row.at,
        kind_of(row.action),
        row.action,
        row.actor_id,
        who,
        row.target,
        sentence(row.action, told),
        row.details,
    )


def _cells(entry: AuditEntryView) -> list[object]:
    cells = {name: getattr(entry, name) for name in COLUMNS if name != "actor"}
    cells |= {
        "at": entry.at.isoformat(),
        "actor": entry.actor_name,
        "details": json.dumps(entry.details, ensure_ascii=False) if entry.details else "",
    }
    return [cells[name] for name in COLUMNS]
