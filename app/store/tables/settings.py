"""What administrators set, and the record of who did: providers and audit log."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, optional_reference
from app.store.types import JsonText


class ProviderSetting(SQLModel, table=True):
    """A language-model provider set up in the page. The key is encrypted by the service; the store never sees it."""

    __tablename__ = "provider_settings"

    provider: str = characters(50, primary_key=True)
    kind: str = characters(30)
    label: str = characters(200)
    base_url: str | None = characters(1000, default=None)
    key_encrypted: bytes | None = Field(default=None, sa_type=LargeBinary)
    models: list[str] = Field(default_factory=list, sa_type=JsonText)
    context: int | None = None
    allow_private: bool = False
    enabled: bool = True
    updated_by: uuid.UUID | None = optional_reference("users.id", on_delete="SET NULL")
    updated_at: datetime


class AuditEntry(SQLModel, table=True):
    """Who did what to what. No foreign keys and append-only: the record outlives those it names."""

    __tablename__ = "audit_log"

    id: uuid.UUID = identifier()
    at: datetime = Field(index=True)
    actor_id: uuid.UUID | None = optional_reference(index=True)
    action: str = characters(100, index=True)
    target: str = characters(300, default="", index=True)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JsonText)
