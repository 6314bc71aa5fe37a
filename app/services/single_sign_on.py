"""Signing in by an identity provider (OpenID Connect): which account a proven identity belongs to, and whether it is let in.

What is exchanged with the provider, and why it is believed, is in `identity_provider.py`.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
import structlog
from sqlmodel import Session

from app.core.roles import ROLES
from app.services.accounts import Accounts, SignedIn, other_administrators
from app.services.clock import Clock
from app.services.errors import InvalidInput, Missing, SignInFailed, SignInRefused, SignInStale
from app.services.identity import checked_email
from app.services.secrets import SecretBox, SecretUnreadable, new_token
from app.services.throttle import SignInThrottle
from app.settings import SingleSignOnSettings
from app.store import accounts as account_store
from app.store import audit
from app.store import identities as identity_store
from app.store.db import Database
from app.store.errors import AlreadyExists
from app.store.tables import User

log = structlog.get_logger()

BEGUN_LIFETIME = timedelta(minutes=10)
"""How long somebody may take at the provider."""
_MOST_NAME = 200
_MOST_PATH = 2_000

_REFUSALS = {
    "disabled": "Your account here is disabled. Ask an administrator to enable it again.",
    "domain": "Accounts with this e-mail address are not let in here. Use another one, or ask an administrator.",
    "no_account": "There is no account here with your e-mail address. Ask an administrator to invite you.",
    "no_email": "{label} did not tell your e-mail address, which an account here needs. Ask an administrator.",
    "not_verified": "{label} has not verified your e-mail address yet. Verify it there, then sign in again.",
    "linked_elsewhere": "The account with your e-mail address belongs to somebody else at {label}. Ask an administrator.",
}
"""Why a proven identity is not let in, by the reason the audit log keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Who somebody is at a provider. `verified` is None where it does not say; `groups` are those of the claim that is asked
    for, none where it is missing."""

    issuer: str
    subject: str
    email: str = ""
    verified: bool | None = None
    name: str = ""
    groups: tuple[str, ...] = ()


class IdentityProvider(Protocol):
    """What proves people. Its methods raise `SignInFailed`."""

    async def address(self, *, state: str, nonce: str, challenge: str) -> str:
        """Where the browser is sent."""

    async def identify(self, *, code: str, verifier: str, nonce: str) -> Proven:
        """Whom the code stands for."""


class Begun(msgspec.Struct, frozen=True):
    """What this browser keeps, sealed, while its person is at the provider."""

    state: str
    nonce: str
    verifier: str
    next: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the provider sent the browser back with."""

    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str = ""


