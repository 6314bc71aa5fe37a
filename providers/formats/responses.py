"""OpenAI's Responses format: events of a stream or a whole response to `providers.base` events, and its usage."""

from __future__ import annotations

from typing import Any

from providers.base import (
    ReasoningDelta,
    Refusal,
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
from providers.errors import BrokenStream, error_from_body
from providers.formats.reader import count, decoded, items, mapping, text

_INCOMPLETE: dict[str, StopReason] = {"max_output_tokens": "max_tokens", "content_filter": "content_filter"}


class ResponsesReader:
    """See `AnswerReader`. One terminal event ends the stream and carries status and usage."""

    def __init__(self, provider: str) -> None:
        self.events: list[StreamEvent] = []
        self.complete = False
        self._provider = provider
        self._calls: dict[int, ToolCallDelta] = {}
        self._arguments: dict[int, list[str]] = {}
        self._done_calls = 0
        self._any_text = False
        self._refused = False
        self._started = False
        self._usage: Usage | None = None
        self._stop = ""
        self._reason: StopReason = "other"

    def read(self, name: bytes, data: bytes) -> bool:
        if data.strip() == b"[DONE]":
            return True
        event = decoded(data)
        kind = text(event.get("type")) or name.decode("utf-8", "replace")
        delta, index = text(event.get("delta")), count(event.get("output_index"))
        match kind:
            case "response.output_text.delta":
                self._text(delta)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                self._append(ReasoningDelta(delta))
            case "response.refusal.delta":
                self._refusal(delta)
            case "response.function_call_arguments.delta":
                self._arguments_delta(index, delta)
            case "response.output_item.added":
                self._item_added(index, mapping(event.get("item")))
            case "response.output_item.done":
                self._item_done(index, mapping(event.get("item")))
            case _:
                return self._whole_response(kind, event)
        return False

    def _whole_response(self, kind: str, event: dict[str, Any]) -> bool:
        """The events that carry the whole response, or an error in its place."""
        match kind:
            case "response.created":
                self._start(mapping(event.get("response")))
            case "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled":
                self._end(mapping(event.get("response")))
                return True
            case "error":
                raise error_from_body(event, status=None, headers={}, provider=self._provider)
        return False

    def read_whole(self, body: bytes) -> None:
        response = decoded(body)
        if response.get("error") is None and "output" not in response:
            raise BrokenStream("The provider sent an answer that cannot be read.")
        self._start(response)
        for index, item in enumerate(map(mapping, items(response.get("output")))):
            self._whole_item(index, item)
        self._end(response)

    def finish(self) -> None:
        self.give_up()
        reason = self._reason
        if reason == "end" and self._done_calls:
            reason = "tool_use"
        elif reason == "end" and self._refused:
            reason = "refusal"
        self.events.append(Stopped(reason, self._stop))

    def give_up(self) -> None:
        if self._usage is not None:
            self.events.append(UsageReport(self._usage))

    def _start(self, response: dict[str, Any]) -> None:
        if not self._started:
            self._started = True
            self.events.append(Started(text(response.get("model")), text(response.get("id"))))

    def _text(self, more: str) -> None:
        if more:
            self._any_text = True
            self._append(TextDelta(more))

    def _refusal(self, more: str) -> None:
        if more:
            self._refused = True
            self.events.append(Refusal(more))

    def _append(self, event: TextDelta | ReasoningDelta) -> None:
        """Joins deltas of one kind that arrived together: fewer events, same words."""
        last = self.events[-1] if self.events else None
        if type(last) is type(event) and isinstance(last, (TextDelta, ReasoningDelta)):
            self.events[-1] = type(event)(last.text + event.text)
        else:
            self.events.append(event)

    def _item_added(self, index: int, item: dict[str, Any]) -> None:
        match item.get("type"):
            case "function_call":
                begun = ToolCallDelta(len(self._calls), text(item.get("call_id")), text(item.get("name")), "")
                self._calls[index] = begun
                self._arguments[index] = []
                self.events.append(begun)
            case "reasoning":
                self._append(ReasoningDelta(""))

    def _arguments_delta(self, index: int, more: str) -> None:
        call = self._calls.get(index)
        if call is not None and more:
            self._arguments[index].append(more)
            self.events.append(ToolCallDelta(call.index, call.id, call.name, more))

    def _item_done(self, index: int, item: dict[str, Any]) -> None:
        if item.get("type") != "function_call":
            return
        if index not in self._calls:
            self._item_added(index, item)
        call = self._calls[index]
        arguments = "".join(self._arguments[index]) or text(item.get("arguments"))
        self._done_calls += 1
        self.events.append(ToolCallDone(ToolCall(call.id, call.name, arguments)))

    def _whole_item(self, index: int, item: dict[str, Any]) -> None:
        match item.get("type"):
            case "message":
                for part in map(mapping, items(item.get("content"))):
                    self._text(text(part.get("text")) if part.get("type") == "output_text" else "")
                    self._refusal(text(part.get("refusal")))
            case "reasoning":
                for part in map(mapping, items(item.get("summary")) + items(item.get("content"))):
                    self._append(ReasoningDelta(text(part.get("text"))))
            case "function_call":
                self._item_done(index, item)

    def _end(self, response: dict[str, Any]) -> None:
        status = text(response.get("status"))
        usage = mapping(response.get("usage"))
        if usage:
            self._usage = usage_of(usage, service_tier=text(response.get("service_tier")))
        if status == "failed" or response.get("error") is not None:
            raise error_from_body(response, status=None, headers={}, provider=self._provider)
        if status == "completed":
            self._reason, self._stop = "end", status
            if not self._any_text and not self._refused:
                self._text_of(response)
        elif status == "incomplete":
            why = text(mapping(response.get("incomplete_details")).get("reason"))
            self._reason, self._stop = _INCOMPLETE.get(why, "other"), f"{status}:{why}"
        else:
            raise BrokenStream("The provider ended the answer before it was complete.", provider=self._provider)
        self.complete = True

    def _text_of(self, response: dict[str, Any]) -> None:
        """The text of the final event, for servers that send no deltas."""
        for item in map(mapping, items(response.get("output"))):
            if item.get("type") == "message":
                self._whole_item(0, item)


def usage_of(raw: dict[str, Any], *, service_tier: str = "") -> Usage:
    """Usage from a Responses usage object.

    ``input_tokens`` includes what was read from and written to the cache, ``output_tokens`` includes reasoning. Writes
    kept for twelve hours count as long ones, the usual thirty minutes as short ones. The tier that served the request
    stands beside the usage in the response; it decides the price.
    """
    given = mapping(raw.get("input_tokens_details"))
    total = count(raw.get("input_tokens"))
    read = min(count(given.get("cached_tokens")), total)
    written = min(count(given.get("cache_write_tokens")), total - read)
    long = min(count(mapping(given.get("cache_write_tokens_details")).get("ttl_12h_tokens")), written)
    output = count(raw.get("output_tokens"))
    reasoning = count(mapping(raw.get("output_tokens_details")).get("reasoning_tokens"))
    return Usage(
        input_tokens=total - read - written,
        cache_read_tokens=read,
        cache_write_5m_tokens=written - long,
        cache_write_1h_tokens=long,
        output_tokens=output,
        reasoning_tokens=min(reasoning, output),
        service_tier=service_tier,
        raw=dict(raw),
    )
