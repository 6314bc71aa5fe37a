"""Providers, named settings and the audit log, on both databases."""

import uuid
from datetime import datetime, timedelta

import pytest

from app.store import audit, provider_settings
from app.store.audit import AuditFilters
from app.store.db import Database
from app.store.errors import BadCursor, NotFound
from app.store.provider_settings import ProviderValues
from app.store.tables import User


@pytest.fixture
def session(database: Database):
    with database.transaction() as session:
        yield session


def test_a_provider_is_set_up_changed_and_removed(session, writer: User, now: datetime) -> None:
    values = ProviderValues("openai_chat", "Local", "http://localhost:11434/v1", b"\x00secret", ("a", "b"), 8192, True)
    provider_settings.save_provider(session, "local", values, user_id=writer.id, at=now)
    session.expire_all()
    found = provider_settings.find_provider(session, "local")
    assert (found.kind, found.key_encrypted, found.models, found.context) == (
        "openai_chat",
        b"\x00secret",
        ["a", "b"],
        8192,
    )
    assert (found.allow_private, found.enabled, found.updated_by, found.updated_at) == (True, True, writer.id, now)
    provider_settings.save_provider(session, "local", ProviderValues("x", "Y", enabled=False), user_id=None, at=now)
    session.expire_all()
    found = provider_settings.find_provider(session, "local")
    assert (found.base_url, found.key_encrypted, found.models, found.enabled) == (None, None, [], False)
    assert provider_settings.list_providers(session) == [found]
    provider_settings.delete_provider(session, "local")
    assert provider_settings.find_provider(session, "local") is None
    with pytest.raises(NotFound):
        provider_settings.delete_provider(session, "local")


def test_the_audit_log_is_read_newest_first(session, now: datetime) -> None:
    person = uuid.uuid4()
    for number in range(5):
        audit.record(
            session,
            action=f"action.{number}",
            at=now + timedelta(seconds=number // 2),
            actor_id=person if number < 3 else None,
            target="t" * 400,
            details={"number": number},
        )

    def listed(**filters) -> list[int]:
        found, cursor = [], None
        while True:
            page = audit.list_entries(session, cursor=cursor, limit=2, **filters)
            found += [row.details["number"] for row in page.items]
            if (cursor := page.next) is None:
                return found

    assert listed() == [4, 3, 2, 1, 0]
    assert listed(filters=AuditFilters(person_id=person)) == [2, 1, 0]
    audit.record(session, action="user.changed", at=now, target=str(person), details={"number": 9})
    assert listed(filters=AuditFilters(person_id=person)) == [2, 9, 1, 0]
    assert listed(filters=AuditFilters(actions=["action.1", "action.4"])) == [4, 1]
    assert listed(filters=AuditFilters(since=now + timedelta(seconds=1))) == [4, 3, 2]
    assert listed(filters=AuditFilters(until=now + timedelta(seconds=1), actions=["action.0"])) == [0]
    with pytest.raises(BadCursor):
        audit.list_entries(session, cursor="nonsense")
