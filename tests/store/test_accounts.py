"""Users, sessions, tokens and links, on both databases."""

import uuid
from datetime import datetime, timedelta

import pytest

from app.store import accounts
from app.store.db import Database
from app.store.errors import AlreadyExists, NotFound
from app.store.tables import User

HOUR = timedelta(hours=1)


@pytest.fixture
def session(database: Database):
    with database.transaction() as session:
        yield session


@pytest.fixture
def user(session, now: datetime) -> User:
    return accounts.create_user(session, email=" Ada@Example.org ", name="Ada", roles=["admin", "writer"], at=now)


def test_addresses_are_kept_in_lower_case_and_found_in_any(session, user: User) -> None:
    assert user.email == "ada@example.org"
    assert accounts.find_user(session, "ADA@example.ORG") == user
    assert accounts.find_user(session, "nobody@example.org") is None
    assert accounts.get_user(session, user.id).roles == ["admin", "writer"]
    assert accounts.list_users(session) == [user]


def test_an_address_is_used_once(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        accounts.create_user(session, email="a@example.org", name="A", roles=[], at=now)
    with pytest.raises(AlreadyExists) as caught, database.transaction() as session:
        accounts.create_user(session, email="A@EXAMPLE.org", name="B", roles=[], at=now)
    assert caught.value.values == {"field": "email"}


def test_only_what_is_given_changes(session, user: User) -> None:
    accounts.update_user(session, user.id, name="Ada L.")
    accounts.update_user(session, user.id, password_hash="hash")
    changed = accounts.update_user(session, user.id, roles=[])
    assert (changed.name, changed.password_hash, changed.roles) == ("Ada L.", "hash", [])


@pytest.mark.parametrize(
    "call",
    [
        accounts.get_user,
        accounts.update_user,
        accounts.delete_user,
        lambda s, i: accounts.set_disabled(s, i, disabled_at=None),
    ],
)
def test_a_missing_user_is_not_found(session, call) -> None:
    with pytest.raises(NotFound):
        call(session, uuid.uuid4())


def signed_in(session, user: User, now: datetime, token: bytes = b"token"):
    return accounts.create_session(
        session,
        user_id=user.id,
        token_hash=token,
        at=now,
        expires_at=now + HOUR,
        user_agent="x" * 600,
    )


def test_a_session_says_who_it_is_until_it_is_over(session, user: User, now: datetime) -> None:
    row = signed_in(session, user, now)
    identity = accounts.identity_of_session(session, b"token", now)
    assert (identity.user_id, identity.email, identity.name, identity.roles) == (
        user.id,
        "ada@example.org",
        "Ada",
        ("admin", "writer"),
    )
    assert (identity.session_id, identity.token_id, identity.last_seen_at) == (row.id, None, now)
    assert accounts.identity_of_session(session, b"other", now) is None
    assert accounts.identity_of_session(session, b"token", now + HOUR) is None
    accounts.touch_session(session, row.id, at=now + HOUR, expires_at=now + 2 * HOUR)
    assert accounts.identity_of_session(session, b"token", now + HOUR).last_seen_at == now + HOUR
    accounts.end_session(session, row.id)
    assert accounts.identity_of_session(session, b"token", now) is None


def test_signing_out_everywhere_may_spare_one_session(session, user: User, now: datetime) -> None:
    kept = signed_in(session, user, now, b"one")
    signed_in(session, user, now, b"two")
    accounts.end_sessions(session, user.id, keep=kept.id)
    assert accounts.identity_of_session(session, b"one", now) is not None
    assert accounts.identity_of_session(session, b"two", now) is None
    accounts.end_sessions(session, user.id)
    assert accounts.identity_of_session(session, b"one", now) is None


def test_a_disabled_person_is_out_at_once_and_can_come_back(session, user: User, now: datetime) -> None:
    signed_in(session, user, now)
    accounts.create_api_token(session, user_id=user.id, name="t", token_hash=b"api", at=now)
    accounts.set_disabled(session, user.id, disabled_at=now)
    assert accounts.identity_of_session(session, b"token", now) is None
    assert accounts.identity_of_token(session, b"api", now) is None
    accounts.set_disabled(session, user.id, disabled_at=None)
    assert accounts.identity_of_session(session, b"token", now) is None
    assert accounts.identity_of_token(session, b"api", now) is not None


def test_tokens_work_until_they_expire_or_are_deleted(session, user: User, now: datetime) -> None:
    lasting = accounts.create_api_token(session, user_id=user.id, name="lasting", token_hash=b"1", at=now)
    short = accounts.create_api_token(
        session, user_id=user.id, name="short", token_hash=b"2", at=now, expires_at=now + HOUR
    )
    assert accounts.list_api_tokens(session, user.id) == [short, lasting]
    assert accounts.identity_of_token(session, b"2", now).token_id == short.id
    assert accounts.identity_of_token(session, b"2", now + HOUR) is None
    accounts.touch_api_token(session, lasting.id, at=now)
    assert accounts.identity_of_token(session, b"1", now + 1000 * HOUR).last_seen_at == now
    with pytest.raises(NotFound):
        accounts.delete_api_token(session, uuid.uuid4(), lasting.id)
    accounts.delete_api_token(session, user.id, lasting.id)
    assert accounts.identity_of_token(session, b"1", now) is None


def link(session, user: User, now: datetime, token: bytes) -> None:
    accounts.create_sign_in_link(session, user_id=user.id, token_hash=token, at=now, expires_at=now + HOUR)


def test_a_sign_in_link_works_once(session, user: User, now: datetime) -> None:
    link(session, user, now, b"link")
    assert accounts.user_of_link(session, b"link", now) == user
    assert accounts.use_sign_in_link(session, b"link", now) == user
    assert accounts.user_of_link(session, b"link", now) is None
    with pytest.raises(NotFound):
        accounts.use_sign_in_link(session, b"link", now)


def test_a_sign_in_link_ends_with_its_time_or_the_next_link(session, user: User, now: datetime) -> None:
    link(session, user, now, b"old")
    link(session, user, now, b"new")
    assert accounts.user_of_link(session, b"old", now) is None
    assert accounts.user_of_link(session, b"new", now) == user
    with pytest.raises(NotFound):
        accounts.use_sign_in_link(session, b"new", now + HOUR)
    accounts.set_disabled(session, user.id, disabled_at=now)
    with pytest.raises(NotFound):
        accounts.use_sign_in_link(session, b"new", now)


def test_what_is_over_is_cleaned_up(session, user: User, now: datetime) -> None:
    signed_in(session, user, now)
    link(session, user, now, b"link")
    accounts.create_api_token(session, user_id=user.id, name="lasting", token_hash=b"1", at=now)
    accounts.create_api_token(session, user_id=user.id, name="short", token_hash=b"2", at=now, expires_at=now + HOUR)
    assert accounts.delete_expired(session, now) == 0
    assert accounts.delete_expired(session, now + HOUR) == 3
    assert [token.name for token in accounts.list_api_tokens(session, user.id)] == ["lasting"]
