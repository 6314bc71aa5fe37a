"""What the workers of one installation tell each other: that something moved, who is here, what to forget.

Nothing here is kept, and nothing carries a draft's or a message's words. Where notices may have been missed, because the
connection was lost or more was to be told than could be, everybody who follows something is told to look again. On the
embedded database there is one worker, and all of this does nothing.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import msgspec
import structlog

from app.store.db import Database
from app.store.engine.notices import MOST_BYTES, Notices
from app.store.errors import StoreUnavailable

log = structlog.get_logger()

Heard = Callable[[str, Any], Awaitable[None] | None]
"""Called with the worker that tells and what it tells."""

_MOST_WAITING = 10_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_BEGIN_WITHIN_SECONDS = 5.0
_MISSED = "missed"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, list[tuple[str, Any]]]).decode


class Relay:
    """One worker's ear and mouth. Belongs to one event loop."""

    def __init__(self, db: Database) -> None:
        self._notices: Notices | None = db.notices()
        self.me = uuid.uuid4().hex
        self._heard: dict[str, Heard] = {}
        self._missed: list[Callable[[], Awaitable[None] | None]] = []
        self._waiting: deque[bytes] = deque()
        self._something = asyncio.Event()
        self._listens = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._answers: set[asyncio.Task[None]] = set()

    @property
    def alone(self) -> bool:
        """Whether there can be no other worker."""
        return self._notices is None

    def on(self, topic: str, heard: Heard) -> None:
        """What to do when another worker tells something of this topic."""
        self._heard[topic] = heard

    def on_missed(self, missed: Callable[[], Awaitable[None] | None]) -> None:
        """What to do when this worker may not have heard everything; also when it begins to listen."""
        self._missed.append(missed)

    def tell(self, topic: str, told: Any) -> None:
        """Tell the other workers, soon. `told` is a JSON value of at most a few KB; what is longer is not told, and they
        look for themselves."""
        if self._notices is None:
            return
        entry = _encode((topic, told))
        if len(entry) > MOST_BYTES - 100 or len(self._waiting) >= _MOST_WAITING:
            self._waiting.clear()
            entry = _encode((_MISSED, None))
        self._waiting.append(entry)
        self._something.set()

    async def start(self) -> None:
        """Listens when it returns, unless the database cannot be reached: then as soon as it can."""
        if self._notices is None:
            return
        self._tasks = [
            asyncio.create_task(self._listen(self._notices), name="relay listens"),
            asyncio.create_task(self._send(self._notices), name="relay sends"),
        ]
        try:
            await asyncio.wait_for(self._listens.wait(), _BEGIN_WITHIN_SECONDS)
        except TimeoutError:
            log.warning("the other workers are not heard yet")

    async def stop(self) -> None:
        """What was still to be told is told, if that goes quickly."""
        if self._notices is None:
            return
        for _ in range(100):
            if not self._something.is_set():  # What was taken off the queue is still on its way until then.
                break
            await asyncio.sleep(0.01)
        for task in (*self._tasks, *self._answers):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._answers, return_exceptions=True)
        await self._notices.close()

    async def _send(self, notices: Notices) -> None:
        pause = _FIRST_PAUSE
        while True:
            await self._something.wait()
            entries = self._taken()
            try:
                await notices.send(f'["{self.me}",[{b",".join(entries).decode()}]]')
            except StoreUnavailable as error:
                self._waiting.extendleft(reversed(entries))
                log.warning("other workers not told", reason=error.values["reason"], waiting=len(self._waiting))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            if not self._waiting:
                self._something.clear()

    def _taken(self) -> list[bytes]:
        """As many of those that wait as go into one notice."""
        entries: list[bytes] = []
        room = MOST_BYTES - 50
        while self._waiting and (room := room - len(self._waiting[0]) - 1) >= 0:
            entries.append(self._waiting.popleft())
        return entries

    async def _listen(self, notices: Notices) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                async with aclosing(notices.listen()) as heard:
                    async for notice in heard:
                        if notice is None:
                            pause = _FIRST_PAUSE
                            self._listens.set()
                            self._look_again()
                        else:
                            self._hear(notice)
            except StoreUnavailable as error:
                log.warning("other workers not heard", reason=error.values["reason"])
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _hear(self, notice: str) -> None:
        try:
            sender, entries = _decode(notice)
        except msgspec.DecodeError:
            log.warning("a notice of another worker cannot be read")
            return
        if sender == self.me:
            return
        for topic, told in entries:
            if topic == _MISSED:
                self._look_again()
            elif (heard := self._heard.get(topic)) is not None:  # else it is of a newer version
                self._call(heard, sender, told)

    def _look_again(self) -> None:
        for missed in self._missed:
            self._call(missed)

    def _call(self, what: Callable[..., Awaitable[None] | None], *arguments: Any) -> None:
        try:
            answer = what(*arguments)
        except Exception as error:
            log.error("what another worker told was not followed", exc_info=error)
            return
        if answer is not None:
            task = asyncio.ensure_future(_followed(answer))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)


async def _followed(answer: Awaitable[None]) -> None:
    try:
        await answer
    except Exception as error:
        log.error("what another worker told was not followed", exc_info=error)
