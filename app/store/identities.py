"""Which account of an identity provider is which person's."""

import uuid
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.store.errors import AlreadyExists
from app.store.rows import changed_rows
from app.store.tables import User, UserIdentity


def find_identity(session: Session, issuer: str, subject: str) -> UserIdentity | None:
    return session.scalars(
        select(UserIdentity).where(col(UserIdentity.issuer) == issuer, col(UserIdentity.subject) == subject)
    ).first()


def has_identity(session: Session, user_id: uuid.UUID, issuer: str) -> bool:
    """Whether this person has an account at that provider already; there is one at most."""
    owned = (col(UserIdentity.user_id) == user_id, col(UserIdentity.issuer) == issuer)
    return session.scalars(select(col(UserIdentity.id)).where(*owned)).first() is not None


def link(session: Session, *, user_id: uuid.UUID, issuer: str, subject: str, at: datetime) -> UserIdentity:
    """Raises AlreadyExists where either side is linked."""
    row = UserIdentity(user_id=user_id, issuer=issuer, subject=subject, created_at=at, last_used_at=at)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise AlreadyExists("This account is linked already.", field="subject") from error
    return row


def unlink(session: Session, user_id: uuid.UUID) -> int:
    """Forgets a person's accounts at all providers; returns how many there were."""
    return changed_rows(session, delete(UserIdentity).where(col(UserIdentity.user_id) == user_id))


def linked_administrator(session: Session) -> bool:
    """Whether an administrator can sign in by a provider."""
    linked = select(col(User.roles)).join(UserIdentity, col(UserIdentity.user_id) == col(User.id))
    return any("admin" in roles for roles in session.scalars(linked.where(col(User.disabled_at).is_(None))))
