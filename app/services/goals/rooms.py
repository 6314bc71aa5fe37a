"""Who has a conversation open right now, and what they are told: hints that something changed, typing, receipts, presence.

Nothing here is kept, and nothing carries a message's words: those are read from the database by `after=seq`. Only who
subscribed was let in, and who must leave is put out at once.
"""

import asyncio
from collections import defaultdict
from typing import Any
from uuid import UUID

from app.services.accounts import Principal
from app.services.fanout import Fanout, Hint, Listener

TYPING_SECONDS = 5
"""So long a page shows that somebody types after it was told."""
_TYPING_EVERY = 1.0


class Rooms:
    """The open conversations of this process."""

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout
        self._people: dict[Listener, Principal] = {}
        self._rooms: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._typed: dict[tuple[Listener, UUID], float] = {}

    def join(self, listener: Listener, conversation_id: UUID, person: Principal, *, shown: bool) -> None:
        """A page opens a conversation it was let into; `shown` tells the others that somebody is here."""
        self._people[listener] = person
        self._fanout.subscribe(listener, conversation_id)
        if shown:
            self._rooms[conversation_id].add(listener)
            self._tell_presence(conversation_id)

    def leave(self, listener: Listener, conversation_ids: frozenset[UUID] | None = None) -> None:
        """A page closes conversations, or all it has open. Its subscriptions are ended by the caller."""
        for conversation_id in listener.drafts if conversation_ids is None else conversation_ids:
            self._take_out(listener, conversation_id)
            self._typed.pop((listener, conversation_id), None)
        if conversation_ids is None:
            self._people.pop(listener, None)

    def put_out(self, conversation_id: UUID, person_id: UUID) -> None:
        """Nobody who is this person hears of the conversation any more, from now on."""
        for listener, person in tuple(self._people.items()):
            if person.id == person_id and conversation_id in listener.drafts:
                self.leave(listener, frozenset({conversation_id}))
                self._fanout.unsubscribe(listener, frozenset({conversation_id}))
                listener.offer({"conversation": str(conversation_id), "gone": True})

    def present(self, conversation_id: UUID) -> list[dict[str, str]]:
        """Who has the conversation open, each once."""
        people = {
            self._people[listener].id: self._people[listener] for listener in self._rooms.get(conversation_id, ())
        }
        return [{"id": str(person.id), "name": person.name} for person in people.values()]

    # What is told

    def changed(self, conversation_id: UUID, message_id: UUID, change: str) -> None:
        """A message was `created`, `updated` or `deleted`. Call only after the commit."""
        self._tell(
            conversation_id,
            {"conversation": str(conversation_id), "message": str(message_id), "change": change},
        )

    def conversation_changed(self, conversation_id: UUID) -> None:
        """The conversation itself changed: its people, its goal, its status. Call only after the commit."""
        self._tell(conversation_id, {"conversation": str(conversation_id), "change": "conversation"})

    def seen(self, conversation_id: UUID, person: Principal, position: int, at: str) -> None:
        """Somebody has read up to a position. Call only after the commit."""
        hint = {"conversation": str(conversation_id), "person": _named(person), "position": position, "read_at": at}
        self._tell(conversation_id, {"seen": hint})

    def drafted(self, conversation_id: UUID, person_id: UUID, reply_to_id: UUID | None) -> None:
        """Somebody began a message: told to nobody but their own other pages. Call only after the commit."""
        place = {"conversation": str(conversation_id), "reply_to_id": None if reply_to_id is None else str(reply_to_id)}
        self._tell(conversation_id, {"drafted": place}, only=person_id)

    def typing(self, listener: Listener, conversation_id: UUID) -> bool:
        """Tells the others that this page's person types, at most once a second; False for who is not in the room."""
        person = self._people.get(listener)
        if person is None or listener not in self._rooms.get(conversation_id, ()):
            return False
        now = asyncio.get_running_loop().time()
        if now - self._typed.get((listener, conversation_id), -_TYPING_EVERY) < _TYPING_EVERY:
            return True
        self._typed[listener, conversation_id] = now
        hint = {"conversation": str(conversation_id), "person": _named(person), "seconds": TYPING_SECONDS}
        self._tell(conversation_id, {"typing": hint}, but=person.id)
        return True

    def _take_out(self, listener: Listener, conversation_id: UUID) -> None:
        here = self._rooms.get(conversation_id)
        if here is None or listener not in here:
            return
        here.discard(listener)
        if not here:
            del self._rooms[conversation_id]
        self._tell_presence(conversation_id)

    def _tell_presence(self, conversation_id: UUID) -> None:
        hint = {"conversation": str(conversation_id), "people": self.present(conversation_id)}
        self._tell(conversation_id, {"presence": hint})

    def _tell(self, conversation_id: UUID, hint: Hint, *, but: UUID | None = None, only: UUID | None = None) -> None:
        for listener in self._fanout.listeners(conversation_id):
            person = self._people.get(listener)
            who = None if person is None else person.id
            if (but is None or who != but) and (only is None or who == only):
                listener.offer(hint)


def _named(person: Principal) -> dict[str, Any]:
    return {"id": str(person.id), "name": person.name}
