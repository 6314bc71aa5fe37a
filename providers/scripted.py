"""A provider that says what a test told it to. It ships with the product: tests of other packages may use it too."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from providers.base import (
    ModelInfo,
    ReasoningDelta,
    Refusal,
    Request,
    Started,
    Stopped,
    StopReason,
    StreamEvent,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallDone,
    Usage,
    UsageReport,
)
from providers.errors import ProviderError

_USAGE = Usage(input_tokens=10, output_tokens=5, raw={"input_tokens": 10, "output_tokens": 5})


@dataclass(frozen=True)
class Reply:
    """One answer. Reasoning comes first, then text in pieces, then refusal, tool calls, usage and the stop.

    `text` given as a tuple is streamed piece by piece, as a string in words. `error` is raised after `error_after`
    pieces of text (0: before the answer starts; None: after all of it), without usage. `usage` None:
    none is reported. `gate` holds the stream before its last piece of text until it is set; `gate_at` moves that point.
    """

    text: str | tuple[str, ...] = ""
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    refusal: str = ""
    stop: StopReason = "end"
    raw_stop: str = "stop"
    usage: Usage | None = _USAGE
    error: ProviderError | None = None
    error_after: int | None = 0
    gate: asyncio.Event | None = None
    gate_at: int | None = None
    model: str = ""

    @property
    def pieces(self) -> tuple[str, ...]:
        """The text as it is streamed."""
        if isinstance(self.text, tuple):
            return self.text
        words = self.text.split(" ")
        return tuple(word + " " for word in words[:-1]) + ((words[-1],) if words[-1] else ())


@dataclass
class ScriptedProvider:
    """See `providers.base.Provider`. Replies are played in the order they were enqueued; a request without a reply left
    fails the test with `AssertionError`. `requests` are those received, `cancelled` counts streams closed early."""

    id: str = "scripted"
    label: str = "Scripted"
    offered: tuple[ModelInfo, ...] = (ModelInfo("scripted-1", "Scripted 1", 200_000, 8_192),)
    tools: bool = True
    kind: str = "scripted"
    configured: bool = True
    base_url: str | None = None
    requests: list[Request] = field(default_factory=list)
    cancelled: int = 0
    closed: bool = False
    _replies: deque[Reply] = field(default_factory=deque)

    def enqueue(self, *replies: Reply) -> None:
        """Adds replies at the end."""
        self._replies.extend(replies)

    @property
    def unplayed(self) -> int:
        """Replies nobody asked for yet; a test should end with 0."""
        return len(self._replies)

    async def stream(self, request: Request) -> AsyncGenerator[StreamEvent, None]:
        """Plays the next reply."""
        self.requests.append(request)
        if not self._replies:
            raise AssertionError("the scripted provider was asked more often than it has replies")
        reply = self._replies.popleft()
        ended = False
        try:
            async for event in self._play(reply, request):
                ended = ended or isinstance(event, Stopped)
                yield event
        except ProviderError:
            ended = True
            raise
        finally:
            self.cancelled += not ended

    async def _play(self, reply: Reply, request: Request) -> AsyncGenerator[StreamEvent, None]:
        pieces = reply.pieces
        if reply.error is not None and reply.error_after == 0:
            raise reply.error
        yield Started(reply.model or request.model, f"scripted-{len(self.requests)}")
        if reply.reasoning:
            yield ReasoningDelta(reply.reasoning)
        gate_at = reply.gate_at if reply.gate_at is not None else max(0, len(pieces) - 1)
        for position, piece in enumerate(pieces):
            if reply.error is not None and position == reply.error_after:
                raise reply.error
            if reply.gate is not None and position == gate_at:
                await reply.gate.wait()
            yield TextDelta(piece)
        if reply.gate is not None and gate_at >= len(pieces):
            await reply.gate.wait()
        for event in _closing(reply):
            yield event

    def models(self) -> tuple[ModelInfo, ...]:
        return self.offered

    def supports_tools(self, model: str) -> bool:
        return self.tools

    async def aclose(self) -> None:
        self.closed = True


def _closing(reply: Reply) -> list[StreamEvent]:
    """What follows the text. Raises the reply's error, if it comes this late."""
    events: list[StreamEvent] = []
    if reply.error is not None:
        raise reply.error
    if reply.refusal:
        events.append(Refusal(reply.refusal))
    for index, call in enumerate(reply.tool_calls):
        events.append(ToolCallDelta(index, call.id, call.name, call.arguments))
        events.append(ToolCallDone(call))
    if reply.usage is not None:
        events.append(UsageReport(reply.usage))
    reason: StopReason = "tool_use" if reply.tool_calls and reply.stop == "end" else reply.stop
    events.append(Stopped(reason, reply.raw_stop))
    return events
