"""The values every provider speaks, and the contract a provider fulfils.

Lives here: the request, the events of an answer, usage in disjoint buckets, the `Provider` protocol. Nothing here does
I/O, imports an SDK or knows the application.

A third party adds a provider as a package with an entry point in the group ``draftloom.providers``::

    [project.entry-points."draftloom.providers"]
    acme = "acme_draftloom:create"

The entry point names a callable ``create(environ: Mapping[str, str]) -> Provider``. It is called once when the registry
is built, must return at once (no network), and reads its own settings from `environ`. The object it returns

* has `id` (the name in the API, unique), `label` (shown to people), `kind` (free text such as ``"acme"``) and
  `configured` (False when a key or an address is missing: it is listed, but refuses to stream);
* gives `stream(request)`, an async generator of the events below. Exactly one `Stopped` ends a complete answer and is
  its last event; the last `UsageReport` before it holds the final numbers. Every failure is raised from the generator
  as a `providers.errors.ProviderError`, also after text was already yielded. Closing the generator cancels the work;
* gives `models()` and `supports_tools(model)` without I/O, and `aclose()`.

A package that fails to load or to create its provider is listed with its failure and harms nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

Role = Literal["user", "assistant"]
UsageStatus = Literal["reported", "estimated"]
StopReason = Literal[
    "end", "max_tokens", "tool_use", "stop_sequence", "refusal", "content_filter", "pause", "context_full", "other"
]


# --- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text in a message."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model made. `arguments` is the JSON text exactly as the model wrote it; it may be invalid JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer to one tool call, sent back in a user message. `is_error` tells the model that the call failed."""

    call_id: str
    text: str
    is_error: bool = False


Part = Text | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation. Tool calls belong to the assistant, tool results to the user."""

    role: Role
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, role: Role, text: str) -> Message:
        """A message of one text."""
        return cls(role, (Text(text),))

    @property
    def text(self) -> str:
        """All text parts joined; tool calls and results are left out."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call. `schema` is a JSON Schema object for its arguments."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a model.

    `max_output_tokens` bounds what is generated, reasoning included. `temperature` None leaves the model's default
    (several current models refuse any other value). `cache` lets a provider mark the stable part of the prompt for its
    prompt cache. `metadata` is never sent to a remote provider; the offline provider reads ``{"mode":
    "ask"|"write"|"edit", "prompt": str, "document": str, "selection": str | None}`` from it.
    """

    model: str
    system: str
    messages: tuple[Message, ...] = field(kw_only=True)
    tools: tuple[Tool, ...] = field(default=(), kw_only=True)
    max_output_tokens: int = field(default=4096, kw_only=True)
    temperature: float | None = field(default=None, kw_only=True)
    cache: bool = field(default=True, kw_only=True)
    metadata: Mapping[str, Any] = field(default_factory=dict, kw_only=True)


# --- what comes back -------------------------------------------------------------------------------------------------


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one answer in disjoint buckets.

    `input_tokens` is fresh input only: neither read from nor written to a cache. `output_tokens` includes reasoning;
    `reasoning_tokens` says how much of it. `cache_write_5m_tokens` also takes the writes of providers that have one
    short lifetime only (OpenAI: 30 minutes), `cache_write_1h_tokens` those of an hour or more. `requests` counts billed
    server-side calls (``{"web_search_requests": 1}``). `parts` holds what *other* models or hidden steps consumed inside
    this answer as (model, usage); it is **not** contained in the other fields. `service_tier` is the tier that served the
    request, as the provider names it ("" when it does not). `raw` is the provider's own usage object.
    `status` is "reported" when the provider stated the final numbers, "estimated" when it did not (or not yet).
    """

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    requests: Mapping[str, int] = {}
    parts: tuple[tuple[str, Usage], ...] = ()
    service_tier: str = ""
    raw: dict[str, Any] = {}
    status: UsageStatus = "reported"

    @property
    def cache_write_tokens(self) -> int:
        """Input written to a cache, of every lifetime."""
        return self.cache_write_5m_tokens + self.cache_write_1h_tokens

    @property
    def total_input_tokens(self) -> int:
        """All input the model read: fresh, read from cache and written to cache. Without `parts`."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    @property
    def total_tokens(self) -> int:
        """Every token of the answer, `parts` included."""
        return self.total_input_tokens + self.output_tokens + sum(part.total_tokens for _, part in self.parts)


class Started(msgspec.Struct, frozen=True, gc=False):
    """The provider began to answer. `model` is the model that answers, `id` the provider's id of this answer."""

    model: str
    id: str


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    """More text of the answer. Never empty; deltas that arrived in one network read may come merged."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False):
    """More of the model's visible reasoning; `text` is empty when the provider only shows that it is thinking."""

    text: str


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """More of the words with which the model declines."""

    text: str


class ToolCallDelta(msgspec.Struct, frozen=True, gc=False):
    """A piece of a tool call. `index` orders the calls of this answer; `id` and `name` come with the first piece."""

    index: int
    id: str
    name: str
    arguments_delta: str


class ToolCallDone(msgspec.Struct, frozen=True):
    """A tool call is complete. `by_provider` is True when the provider itself ran it: then it needs no result."""

    call: ToolCall
    by_provider: bool = False


class UsageReport(msgspec.Struct, frozen=True):
    """What is known of the usage so far; a later report replaces an earlier one."""

    usage: Usage


class Stopped(msgspec.Struct, frozen=True, gc=False):
    """The answer is complete. `raw` is the provider's own word, exactly; `reason` is ours."""

    reason: StopReason
    raw: str


StreamEvent = Started | TextDelta | ReasoningDelta | Refusal | ToolCallDelta | ToolCallDone | UsageReport | Stopped


# --- who answers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model one can choose. Sizes are in tokens, None when unknown. `tools`: it can call functions.
    `free`: nobody is billed for it (the offline provider)."""

    id: str
    label: str
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    tools: bool = True
    free: bool = False


@runtime_checkable
class Provider(Protocol):
    """A source of answers; see the module docstring for the whole contract."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def configured(self) -> bool: ...

    def stream(self, request: Request) -> AsyncGenerator[StreamEvent, None]:
        """Answers `request`. Raises `ProviderError` while it is iterated."""
        ...

    def models(self) -> tuple[ModelInfo, ...]:
        """The models on offer, best first. May be empty when the endpoint decides."""
        ...

    def supports_tools(self, model: str) -> bool:
        """Whether tools may be offered to `model`; otherwise operations go as tagged text."""
        ...

    async def aclose(self) -> None:
        """Ends connections. Idempotent."""
        ...
