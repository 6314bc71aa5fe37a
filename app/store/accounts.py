"""Users, and what lets them in: sessions, API tokens, sign-in links. Secrets come in as hashes; making them is the service's."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.core.text.utf16 import has_unstorable
from app.store.engine.prepared import Prepared
from app.store.engine.quick import quick
from app.store.errors import AlreadyExists, NotFound
from app.store.rows import changed_rows
from app.store.tables import ApiToken, SignInLink, User, UserSession


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a request comes from. `session_id` for a browser, `token_id` for a program."""

    user_id: uuid.UUID
    email: str
    name: str
    roles: tuple[str, ...]
    session_id: uuid.UUID | None = None
    token_id: uuid.UUID | None = None
    last_seen_at: datetime | None = None


# Users


def create_user(session: Session, *, email: str, name: str, roles: Sequence[str], at: datetime) -> User:
    """Adds a person without a password. Raises AlreadyExists(field="email")."""
    user = User(email=email.strip().lower(), name=name, roles=list(roles), created_at=at)
    session.add(user)
    try:
        session.flush()
    except IntegrityError as error:
        raise AlreadyExists("Somebody with this email address exists already.", field="email") from error
    return user


def get_user(session: Session, user_id: uuid.UUID) -> User:
    """Raises NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("user")
    return user


def find_user(session: Session, email: str) -> User | None:
    """The person with this address, in any case; also a disabled one. None for what can be nobody's address."""
    if has_unstorable(email):
        return None
    return session.scalars(select(User).where(col(User.email) == email.strip().lower())).first()


def list_users(session: Session) -> list[User]:
    """Everybody, by address."""
    return list(session.scalars(select(User).order_by(col(User.email))))


