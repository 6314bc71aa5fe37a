"""Reports from other sites: which sites may show the form, and the short-lived token its frame sends with.

Another site's frame gets no cookie from the browser, so the person signs in in a window of their own, which hands a token to
the frame. The token opens reports only (see `routes/security.py`), for a few hours.
"""

from datetime import timedelta

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.addresses import checked_origin
from app.services.clock import Clock
from app.services.errors import InvalidInput
from app.services.secrets import new_token, token_hash
from app.store import accounts as account_store
from app.store import audit
from app.store import embedding as embed_store
from app.store.db import Database

EMBED_TOKEN = "dle_"  # noqa: S105
"""How the tokens of frames begin; what they may do follows from it."""
_MOST_ORIGINS = 100
_TOKEN_LIFE = timedelta(hours=8)
_TOKEN_NAME = "Reports from another site"  # noqa: S105 - what it is called, no secret


class EmbedSettings(msgspec.Struct, frozen=True):
    """Sites, as `https://example.org`."""

    origins: list[str]


class Embedding:
    """Use cases of embedding."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def settings(self) -> EmbedSettings:
        return EmbedSettings(await self._db.read(embed_store.list_origins))

    async def change(self, by: Principal, origins: list[str]) -> EmbedSettings:
        """Allow exactly these sites. Raises `InvalidInput`."""
        checked = sorted({checked_origin(origin, field="origins") for origin in origins if origin.strip()})
        if len(checked) > _MOST_ORIGINS:
            raise InvalidInput("origins", f"At most {_MOST_ORIGINS} sites may embed the form.")
        now = self._clock()

        def unit(session: Session) -> None:
            embed_store.set_origins(session, checked, by=by.id, at=now)
            audit.record(session, at=now, actor_id=by.id, action="embedding.changed", details={"origins": checked})

        await self._db.write(unit)
        return await self.settings()

    async def allowed(self, origin: str) -> bool:
        """Whether this site may show the form."""
        return origin in (await self.settings()).origins

    async def frame_token(self, person: Principal) -> str:
        """A token for the frame of a person who has just signed in."""
        token, now = f"{EMBED_TOKEN}{new_token()}", self._clock()

        def unit(session: Session) -> None:
            account_store.delete_expired(session, now)
            account_store.create_api_token(
                session,
                user_id=person.id,
                name=_TOKEN_NAME,
                token_hash=token_hash(token),
                at=now,
                expires_at=now + _TOKEN_LIFE,
            )
            audit.record(
                session, at=now, actor_id=person.id, action="token.made", target=str(person.id),
                details={"name": _TOKEN_NAME},
            )  # fmt: skip

        await self._db.write(unit)
        return token
