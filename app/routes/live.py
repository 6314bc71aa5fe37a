"""The live socket: hints that a draft moved, for pages that have it open. Content is read by `after=seq`."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from litestar import WebSocket, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect

from app.services.accounts import Principal
from app.services.drafts import Drafts
from app.services.fanout import Fanout, Listener

_MOST_DRAFTS = 200
_MOST_BYTES = 65_536

LiveSocket = WebSocket[Principal | None, Any, Any]


class Signal(msgspec.Struct, frozen=True):
    """What a page may send."""

    subscribe: list[UUID] = msgspec.field(default_factory=list)


@websocket("/api/live")
async def live(socket: LiveSocket, drafts: NamedDependency[Drafts], fanout: NamedDependency[Fanout]) -> None:
    """Subscribe to drafts and be told `{draft, seq}` whenever one moves, or `{resync: true}` after falling behind."""
    if socket.user is None:
        await socket.close(code=4401, reason="Sign in to continue.")
        return
    await socket.accept()
    with fanout.listen() as listener:
        sender = asyncio.create_task(_send(socket, listener))
        try:
            await _receive(socket, socket.user, drafts, fanout, listener)
        except WebSocketDisconnect:
            return
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)


async def _receive(socket: LiveSocket, person: Principal, drafts: Drafts, fanout: Fanout, listener: Listener) -> None:
    while True:
        raw = await socket.receive_text()
        try:
            signal = msgspec.json.decode(raw[:_MOST_BYTES], type=Signal)
        except (msgspec.DecodeError, RecursionError):
            await socket.send_json({"error": {"code": "malformed"}})
            continue
        for draft_id in signal.subscribe[:_MOST_DRAFTS]:
            seq = await drafts.position(person, draft_id)
            if seq is None:
                await socket.send_json({"error": {"code": "not_found", "draft": str(draft_id)}})
            elif len(listener.drafts) < _MOST_DRAFTS:
                fanout.subscribe(listener, draft_id)
                await socket.send_json({"draft": str(draft_id), "seq": seq})


async def _send(socket: LiveSocket, listener: Listener) -> None:
    async for hint in listener.hints():
        await socket.send_json(hint)
