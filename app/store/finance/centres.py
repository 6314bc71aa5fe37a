"""Cost centres of people: what their attempts are booked to."""

import uuid

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.tables import CostCentre

_CENTRE = Prepared(select(col(CostCentre.name)).where(col(CostCentre.user_id) == bindparam("user_id")))


def centre_of(session: Session, user_id: uuid.UUID) -> str | None:
    """The cost centre of a person, None without one."""
    row = _CENTRE.one(session, user_id=user_id)
    return None if row is None else str(row[0])


def list_centres(session: Session) -> dict[uuid.UUID, str]:
    """Every person's cost centre."""
    return {row.user_id: row.name for row in session.scalars(select(CostCentre))}


def set_centre(session: Session, user_id: uuid.UUID, name: str | None) -> None:
    """None takes it away."""
    row = session.get(CostCentre, user_id)
    if row is not None and name is None:
        session.delete(row)
    elif row is not None and name is not None:
        row.name = name
    elif name is not None:
        session.add(CostCentre(user_id=user_id, name=name))
    session.flush()
