"""Hints to everybody who has a draft open, at this worker or another: which draft moved, to which position. Never content.

A listener has a bounded queue. One that reads too slowly is told to resync instead of silently missing hints;
what it lost it reads from the database by `after=seq`. One that does not even take that for `BEHIND_SECONDS` is given up.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.services.relay import Relay

Hint = dict[str, Any]

BEHIND_SECONDS = 30.0
"""So long may a page leave unread that it fell behind."""
_QUEUE_LENGTH = 256


_RESYNC: Hint = {"resync": True}


@dataclass(eq=False, slots=True)
class Listener:
    """One open page: the drafts it watches and the hints it has not read yet. `patience` ends when it was behind too long."""

    patience: asyncio.Timeout
    queue: asyncio.Queue[Hint] = field(default_factory=lambda: asyncio.Queue(_QUEUE_LENGTH))
    drafts: set[UUID] = field(default_factory=set)

    def offer(self, hint: Hint) -> None:
        try:
            self.queue.put_nowait(hint)
        except asyncio.QueueFull:
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(_RESYNC)
            if self.patience.when() is None:
                self.patience.reschedule(asyncio.get_running_loop().time() + BEHIND_SECONDS)

    async def hints(self) -> AsyncIterator[Hint]:
        """What the page is to be told; the next one is asked for when it has taken the one before."""
        while True:
            hint = await self.queue.get()
            yield hint
            if hint is _RESYNC and not self.patience.expired():
                self.patience.reschedule(None)


class Fanout:
    """Who listens to which draft at this worker; what is published goes to those of the others too."""

    def __init__(self, relay: Relay | None = None) -> None:
        self._listeners: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._relay = relay
        if relay is not None:
            relay.on("hint", lambda _, told: self._offer(UUID(told["draft"]), told))
            relay.on_missed(self._resync)

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Listener]:
        """A page that listens while the block runs. Raises TimeoutError into it when it was behind too long."""
        async with asyncio.timeout(None) as patience:
            listener = Listener(patience)
            try:
                yield listener
            finally:
                self.unsubscribe(listener, frozenset(listener.drafts))

    def subscribe(self, listener: Listener, draft_id: UUID) -> None:
        listener.drafts.add(draft_id)
        self._listeners[draft_id].add(listener)

    def unsubscribe(self, listener: Listener, draft_ids: frozenset[UUID]) -> None:
        for draft_id in draft_ids:
            listener.drafts.discard(draft_id)
            listeners = self._listeners.get(draft_id)
            if listeners is not None:
                listeners.discard(listener)
                if not listeners:
                    del self._listeners[draft_id]

    def listeners(self, topic: UUID) -> tuple[Listener, ...]:
        """Who listens to it now."""
        return tuple(self._listeners.get(topic, ()))

    def publish(self, draft_id: UUID, seq: int) -> None:
        """Tell every listener of the draft that its log now ends at `seq`. Call only after the commit."""
        self._publish(draft_id, {"draft": str(draft_id), "seq": seq})

    def publish_review(self, draft_id: UUID) -> None:
        """Tell every listener of the draft that its proposals or locks changed. Call only after the commit."""
        self._publish(draft_id, {"draft": str(draft_id), "review": True})

    def publish_comments(self, draft_id: UUID) -> None:
        """Tell every listener of the draft that what is said about it changed. Call only after the commit."""
        self._publish(draft_id, {"draft": str(draft_id), "comments": True})

    def _publish(self, draft_id: UUID, hint: Hint) -> None:
        self._offer(draft_id, hint)
        if self._relay is not None:
            self._relay.tell("hint", hint)

    def _offer(self, draft_id: UUID, hint: Hint) -> None:
        for listener in self.listeners(draft_id):
            listener.offer(hint)

    def _resync(self) -> None:
        """What other workers told may have been missed: every page looks again."""
        for listener in {listener for listeners in self._listeners.values() for listener in listeners}:
            listener.offer(_RESYNC)
