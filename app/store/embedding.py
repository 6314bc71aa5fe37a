"""The sites that may show the report form in a frame."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.store.tables import EmbedOrigin


def list_origins(session: Session) -> list[str]:
    """By name."""
    return list(session.scalars(select(col(EmbedOrigin.origin)).order_by(col(EmbedOrigin.origin))))


def set_origins(session: Session, origins: Sequence[str], *, by: uuid.UUID, at: datetime) -> None:
    """Exactly these; those that were there before keep who added them and when."""
    session.execute(delete(EmbedOrigin).where(col(EmbedOrigin.origin).not_in(origins)))
    known = set(list_origins(session))
    session.add_all(EmbedOrigin(origin=origin, added_by=by, added_at=at) for origin in origins if origin not in known)
    session.flush()
