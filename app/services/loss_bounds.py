"""How much a rewrite may take away before the writer is asked: the installation's bound, or the writer's own."""

from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import InvalidInput
from app.store import loss_bounds as store
from app.store.db import Database


class LossBoundView(msgspec.Struct, frozen=True, kw_only=True):
    """In percent of a text's words. `most_dropped_percent` is the writer's own; None: `installation_percent` holds."""

    most_dropped_percent: int | None
    installation_percent: int


class LossBounds:
    """Use cases of a writer's own bound. `installation_percent` holds for who has none."""

    def __init__(self, db: Database, clock: Clock, *, installation_percent: int) -> None:
        self._db = db
        self._clock = clock
        self._installation_percent = installation_percent

    async def get(self, person: Principal) -> LossBoundView:
        """The caller's own bound beside the installation's."""
        return self._view(await self._db.read(store.own_bound, person.id))

    async def set(self, person: Principal, percent: int | None) -> LossBoundView:
        """Sets the caller's own bound, or takes it back with None. Raises `InvalidInput` outside of 0 to 100."""
        if percent is not None and not 0 <= percent <= 100:
            raise InvalidInput("most_dropped_percent", "Choose a share from 0 to 100 percent.", "out_of_range")
        await self._db.write(store.save_bound, person.id, percent, at=self._clock())
        return self._view(percent)

    def _view(self, own: int | None) -> LossBoundView:
        return LossBoundView(most_dropped_percent=own, installation_percent=self._installation_percent)


def share_for(session: Session, user_id: UUID | None, *, installation: float) -> float:
    """The part of the words, 0 to 1, that a rewrite may take away from this writer unasked. `installation`: the same of
    the installation, which holds for who has set none and for a turn whose account is gone."""
    own = None if user_id is None else store.own_bound(session, user_id)
    return installation if own is None else own / 100
