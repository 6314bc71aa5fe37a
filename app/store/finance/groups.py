"""Groups of people: who is in which from when on, and the group a row is booked to."""

import uuid
from datetime import date, datetime

from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.errors import AlreadyExists, NotFound
from app.store.tables import CostGroup, CostGroupMember

_GROUP = Prepared(
    select(col(CostGroupMember.group_id))
    .where(col(CostGroupMember.user_id) == bindparam("user_id"), col(CostGroupMember.since) <= bindparam("day"))
    .order_by(col(CostGroupMember.since).desc())
    .limit(1)
)


def group_of(session: Session, user_id: uuid.UUID, day: date) -> uuid.UUID | None:
    """The group a person is in on a UTC day, None without one."""
    row = _GROUP.one(session, user_id=user_id, day=day)
    return None if row is None else row[0]


def list_groups(session: Session) -> list[CostGroup]:
    return list(session.scalars(select(CostGroup).order_by(func.lower(col(CostGroup.name)), col(CostGroup.id))))


def get_group(session: Session, group_id: uuid.UUID) -> CostGroup:
    """Raises NotFound."""
    row = session.get(CostGroup, group_id)
    if row is None:
        raise NotFound("group")
    return row


def save_group(
    session: Session, name: str, *, by: uuid.UUID, at: datetime, group_id: uuid.UUID | None = None
) -> CostGroup:
    """Makes a group, or gives one another name. Raises AlreadyExists for a name that is taken, NotFound."""
    same = select(col(CostGroup.id)).where(func.lower(col(CostGroup.name)) == name.lower())
    if any(found != group_id for found in session.scalars(same)):
        raise AlreadyExists("There is a group of this name already.", field="name")
    row = get_group(session, group_id) if group_id is not None else CostGroup(name=name, created_by=by, created_at=at)
    row.name = name
    session.add(row)
    session.flush()
    return row


def delete_group(session: Session, group_id: uuid.UUID) -> CostGroup:
    """Its people are in none from then on, and its budgets go; rows stay booked to it. Raises NotFound."""
    row = get_group(session, group_id)
    session.delete(row)
    session.flush()
    return row


def list_members(session: Session) -> dict[uuid.UUID, list[tuple[date, uuid.UUID | None]]]:
    """Every person's groups, each with the day it begins on, in order."""
    found: dict[uuid.UUID, list[tuple[date, uuid.UUID | None]]] = {}
    for row in session.scalars(select(CostGroupMember).order_by(col(CostGroupMember.since))):
        found.setdefault(row.user_id, []).append((row.since, row.group_id))
    return found


def set_group(session: Session, user_id: uuid.UUID, group_id: uuid.UUID | None, since: date) -> None:
    """The person is in this group, or in none, from that day on; what was planned for later days is forgotten."""
    later = select(CostGroupMember).where(col(CostGroupMember.user_id) == user_id, col(CostGroupMember.since) >= since)
    for row in session.scalars(later).all():
        session.delete(row)
    session.flush()
    session.add(CostGroupMember(user_id=user_id, since=since, group_id=group_id))
    session.flush()
