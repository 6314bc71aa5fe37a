"""Providers as an administrator set them up in the page."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.store.errors import NotFound
from app.store.rows import changed_rows
from app.store.tables import ProviderSetting


@dataclass(frozen=True, slots=True)
class ProviderValues:
    """What is kept of one provider. `key_encrypted` is opaque to the store."""

    kind: str
    label: str
    base_url: str | None = None
    key_encrypted: bytes | None = None
    models: Sequence[str] = ()
    context: int | None = None
    allow_private: bool = False
    enabled: bool = True


def save_provider(
    session: Session, provider: str, values: ProviderValues, *, user_id: uuid.UUID | None, at: datetime
) -> ProviderSetting:
    """Sets a provider up, or replaces what was set."""
    row = session.get(ProviderSetting, provider)
    if row is None:
        row = ProviderSetting(provider=provider, kind=values.kind, label=values.label, updated_at=at)
        session.add(row)
    row.kind = values.kind
    row.label = values.label
    row.base_url = values.base_url
    row.key_encrypted = values.key_encrypted
    row.models = list(values.models)
    row.context = values.context
    row.allow_private = values.allow_private
    row.enabled = values.enabled
    row.updated_by = user_id
    row.updated_at = at
    session.flush()
    return row


def find_provider(session: Session, provider: str) -> ProviderSetting | None:
    return session.get(ProviderSetting, provider)


def list_providers(session: Session) -> list[ProviderSetting]:
    """All of them, by name."""
    return list(session.scalars(select(ProviderSetting).order_by(col(ProviderSetting.provider))))


def delete_provider(session: Session, provider: str) -> None:
    """Raises NotFound."""
    if not changed_rows(session, delete(ProviderSetting).where(col(ProviderSetting.provider) == provider)):
        raise NotFound("provider")