class SingleSignOn:
    """Use cases of signing in by a provider; without one, all raise `Missing`."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        secrets: SecretBox,
        accounts: Accounts,
        *,
        settings: SingleSignOnSettings | None,
        provider: IdentityProvider | None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._secrets = secrets
        self._accounts = accounts
        self._settings = settings
        self._provider = provider
        self._throttle = SignInThrottle()

    @property
    def label(self) -> str:
        """What the provider is called on the button; empty where there is none."""
        return self._settings.label if self._settings is not None else ""

    async def begin(self, next_path: str) -> tuple[str, str]:
        """Where to send the browser, and what it keeps meanwhile. Raises `Missing` and `SignInFailed`."""
        _, provider = self._set_up()
        begun = Begun(new_token(), new_token(), new_token(), next_path, self._clock())
        digest = hashlib.sha256(begun.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        address = await provider.address(state=begun.state, nonce=begun.nonce, challenge=challenge)
        return address, self._secrets.seal(msgspec.json.encode(begun).decode())

    async def finish(self, sealed: str, answer: Answer, *, address: str, user_agent: str) -> tuple[SignedIn, str]:
        """A new session, and the path to go on to. Raises `Missing`, `SignInStale`, `SignInRefused`, `SignInFailed` and, after
        too many failures, `TooManyRequests`."""
        settings, provider = self._set_up()
        begun = self._begun(sealed, answer)
        if answer.issuer and answer.issuer != settings.issuer:
            raise SignInFailed("wrong_issuer", "The answer came from another provider than the one that was asked.")
        if answer.error == "access_denied":
            raise SignInRefused("refused_there", f"{settings.label} did not let you in, or you did not agree to it.")
        if answer.error or not answer.code:
            log.warning("sign-in failed at the provider", error=answer.error[:100] or "no code")
            raise SignInFailed("provider_error", f"{settings.label} could not finish signing you in.")
        attempt = self._throttle.begin(email=f"by provider from {address}", address=address, now=self._clock())
        proven = await provider.identify(code=answer.code, verifier=begun.verifier, nonce=begun.nonce)
        found = await self._settled(proven, settings, address)
        if isinstance(found, str):
            raise SignInRefused(found, _REFUSALS[found].format(label=settings.label))
        self._throttle.succeeded(attempt)
        self._accounts.sessions.forget(found.id)
        signed = await self._accounts.sessions.open(found, user_agent, proof=settings.label, address=address)
        return signed, begun.next

    def _set_up(self) -> tuple[SingleSignOnSettings, IdentityProvider]:
        if self._settings is None or self._provider is None:
            raise Missing
        return self._settings, self._provider

    def _begun(self, sealed: str, answer: Answer) -> Begun:
        """What this browser kept, if the answer is one to it."""
        try:
            begun = msgspec.json.decode(self._secrets.unseal(sealed), type=Begun)
        except (SecretUnreadable, msgspec.MsgspecError) as error:
            raise _stale() from error
        if self._clock() - begun.at > BEGUN_LIFETIME:
            raise _stale()
        if not hmac.compare_digest(begun.state.encode(), answer.state.encode()):
            raise _stale()
        return begun

    async def _settled(self, proven: Proven, settings: SingleSignOnSettings, address: str) -> User | str:
        """The account, or why there is none. Of two first sign-ins at the same moment one comes second, and finds what the
        other has made."""
        unit, now = _Settling(proven, settings, address), self._clock()
        try:
            return await self._db.write(unit.settle, now)
        except AlreadyExists:
            return await self._db.write(unit.settle, now)


@dataclass(frozen=True, slots=True)
class _Settling:
    """The transaction in which an identity becomes an account that is let in, or is refused; either is in the audit log."""

    proven: Proven
    settings: SingleSignOnSettings
    address: str

    def settle(self, session: Session, now: datetime) -> User | str:
        identity = identity_store.find_identity(session, self.proven.issuer, self.proven.subject)
        if identity is not None:
            user: User | None = account_store.get_user(session, identity.user_id)
            reason = "domain" if self.proven.email and not self._domain_allowed() else ""
        else:
            user, reason = self._unlinked(session)
        if user is not None and user.disabled_at is not None:
            reason = reason or "disabled"
        if reason:
            details = {
                "email": self.proven.email[:254],
                "reason": reason,
                "address": self.address,
                "proof": self.settings.label,
            }
            target = str(user.id) if user is not None else ""
            audit.record(session, at=now, action="sign_in.refused", target=target, details=details)
            return reason
        if user is None:
            user = self._made(session, now)
        if identity is None:
            identity = identity_store.link(
                session, user_id=user.id, issuer=self.proven.issuer, subject=self.proven.subject, at=now
            )
            details = {"proof": self.settings.label}
            audit.record(session, at=now, actor_id=user.id, action="identity.linked", details=details)
        identity.last_used_at = now
        return self._with_roles(session, user, now)

    def _unlinked(self, session: Session) -> tuple[User | None, str]:
        """The account with the same address, and why it may not be taken; no account is a reason where none is made."""
        try:
            email = checked_email(self.proven.email)
        except InvalidInput:
            return None, "no_email"
        believed = self.proven.verified or (self.proven.verified is None and self.settings.trust_email)
        if not believed:
            return None, "not_verified"
        if not self._domain_allowed():
            return None, "domain"
        user = account_store.find_user(session, email)
        if user is None:
            return None, "" if self.settings.create else "no_account"
        return user, "linked_elsewhere" if identity_store.has_identity(session, user.id, self.proven.issuer) else ""

    def _domain_allowed(self) -> bool:
        domain = self.proven.email.strip().lower().rpartition("@")[2]
        return not self.settings.domains or domain in self.settings.domains

    def _made(self, session: Session, now: datetime) -> User:
        email, roles = checked_email(self.proven.email), list(self.settings.default_roles)
        name = "".join(sign for sign in self.proven.name if sign.isprintable()).strip()[:_MOST_NAME]
        user = account_store.create_user(
            session, email=email, name=name or email.partition("@")[0], roles=roles, at=now
        )
        details = {"email": email, "roles": roles, "proof": self.settings.label}
        audit.record(session, at=now, actor_id=user.id, action="user.created", target=str(user.id), details=details)
        return user

    def _with_roles(self, session: Session, user: User, now: datetime) -> User:
        if not self.settings.roles:
            return user
        roles = followed_roles(user.roles, self.proven.groups, self.settings)
        if "admin" in user.roles and "admin" not in roles and not other_administrators(session, user.id):
            log.warning(
                "the last administrator keeps the role, though the provider names it no more", user=str(user.id)
            )
            roles = [role for role in ROLES if role in roles or role == "admin"]
        if roles == user.roles or set(roles) == set(user.roles):
            return user
        details = {"from": user.roles, "to": roles, "proof": self.settings.label}
        audit.record(session, at=now, action="user.roles_followed", target=str(user.id), details=details)
        return account_store.update_user(session, user.id, roles=roles)


def followed_roles(current: Sequence[str], groups: Sequence[str], settings: SingleSignOnSettings) -> list[str]:
    """Roles that some group stands for come and go with the groups; others stay as an administrator set them."""
    governed = {role for roles in settings.roles.values() for role in roles}
    given = {role for group in groups for role in settings.roles.get(group, ())}
    roles = [role for role in ROLES if role in given or (role in current and role not in governed)]
    return roles or list(settings.default_roles)


def own_path(path: str) -> str:
    """A path of this site, or nothing: nobody is sent on to another site by a link to the sign-in page. One that is too long
    for the cookie that keeps it is given up."""
    parts = urlsplit(path)
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc and path.isprintable()
    return path if inside and len(path) <= _MOST_PATH else ""


def _stale() -> SignInStale:
    return SignInStale(
        "sign_in_stale",
        "This sign-in took more than ten minutes, was finished already, or began in another browser or tab. Begin again.",
    )
