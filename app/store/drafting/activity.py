"""The log of a draft as people read it: backwards, with the devices that wrote and the time between saves."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Float, bindparam, case, cast, extract, func, select
from sqlmodel import Session, col

from app.core.activity import IDLE, Act
from app.core.events import FIELDS_EDITED
from app.store.engine.prepared import Prepared
from app.store.tables import DraftEvent, User

_BATCH = 500
_decode = msgspec.json.Decoder().decode

_BACKWARDS = Prepared(
    select(
        col(DraftEvent.seq),
        col(DraftEvent.type),
        col(DraftEvent.payload),
        col(DraftEvent.actor_kind),
        col(DraftEvent.actor_id),
        col(DraftEvent.device),
        col(DraftEvent.at),
    )
    .where(col(DraftEvent.draft_id) == bindparam("draft_id"), col(DraftEvent.seq) < bindparam("before"))
    .order_by(col(DraftEvent.seq).desc())
    .limit(_BATCH)
)


def acts_before(session: Session, draft_id: uuid.UUID, before: int) -> Iterator[Act]:
    """The events with a seq below `before`, newest first, read in batches as far as they are asked for."""
    while rows := _BACKWARDS.all(session, draft_id=draft_id, before=before):
        for seq, type_, payload, actor_kind, actor_id, device, at in rows:
            yield Act(seq, type_, None if payload is None else _decode(payload), actor_kind, actor_id, device, at)
        before = rows[-1][0]


def names_of(session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What people are called who are still there."""
    rows = session.execute(select(col(User.id), col(User.name), col(User.email)).where(col(User.id).in_(ids)))
    return {id_: name or email for id_, name, email in rows}


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """A device as pages name themselves ("" where they did not): how often it saved, and when last."""

    device: str
    saves: int
    last_at: datetime


def devices(session: Session, draft_id: uuid.UUID, *, limit: int = 20) -> list[DeviceUse]:
    """The devices people wrote from, the last used first."""
    last = func.max(col(DraftEvent.at), type_=DraftEvent.__table__.c.at.type)  # type: ignore[attr-defined]
    rows = session.execute(
        select(col(DraftEvent.device), func.count(), last)
        .where(col(DraftEvent.draft_id) == draft_id, col(DraftEvent.actor_kind) == "user")
        .where(col(DraftEvent.type) == FIELDS_EDITED)
        .group_by(col(DraftEvent.device))
        .order_by(last.desc())
        .limit(limit)
    )
    return [DeviceUse(*row) for row in rows]


def seconds_spent(session: Session, draft_id: uuid.UUID, *, idle: timedelta = IDLE) -> int:
    """The time between a person's events one after the other, pauses above `idle` left out."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    at: Any = col(DraftEvent.at)
    moment = func.julianday(at) * 86_400.0 if sqlite else cast(extract("epoch", at), Float())
    before = func.lag(moment).over(partition_by=col(DraftEvent.actor_id), order_by=col(DraftEvent.seq))
    gaps = (
        select((moment - before).label("gap"))
        .where(col(DraftEvent.draft_id) == draft_id, col(DraftEvent.actor_kind) == "user")
        .subquery()
    )
    counted = case((gaps.c.gap.between(0, idle.total_seconds()), gaps.c.gap), else_=0.0)
    return round(session.scalar(select(func.sum(counted))) or 0)
