"""The chat completions format of OpenAI and the many servers that imitate it, to `providers.base` events.

Every server bends it a little; what is bent is noted where it is straightened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import msgspec

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
from providers.errors import BrokenStream, ServerError, error_from_body
from providers.formats.reader import count, decoded, items, mapping, text
from providers.formats.thinking import ThinkingSplitter

_STOPS: dict[str, StopReason] = {
    "stop": "end",
    "eos": "end",
    "end_turn": "end",
    "length": "max_tokens",
    "model_length": "context_full",  # Mistral
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filter",
    "refusal": "refusal",
}


class _Delta(msgspec.Struct):
    """Only what is read; typed `Any` where servers disagree, so that one odd field does not lose the answer."""

    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: Any = None


class _Choice(msgspec.Struct):
    index: Any = 0
    delta: _Delta | None = None
    finish_reason: Any = None


class _Chunk(msgspec.Struct):
    id: Any = None
    model: Any = None
    choices: list[_Choice] | None = None
    usage: Any = None
    x_groq: Any = None
    service_tier: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Chunk)


@dataclass(slots=True)
class _Call:
    position: int
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class ChatReader:
    """See `AnswerReader`. ``[DONE]`` ends the stream, where it is sent; the finish reason makes it complete."""

    def __init__(self, provider: str) -> None:
        self.events: list[StreamEvent] = []
        self.complete = False
        self._provider = provider
        self._started = False
        self._calls: dict[int, _Call] = {}
        self._closed_calls: list[_Call] = []
        self._usage: dict[str, Any] | None = None
        self._tier = ""
        self._stop = ""
        self._refused = False
        self._thinking = ThinkingSplitter()

    def read(self, name: bytes, data: bytes) -> bool:
        if data == b"[DONE]" or data.strip() == b"[DONE]":
            return True
        try:
            chunk = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._odd(data)
        if not self._started:
            self._start(chunk.model, chunk.id)
        if chunk.usage is not None or chunk.x_groq is not None:
            self._note_usage(chunk.usage, chunk.x_groq)
        if chunk.service_tier is not None:
            self._tier = text(chunk.service_tier)
        for choice in chunk.choices or ():
            if choice.index == 0 or choice.index is None:
                self._choice(choice)
        if chunk.error is not None:  # OpenRouter: in a chunk, also after a finish reason, also with usage
            raise error_from_body({"error": chunk.error}, status=None, headers={}, provider=self._provider)
        return False

    def read_whole(self, body: bytes) -> None:
        answer = decoded(body)
        if answer.get("error") is not None:
            raise error_from_body(answer, status=None, headers={}, provider=self._provider)
        self._start(answer.get("model"), answer.get("id"))
        self._note_usage(answer.get("usage"), answer.get("x_groq"))
        self._tier = text(answer.get("service_tier"))
        for choice in map(mapping, items(answer.get("choices"))[:1]):
            message = mapping(choice.get("message"))  # Azure leaves it out when its filter stopped the answer
            self._content(message.get("content"))
            self._reasoning(message.get("reasoning_content"), message.get("reasoning"))
            self._refusal(message.get("refusal"))
            for call in items(message.get("tool_calls")):
                self._call(mapping(call))
            self._set_stop(choice.get("finish_reason"))

    def finish(self) -> None:
        self._release()
        calls = self._closed_calls + [self._calls[key] for key in sorted(self._calls)]
        for call in calls:
            identity = call.id or f"call_{call.position}"  # some local servers give calls no id
            self.events.append(ToolCallDone(ToolCall(identity, call.name, "".join(call.arguments))))
        self._report()
        reason = _STOPS.get(self._stop, "other")
        if reason == "end" and calls:
            reason = "tool_use"  # llama.cpp and others say "stop" here
        elif reason == "end" and self._refused:
            reason = "refusal"
        self.events.append(Stopped(reason, self._stop))

    def give_up(self) -> None:
        self._release()
        self._report()

    def _report(self) -> None:
        if self._usage is not None:
            self.events.append(UsageReport(usage_of(self._usage, service_tier=self._tier)))

    def _odd(self, data: bytes) -> bool:
        """A chunk that does not fit: an error object of unusual shape, or nonsense."""
        value = decoded(data)
        if "error" in value:
            raise error_from_body(value, status=None, headers={}, provider=self._provider)
        raise BrokenStream("The provider sent a piece of the answer that cannot be read.")

    def _start(self, model: object, identity: object) -> None:
        self._started = True
        self.events.append(Started(text(model), text(identity)))

    def _note_usage(self, usage: object, x_groq: object) -> None:
        """Some servers repeat usage with every chunk (xAI): the last one counts. Groq once put it elsewhere."""
        if found := mapping(usage) or mapping(mapping(x_groq).get("usage")):
            self._usage = found

    def _choice(self, choice: _Choice) -> None:
        delta = choice.delta
        if delta is not None:
            content = delta.content
            if type(content) is str and self._thinking.settled:
                if content:
                    self._append(TextDelta(content))
            elif content is not None:
                self._content(content)
            if delta.reasoning_content is not None or delta.reasoning is not None:
                self._reasoning(delta.reasoning_content, delta.reasoning)
            if delta.refusal is not None:
                self._refusal(delta.refusal)
            for call in items(delta.tool_calls):
                self._call(mapping(call))
        if choice.finish_reason is not None:
            self._set_stop(choice.finish_reason)

    def _content(self, content: object) -> None:
        if isinstance(content, str):
            self._split(content)
            return
        for part in map(mapping, items(content)):  # Mistral, Databricks: a list of typed parts
            match part.get("type"):
                case "text":
                    self._content(text(part.get("text")))
                case "thinking":
                    self._reasoning("".join(text(mapping(p).get("text")) for p in items(part.get("thinking"))), None)
                case "reasoning":
                    self._reasoning("".join(text(mapping(p).get("text")) for p in items(part.get("summary"))), None)
                case _:
                    pass  # references, images: nothing to draft with

    def _split(self, content: str) -> None:
        if self._thinking.settled:
            if content:
                self._append(TextDelta(content))
            return
        for kind, certain in self._thinking.feed(content):
            self._append(TextDelta(certain) if kind == "text" else ReasoningDelta(certain))

    def _release(self) -> None:
        for kind, held in self._thinking.close():
            self._append(TextDelta(held) if kind == "text" else ReasoningDelta(held))

    def _reasoning(self, content: object, fallback: object) -> None:
        if more := text(fallback if content is None else content):
            self._append(ReasoningDelta(more))

    def _refusal(self, refusal: object) -> None:
        if more := text(refusal):
            self._refused = True
            self.events.append(Refusal(more))

    def _append(self, event: TextDelta | ReasoningDelta) -> None:
        """Joins deltas of one kind that arrived together: fewer events, same words."""
        last = self.events[-1] if self.events else None
        if type(last) is type(event) and isinstance(last, (TextDelta, ReasoningDelta)):
            self.events[-1] = type(event)(last.text + event.text)
        else:
            self.events.append(event)

    def _call(self, piece: dict[str, Any]) -> None:
        call = self._call_for(piece)
        function = mapping(piece.get("function"))
        name = text(function.get("name"))
        if name and name != call.name:  # some servers repeat the whole name with every piece
            call.name += name
        arguments = function.get("arguments")
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments)
        more = text(arguments)
        if more:
            call.arguments.append(more)
        if more or name:
            self.events.append(ToolCallDelta(call.position, call.id, call.name, more))

    def _call_for(self, piece: dict[str, Any]) -> _Call:
        """The call a piece belongs to. Without an index it is a new call if it brings an id; the same index with
        another id is a new call too (servers that number every call 0)."""
        identity = text(piece.get("id"))
        index = piece.get("index")
        if not isinstance(index, int):
            index = len(self._calls) if identity or not self._calls else max(self._calls)
        known = self._calls.get(index)
        if known is not None and identity and known.id and identity != known.id:
            self._closed_calls.append(known)
            known = None
        if known is None:
            others = sum(1 for key in self._calls if key != index)
            known = self._calls[index] = _Call(len(self._closed_calls) + others)
        known.id = known.id or identity
        return known

    def _set_stop(self, reason: object) -> None:
        if not isinstance(reason, str) or not reason:
            return
        if reason == "error":  # Mistral, when generation broke down
            raise ServerError("The provider broke off the answer.", provider=self._provider)
        self._stop = reason
        self.complete = True


def usage_of(raw: dict[str, Any], *, service_tier: str = "") -> Usage:
    """Usage from a chat completions usage object.

    ``prompt_tokens`` includes what was read from and written to the cache. DeepSeek names the cached part
    ``prompt_cache_hit_tokens``. ``completion_tokens`` includes reasoning, except where the total shows that it does not
    (xAI's reasoning models: total = prompt + completion + reasoning).
    """
    given = mapping(raw.get("prompt_tokens_details"))
    made = mapping(raw.get("completion_tokens_details"))
    prompt, completion = count(raw.get("prompt_tokens")), count(raw.get("completion_tokens"))
    read = count(given.get("cached_tokens")) or count(raw.get("prompt_cache_hit_tokens"))
    written = count(given.get("cache_write_tokens"))
    reasoning = count(made.get("reasoning_tokens"))
    if reasoning and count(raw.get("total_tokens")) == prompt + completion + reasoning:
        completion += reasoning
    read = min(read, prompt)
    written = min(written, prompt - read)
    return Usage(
        input_tokens=prompt - read - written,
        cache_read_tokens=read,
        cache_write_5m_tokens=written,
        output_tokens=completion,
        reasoning_tokens=min(reasoning, completion),
        service_tier=service_tier or text(raw.get("service_tier")),
        raw=dict(raw),
    )
