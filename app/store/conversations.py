"""Conversations with models, and their messages. They begin with a turn: see `turn_beginnings.py`."""

import uuid
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from app.core.text.utf16 import normalise_text
from app.store.engine.prepared import Prepared
from app.store.errors import NotFound
from app.store.tables import ChatMessage, ChatPlace, Conversation
from app.store.types import JsonText


def get_conversation(session: Session, conversation_id: uuid.UUID) -> Conversation:
    """Raises NotFound."""
    row = session.get(Conversation, conversation_id)
    if row is None:
        raise NotFound("conversation")
    return row


def list_conversations(session: Session, draft_id: uuid.UUID) -> list[Conversation]:
    """A draft's conversations, newest first."""
    return list(
        session.scalars(
            select(Conversation).where(col(Conversation.draft_id) == draft_id).order_by(col(Conversation.id).desc())
        )
    )


def get_message(session: Session, message_id: uuid.UUID) -> ChatMessage:
    """Raises NotFound."""
    row = session.get(ChatMessage, message_id)
    if row is None:
        raise NotFound("message")
    return row


_ANSWER = Prepared(
    update(ChatMessage)
    .where(col(ChatMessage.id) == bindparam("message_id"))
    .values(content=bindparam("new_content"), metadata=bindparam("new_details", type_=JsonText()))
)


def write_answer(session: Session, message_id: uuid.UUID, *, content: str, details: dict[str, Any]) -> None:
    """Gives an answer its words and what there is to know of it. What no database can store of a model's words becomes
    U+FFFD: they were paid for. Raises NotFound."""
    session.flush()  # what a statement past the session relies on
    if not _ANSWER.run(session, message_id=message_id, new_content=normalise_text(content), new_details=details):
        raise NotFound("message")


def list_messages(session: Session, conversation_id: uuid.UUID, *, limit: int | None = None) -> list[ChatMessage]:
    """The messages of a conversation in the order they were written; with `limit` only the last ones."""
    newest_first = (
        select(ChatMessage)
        .where(col(ChatMessage.conversation_id) == conversation_id)
        .order_by(col(ChatMessage.created_at).desc(), col(ChatMessage.id).desc())
        .limit(limit)
    )
    return list(reversed(session.scalars(newest_first).all()))


def dropped_by(session: Session, message_id: uuid.UUID | None) -> list[str]:
    """The paragraphs that an answer's rewrite would take away and for which it was held back."""
    if message_id is None:
        return []
    dropped: list[str] = get_message(session, message_id).details.get("dropped") or []
    return dropped


def place_of(session: Session, conversation_id: uuid.UUID) -> uuid.UUID | None:
    """The message the conversation was left at; None for one that never branched nor went on since places are kept."""
    place = session.get(ChatPlace, conversation_id)
    return None if place is None else place.message_id
