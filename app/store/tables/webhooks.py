"""Where other programs hear of submissions, each call that is owed to them and every try; sites that may embed reports."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, one_of, optional_reference, reference
from app.store.types import JsonText


class Webhook(SQLModel, table=True):
    """An address that is called about submissions of `kinds` (none named: all). The secret that signs the calls is
    encrypted by the service; the store never sees it. `allow_private`: an administrator said it lies in their network."""

    __tablename__ = "webhooks"

    id: uuid.UUID = identifier()
    label: str = characters(200, default="")
    url: str = characters(2000)
    kinds: list[str] = Field(default_factory=list, sa_type=JsonText)
    secret_encrypted: bytes = Field(sa_type=LargeBinary)
    allow_private: bool = False
    enabled: bool = True
    created_by: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL")
    created_at: datetime
    updated_at: datetime


class WebhookDelivery(SQLModel, table=True):
    """One call that is owed to a webhook, kept until it is delivered or given up.

    `due_at`: when it is tried next; while a try runs, when others may take it for dead. `attempts` counts all tries,
    `tries_left` those before it is given up. A submission is owed to a webhook once per event.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "submission_id", "event"),
        one_of("event", "submission.created", "ping"),
        one_of("state", "waiting", "delivered", "failed"),
        CheckConstraint("(event = 'ping') = (submission_id IS NULL)", name="submission"),
        CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="finished_at"),
        CheckConstraint("attempts >= 0 AND tries_left >= 0", name="attempts"),
        Index(
            "ix_webhook_deliveries_due",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_webhook_deliveries_webhook_id", "webhook_id", "id"),
    )

    id: uuid.UUID = identifier()
    webhook_id: uuid.UUID = reference("webhooks.id", on_delete="CASCADE")
    submission_id: uuid.UUID | None = optional_reference("submissions.id", on_delete="CASCADE", index=True)
    event: str = characters(40)
    state: str = characters(20, default="waiting")
    attempts: int = 0
    tries_left: int
    due_at: datetime
    created_at: datetime
    finished_at: datetime | None = None


class WebhookAttempt(SQLModel, table=True):
    """One try of a delivery: the status that was answered, or the problem that kept it from an answer. It is written before
    anything is sent, as `interrupted`, which is what it stays when the process dies meanwhile."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (CheckConstraint("number >= 1", name="number"),)

    delivery_id: uuid.UUID = reference("webhook_deliveries.id", on_delete="CASCADE", primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime
    status: int | None = None
    problem: str | None = characters(40, default=None)
    duration_ms: int | None = None


class EmbedOrigin(SQLModel, table=True):
    """A site whose pages may show the report form in a frame: scheme, host and port as browsers write them."""

    __tablename__ = "embed_origins"

    origin: str = characters(300, primary_key=True)
    added_by: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL")
    added_at: datetime
