"""Providers as an administrator set them up in the page, and named settings of the installation."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from app.store.errors import NotFound
from app.store.rows import changed_rows
from app.store.tables import ProviderSetting, Setting


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


def get_setting(session: Session, key: str) -> Any:
    """A named JSON value; None if it was never set."""
    row = session.get(Setting, key)
    return None if row is None else row.value


def set_setting(session: Session, key: str, value: Any) -> None:
    """Sets a named JSON value; None keeps the name without one."""
    row = session.get(Setting, key)
    if row is None:
        row = Setting(key=key)
        session.add(row)
    row.value = value
    session.flush()


def delete_setting(session: Session, key: str) -> None:
    """Forgets a named value; one that was never set stays unset."""
    session.execute(delete(Setting).where(col(Setting.key) == key))
