"""Servers that speak OpenAI's chat completions: Ollama, vLLM, llama.cpp, OpenRouter, Mistral, and OpenAI itself.

Requests out, `formats.chat` in; plus what such servers refuse, learnt from their answers. No pricing, no retries of
failed calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from providers.base import (
    Message,
    ModelInfo,
    ReasoningDelta,
    Request,
    Stopped,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDone,
    ToolResult,
    UsageReport,
)
from providers.connection import Connection, Sdk
from providers.errors import BadRequest, ToolsUnsupported
from providers.formats.chat import ChatReader
from providers.formats.reader import items, mapping, text
from providers.openai_client import openai_sdk
from providers.remote import Remote, require

_PATH = "/chat/completions"


@dataclass(frozen=True, slots=True)
class _Dialect:
    """What a server accepts for one model, as far as it has told us by refusing."""

    output_limit: str = "max_tokens"
    stream_options: bool = True
    temperature: bool = True
    tools: bool = True

    def after(self, error: BadRequest) -> _Dialect | None:
        """The dialect to try next, or None when the refusal is about something else."""
        said = error.message
        if "max_completion_tokens" in said and self.output_limit == "max_tokens":
            return replace(self, output_limit="max_completion_tokens")
        if "stream_options" in said and self.stream_options:
            return replace(self, stream_options=False)
        if "temperature" in said and self.temperature:
            return replace(self, temperature=False)
        return None


class OpenAIChatProvider:
    """See `providers.base.Provider`. It needs an address; the key is optional, as local servers have none."""

    kind = "compatible"

    def __init__(self, remote: Remote) -> None:
        self.id = remote.id
        self.label = remote.label
        self.base_url = remote.base_url
        self._remote = remote
        self._connection = Connection(remote.id, self._sdk)
        self._dialects: dict[str, _Dialect] = {}

    @property
    def configured(self) -> bool:
        return bool(self._remote.base_url)

    async def stream(self, request: Request) -> AsyncGenerator[StreamEvent, None]:
        """Answers `request`. When the server reports no usage, it is counted here and marked as estimated.

        Raises `ToolsUnsupported` when the server refuses tools for this model; `supports_tools` knows from then on.
        """
        while True:
            dialect = self._dialects.get(request.model, _Dialect())
            try:
                async with aclosing(self._attempt(request, dialect)) as events:
                    async for event in events:
                        yield event
                return
            except ToolsUnsupported:
                self._dialects[request.model] = replace(dialect, tools=False)
                raise
            except BadRequest as error:
                adapted = dialect.after(error) if error.status is not None else None
                if adapted is None:
                    raise
                self._dialects[request.model] = adapted

    def models(self) -> tuple[ModelInfo, ...]:
        return self._remote.models

    def supports_tools(self, model: str) -> bool:
        listed = next((info.tools for info in self._remote.models if info.id == model), True)
        return listed and self._dialects.get(model, _Dialect()).tools

    async def discover(self) -> tuple[ModelInfo, ...]:
        """The models the server itself lists. Raises `ProviderError`."""
        answer = await self._connection.ask("/models", None)
        found = (text(mapping(entry).get("id")) for entry in items(mapping(answer).get("data")))
        return tuple(ModelInfo(name, name) for name in found if name)

    async def aclose(self) -> None:
        await self._connection.aclose()

    async def _attempt(self, request: Request, dialect: _Dialect) -> AsyncGenerator[StreamEvent, None]:
        """One request; adds an estimate before `Stopped` when no usage came."""
        received: list[str] = []
        reported = False
        answer = self._connection.answer(_PATH, request_body(request, dialect), ChatReader(self.id))
        async with aclosing(answer) as events:
            async for event in events:
                kind = type(event)
                if kind is TextDelta or kind is ReasoningDelta:
                    received.append(event.text)  # type: ignore[union-attr]  # by the line above; isinstance is slower
                elif isinstance(event, ToolCallDone):
                    received += (event.call.name, event.call.arguments)
                elif isinstance(event, UsageReport):
                    reported = True
                elif isinstance(event, Stopped) and not reported:
                    counter = self._remote.counter
                    usage = await asyncio.to_thread(counter.estimate, request, "".join(received))
                    yield UsageReport(usage)
                yield event

    def _sdk(self) -> Sdk:
        address = require(self._remote.base_url, provider=self.id, what="address")
        return openai_sdk(self._remote, base_url=address, vendor=False)


def request_body(request: Request, dialect: _Dialect) -> dict[str, Any]:
    """The body of a streaming request in this server's dialect."""
    messages = [{"role": "system", "content": request.system}] if request.system else []
    body: dict[str, Any] = {
        "model": request.model,
        "messages": messages + [entry for message in request.messages for entry in _entries(message)],
        "stream": True,
        dialect.output_limit: request.max_output_tokens,
    }
    if dialect.stream_options:
        body["stream_options"] = {"include_usage": True}
    if request.temperature is not None and dialect.temperature:
        body["temperature"] = request.temperature
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": dict(tool.schema)},
            }
            for tool in request.tools
        ]
    return body


def _entries(message: Message) -> list[dict[str, Any]]:
    """A message as this format writes it: results are messages of their own and come before what the user adds."""
    entries: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case ToolCall(identity, name, arguments):
                calls.append({"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}})
            case ToolResult(call_id, result, is_error):
                content = f"Error: {result}" if is_error else result
                entries.append({"role": "tool", "tool_call_id": call_id, "content": content})
            case Text():
                pass  # joined below
    if calls:
        entries.append({"role": message.role, "content": message.text or None, "tool_calls": calls})
    elif message.text:
        entries.append({"role": message.role, "content": message.text})
    return entries
