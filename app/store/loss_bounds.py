"""Writers' own bounds of the loss guard. Who has none here goes by the installation's."""

import uuid
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.tables import WriterLossBound

# Asked at the end of every turn that rewrites, with the draft's head locked.
_PERCENT = Prepared(select(col(WriterLossBound.percent)).where(col(WriterLossBound.user_id) == bindparam("user_id")))


def own_bound(session: Session, user_id: uuid.UUID) -> int | None:
    """In percent of a text's words, 0 to 100; None where the writer has set none."""
    row = _PERCENT.one(session, user_id=user_id)
    return None if row is None else int(row[0])


def save_bound(session: Session, user_id: uuid.UUID, percent: int | None, *, at: datetime) -> None:
    """Sets the writer's bound; None takes it back. The database refuses what lies outside of 0 to 100."""
    if percent is None:
        session.execute(delete(WriterLossBound).where(col(WriterLossBound.user_id) == user_id))
        return
    row = session.get(WriterLossBound, user_id) or WriterLossBound(user_id=user_id, percent=percent, updated_at=at)
    row.percent, row.updated_at = percent, at
    session.add(row)
    session.flush()
