"""Accounts: people, how they prove who they are, and what they may do.

What lets their requests in afterwards is in `sessions.py`, what a name or an address may be in `identity.py`.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing, WrongCredentials
from app.services.identity import (
    ROLES,
    Principal,
    SignedIn,
    checked_email,
    checked_name,
    checked_roles,
    principal_of,
)
from app.services.passwords import Passwords, check_password
from app.services.relay import Relay
from app.services.secrets import SecretBox, new_token, token_hash
from app.services.sessions import Sessions
from app.services.throttle import SignInThrottle
from app.store import accounts as account_store
from app.store import audit
from app.store import identities as identity_store
from app.store.db import Database
from app.store.errors import AlreadyExists, NotFound
from app.store.tables import ApiToken, User

__all__ = ["ROLES", "Accounts", "Principal", "SignedIn"]

LINK_LIFETIME = timedelta(days=7)
_MOST_TOKEN_NAME = 100


class Accounts:
    """Use cases of people and their proofs."""

    def __init__(
        self, db: Database, clock: Clock, secrets: SecretBox, *, session_days: int, relay: Relay | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._throttle = SignInThrottle()
        self._passwords = Passwords()
        self.sessions = Sessions(db, clock, secrets, lifetime=timedelta(days=session_days), relay=relay)

    async def sign_in(self, email: str, password: str, *, address: str, user_agent: str) -> SignedIn:
        """Prove an account by password. Raises `WrongCredentials` and, after too many failures, `TooManyRequests`."""
        email = checked_email(email)
        attempt = self._throttle.begin(email=email, address=address, now=self._clock())
        user = await self._db.read(account_store.find_user, email)
        proven = await self._passwords.proves(user.password_hash if user is not None else None, password)
        if user is None or not proven or user.disabled_at is not None:
            await self._note_failure(email, user, "disabled" if proven and user is not None else "password", address)
            raise WrongCredentials
        self._throttle.succeeded(attempt)
        return await self.sessions.open(user, user_agent, proof="password", address=address)

    async def _note_failure(self, email: str, user: User | None, reason: str, address: str) -> None:
        """As many as the throttle lets through; whether the account exists makes no difference to who is waiting."""
        await self._db.write(
            audit.record,
            action="sign_in.failed",
            at=self._clock(),
            target=str(user.id) if user is not None else "",
            details={"email": email, "reason": reason if user is not None else "unknown", "address": address},
        )

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
        return principal_of(user) if user is not None else None

    async def use_link(
        self, token: str, *, password: str, email: str = "", name: str = "", user_agent: str = "", address: str = ""
    ) -> SignedIn:
        """Spend a one-time link: set the password (and, when given, e-mail and name) and sign in.

        Whoever lost a password may have lost it to somebody: all earlier sessions end.
        """
        check_password(password)
        name = checked_name(name)
        if email:
            email = checked_email(email)
        if await self.link_owner(token) is None:
            raise _spent()  # Before the hashing, which nobody should be able to ask for without a link.
        hashed = await self._passwords.hash(password)
        now = self._clock()

        def unit(session: Session) -> User:
            user = account_store.use_sign_in_link(session, token_hash(token), now)
            account_store.end_sessions(session, user.id)
            audit.record(session, at=now, actor_id=user.id, action="link.used", target=str(user.id))
            return account_store.update_user(
                session, user.id, password_hash=hashed, email=email or None, name=name or None
            )

        try:
            user = await self._db.write(unit)
        except AlreadyExists as error:
            raise InvalidInput("email", "Another account uses this e-mail address.") from error
        except NotFound as error:
            raise _spent() from error
        self.sessions.forget(user.id)
        return await self.sessions.open(user, user_agent, proof="link", address=address)

    async def administrator_link(self) -> str | None:
        """On a fresh installation (no account ever signed in): a one-time link for its administrator, else None."""
        now = self._clock()

        def unit(session: Session) -> UUID | None:
            people = account_store.list_users(session)
            if any(user.password_hash for user in people) or identity_store.linked_administrator(session):
                return None
            admin = next((user for user in people if "admin" in user.roles), None)
            if admin is None:
                admin = account_store.create_user(
                    session, email="admin@localhost", name="Administrator", roles=["admin", "writer"], at=now
                )
                details = {"email": admin.email, "roles": admin.roles}
                audit.record(session, at=now, action="user.created", target=str(admin.id), details=details)
            return admin.id

        user_id = await self._db.write(unit)
        return None if user_id is None else await self.make_link(user_id)

    # People

    async def create_user(
        self, email: str, *, name: str = "", roles: Sequence[str] = ("writer",), by: Principal | None = None
    ) -> User:
        email, name, roles = checked_email(email), checked_name(name), checked_roles(roles)
        now = self._clock()

        def unit(session: Session) -> User:
            user = account_store.create_user(
                session, email=email, name=name or email.partition("@")[0], roles=roles, at=now
            )
            audit.record(
                session, at=now, actor_id=by.id if by else None, action="user.created", target=str(user.id),
                details={"email": email, "roles": roles},
            )  # fmt: skip
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
        roles = None if roles is None else checked_roles(roles)
        name = None if name is None else checked_name(name)
        now = self._clock()

        def unit(session: Session) -> User:
            user = account_store.get_user(session, user_id)
            loses = "admin" in user.roles and ((roles is not None and "admin" not in roles) or disabled is True)
            if loses and not other_administrators(session, user_id):
                raise Conflict("last_administrator", "This is the last administrator; make somebody else one first.")
            for action, details in _changes(user, roles=roles, disabled=disabled, name=name):
                audit.record(session, at=now, actor_id=by.id, action=action, target=str(user_id), details=details)
            if disabled is not None:
                account_store.set_disabled(session, user_id, disabled_at=now if disabled else None)
            return account_store.update_user(session, user_id, roles=roles, name=name)

        user = await self._db.write(unit)
        self.sessions.forget(user_id)
        return user

    async def change_own(
        self, principal: Principal, *, name: str | None = None, password: str | None = None, current_password: str = ""
    ) -> User:
        """Somebody changes their own name or, proving the old one, password; other sessions then end."""
        name = None if name is None else checked_name(name)
        hashed: str | None = None
        if password is not None:
            check_password(password)
            user = await self._db.read(account_store.get_user, principal.id)
            if user.password_hash and not await self._passwords.proves(user.password_hash, current_password):
                raise InvalidInput("current_password", "That is not your current password.")
            hashed = await self._passwords.hash(password)

        now = self._clock()

        def unit(session: Session) -> User:
            if hashed is not None:
                account_store.end_sessions(session, principal.id, keep=principal.session_id)
                audit.record(session, at=now, actor_id=principal.id, action="password.changed")
            for action, details in _changes(account_store.get_user(session, principal.id), name=name):
                audit.record(
                    session, at=now, actor_id=principal.id, action=action, target=str(principal.id), details=details
                )
            return account_store.update_user(session, principal.id, name=name, password_hash=hashed)

        user = await self._db.write(unit)
        self.sessions.forget(principal.id)
        return user

    async def unlink(self, user_id: UUID) -> int:
        """Forget which accounts at identity providers are this person's: the next sign-in there links anew. How many there
        were."""
        now = self._clock()

        def unit(session: Session) -> int:
            count = identity_store.unlink(session, user_id)
            if count:
                audit.record(session, at=now, action="identity.unlinked", target=str(user_id))
            return count

        return await self._db.write(unit)

    # API tokens

    async def create_token(self, user_id: UUID, name: str, *, by: Principal | None = None) -> tuple[ApiToken, str]:
        """A new API token: its row, and the token itself, which is shown once."""
        name = checked_line("name", name, least=1, most=_MOST_TOKEN_NAME)
        token, now = f"dl_{new_token()}", self._clock()

        def unit(session: Session) -> ApiToken:
            row = account_store.create_api_token(
                session, user_id=user_id, name=name, token_hash=token_hash(token), at=now
            )
            audit.record(
                session, at=now, actor_id=by.id if by else None, action="token.made", target=str(user_id),
                details={"name": name},
            )  # fmt: skip
            return row

        return await self._db.write(unit), token

    async def tokens(self, principal: Principal) -> list[ApiToken]:
        return await self._db.read(account_store.list_api_tokens, principal.id)

    async def revoke_token(self, principal: Principal, token_id: UUID) -> None:
        now = self._clock()

        def unit(session: Session) -> None:
            name = account_store.delete_api_token(session, principal.id, token_id)
            audit.record(
                session, at=now, actor_id=principal.id, action="token.revoked", target=str(principal.id),
                details={"name": name},
            )  # fmt: skip

        await self._db.write(unit)
        self.sessions.forget(principal.id)


def _changes(
    user: User, *, roles: Sequence[str] | None = None, disabled: bool | None = None, name: str | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the audit log says of a change, by action; nothing of what stays as it is."""
    if roles is not None and list(roles) != user.roles:
        yield "user.roles_changed", {"from": user.roles, "to": list(roles)}
    if disabled is not None and disabled != (user.disabled_at is not None):
        yield "user.disabled" if disabled else "user.enabled", {}
    if name is not None and name != user.name:
        yield "user.renamed", {"from": user.name, "to": name}


def other_administrators(session: Session, user_id: UUID) -> bool:
    """Whether somebody else could still administer the installation."""
    return any(
        "admin" in user.roles and user.disabled_at is None and user.id != user_id
        for user in account_store.list_users(session)
    )


def _spent() -> Missing:
    return Missing("This link was used already or has ended. Ask an administrator for a new one.")
