"""Who somebody is to the use cases, and what a name, an e-mail address and a role may be."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.roles import ROLES
from app.services.checks import checked_line
from app.services.errors import InvalidInput
from app.store.tables import User

__all__ = ["ROLES", "Principal", "SignedIn", "checked_email", "checked_name", "checked_roles", "principal_of"]

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking: the account, and the session when it came with a cookie."""

    id: UUID
    email: str
    name: str
    roles: tuple[str, ...]
    session_id: UUID | None = None
    """Set when the proof was a cookie; mutations then need the CSRF token."""

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the token goes into the cookie and is kept nowhere else."""

    principal: Principal
    token: str
    expires_at: datetime


def principal_of(user: User, session_id: UUID | None = None) -> Principal:
    return Principal(user.id, user.email, user.name, tuple(user.roles), session_id)


def checked_email(email: str) -> str:
    """Lower case and without spaces around. Raises `InvalidInput`."""
    email = email.strip().lower()
    if len(email) > 254 or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise InvalidInput("email", "This is not an e-mail address.")
    return email


def checked_name(name: str) -> str:
    """Up to 200 characters on one line; it may be empty. Raises `InvalidInput`."""
    return checked_line("name", name, most=_MOST_NAME)


def checked_roles(roles: Sequence[str]) -> list[str]:
    """Known roles, each once, at least one. Raises `InvalidInput`."""
    if not roles or any(role not in ROLES for role in roles):
        raise InvalidInput("roles", f"Roles are some of {', '.join(ROLES)}.")
    return list(dict.fromkeys(roles))
