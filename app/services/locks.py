"""Locked passages: what no model may change. A lock follows its words through every later change."""

from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.edits.guards import Range, locked_blocks
from app.services.access import open_document, owned_draft, text_of
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing
from app.services.fanout import Fanout
from app.services.passages import passage_now
from app.store import locks as lock_store
from app.store.db import Database
from app.store.drafting.drifts import Drifts
from app.store.drafting.heads import Head

_MOST_LOCKS = 1_000
_NOTHING = "There are no words to lock there."
_FOLLOW_AGAIN_AFTER = 200
"""Events after which the place of a lock is stored anew."""


class LockView(msgspec.Struct, frozen=True):
    """A locked passage, in UTF-16 units of the text after event `seq` of the list."""

    id: UUID
    from_: int = msgspec.field(name="from")
    to: int


class LockList(msgspec.Struct, frozen=True):
    items: list[LockView]
    seq: int
    next: str | None = None


class Locks:
    """Use cases of locks."""

    def __init__(self, db: Database, clock: Clock, fanout: Fanout) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout

    async def list(self, person: Principal, draft_id: UUID) -> LockList:
        """What is locked, in the order of the text. A lock whose words are all gone is left out; undo brings it back."""

        def query(session: Session) -> LockList:
            return _listed(session, owned_draft(session, person.id, draft_id))

        return await self._db.read(query)

    async def lock(self, person: Principal, draft_id: UUID, passage: Range, *, seq: int | None) -> LockView:
        """Lock the paragraphs a passage lies in, given in the text after event `seq` (None: the text now)."""

        def unit(session: Session) -> LockView:
            head = open_document(session, person.id, draft_id, lock=True)
            place = _blocks_around(head, passage_now(session, head, passage, seq, empty=_NOTHING))
            existing = [lock for lock in _listed(session, head).items if (lock.from_, lock.to) == place]
            if existing:
                return existing[0]
            if len(lock_store.locks_of(session, draft_id)) >= _MOST_LOCKS:
                raise Conflict("too_many_locks", f"A draft has at most {_MOST_LOCKS} locked passages.")
            lock_id = lock_store.add_lock(
                session, draft_id=draft_id, seq=head.seq, place=place, by=person.id, at=self._clock()
            )
            return LockView(lock_id, *place)

        view = await self._db.write(unit)
        self._fanout.publish_review(draft_id)
        return view

    async def unlock(self, person: Principal, draft_id: UUID, lock_id: UUID) -> None:
        """Take a lock away. Raises `Missing`."""

        def unit(session: Session) -> None:
            owned_draft(session, person.id, draft_id, lock=True)
            if not lock_store.remove_lock(session, draft_id, lock_id):
                raise Missing

        await self._db.write(unit)
        self._fanout.publish_review(draft_id)


def locked_now(session: Session, head: Head) -> tuple[Range, ...]:
    """The blocks of the text now that are locked, in order. In a unit that writes, old places are stored anew."""
    return locked_blocks(text_of(head), [place for _id, place in _places(session, head, store=True)])


def locked_as_read(session: Session, head: Head) -> tuple[Range, ...]:
    """The same where nothing may be written."""
    return locked_blocks(text_of(head), [place for _id, place in _places(session, head, store=False)])


def _listed(session: Session, head: Head) -> LockList:
    places = sorted(_places(session, head, store=False), key=lambda item: item[1])
    return LockList([LockView(id_, *place) for id_, place in places], head.seq)


def _places(session: Session, head: Head, *, store: bool) -> list[tuple[UUID, Range]]:
    places: list[tuple[UUID, Range]] = []
    drifts = Drifts(session, head)
    for lock in lock_store.locks_of(session, head.id):
        drift = drifts.since(lock.placed_seq)
        place = drift.survives(lock.range_from, lock.range_to) if drift is not None else None
        if place is None:
            continue
        places.append((lock.id, place))
        if store and head.seq - lock.placed_seq > _FOLLOW_AGAIN_AFTER:
            lock_store.place_again(session, lock.id, seq=head.seq, place=place)
    return places


def _blocks_around(head: Head, passage: Range) -> Range:
    blocks = locked_blocks(text_of(head), [passage])
    if not blocks:
        raise InvalidInput("from", _NOTHING)
    return blocks[0][0], blocks[-1][1]
