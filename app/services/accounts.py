"""Accounts: who somebody is, how they prove it, and what they may do.

Passwords are kept as argon2id hashes; tokens of sessions, links and the API as SHA-256 of 256 random bits. A proven
session or token is remembered for a few seconds, so that a keystroke's autosave costs no look-up; ending it here forgets
it at once, ending it from another process takes those seconds.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlmodel import Session

from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing, WrongCredentials
from app.services.secrets import SecretBox, new_token, token_hash
from app.services.throttle import SignInThrottle
from app.store import accounts as account_store
from app.store import audit
from app.store.db import Database
from app.store.errors import AlreadyExists, NotFound
from app.store.tables import ApiToken, User

ROLES = ("writer", "student", "instructor", "finance", "admin")

REMEMBER = timedelta(seconds=5)
LINK_LIFETIME = timedelta(days=7)
_NOTE_USE_EVERY = timedelta(minutes=10)

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_LEAST_PASSWORD = 10
_MOST_PASSWORD = 1024


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


class Accounts:
    """Use cases of people and their proofs."""

    def __init__(self, db: Database, clock: Clock, secrets: SecretBox, *, session_days: int) -> None:
        self._db = db
        self._clock = clock
        self._secrets = secrets
        self._session_lifetime = timedelta(days=session_days)
        self._throttle = SignInThrottle()
        self._hasher = PasswordHasher()
        self._absent = self._hasher.hash(new_token())
        self._remembered: dict[bytes, tuple[Principal, datetime]] = {}

    # Proofs

    async def who(self, *, session_token: str = "", api_token: str = "") -> Principal | None:
        """The account behind a session cookie or an API token; None when there is none, it ended or is disabled."""
        token = api_token or session_token
        if not token:
            return None
        digest, now = token_hash(token), self._clock()
        remembered = self._remembered.get(digest)
        if remembered is not None and remembered[1] > now:
            return remembered[0]
        if api_token:
            identity = await self._db.read(account_store.identity_of_token, digest, now)
        else:
            identity = await self._db.read(account_store.identity_of_session, digest, now)
        if identity is None:
            self._remembered.pop(digest, None)
            return None
        await self._note_use(identity, now)
        principal = Principal(identity.user_id, identity.email, identity.name, identity.roles, identity.session_id)
        if len(self._remembered) > 10_000:
            self._remembered.clear()
        self._remembered[digest] = (principal, now + REMEMBER)
        return principal

    async def sign_in(self, email: str, password: str, *, address: str, user_agent: str) -> SignedIn:
        """Prove an account by password. Raises `WrongCredentials` and, after too many failures, `TooManyRequests`."""
        email = email.strip().lower()
        keys = (f"email:{email}", f"address:{address}")
        now = self._clock()
        self._throttle.check(keys, now)
        user = await self._db.read(account_store.find_user, email)
        hashed = user.password_hash if user is not None and user.password_hash else None
        proven = await asyncio.to_thread(self._proves, hashed or self._absent, password)
        if user is None or hashed is None or not proven or user.disabled_at is not None:
            self._throttle.failed(keys, now)
            raise WrongCredentials
        self._throttle.succeeded(keys[:1])
        return await self._open_session(user, user_agent)

    async def sign_out(self, principal: Principal) -> None:
        if principal.session_id is not None:
            await self._db.write(account_store.end_session, principal.session_id)
        self._forget(principal.id)

    def csrf_token(self, principal: Principal) -> str:
        """What a page of this session sends along with its mutations; empty for API tokens."""
        return self._secrets.sign(str(principal.session_id)) if principal.session_id is not None else ""

    def csrf_matches(self, principal: Principal, token: str) -> bool:
        return principal.session_id is None or self._secrets.verify(str(principal.session_id), token)

    # One-time links

    async def make_link(self, user_id: UUID, *, by: Principal | None = None) -> str:
        """A token that signs this account in once and lets it choose a password. Raises `Missing`."""
        token, now = new_token(), self._clock()

        def unit(session: Session) -> None:
            account_store.get_user(session, user_id)
            account_store.create_sign_in_link(
                session, user_id=user_id, token_hash=token_hash(token), at=now, expires_at=now + LINK_LIFETIME
            )
            audit.record(session, at=now, actor_id=by.id if by else None, action="link.made", target=str(user_id))

        await self._db.write(unit)
        return token

    async def link_owner(self, token: str) -> Principal | None:
        """Whose unused link this is, to show the page that uses it."""
        user = await self._db.read(account_store.user_of_link, token_hash(token), self._clock())
        return _principal(user, None) if user is not None else None

    async def use_link(
        self, token: str, *, password: str, email: str = "", name: str = "", user_agent: str = ""
    ) -> SignedIn:
        """Spend a one-time link: set the password (and, when given, e-mail and name) and sign in."""
        _check_password(password)
        if email:
            email = checked_email(email)
        hashed = await asyncio.to_thread(self._hasher.hash, password)
        now = self._clock()

        def unit(session: Session) -> User:
            user = account_store.use_sign_in_link(session, token_hash(token), now)
            return account_store.update_user(
                session, user.id, password_hash=hashed, email=email or None, name=name.strip() or None
            )

        try:
            user = await self._db.write(unit)
        except AlreadyExists as error:
            raise InvalidInput("email", "Another account uses this e-mail address.") from error
        except NotFound as error:
            raise Missing("This link was used already or has ended. Ask an administrator for a new one.") from error
        self._forget(user.id)
        return await self._open_session(user, user_agent)

    async def administrator_link(self) -> str | None:
        """On a fresh installation (no account ever signed in): a one-time link for its administrator, else None."""
        now = self._clock()

        def unit(session: Session) -> UUID | None:
            people = account_store.list_users(session)
            if any(user.password_hash for user in people):
                return None
            admin = next((user for user in people if "admin" in user.roles), None)
            if admin is None:
                admin = account_store.create_user(
                    session, email="admin@localhost", name="Administrator", roles=["admin", "writer"], at=now
                )
            return admin.id

        user_id = await self._db.write(unit)
        return None if user_id is None else await self.make_link(user_id)

    # People

    async def create_user(
        self, email: str, *, name: str = "", roles: Sequence[str] = ("writer",), by: Principal | None = None
    ) -> User:
        email = checked_email(email)
        _check_roles(roles)
        now = self._clock()

        def unit(session: Session) -> User:
            user = account_store.create_user(
                session, email=email, name=name.strip() or email.partition("@")[0], roles=list(roles), at=now
            )
            audit.record(session, at=now, actor_id=by.id if by else None, action="user.created", target=str(user.id))
            return user

        try:
            return await self._db.write(unit)
        except AlreadyExists as error:
            raise InvalidInput("email", "An account with this e-mail address exists already.") from error

    async def users(self) -> list[User]:
        return await self._db.read(account_store.list_users)

    async def find(self, email: str) -> User:
        """The account with this e-mail. Raises `Missing`."""
        user = await self._db.read(account_store.find_user, email.strip().lower())
        if user is None:
            raise Missing(f"There is no account with the e-mail address {email}.")
        return user

    async def change_user(
        self,
        user_id: UUID,
        *,
        by: Principal,
        roles: Sequence[str] | None = None,
        disabled: bool | None = None,
        name: str | None = None,
    ) -> User:
        """An administrator changes an account. The last administrator can be neither disabled nor demoted."""
        if roles is not None:
            _check_roles(roles)
        now = self._clock()

        def unit(session: Session) -> User:
            user = account_store.get_user(session, user_id)
            loses = "admin" in user.roles and ((roles is not None and "admin" not in roles) or disabled is True)
            if loses and not _other_administrators(session, user_id):
                raise Conflict("last_administrator", "This is the last administrator; make somebody else one first.")
            if disabled is not None:
                account_store.set_disabled(session, user_id, disabled_at=now if disabled else None)
            changed = account_store.update_user(session, user_id, roles=roles, name=name)
            audit.record(session, at=now, actor_id=by.id, action="user.changed", target=str(user_id))
            return changed

        user = await self._db.write(unit)
        self._forget(user_id)
        return user

    async def change_own(
        self, principal: Principal, *, name: str | None = None, password: str | None = None, current_password: str = ""
    ) -> User:
        """Somebody changes their own name or, proving the old one, password; other sessions then end."""
        hashed: str | None = None
        if password is not None:
            _check_password(password)
            user = await self._db.read(account_store.get_user, principal.id)
            if user.password_hash and not await asyncio.to_thread(self._proves, user.password_hash, current_password):
                raise InvalidInput("current_password", "That is not your current password.")
            hashed = await asyncio.to_thread(self._hasher.hash, password)

        def unit(session: Session) -> User:
            if hashed is not None:
                account_store.end_sessions(session, principal.id, keep=principal.session_id)
            return account_store.update_user(session, principal.id, name=name, password_hash=hashed)

        user = await self._db.write(unit)
        self._forget(principal.id)
        return user

    # API tokens

    async def create_token(self, user_id: UUID, name: str) -> tuple[ApiToken, str]:
        """A new API token: its row, and the token itself, which is shown once."""
        name = name.strip()
        if not 1 <= len(name) <= 100:
            raise InvalidInput("name", "Give the token a name of 1 to 100 characters.")
        token = f"dl_{new_token()}"
        row = await self._db.write(
            account_store.create_api_token, user_id=user_id, name=name, token_hash=token_hash(token), at=self._clock()
        )
        return row, token

    async def tokens(self, principal: Principal) -> list[ApiToken]:
        return await self._db.read(account_store.list_api_tokens, principal.id)

    async def revoke_token(self, principal: Principal, token_id: UUID) -> None:
        await self._db.write(account_store.delete_api_token, principal.id, token_id)
        self._forget(principal.id)

    # Inside

    async def _open_session(self, user: User, user_agent: str) -> SignedIn:
        token, now = new_token(), self._clock()
        expires_at = now + self._session_lifetime
        row = await self._db.write(
            account_store.create_session,
            user_id=user.id,
            token_hash=token_hash(token),
            csrf_hash=None,
            at=now,
            expires_at=expires_at,
            user_agent=user_agent,
        )
        return SignedIn(_principal(user, row.id), token, expires_at)

    async def _note_use(self, identity: account_store.Identity, now: datetime) -> None:
        """Sessions live on while they are used; noted at most every ten minutes."""
        if identity.last_seen_at is not None and now - identity.last_seen_at < _NOTE_USE_EVERY:
            return
        if identity.session_id is not None:
            await self._db.write(
                account_store.touch_session, identity.session_id, at=now, expires_at=now + self._session_lifetime
            )
        elif identity.token_id is not None:
            await self._db.write(account_store.touch_api_token, identity.token_id, at=now)

    def _proves(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerifyMismatchError, InvalidHashError):
            return False

    def _forget(self, user_id: UUID) -> None:
        for digest in [digest for digest, (principal, _) in self._remembered.items() if principal.id == user_id]:
            del self._remembered[digest]


def checked_email(email: str) -> str:
    """Lower case and without spaces around. Raises `InvalidInput`."""
    email = email.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise InvalidInput("email", "This is not an e-mail address.")
    return email


def _other_administrators(session: Session, user_id: UUID) -> bool:
    """Whether somebody else could still administer the installation."""
    return any(
        "admin" in user.roles and user.disabled_at is None and user.id != user_id
        for user in account_store.list_users(session)
    )


def _check_password(password: str) -> None:
    if not _LEAST_PASSWORD <= len(password) <= _MOST_PASSWORD:
        raise InvalidInput("password", f"A password has {_LEAST_PASSWORD} to {_MOST_PASSWORD} characters.")


def _check_roles(roles: Sequence[str]) -> None:
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise InvalidInput("roles", f"Roles are some of {', '.join(ROLES)}.")


def _principal(user: User, session_id: UUID | None) -> Principal:
    return Principal(user.id, user.email, user.name, tuple(user.roles), session_id)
