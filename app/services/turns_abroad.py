"""Turns that another worker runs, or follows: what they wrote is in the database; here it is told that there is more."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from app.services.relay import Relay
from app.store import turns as turn_store
from app.store.db import Database

_TOLD_EVERY_SECONDS = 0.05
"""Somebody who reads does not see more than twenty steps a second; a model may write a hundred words."""
_LOOK_EVERY_SECONDS = 0.5
"""How often it is looked up although nothing was told."""


class TurnsAbroad:
    """Tells other workers that turns of this one moved, waits for those of others to move, and has them stopped."""

    def __init__(self, relay: Relay, db: Database) -> None:
        self._relay = relay
        self._db = db
        self._waiting: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._moved: set[UUID] = set()
        self._telling: asyncio.Handle | None = None
        relay.on("turns", lambda _, told: self._wake(told))

    def tell(self, *turn_ids: UUID) -> None:
        """What these turns wrote until now can be read."""
        if self._relay.alone:
            return
        self._moved.update(turn_ids)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(_TOLD_EVERY_SECONDS, self._tell_now)

    @contextmanager
    def watching(self, turn_id: UUID) -> Iterator[Callable[[], Awaitable[None]]]:
        """A function that waits until there may be more of a turn than when it returned last."""
        event = asyncio.Event()
        self._waiting[turn_id].add(event)

        async def moved() -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                    await event.wait()
            event.clear()

        try:
            yield moved
        finally:
            waiting = self._waiting[turn_id]
            waiting.discard(event)
            if not waiting:
                del self._waiting[turn_id]

    async def stop(self, turn_id: UUID, *, within: float) -> None:
        """Has the worker that runs it stop a turn, and waits until it has. After `within` seconds it may still run."""
        if self._relay.alone:
            return
        self._relay.tell("stop", str(turn_id))
        with self.watching(turn_id) as moved, suppress(TimeoutError):
            async with asyncio.timeout(within):
                while await self._db.read(turn_store.is_running, turn_id):
                    await moved()

    def _tell_now(self) -> None:
        self._telling = None
        moved, self._moved = self._moved, set()
        self._relay.tell("turns", [str(turn_id) for turn_id in moved])

    def _wake(self, turn_ids: list[str]) -> None:
        for turn_id in turn_ids:
            for event in self._waiting.get(UUID(turn_id), ()):
                event.set()
