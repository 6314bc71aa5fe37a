"""What the keys of a report are called. A title belongs to the draft's owner: others see whose draft it is, not its title."""

import uuid
from collections.abc import Collection, Iterator

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from app.store.finance.reports import GroupBy, Key
from app.store.tables import Conversation, CostGroup, DraftStream, User, Version

_AT_ONCE = 500


def labels(session: Session, group_by: GroupBy, keys: Collection[Key], *, viewer_id: uuid.UUID) -> dict[Key, str]:
    """Names for those keys that are people, groups, drafts, conversations or versions that still exist."""
    ids = [key for key in keys if isinstance(key, uuid.UUID)]
    found: dict[Key, str] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        match group_by:
            case "user":
                found.update(_people(session, col(User.id).in_(some)))
            case "draft":
                found.update(_drafts(session, some, viewer_id))
            case "conversation":
                found.update(_conversations(session, some, viewer_id))
            case "group":
                rows = session.execute(
                    select(col(CostGroup.id), col(CostGroup.name)).where(col(CostGroup.id).in_(some))
                )
                found.update((id_, name) for id_, name in rows)
            case "version":
                found.update(_versions(session, some, viewer_id))
            case _:
                pass
    return found


def is_owner(session: Session, draft_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Whether the names within a draft are this person's to see."""
    return session.scalar(select(col(DraftStream.owner_id)).where(col(DraftStream.id) == draft_id)) == user_id


def _people(session: Session, condition: ColumnElement[bool]) -> Iterator[tuple[uuid.UUID, str]]:
    for id_, name, email in session.execute(select(col(User.id), col(User.name), col(User.email)).where(condition)):
        yield id_, name or email


def _drafts(session: Session, ids: list[uuid.UUID], viewer_id: uuid.UUID) -> Iterator[tuple[uuid.UUID, str]]:
    rows = session.execute(
        select(
            col(DraftStream.id),
            col(DraftStream.owner_id),
            col(DraftStream.title),
            col(DraftStream.kind),
            col(User.name),
            col(User.email),
        )
        .join(User, col(User.id) == col(DraftStream.owner_id))
        .where(col(DraftStream.id).in_(ids))
    )
    for id_, owner_id, title, kind, name, email in rows:
        untitled = "A message" if kind == "message" else "Untitled draft"
        yield id_, (title or untitled) if owner_id == viewer_id else f"A draft of {name or email}"


def _conversations(session: Session, ids: list[uuid.UUID], viewer_id: uuid.UUID) -> Iterator[tuple[uuid.UUID, str]]:
    rows = session.execute(
        select(
            col(Conversation.id), col(DraftStream.owner_id), col(Conversation.title), col(User.name), col(User.email)
        )
        .join(DraftStream, col(DraftStream.id) == col(Conversation.draft_id))
        .join(User, col(User.id) == col(DraftStream.owner_id))
        .where(col(Conversation.id).in_(ids))
    )
    for id_, owner_id, title, name, email in rows:
        yield id_, (title or "Untitled chat") if owner_id == viewer_id else f"A chat of {name or email}"


def _versions(session: Session, ids: list[uuid.UUID], viewer_id: uuid.UUID) -> Iterator[tuple[uuid.UUID, str]]:
    rows = session.execute(
        select(col(Version.id), col(Version.number), col(Version.label), col(DraftStream.owner_id))
        .join(DraftStream, col(DraftStream.id) == col(Version.draft_id))
        .where(col(Version.id).in_(ids))
    )
    for id_, number, label, owner_id in rows:
        own = f" · {label}" if label and owner_id == viewer_id else ""
        yield id_, f"Version {number}{own}"
