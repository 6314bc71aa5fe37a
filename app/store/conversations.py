"""Conversations with models, and their messages."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from app.store.errors import NotFound
from app.store.rows import changed_rows
from app.store.tables import ChatMessage, Conversation


def create_conversation(
    session: Session,
    *,
    draft_id: uuid.UUID,
    provider: str,
    model: str,
    at: datetime,
    title: str = "",
    system_prompt: str | None = None,
) -> Conversation:
    """Raises IntegrityError for a draft that is not a document."""
    row = Conversation(
        draft_id=draft_id,
        provider=provider,
        model=model,
        title=title[:255],
        system_prompt=system_prompt,
        created_at=at,
        updated_at=at,
    )
    session.add(row)
    session.flush()
    return row


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


def latest_conversation(session: Session, draft_id: uuid.UUID) -> Conversation | None:
    """The conversation that was used last."""
    return session.scalars(
        select(Conversation)
        .where(col(Conversation.draft_id) == draft_id)
        .order_by(col(Conversation.updated_at).desc(), col(Conversation.id).desc())
        .limit(1)
    ).first()


def update_conversation(
    session: Session,
    conversation_id: uuid.UUID,
    *,
    at: datetime,
    title: str | None = None,
    provider: str | None = None,
    model: str | None = None,
    system_prompt: str | None = None,
) -> Conversation:
    """Changes what is given; an empty system prompt removes it. The totals are the ledger's alone. Raises NotFound."""
    row = get_conversation(session, conversation_id)
    if title is not None:
        row.title = title[:255]
    if provider is not None:
        row.provider = provider
    if model is not None:
        row.model = model
    if system_prompt is not None:
        row.system_prompt = system_prompt or None
    row.updated_at = at
    session.flush()
    return row


def add_message(
    session: Session,
    *,
    conversation: Conversation,
    role: str,
    content: str,
    at: datetime,
    parent_id: uuid.UUID | None = None,
    turn_id: uuid.UUID | None = None,
    details: dict[str, Any] | None = None,
    message_id: uuid.UUID | None = None,
) -> ChatMessage:
    """Adds a message and notes that its conversation was used. The parent must be of the same conversation."""
    row = ChatMessage(
        draft_id=conversation.draft_id,
        conversation_id=conversation.id,
        parent_id=parent_id,
        role=role,
        content=content,
        details=details or {},
        turn_id=turn_id,
        created_at=at,
    )
    if message_id is not None:
        row.id = message_id
    session.add(row)
    session.flush()
    changed_rows(session, update(Conversation).where(col(Conversation.id) == conversation.id).values(updated_at=at))
    return row


def get_message(session: Session, message_id: uuid.UUID) -> ChatMessage:
    """Raises NotFound."""
    row = session.get(ChatMessage, message_id)
    if row is None:
        raise NotFound("message")
    return row


def update_message(
    session: Session,
    message_id: uuid.UUID,
    *,
    content: str | None = None,
    details: dict[str, Any] | None = None,
    turn_id: uuid.UUID | None = None,
) -> None:
    """Changes what is given. Raises NotFound."""
    given: dict[str, Any] = {"content": content, "details": details, "turn_id": turn_id}
    row = get_message(session, message_id)
    for name, value in given.items():
        if value is not None:
            setattr(row, name, value)
    session.flush()


def list_messages(session: Session, conversation_id: uuid.UUID, *, limit: int | None = None) -> list[ChatMessage]:
    """The messages of a conversation in the order they were written; with `limit` only the last ones."""
    newest_first = (
        select(ChatMessage)
        .where(col(ChatMessage.conversation_id) == conversation_id)
        .order_by(col(ChatMessage.created_at).desc(), col(ChatMessage.id).desc())
        .limit(limit)
    )
    return list(reversed(session.scalars(newest_first).all()))
