"""Documents that were typed in and then left alone: they are due a checkpoint."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from app.store.tables import Draft, DraftStream, Version

_LOOK_BACK = timedelta(days=1)


def resting_drafts(session: Session, before: datetime, *, limit: int) -> list[uuid.UUID]:
    """Open documents last changed before `before` (and within a day of it) whose log goes on after their current version."""
    return list(
        session.scalars(
            select(col(DraftStream.id))
            .join(Draft, col(Draft.id) == col(DraftStream.id))
            .outerjoin(Version, col(Version.id) == col(Draft.current_version_id))
            .where(
                col(DraftStream.status) == "open",
                col(DraftStream.deleted_at).is_(None),
                col(DraftStream.saved_at) < before,
                col(DraftStream.saved_at) > before - _LOOK_BACK,
                col(DraftStream.seq) > func.coalesce(col(Version.seq), 0),
                or_(col(DraftStream.words) > 0, col(Version.id).is_not(None)),
            )
            .order_by(col(DraftStream.saved_at))
            .limit(limit)
        )
    )
