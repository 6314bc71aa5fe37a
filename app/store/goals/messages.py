"""Messages as they come to be: begun as drafts, published, taken back. Each is a draft of kind `message` with its own log.

Who may do so is the service's to ask; the lock order is draft, then conversation.
"""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, true
from sqlmodel import Session, col

from app.core.drafts import DRAFT_SUBMITTED, Actor, EventBody, SetOp, edit
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head
from app.store.drafting.message_projection import next_seq
from app.store.drafts import append_bodies, create_stream
from app.store.tables import ConversationMessage, DraftStream


def begin(
    session: Session,
    *,
    conversation_id: uuid.UUID,
    sender_id: uuid.UUID,
    message_type: str,
    at: datetime,
    content: str = "",
    reply_to_id: uuid.UUID | None = None,
    target_date: date | None = None,
    metadata: Mapping[str, Any] | None = None,
    draft_id: uuid.UUID | None = None,
    device: str = "",
) -> Head:
    """A message that only its sender sees. Raises InvalidValue or TooLarge."""
    fields = {
        "conversation": str(conversation_id),
        "message_type": message_type,
        "content": content,
        "reply_to": None if reply_to_id is None else str(reply_to_id),
        "target_date": None if target_date is None else target_date.isoformat(),
        "metadata": dict(metadata or {}),
    }
    return create_stream(
        session, kind="message", owner_id=sender_id, actor=Actor("user", sender_id), at=at, fields=fields,
        draft_id=draft_id, device=device,
    )  # fmt: skip


def publish(session: Session, head: Head, *, at: datetime, device: str = "") -> Head:
    """Makes a message visible to the others of its conversation, at the end of it; one that is stays where it is.

    `head` was loaded with `lock=True` in this unit. Raises DraftClosed for one in the trash.
    """
    if head.state.fields["published"] is not None:
        return head
    position = next_seq(session, uuid.UUID(head.state.fields["conversation"]), at=at)
    published = SetOp("published", {"position": position, "at": at.isoformat()})
    bodies = [edit(head.state, [published]), EventBody(DRAFT_SUBMITTED, {})]
    origin = Origin(Actor("user", head.owner_id), at, device)
    return append_bodies(session, head, bodies, origin=origin, manual_saves=1)[0]


def take_back(session: Session, head: Head, *, back: bool = True, at: datetime, device: str = "") -> Head:
    """Takes a published message out of everybody's sight, its place stays; or, with `back=False`, shows it again.

    Doing it twice changes nothing.
    """
    if (head.state.fields["withdrawn"] is not None) == back:
        return head
    body = edit(head.state, [SetOp("withdrawn", at.isoformat() if back else None)])
    return append_bodies(session, head, [body], origin=Origin(Actor("user", head.owner_id), at, device))[0]


def open_draft(
    session: Session, conversation_id: uuid.UUID, sender_id: uuid.UUID, *, reply_to_id: uuid.UUID | None
) -> uuid.UUID | None:
    """The message this person writes at this place, the last one if there are several."""
    message = ConversationMessage
    return session.scalars(
        select(col(message.id))
        .join(DraftStream, col(DraftStream.id) == col(message.id))
        .where(
            col(message.conversation_id) == conversation_id,
            col(message.sender_id) == sender_id,
            col(message.is_draft) == true(),
            col(message.reply_to_id).is_(None) if reply_to_id is None else col(message.reply_to_id) == reply_to_id,
            col(DraftStream.status) == "open",
            col(DraftStream.deleted_at).is_(None),
        )
        .order_by(col(message.updated_at).desc(), col(message.id).desc())
        .limit(1)
    ).first()
