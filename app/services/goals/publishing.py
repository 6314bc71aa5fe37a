"""When a message may be begun and when it may be published: rules that both ways in, messages and drafts, go through."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.core.kinds import MESSAGE
from app.core.messages import MAY_SEND, is_empty
from app.services.accounts import Principal
from app.services.errors import Conflict, InvalidInput, Missing
from app.services.goals.access import joined_place, part_in
from app.store.drafting.heads import Head
from app.store.goals import messages as message_store
from app.store.goals import pages
from app.store.goals.pages import Place


def checked_type(place: Place, person: Principal, message_type: str | None) -> str:
    """The type, or the first this person may send. Raises `InvalidInput`."""
    allowed = MAY_SEND[part_in(place, person)]
    if message_type is None:
        return allowed[0]
    if message_type not in allowed:
        raise InvalidInput("message_type", f"In this conversation you send one of: {', '.join(allowed)}.")
    return message_type


def thread_of(session: Session, place: Place, reply_to_id: UUID | None) -> UUID | None:
    """The message a reply hangs on: threads are one deep, a reply to a reply joins its thread. Raises `InvalidInput`."""
    if reply_to_id is None:
        return None
    answered = pages.read_message(session, reply_to_id)
    if answered is None or answered.conversation_id != place.id:
        raise InvalidInput("reply_to_id", "There is no such message in this conversation.")
    return answered.reply_to_id or answered.id


def checked_new(session: Session, person: Principal, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a message that is begun as a draft. Raises `InvalidInput`, InvalidValue or `Missing`."""
    values = {name: MESSAGE.field(name).validated(name, value) for name, value in fields.items()}
    if values.get("conversation") is None:
        raise InvalidInput("conversation", "A message belongs to a conversation.")
    place = joined_place(session, person, UUID(values["conversation"]))
    reply_to = values.get("reply_to")
    root = thread_of(session, place, None if reply_to is None else UUID(reply_to))
    return values | {
        "message_type": checked_type(place, person, values.get("message_type")),
        "reply_to": None if root is None else str(root),
    }


def publish(session: Session, head: Head, *, person: Principal, at: datetime, device: str = "") -> Head:
    """Makes a message, which is locked, visible; one that is stays as it is.

    Raises `Missing` for who no longer takes part, `InvalidInput` for one that says nothing and has no file, or is of a type
    its sender may not send, and `Conflict` for open conflicts, an archived conversation and a draft in the trash.
    """
    fields = head.state.fields
    if fields["published"] is not None:
        return head
    if head.deleted_at is not None:
        raise Conflict("draft_closed", "This message is in the trash; put it back first.")
    place = joined_place(session, person, UUID(fields["conversation"]))
    checked_type(place, person, fields["message_type"])
    if head.state.conflicts:
        raise Conflict("conflicts_open", "Decide first what was changed in two places at once.")
    if is_empty(fields["content"]) and not pages.attached_to(session, [head.id]):
        raise InvalidInput("content", "Write something, or attach a file.", "empty_message")
    if fields["reply_to"] is not None and pages.read_message(session, UUID(fields["reply_to"])) is None:
        raise Missing
    return message_store.publish(session, head, at=at, device=device)
