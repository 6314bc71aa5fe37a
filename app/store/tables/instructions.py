"""What a writer tells models besides the prompt, and what models may do: own actions, style, references, loss bound."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, reference
from app.store.types import JsonText


class WriterAction(SQLModel, table=True):
    """A writer's own quick action. `template` holds `{{gaps}}`."""

    __tablename__ = "writer_actions"
    __table_args__ = (
        UniqueConstraint("user_id", "name"),
        one_of("mode", "ask", "write", "edit"),
        one_of("selection", "none", "optional", "required"),
        CheckConstraint("length(name) >= 1", name="name"),
    )

    id: uuid.UUID = identifier()
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE")
    name: str = characters(60)
    mode: str = characters(10)
    selection: str = characters(10)
    template: str = characters()
    created_at: datetime
    updated_at: datetime


class WriterStyle(SQLModel, table=True):
    """How a writer writes, in their words. `decided`: suggestions they adopted or dismissed, not to be made again."""

    __tablename__ = "writer_styles"

    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", primary_key=True)
    text: str = characters(default="")
    enabled: bool = False
    decided: list[str] = Field(default_factory=list, sa_type=JsonText)
    updated_at: datetime


class WriterLossBound(SQLModel, table=True):
    """A writer's own bound of the loss guard: `percent` of its words a rewrite may take from a text unasked."""

    __tablename__ = "writer_loss_bounds"
    __table_args__ = (CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),)

    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", primary_key=True)
    percent: int
    updated_at: datetime


class DraftReference(SQLModel, table=True):
    """Material beside a draft that models may draw on while `enabled`. `tokens` by the default vocabulary."""

    __tablename__ = "draft_references"
    __table_args__ = (
        CheckConstraint("length(title) >= 1", name="title"),
        CheckConstraint("tokens >= 0", name="tokens"),
        Index("ix_draft_references_draft_id", "draft_id"),
    )

    id: uuid.UUID = identifier()
    draft_id: uuid.UUID = reference("drafts.id", on_delete="CASCADE")
    title: str = characters(200)
    text: str = characters()
    length: int
    """UTF-16 units of the text."""
    tokens: int
    enabled: bool = True
    created_at: datetime
