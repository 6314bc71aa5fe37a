"""Who has a conversation open right now, at this worker or another, and what they are told: hints that something changed,
typing, receipts, presence.

Nothing here is kept, and nothing carries a message's words: those are read from the database by `after=seq`. Only who
subscribed was let in, and who must leave is put out at once.
"""

import asyncio
from collections import defaultdict
from typing import Any
from uuid import UUID

from app.services.accounts import Principal
from app.services.fanout import Fanout, Hint, Listener
from app.services.relay import Relay

TYPING_SECONDS = 5
"""So long a page shows that somebody types after it was told."""
_TYPING_EVERY = 1.0
_TELL_EVERY = 10.0
"""Seconds after which a worker says again who is at its pages."""
_BELIEVED_SECONDS = 25.0
"""So long the others believe it; a worker that was killed says nothing any more."""

People = list[dict[str, str]]


class Rooms:
    """The open conversations."""

    def __init__(self, fanout: Fanout, relay: Relay) -> None:
        self._fanout = fanout
        self._relay = relay
        self._people: dict[Listener, Principal] = {}
        self._rooms: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._elsewhere: defaultdict[UUID, dict[str, tuple[People, float]]] = defaultdict(dict)
        """Who is at the pages of other workers, by conversation and worker, and until when that is believed."""
        self._typed: dict[tuple[Listener, UUID], float] = {}
        self._task: asyncio.Task[None] | None = None
        relay.on("room", self._heard_hint)
        relay.on("out", lambda _, told: self._put_out(UUID(told[0]), UUID(told[1])))
        relay.on("here", self._heard_presence)
        relay.on("who", lambda *_: self._tell_all())
        relay.on_missed(self._ask)

    def start(self) -> None:
        if not self._relay.alone:
            self._task = asyncio.create_task(self._keep_told(), name="presence")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def join(self, listener: Listener, conversation_id: UUID, person: Principal, *, shown: bool) -> None:
        """A page opens a conversation it was let into; `shown` tells the others that somebody is here."""
        self._people[listener] = person
        self._fanout.subscribe(listener, conversation_id)
        if shown:
            self._rooms[conversation_id].add(listener)
            self._presence_changed(conversation_id)

    def leave(self, listener: Listener, conversation_ids: frozenset[UUID] | None = None) -> None:
        """A page closes conversations, or all it has open. Its subscriptions are ended by the caller."""
        for conversation_id in listener.drafts if conversation_ids is None else conversation_ids:
            self._take_out(listener, conversation_id)
            self._typed.pop((listener, conversation_id), None)
        if conversation_ids is None:
            self._people.pop(listener, None)

    def put_out(self, conversation_id: UUID, person_id: UUID) -> None:
        """Nobody who is this person hears of the conversation any more, from now on."""
        self._put_out(conversation_id, person_id)
        self._relay.tell("out", [str(conversation_id), str(person_id)])

    def present(self, conversation_id: UUID) -> People:
        """Who has the conversation open, each once."""
        people = {person["id"]: person for person in self._present_here(conversation_id)}
        for others, _ in self._elsewhere.get(conversation_id, {}).values():
            people |= {person["id"]: person for person in others}
        return list(people.values())

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

    def _tell(self, conversation_id: UUID, hint: Hint, *, but: UUID | None = None, only: UUID | None = None) -> None:
        self._tell_here(conversation_id, hint, but=but, only=only)
        told = {"conversation": str(conversation_id), "hint": hint, "but": but, "only": only}
        self._relay.tell("room", told)

    def _tell_here(
        self, conversation_id: UUID, hint: Hint, *, but: UUID | None = None, only: UUID | None = None
    ) -> None:
        for listener in self._fanout.listeners(conversation_id):
            person = self._people.get(listener)
            who = None if person is None else person.id
            if (but is None or who != but) and (only is None or who == only):
                listener.offer(hint)

    def _heard_hint(self, _: str, told: dict[str, Any]) -> None:
        but, only = (None if told[name] is None else UUID(told[name]) for name in ("but", "only"))
        self._tell_here(UUID(told["conversation"]), told["hint"], but=but, only=only)

    # Who is here

    def _present_here(self, conversation_id: UUID) -> People:
        people = {
            self._people[listener].id: self._people[listener] for listener in self._rooms.get(conversation_id, ())
        }
        return [_named(person) for person in people.values()]

    def _take_out(self, listener: Listener, conversation_id: UUID) -> None:
        here = self._rooms.get(conversation_id)
        if here is None or listener not in here:
            return
        here.discard(listener)
        if not here:
            del self._rooms[conversation_id]
        self._presence_changed(conversation_id)

    def _put_out(self, conversation_id: UUID, person_id: UUID) -> None:
        for listener, person in tuple(self._people.items()):
            if person.id == person_id and conversation_id in listener.drafts:
                self.leave(listener, frozenset({conversation_id}))
                self._fanout.unsubscribe(listener, frozenset({conversation_id}))
                listener.offer({"conversation": str(conversation_id), "gone": True})

    def _presence_changed(self, conversation_id: UUID) -> None:
        self._show_presence(conversation_id)
        self._tell_presence(conversation_id)

    def _show_presence(self, conversation_id: UUID) -> None:
        hint = {"conversation": str(conversation_id), "people": self.present(conversation_id)}
        self._tell_here(conversation_id, {"presence": hint})

    def _tell_presence(self, conversation_id: UUID) -> None:
        self._relay.tell("here", [str(conversation_id), self._present_here(conversation_id)])

    def _heard_presence(self, worker: str, told: tuple[str, People]) -> None:
        conversation_id, people = UUID(told[0]), told[1]
        before = self.present(conversation_id)
        workers = self._elsewhere[conversation_id]
        if people:
            workers[worker] = people, asyncio.get_running_loop().time() + _BELIEVED_SECONDS
        else:
            workers.pop(worker, None)
        if not workers:
            del self._elsewhere[conversation_id]
        if self.present(conversation_id) != before:
            self._show_presence(conversation_id)

    def _ask(self) -> None:
        """Who is at the pages of others; and they hear who is at ours."""
        self._relay.tell("who", None)
        self._tell_all()

    def _tell_all(self) -> None:
        for conversation_id in self._rooms:
            self._tell_presence(conversation_id)

    async def _keep_told(self) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY)
            self._tell_all()
            self._forget_silent()

    def _forget_silent(self) -> None:
        now = asyncio.get_running_loop().time()
        for conversation_id, workers in tuple(self._elsewhere.items()):
            silent = [worker for worker, (_, until) in workers.items() if until < now]
            for worker in silent:
                del workers[worker]
            if not workers:
                del self._elsewhere[conversation_id]
            if silent:
                self._show_presence(conversation_id)


def _named(person: Principal) -> dict[str, str]:
    return {"id": str(person.id), "name": person.name}
