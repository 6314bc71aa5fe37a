"""Anthropic's Messages format: events of a stream or a whole message to `providers.base` events, and its usage."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from providers.base import (
    ReasoningDelta,
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
)  # fmt: skip
from providers.errors import error_from_body
from providers.formats.reader import count, decoded, items, mapping, text

_STOPS: dict[str, StopReason] = {
    "end_turn": "end",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "pause_turn": "pause",
    "refusal": "refusal",
    "model_context_window_exceeded": "context_full",
}


@dataclass(slots=True)
class _Block:
    """A content block that is being streamed; `index` orders tool calls among themselves."""

    kind: str
    index: int = 0
    id: str = ""
    name: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)


class MessagesReader:
    """See `AnswerReader`. `message_stop` ends the stream; the stop reason comes before it, in `message_delta`."""

    def __init__(self, provider: str) -> None:
        self.events: list[StreamEvent] = []
        self.complete = False
        self._provider = provider
        self._blocks: dict[int, _Block] = {}
        self._calls = 0
        self._model = ""
        self._usage: dict[str, Any] = {}
        self._stop = ""

    def read(self, name: bytes, data: bytes) -> bool:
        event = decoded(data)
        match event.get("type") or name.decode("utf-8", "replace"):
            case "content_block_delta":
                self._delta(event)
            case "message_start":
                self._start(mapping(event.get("message")))
            case "content_block_start":
                self._block_start(event)
            case "content_block_stop":
                self._block_stop(event)
            case "message_delta":
                self._message_delta(event)
            case "message_stop":
                return True
            case "error":
                raise error_from_body(event, status=None, headers={}, provider=self._provider)
        return False

    def read_whole(self, body: bytes) -> None:
        message = decoded(body)
        if message.get("type") == "error":
            raise error_from_body(message, status=None, headers={}, provider=self._provider)
        self._start(message)
        for index, block in enumerate(items(message.get("content"))):
            self._whole_block(index, mapping(block))
        self._set_stop(message.get("stop_reason"))

    def finish(self) -> None:
        self.events.append(UsageReport(usage_of(self._usage, model=self._model)))
        self.events.append(Stopped(_STOPS.get(self._stop, "other"), self._stop))

    def give_up(self) -> None:
        """Nothing: what is known of the usage was told when the message began."""

    def _start(self, message: dict[str, Any]) -> None:
        self._model = text(message.get("model"))
        self._usage = dict(mapping(message.get("usage")))
        self.events.append(Started(self._model, text(message.get("id"))))
        if self._usage:
            self.events.append(UsageReport(usage_of(self._usage, model=self._model, final=False)))

    def _block_start(self, event: dict[str, Any]) -> None:
        content = mapping(event.get("content_block"))
        block = _Block(text(content.get("type")))
        self._blocks[count(event.get("index"))] = block
        if block.kind == "text" and (begun := text(content.get("text"))):
            self._append(TextDelta(begun))
        elif block.kind in ("thinking", "redacted_thinking"):
            self._append(ReasoningDelta(text(content.get("thinking"))))
        elif block.kind.endswith("tool_use"):
            block.index, self._calls = self._calls, self._calls + 1
            block.id, block.name = text(content.get("id")), text(content.get("name"))
            block.given = mapping(content.get("input"))
            self.events.append(ToolCallDelta(block.index, block.id, block.name, ""))

    def _delta(self, event: dict[str, Any]) -> None:
        delta = mapping(event.get("delta"))
        match delta.get("type"):
            case "text_delta":
                if more := text(delta.get("text")):
                    self._append(TextDelta(more))
            case "thinking_delta":
                if more := text(delta.get("thinking")):
                    self._append(ReasoningDelta(more))
            case "input_json_delta":
                block = self._blocks.get(count(event.get("index")))
                more = text(delta.get("partial_json"))
                if block is not None and more:
                    block.arguments.append(more)
                    self.events.append(ToolCallDelta(block.index, block.id, block.name, more))

    def _append(self, event: TextDelta | ReasoningDelta) -> None:
        """Joins deltas of one kind that arrived together: fewer events, same words."""
        last = self.events[-1] if self.events else None
        if type(last) is type(event) and isinstance(last, (TextDelta, ReasoningDelta)):
            self.events[-1] = type(event)(last.text + event.text)
        else:
            self.events.append(event)

    def _block_stop(self, event: dict[str, Any]) -> None:
        block = self._blocks.pop(count(event.get("index")), None)
        if block is not None and block.kind.endswith("tool_use"):
            arguments = "".join(block.arguments) or json.dumps(block.given)
            call = ToolCall(block.id, block.name, arguments)
            self.events.append(ToolCallDone(call, by_provider=block.kind != "tool_use"))

    def _message_delta(self, event: dict[str, Any]) -> None:
        self._usage.update({key: value for key, value in mapping(event.get("usage")).items() if value is not None})
        self._set_stop(mapping(event.get("delta")).get("stop_reason"))

    def _set_stop(self, reason: object) -> None:
        if isinstance(reason, str) and reason:
            self._stop = reason
            self.complete = True

    def _whole_block(self, index: int, block: dict[str, Any]) -> None:
        kind = text(block.get("type"))
        if kind == "text":
            if whole := text(block.get("text")):
                self.events.append(TextDelta(whole))
        elif kind == "thinking":
            self.events.append(ReasoningDelta(text(block.get("thinking"))))
        elif kind.endswith("tool_use"):
            self._block_start({"index": index, "content_block": block})
            self._block_stop({"index": index})


def usage_of(raw: dict[str, Any], *, model: str, final: bool = True) -> Usage:
    """Usage from a Messages usage object.

    ``input_tokens`` is fresh input already. ``cache_creation`` splits the writes by lifetime, but in a stream it can be
    older than the total in ``cache_creation_input_tokens`` (a server tool wrote more to the cache meanwhile); what it
    leaves unexplained had the default lifetime of five minutes. Facts from the recordings and the API reference, 2026-11.
    """
    written = count(raw.get("cache_creation_input_tokens"))
    by_lifetime = mapping(raw.get("cache_creation"))
    hour = min(count(by_lifetime.get("ephemeral_1h_input_tokens")), written)
    requests = {key: count(value) for key, value in mapping(raw.get("server_tool_use")).items() if count(value)}
    return Usage(
        input_tokens=count(raw.get("input_tokens")),
        cache_read_tokens=count(raw.get("cache_read_input_tokens")),
        cache_write_5m_tokens=written - hour,
        cache_write_1h_tokens=hour,
        output_tokens=count(raw.get("output_tokens")),
        reasoning_tokens=count(mapping(raw.get("output_tokens_details")).get("thinking_tokens")),
        requests=requests,
        parts=parts_of(raw, model=model),
        service_tier=text(raw.get("service_tier")),
        raw=dict(raw),
        status="reported" if final else "estimated",
    )


def parts_of(raw: dict[str, Any], *, model: str) -> tuple[tuple[str, Usage], ...]:
    """What came on top of an answer of this model, by model, from a Messages usage object: of ``iterations``, entries of type
    ``message`` are what the top level sums up; every other one (an advisor model, a compaction) is consumed besides."""
    return tuple(
        (text(entry.get("model")) or model, usage_of(entry, model=model))
        for entry in map(mapping, items(raw.get("iterations")))
        if entry.get("type") not in ("message", "fallback_message")
    )
