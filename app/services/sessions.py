"""What lets a request in: sessions of browsers and API tokens of programs, told apart and remembered for a moment.

Only SHA-256 of 256 random bits is kept. A proven session or token is remembered for a few seconds, so that a keystroke's
autosave costs no look-up. When it ends it is forgotten at once, here and by the other workers; where those do not hear of it
(the command line tells nobody) it takes those seconds.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel import Session

from app.services.clock import Clock
from app.services.identity import Principal, SignedIn, principal_of
from app.services.relay import Relay
from app.services.secrets import SecretBox, new_token, token_hash
from app.store import accounts as account_store
from app.store import audit
from app.store.accounts import Identity
from app.store.db import Database
from app.store.errors import StoreUnavailable
from app.store.tables import User

log = structlog.get_logger()

REMEMBER = timedelta(seconds=5)
_NOTE_USE_EVERY = timedelta(minutes=10)
_MOST_REMEMBERED = 10_000


class Sessions:
    """Opens, recognises and ends sessions; recognises API tokens."""

    def __init__(
        self, db: Database, clock: Clock, secrets: SecretBox, *, lifetime: timedelta, relay: Relay | None = None
    ) -> None:
        self._db = db
        self._relay = relay
        if relay is not None:
            relay.on("forget", lambda _, told: self._forget(UUID(told)))
            relay.on_missed(self._forget_all)
        self._clock = clock
        self._secrets = secrets
        self._lifetime = lifetime
        self._remembered: dict[bytes, tuple[Principal, datetime]] = {}
        self._forgotten = 0

    async def who(self, *, session_token: str = "", api_token: str = "") -> Principal | None:
        """The account behind a session cookie or an API token; None when there is none, it ended or is disabled."""
        token = api_token or session_token
        if not token:
            return None
        digest, now = token_hash(token), self._clock()
        remembered = self._remembered.get(digest)
        if remembered is not None and remembered[1] > now:
            return remembered[0]
        forgotten = self._forgotten
        if api_token:
            identity = await self._db.read(account_store.identity_of_token, digest, now)
        else:
            identity = await self._db.read(account_store.identity_of_session, digest, now)
        if identity is None:
            self._remembered.pop(digest, None)
            return None
        await self._note_use(identity, now)
        principal = Principal(identity.user_id, identity.email, identity.name, identity.roles, identity.session_id)
        if forgotten == self._forgotten:
            # Otherwise somebody signed out while we waited, and what was read may be over.
            self._remember(digest, principal, now)
        return principal

    async def open(self, user: User, user_agent: str, *, proof: str, address: str = "") -> SignedIn:
        """A new session of a person who is proven by a `password`, a `link`, or the provider of that name."""
        token, now = new_token(), self._clock()
        expires_at = now + self._lifetime

        def unit(session: Session) -> UUID:
            row = account_store.create_session(
                session,
                user_id=user.id,
                token_hash=token_hash(token),
                at=now,
                expires_at=expires_at,
                user_agent=user_agent,
            )
            details = {"proof": proof, "address": address}
            audit.record(session, at=now, actor_id=user.id, action="sign_in.succeeded", details=details)
            return row.id

        return SignedIn(principal_of(user, await self._db.write(unit)), token, expires_at)

    async def end(self, principal: Principal) -> None:
        """Sign out."""
        session_id, now = principal.session_id, self._clock()

        def unit(session: Session, session_id: UUID) -> None:
            account_store.end_session(session, session_id)
            audit.record(session, at=now, actor_id=principal.id, action="sign_out")

        if session_id is not None:
            await self._db.write(unit, session_id)
        self.forget(principal.id)

    def forget(self, user_id: UUID) -> None:
        """The next request of this account is looked up again, whichever worker gets it."""
        self._forget(user_id)
        if self._relay is not None:
            self._relay.tell("forget", str(user_id))

    def _forget_all(self) -> None:
        self._forgotten += 1
        self._remembered.clear()

    def _forget(self, user_id: UUID) -> None:
        self._forgotten += 1
        for digest in [digest for digest, (principal, _) in self._remembered.items() if principal.id == user_id]:
            del self._remembered[digest]

    def csrf_token(self, principal: Principal) -> str:
        """What a page of this session sends along with its mutations; empty for API tokens."""
        return self._secrets.sign(str(principal.session_id)) if principal.session_id is not None else ""

    def csrf_matches(self, principal: Principal, token: str) -> bool:
        return principal.session_id is None or self._secrets.verify(str(principal.session_id), token)

    def _remember(self, digest: bytes, principal: Principal, now: datetime) -> None:
        if len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[digest] = (principal, now + REMEMBER)

    async def _note_use(self, identity: Identity, now: datetime) -> None:
        """Sessions live on while they are used; noted at most every ten minutes, and not at all on a full disk: who
        can only read should be able to."""
        if identity.last_seen_at is not None and now - identity.last_seen_at < _NOTE_USE_EVERY:
            return
        try:
            if identity.session_id is not None:
                await self._db.write(
                    account_store.touch_session, identity.session_id, at=now, expires_at=now + self._lifetime
                )
            elif identity.token_id is not None:
                await self._db.write(account_store.touch_api_token, identity.token_id, at=now)
        except StoreUnavailable as error:
            log.warning("use of a session not noted", code=error.code)