def names_of(session: Session, ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What people are called, by id; those who are gone are not in it."""
    found = session.execute(select(col(User.id), col(User.name), col(User.email)).where(col(User.id).in_(set(ids))))
    return {id_: name or email for id_, name, email in found}


def update_user(
    session: Session,
    user_id: uuid.UUID,
    *,
    email: str | None = None,
    name: str | None = None,
    roles: Sequence[str] | None = None,
    password_hash: str | None = None,
) -> User:
    """Changes what is given. Raises NotFound, and AlreadyExists(field="email") for somebody else's address."""
    user = get_user(session, user_id)
    if email is not None:
        user.email = email.strip().lower()
    if name is not None:
        user.name = name
    if roles is not None:
        user.roles = list(roles)
    if password_hash is not None:
        user.password_hash = password_hash
    try:
        session.flush()
    except IntegrityError as error:
        raise AlreadyExists("Somebody with this email address exists already.", field="email") from error
    return user


def set_disabled(session: Session, user_id: uuid.UUID, *, disabled_at: datetime | None) -> User:
    """Locks a person out (sessions end at once; tokens stop working while disabled), or in again with None."""
    user = get_user(session, user_id)
    user.disabled_at = disabled_at
    session.flush()
    if disabled_at is not None:
        end_sessions(session, user_id)
    return user


def delete_user(session: Session, user_id: uuid.UUID) -> None:
    """Deletes a person with everything they own; ledger and audit log stay. Raises NotFound."""
    if not changed_rows(session, delete(User).where(col(User.id) == user_id)):
        raise NotFound("user")


# Sessions


def create_session(
    session: Session,
    *,
    user_id: uuid.UUID,
    token_hash: bytes,
    at: datetime,
    expires_at: datetime,
    user_agent: str = "",
) -> UserSession:
    row = UserSession(
        user_id=user_id,
        token_hash=token_hash,
        created_at=at,
        expires_at=expires_at,
        last_seen_at=at,
        user_agent=user_agent[:500],
    )
    session.add(row)
    session.flush()
    return row


_PERSON: tuple[Any, ...] = (col(User.id), col(User.email), col(User.name), col(User.roles))
_SESSION_BY_HASH = Prepared(
    select(*_PERSON, col(UserSession.id), col(UserSession.last_seen_at))
    .join_from(UserSession, User, col(User.id) == col(UserSession.user_id))
    .where(col(UserSession.token_hash) == bindparam("token_hash"), col(UserSession.expires_at) > bindparam("at"))
    .where(col(User.disabled_at).is_(None))
)
_TOKEN_BY_HASH = Prepared(
    select(*_PERSON, col(ApiToken.id), col(ApiToken.last_used_at))
    .join_from(ApiToken, User, col(User.id) == col(ApiToken.user_id))
    .where(
        col(ApiToken.token_hash) == bindparam("token_hash"),
        or_(col(ApiToken.expires_at).is_(None), col(ApiToken.expires_at) > bindparam("at")),
    )
    .where(col(User.disabled_at).is_(None))
)


@quick
def identity_of_session(session: Session, token_hash: bytes, at: datetime) -> Identity | None:
    """Whose session this is; None if it is unknown or over, or the person is locked out."""
    row = _SESSION_BY_HASH.one(session, token_hash=token_hash, at=at)
    if row is None:
        return None
    user_id, email, name, roles, session_id, last_seen_at = row
    return Identity(user_id, email, name, tuple(roles), session_id=session_id, last_seen_at=last_seen_at)


@quick
def identity_of_token(session: Session, token_hash: bytes, at: datetime) -> Identity | None:
    """Whose API token this is; None if it is unknown or over, or the person is locked out."""
    row = _TOKEN_BY_HASH.one(session, token_hash=token_hash, at=at)
    if row is None:
        return None
    user_id, email, name, roles, token_id, last_used_at = row
    return Identity(user_id, email, name, tuple(roles), token_id=token_id, last_seen_at=last_used_at)


def touch_session(session: Session, session_id: uuid.UUID, *, at: datetime, expires_at: datetime) -> None:
    """Notes that a session is used, and prolongs it."""
    session.execute(
        update(UserSession).where(col(UserSession.id) == session_id).values(last_seen_at=at, expires_at=expires_at)
    )


def end_session(session: Session, session_id: uuid.UUID) -> None:
    session.execute(delete(UserSession).where(col(UserSession.id) == session_id))


def end_sessions(session: Session, user_id: uuid.UUID, *, keep: uuid.UUID | None = None) -> None:
    """Signs a person out everywhere, but not of the session `keep`."""
    statement = delete(UserSession).where(col(UserSession.user_id) == user_id)
    if keep is not None:
        statement = statement.where(col(UserSession.id) != keep)
    session.execute(statement)


def delete_expired(session: Session, at: datetime) -> int:
    """Removes sessions, links and tokens whose time is over; returns how many."""
    return sum(
        changed_rows(session, delete(table).where(col(expires_at) <= at))
        for table, expires_at in (
            (UserSession, UserSession.expires_at),
            (SignInLink, SignInLink.expires_at),
            (ApiToken, ApiToken.expires_at),
        )
    )


# API tokens


def create_api_token(
    session: Session,
    *,
    user_id: uuid.UUID,
    name: str,
    token_hash: bytes,
    at: datetime,
    expires_at: datetime | None = None,
) -> ApiToken:
    row = ApiToken(user_id=user_id, name=name, token_hash=token_hash, created_at=at, expires_at=expires_at)
    session.add(row)
    session.flush()
    return row


def list_api_tokens(session: Session, user_id: uuid.UUID) -> list[ApiToken]:
    """A person's tokens, newest first."""
    return list(
        session.scalars(select(ApiToken).where(col(ApiToken.user_id) == user_id).order_by(col(ApiToken.id).desc()))
    )


def touch_api_token(session: Session, token_id: uuid.UUID, *, at: datetime) -> None:
    """Notes that a token was used."""
    session.execute(update(ApiToken).where(col(ApiToken.id) == token_id).values(last_used_at=at))


def delete_api_token(session: Session, user_id: uuid.UUID, token_id: uuid.UUID) -> str:
    """Returns its name. Raises NotFound, also for somebody else's token."""
    owned = (col(ApiToken.id) == token_id, col(ApiToken.user_id) == user_id)
    name = session.scalars(select(col(ApiToken.name)).where(*owned)).first()
    if name is None or not changed_rows(session, delete(ApiToken).where(*owned)):
        raise NotFound("token")
    return name


# Sign-in links


def create_sign_in_link(
    session: Session, *, user_id: uuid.UUID, token_hash: bytes, at: datetime, expires_at: datetime
) -> SignInLink:
    """A new link; those sent to the person before stop working."""
    session.execute(delete(SignInLink).where(col(SignInLink.user_id) == user_id, col(SignInLink.used_at).is_(None)))
    row = SignInLink(user_id=user_id, token_hash=token_hash, created_at=at, expires_at=expires_at)
    session.add(row)
    session.flush()
    return row


def user_of_link(session: Session, token_hash: bytes, at: datetime) -> User | None:
    """Whom an unused link lets in; None if it was used, is over or unknown, or the person is locked out."""
    return session.scalars(
        select(User)
        .join(SignInLink, col(SignInLink.user_id) == col(User.id))
        .where(
            col(SignInLink.token_hash) == token_hash,
            col(SignInLink.used_at).is_(None),
            col(SignInLink.expires_at) > at,
            col(User.disabled_at).is_(None),
        )
    ).first()


def use_sign_in_link(session: Session, token_hash: bytes, at: datetime) -> User:
    """Spends a link, once: of two who use it at the same moment one gets NotFound."""
    user = user_of_link(session, token_hash, at)
    spent = (
        update(SignInLink)
        .where(col(SignInLink.token_hash) == token_hash, col(SignInLink.used_at).is_(None))
        .values(used_at=at)
    )
    if user is None or not changed_rows(session, spent):
        raise NotFound("sign-in link")
    return user
