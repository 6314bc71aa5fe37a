"""Cost centres: which one a person's attempts are booked to from now on. What is booked keeps its own."""

from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import Missing
from app.store import audit
from app.store.accounts import get_user, list_users
from app.store.db import Database
from app.store.errors import NotFound
from app.store.finance import centres as centre_store


class PersonCentre(msgspec.Struct, frozen=True):
    user_id: UUID
    label: str
    cost_centre: str | None


class CentreList(msgspec.Struct, frozen=True):
    items: list[PersonCentre]


class Centres:
    """Use cases of cost centres."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def all(self) -> CentreList:
        def query(session: Session) -> CentreList:
            centres = centre_store.list_centres(session)
            people = list_users(session)
            return CentreList([PersonCentre(user.id, user.name or user.email, centres.get(user.id)) for user in people])

        return await self._db.read(query)

    async def put(self, by: Principal, user_id: UUID, name: str | None) -> CentreList:
        """Raises `InvalidInput` and `Missing`; nothing, or an empty name, takes the cost centre away."""
        now, name = self._clock(), checked_line("cost_centre", name or "", most=100) or None

        def unit(session: Session) -> None:
            get_user(session, user_id)
            centre_store.set_centre(session, user_id, name)
            details = {"cost_centre": name}
            audit.record(
                session, at=now, actor_id=by.id, action="cost_centre.set", target=str(user_id), details=details
            )

        try:
            await self._db.write(unit)
        except NotFound as error:
            raise Missing from error
        return await self.all()
