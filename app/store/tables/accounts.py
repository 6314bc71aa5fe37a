"""People and what lets them in: users, sessions, API tokens, one-time sign-in links. Secrets are stored as hashes only."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.store.tables.base import characters, identifier, reference
from app.store.types import JsonText


class User(SQLModel, table=True):
    """A person. `email` is lower case; `password_hash` is missing until the welcome link was used."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: uuid.UUID = identifier()
    email: str = characters(320, unique=True)
    name: str = characters(200)
    password_hash: str | None = characters(500, default=None)
    roles: list[str] = Field(default_factory=list, sa_type=JsonText)
    disabled_at: datetime | None = None
    created_at: datetime


class UserIdentity(SQLModel, table=True):
    """A person's account at an identity provider, known there by a subject that never changes; one for each provider."""

    __tablename__ = "user_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("user_id", "issuer"))

    id: uuid.UUID = identifier()
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE")
    issuer: str = characters(500)
    subject: str = characters(255)
    created_at: datetime
    last_used_at: datetime


class UserSession(SQLModel, table=True):
    """A signed-in browser. `token_hash` is the SHA-256 of the cookie's value."""

    __tablename__ = "sessions"

    id: uuid.UUID = identifier()
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", index=True)
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    created_at: datetime
    expires_at: datetime = Field(index=True)
    last_seen_at: datetime
    user_agent: str = characters(500, default="")


class ApiToken(SQLModel, table=True):
    """A bearer token of a program. `expires_at` missing: valid until deleted."""

    __tablename__ = "api_tokens"

    id: uuid.UUID = identifier()
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", index=True)
    name: str = characters(200)
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None


class SignInLink(SQLModel, table=True):
    """A link that lets one person in once, to choose a password."""

    __tablename__ = "sign_in_links"

    id: uuid.UUID = identifier()
    user_id: uuid.UUID = reference("users.id", on_delete="CASCADE", index=True)
    token_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
