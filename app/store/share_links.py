"""Links to read a document without an account: made, listed, removed, and what one that holds opens."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlmodel import Session, col

from app.store.rows import changed_rows
from app.store.tables import DraftStream, ShareLink, User


@dataclass(frozen=True, slots=True)
class OpenLink:
    """What a link that holds leads to: a document at event `seq`, and whose it is."""

    link_id: uuid.UUID
    draft_id: uuid.UUID
    seq: int
    owner_name: str
    expires_at: datetime | None
    last_used_at: datetime | None


def add_link(
    session: Session,
    *,
    draft_id: uuid.UUID,
    name: str,
    token_hash: bytes,
    at: datetime,
    expires_at: datetime | None,
) -> ShareLink:
    row = ShareLink(draft_id=draft_id, name=name, token_hash=token_hash, created_at=at, expires_at=expires_at)
    session.add(row)
    session.flush()
    return row


def links_of(session: Session, draft_id: uuid.UUID) -> list[ShareLink]:
    """The links of a document, newest first, also those that have ended."""
    found = select(ShareLink).where(col(ShareLink.draft_id) == draft_id).order_by(col(ShareLink.id).desc())
    return list(session.scalars(found))


def count_links(session: Session, draft_id: uuid.UUID) -> int:
    counted = select(func.count()).select_from(ShareLink).where(col(ShareLink.draft_id) == draft_id)
    return int(session.scalar(counted) or 0)


def remove_link(session: Session, draft_id: uuid.UUID, link_id: uuid.UUID) -> bool:
    """False if the document has no such link."""
    gone = delete(ShareLink).where(col(ShareLink.id) == link_id, col(ShareLink.draft_id) == draft_id)
    return changed_rows(session, gone) > 0


def open_link(session: Session, token_hash: bytes, at: datetime) -> OpenLink | None:
    """Where a link leads; None if it is unknown, removed or over, its document in the trash or its owner locked out."""
    row = session.execute(
        select(
            col(ShareLink.id), col(DraftStream.id), col(DraftStream.seq), col(User.name), col(ShareLink.expires_at),
            col(ShareLink.last_used_at),
        )
        .join(DraftStream, col(DraftStream.id) == col(ShareLink.draft_id))
        .join(User, col(User.id) == col(DraftStream.owner_id))
        .where(
            col(ShareLink.token_hash) == token_hash,
            or_(col(ShareLink.expires_at).is_(None), col(ShareLink.expires_at) > at),
            col(DraftStream.deleted_at).is_(None),
            col(User.disabled_at).is_(None),
        )
    ).first()  # fmt: skip
    return None if row is None else OpenLink(*row)


def note_use(session: Session, link_id: uuid.UUID, *, at: datetime) -> None:
    """Notes that somebody read by a link."""
    session.execute(update(ShareLink).where(col(ShareLink.id) == link_id).values(last_used_at=at))
