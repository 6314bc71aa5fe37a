"""Who else may see or change a draft."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.errors import NotFound, ReadOnly
from app.store.rows import changed_rows
from app.store.tables import DraftShare, DraftStream, User

Role = Literal["viewer", "commenter", "editor"]


@dataclass(frozen=True, slots=True)
class Share:
    """A person with whom a draft is shared."""

    user_id: uuid.UUID
    email: str
    name: str
    role: Role
    created_at: datetime


_ROLE = Prepared(
    select(col(DraftShare.role)).where(
        col(DraftShare.draft_id) == bindparam("draft_id"), col(DraftShare.user_id) == bindparam("user_id")
    )
)


def role_of(session: Session, draft_id: uuid.UUID, user_id: uuid.UUID) -> Role | None:
    """What somebody who does not own the draft may do with it."""
    row = _ROLE.one(session, draft_id=draft_id, user_id=user_id)
    return None if row is None else cast(Role, row[0])


def require_editor(session: Session, draft_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Raises NotFound for a stranger, ReadOnly for a viewer or commenter."""
    match role_of(session, draft_id, user_id):
        case "editor":
            return
        case "viewer" | "commenter":
            raise ReadOnly("This draft was shared with you to read, not to change.")
        case _:
            raise NotFound("draft")


def require_commenter(session: Session, draft_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Raises NotFound for a stranger, ReadOnly for a viewer."""
    match role_of(session, draft_id, user_id):
        case "commenter" | "editor":
            return
        case "viewer":
            raise ReadOnly("This draft was shared with you to read, not to comment on.")
        case _:
            raise NotFound("draft")


def shares_of(session: Session, draft_id: uuid.UUID) -> list[Share]:
    """Everybody a draft is shared with, in order of their names."""
    rows = session.execute(
        select(col(User.id), col(User.email), col(User.name), col(DraftShare.role), col(DraftShare.created_at))
        .join(DraftShare, col(DraftShare.user_id) == col(User.id))
        .where(col(DraftShare.draft_id) == draft_id)
        .order_by(col(User.name), col(User.email))
    )
    return [Share(*row) for row in rows]


def give(session: Session, draft_id: uuid.UUID, user_id: uuid.UUID, role: Role, *, at: datetime) -> None:
    """Shares a draft, or changes what the person may do."""
    share = session.get(DraftShare, (draft_id, user_id))
    if share is None:
        session.add(DraftShare(draft_id=draft_id, user_id=user_id, role=role, created_at=at))
    else:
        share.role = role
    session.flush()


def take_back(session: Session, draft_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """False if the draft was not shared with this person."""
    gone = delete(DraftShare).where(col(DraftShare.draft_id) == draft_id, col(DraftShare.user_id) == user_id)
    return changed_rows(session, gone) > 0


@dataclass(frozen=True, slots=True)
class SharedDraft:
    """An open draft that somebody shared with this person."""

    id: uuid.UUID
    kind: str
    title: str
    owner_name: str
    role: Role
    saved_at: datetime


def shared_with(session: Session, user_id: uuid.UUID) -> list[SharedDraft]:
    """What others share with a person and is not in the trash or handed in, last changed first."""
    rows = session.execute(
        select(
            col(DraftStream.id), col(DraftStream.kind), col(DraftStream.title), col(User.name), col(DraftShare.role),
            col(DraftStream.saved_at),
        )
        .join(DraftShare, col(DraftShare.draft_id) == col(DraftStream.id))
        .join(User, col(User.id) == col(DraftStream.owner_id))
        .where(col(DraftShare.user_id) == user_id, col(DraftStream.status) == "open")
        .order_by(col(DraftStream.saved_at).desc())
        .limit(500)
    )  # fmt: skip
    return [SharedDraft(*row) for row in rows]
