"""Rows that tests begin with, built straight from the tables: conversations, messages and turns in any shape; and damage to rows.

The product writes them by `turn_beginnings.py` only, which asks for more than a test of one rule wants to say.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from app.store.db import Database
from app.store.tables import ChatMessage, Conversation, ProviderSetting, Turn


def add(session: Session, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def create_conversation(session: Session, *, draft_id: uuid.UUID, at: datetime, **values: Any) -> Conversation:
    return add(session, Conversation(draft_id=draft_id, created_at=at, updated_at=at, **values))


def add_message(
    session: Session, *, conversation: Conversation, role: str, content: str, at: datetime, **values: Any
) -> ChatMessage:
    place = {"draft_id": conversation.draft_id, "conversation_id": conversation.id}
    return add(session, ChatMessage(role=role, content=content, created_at=at, **place, **values))


def create_turn(session: Session, *, at: datetime, **values: Any) -> Turn:
    """A running turn."""
    return add(session, Turn(state="running", heartbeat_at=at, created_at=at, **values))


# One named value: the smallest thing to write and read where a test is about the writing.


def set_value(session: Session, key: str, value: Any) -> None:
    row = session.get(ProviderSetting, key)
    if row is None:
        row = ProviderSetting(provider=key, kind="value", label="", updated_at=datetime(2026, 3, 1, tzinfo=UTC))
    row.models = [value]
    session.add(row)
    session.flush()


def get_value(session: Session, key: str) -> Any:
    row = session.get(ProviderSetting, key)
    return None if row is None else row.models[0]


def tamper(database: Database, statement: str, *triggers: tuple[str, str]) -> None:
    """Changes rows behind the back of the rules, as somebody with the file in hand could."""
    with database.transaction() as session:
        for table, trigger in triggers:
            if database.dialect == "sqlite":
                session.execute(text(f"DROP TRIGGER {trigger}"))
            else:
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"))
        session.execute(text(statement))
