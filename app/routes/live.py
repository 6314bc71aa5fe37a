"""The live socket: hints that a draft or a conversation moved, for pages that have it open. Content is read by `after=seq`.

In a conversation it also says who is here, who types and how far people have read. Who sends more than a person could is
shown out.
"""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from litestar import WebSocket, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect

from app.services.accounts import Principal
from app.services.drafts import Drafts
from app.services.errors import ServiceError
from app.services.fanout import Fanout, Listener
from app.services.goals.goals import Goals
from app.services.goals.reading import Reading
from app.services.goals.rooms import Rooms

_MOST_DRAFTS = 200
_MOST_BYTES = 65_536
_MOST_SIGNALS = 100
_SIGNALS_WITHIN = 10.0  # seconds

LiveSocket = WebSocket[Principal | None, Any, Any]


class Seen(msgspec.Struct, frozen=True):
    conversation: UUID
    position: int


class Signal(msgspec.Struct, frozen=True):
    """What a page may send: drafts and conversations to hear of or no longer, that its person types in a conversation,
    how far they have read one."""

    subscribe: list[UUID] = msgspec.field(default_factory=list)
    unsubscribe: list[UUID] = msgspec.field(default_factory=list)
    typing: UUID | None = None
    seen: Seen | None = None


@websocket("/api/live")
async def live(
    socket: LiveSocket,
    drafts: NamedDependency[Drafts],
    goals: NamedDependency[Goals],
    reading: NamedDependency[Reading],
    fanout: NamedDependency[Fanout],
    rooms: NamedDependency[Rooms],
) -> None:
    """Subscribe to drafts and be told `{draft, seq}` whenever one moves, to conversations and be told
    `{conversation, message, change}`, `{typing}`, `{seen}` and `{presence}`; or `{resync: true}` after falling behind. Who
    leaves that unread for half a minute is closed with 1013, to connect again."""
    if socket.user is None:
        await socket.close(code=4401, reason="Sign in to continue.")
        return
    await socket.accept()
    try:
        async with fanout.listen() as listener:
            sender = asyncio.create_task(_send(socket, listener))
            page = _Page(socket, socket.user, listener, drafts, goals, reading, fanout, rooms)
            try:
                await page.receive()
            finally:
                rooms.leave(listener)
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)
    except WebSocketDisconnect:
        return
    except TimeoutError:
        await socket.close(code=1013, reason="Too far behind. Connect again.")


class _Page:
    """One open page and what it asks for."""

    def __init__(
        self,
        socket: LiveSocket,
        person: Principal,
        listener: Listener,
        drafts: Drafts,
        goals: Goals,
        reading: Reading,
        fanout: Fanout,
        rooms: Rooms,
    ) -> None:
        self._socket = socket
        self._person = person
        self._listener = listener
        self._drafts = drafts
        self._goals = goals
        self._reading = reading
        self._fanout = fanout
        self._rooms = rooms
        self._signals = 0
        self._since = 0.0

    async def receive(self) -> None:
        while True:
            raw = await self._socket.receive_text()
            if self._floods():
                await self._socket.close(code=4429, reason="Too many messages at once.")
                return
            try:
                signal = msgspec.json.decode(raw[:_MOST_BYTES], type=Signal)
            except (msgspec.DecodeError, RecursionError):
                await self._socket.send_json({"error": {"code": "malformed"}})
                continue
            await self._follow(signal)

    def _floods(self) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._since > _SIGNALS_WITHIN:
            self._since, self._signals = now, 0
        self._signals += 1
        return self._signals > _MOST_SIGNALS

    async def _follow(self, signal: Signal) -> None:
        for id_ in signal.subscribe[:_MOST_DRAFTS]:
            await self._subscribe(id_)
        if signal.unsubscribe:
            leaving = frozenset(signal.unsubscribe) & self._listener.drafts
            self._rooms.leave(self._listener, leaving)
            self._fanout.unsubscribe(self._listener, leaving)
        if signal.typing is not None:
            self._rooms.typing(self._listener, signal.typing)
        if signal.seen is not None:
            await self._seen(signal.seen)

    async def _subscribe(self, id_: UUID) -> None:
        """Opens a draft or a conversation. What is told is read after this page listens: a change in between was told
        to nobody here, and who was put out in between does not come in by it."""
        if await self._drafts.position(self._person, id_) is not None:
            await self._watch(id_)
            return
        place = await self._goals.joined(self._person, id_)
        if place is None:
            await self._refuse(id_)
        else:
            await self._enter(id_, takes_part=self._person.id in (place.student_id, place.instructor_id))

    async def _watch(self, draft_id: UUID) -> None:
        if len(self._listener.drafts) >= _MOST_DRAFTS:
            return
        self._fanout.subscribe(self._listener, draft_id)
        seq = await self._drafts.position(self._person, draft_id)
        if seq is None:
            self._fanout.unsubscribe(self._listener, frozenset({draft_id}))
            await self._refuse(draft_id)
        else:
            await self._socket.send_json({"draft": str(draft_id), "seq": seq})

    async def _enter(self, conversation_id: UUID, *, takes_part: bool) -> None:
        if len(self._listener.drafts) >= _MOST_DRAFTS:
            return
        self._rooms.join(self._listener, conversation_id, self._person, shown=takes_part)
        place = await self._goals.joined(self._person, conversation_id)
        if place is None:
            self._rooms.leave(self._listener, frozenset({conversation_id}))
            self._fanout.unsubscribe(self._listener, frozenset({conversation_id}))
            await self._refuse(conversation_id)
        else:
            await self._socket.send_json({"conversation": str(conversation_id), "seq": place.seq})

    async def _refuse(self, id_: UUID) -> None:
        await self._socket.send_json({"error": {"code": "not_found", "draft": str(id_)}})

    async def _seen(self, seen: Seen) -> None:
        try:
            await self._reading.mark_read(self._person, seen.conversation, seen.position)
        except ServiceError as error:
            await self._socket.send_json({"error": {"code": error.code, "conversation": str(seen.conversation)}})


async def _send(socket: LiveSocket, listener: Listener) -> None:
    async for hint in listener.hints():
        await socket.send_json(hint)
