"""Sharing a draft of any kind: its owner lets others see it, comment on it or change it. Only the owner submits, discards and shares."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.access import owned_draft
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing
from app.services.views import Page
from app.store import accounts as account_store
from app.store import audit, shares
from app.store.db import Database
from app.store.shares import Role


class ShareView(msgspec.Struct, frozen=True):
    """A person with whom a draft is shared."""

    user_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime


class SharedDraftView(msgspec.Struct, frozen=True):
    """A draft that somebody shared with the caller."""

    id: UUID
    kind: str
    title: str
    owner_name: str
    role: Role
    saved_at: datetime


class Sharing:
    """Use cases of shares."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def list(self, person: Principal, draft_id: UUID) -> Page[ShareView]:
        """Whom the owner shares a draft with. Raises `Missing`."""

        def query(session: Session) -> Page[ShareView]:
            owned_draft(session, person.id, draft_id)
            return _views(session, draft_id)

        return await self._db.read(query)

    async def share(self, person: Principal, draft_id: UUID, *, email: str, role: Role) -> Page[ShareView]:
        """Share a draft with an account of this installation, or change what they may do. Raises `InvalidInput`, and
        `Conflict` for a message."""

        def unit(session: Session) -> Page[ShareView]:
            kind = owned_draft(session, person.id, draft_id, lock=True).kind
            if kind == "message":
                raise Conflict("not_shareable", "A message is seen by the people of its conversation, once it is sent.")
            if role == "commenter" and kind != "document":
                raise InvalidInput("role", "Only documents are commented on.")
            other = account_store.find_user(session, email)
            if other is None:
                raise InvalidInput("email", "Nobody with this address has an account here.")
            if other.id == person.id:
                raise InvalidInput("email", "It is yours already.")
            now = self._clock()
            shares.give(session, draft_id, other.id, role, at=now)
            details = {"draft_id": str(draft_id), "kind": kind, "role": role}
            audit.record(
                session, at=now, actor_id=person.id, action="share.given", target=str(other.id), details=details
            )
            return _views(session, draft_id)

        return await self._db.write(unit)

    async def take_back(self, person: Principal, draft_id: UUID, user_id: UUID) -> None:
        """The owner stops sharing with somebody, or somebody leaves. Raises `Missing`."""

        def unit(session: Session) -> None:
            if user_id != person.id:
                owned_draft(session, person.id, draft_id)
            if not shares.take_back(session, draft_id, user_id):
                raise Missing
            audit.record(
                session, at=self._clock(), actor_id=person.id, action="share.taken_back", target=str(user_id),
                details={"draft_id": str(draft_id)},
            )  # fmt: skip

        await self._db.write(unit)

    async def role(self, person: Principal, draft_id: UUID) -> Role | None:
        """What somebody who is not the owner may do."""
        return await self._db.read(shares.role_of, draft_id, person.id)

    async def with_me(self, person: Principal) -> Page[SharedDraftView]:
        """What others share with this person."""
        rows = await self._db.read(shares.shared_with, person.id)
        return Page([msgspec.convert(row, SharedDraftView, from_attributes=True) for row in rows])


def _views(session: Session, draft_id: UUID) -> Page[ShareView]:
    rows = shares.shares_of(session, draft_id)
    return Page([msgspec.convert(row, ShareView, from_attributes=True) for row in rows])
