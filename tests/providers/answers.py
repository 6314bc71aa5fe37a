"""Running a provider in a test: requests, collected answers, and what an expectation means in our terms."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from providers.anthropic import AnthropicProvider
from providers.base import (
    Message,
    Provider,
    ReasoningDelta,
    Refusal,
    Request,
    Started,
    Stopped,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
    ToolCallDone,
    Usage,
    UsageReport,
)
from providers.errors import ProviderError
from providers.openai_chat import OpenAIChatProvider
from providers.openai_responses import OpenAIResponsesProvider
from providers.remote import Remote

Result = TypeVar("Result")
MAKERS = {"messages": AnthropicProvider, "chat": OpenAIChatProvider, "responses": OpenAIResponsesProvider}
WEATHER = Tool("get_weather", "The weather of a place", {"type": "object", "properties": {"place": {"type": "string"}}})


@dataclass
class Answer:
    """Everything a stream gave, and the error that ended it."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    call_pieces: dict[int, str] = field(default_factory=dict)
    reports: list[Usage] = field(default_factory=list)
    started: list[Started] = field(default_factory=list)
    stopped: Stopped | None = None
    error: ProviderError | None = None
    deltas: int = 0

    @property
    def usage(self) -> Usage:
        return self.reports[-1]

    @property
    def code(self) -> str | None:
        return self.error.code if self.error is not None else None


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


def provider(api: str, base_url: str | None = "http://recorded.test/v1", **settings: Any) -> Any:
    """A provider of one wire format, with a key that is none."""
    values: dict[str, Any] = {"api_key": "no-real-key", "base_url": base_url, **settings}
    return MAKERS[api](Remote(api, api, **values))


def request(model: str = "some-model", prompt: str = "Hello", **settings: Any) -> Request:
    return Request(model, "Be brief.", messages=(Message.of("user", prompt),), **settings)


async def collect(source: Provider, asked: Request | None = None) -> Answer:
    """The whole answer; a `ProviderError` is kept, not raised. Checks the order every answer must have."""
    answer = Answer()
    try:
        async with aclosing(source.stream(asked or request())) as events:
            async for event in events:
                assert answer.stopped is None, "nothing may follow Stopped"
                note(answer, event)
    except ProviderError as error:
        answer.error = error
    finally:
        await source.aclose()
    assert (answer.stopped is None) == (answer.error is not None), "an answer either stops or fails"
    if answer.stopped is not None:
        assert answer.reports, "usage is reported before the stop"
    return answer


def note(answer: Answer, event: object) -> None:
    match event:
        case Started():
            answer.started.append(event)
        case TextDelta(text):
            assert text
            answer.text += text
            answer.deltas += 1
        case ReasoningDelta(text):
            answer.reasoning += text
        case Refusal(text):
            answer.refusal += text
        case ToolCallDelta(index, _, _, more):
            answer.call_pieces[index] = answer.call_pieces.get(index, "") + more
        case ToolCallDone(call):
            answer.calls.append(call)
        case UsageReport(usage):
            answer.reports.append(usage)
        case Stopped():
            answer.stopped = event
        case _:
            raise AssertionError(f"unknown event {event!r}")


def expected_buckets(api: str, usage: dict[str, Any]) -> dict[str, int]:
    """Our buckets from a provider's own usage object, worked out by hand for each format."""
    if api == "messages":
        written = usage.get("cache_creation_input_tokens") or 0
        hour = (usage.get("cache_creation") or {}).get("ephemeral_1h_input_tokens") or 0
        return {
            "input_tokens": usage["input_tokens"],
            "cache_read_tokens": usage.get("cache_read_input_tokens") or 0,
            "cache_write_5m_tokens": written - hour,
            "cache_write_1h_tokens": hour,
            "output_tokens": usage["output_tokens"],
            "reasoning_tokens": (usage.get("output_tokens_details") or {}).get("thinking_tokens") or 0,
        }
    ins, outs = ("prompt", "completion") if api == "chat" else ("input", "output")
    given = usage.get(f"{ins}_tokens_details") or {}
    made = usage.get(f"{outs}_tokens_details") or {}
    read, written = given.get("cached_tokens") or 0, given.get("cache_write_tokens") or 0
    return {
        "input_tokens": usage[f"{ins}_tokens"] - read - written,
        "cache_read_tokens": read,
        "cache_write_5m_tokens": written,
        "cache_write_1h_tokens": 0,
        "output_tokens": usage[f"{outs}_tokens"],
        "reasoning_tokens": made.get("reasoning_tokens") or 0,
    }


async def pieces(body: bytes, sizes: list[int]) -> AsyncIterator[bytes]:
    """A body in pieces of the given sizes."""
    start = 0
    for size in sizes:
        yield body[start : start + size]
        start += size
