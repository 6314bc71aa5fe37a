"""Anthropic's Messages API: requests out, `formats.messages` in. No other format, no pricing, no retries."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from providers.base import Message, ModelInfo, Part, Request, StreamEvent, Text, ToolCall, ToolResult
from providers.catalogue import ANTHROPIC
from providers.connection import Connection, Sdk
from providers.formats.messages import MessagesReader
from providers.formats.reader import count, mapping
from providers.remote import Remote, require

_PATH = "/v1/messages"
_COUNT_PATH = "/v1/messages/count_tokens"
_CACHE_POINT = {"type": "ephemeral"}


class AnthropicProvider:
    """See `providers.base.Provider`. The key may be missing: then the provider is listed and refuses to answer."""

    kind = "anthropic"

    def __init__(self, remote: Remote) -> None:
        self.id = remote.id
        self.label = remote.label
        self.base_url = remote.base_url
        self._remote = remote
        self._connection = Connection(remote.id, self._sdk)

    @property
    def configured(self) -> bool:
        return bool(self._remote.api_key)

    def stream(self, request: Request) -> AsyncGenerator[StreamEvent, None]:
        """Answers `request`; the usage report at the start holds the exact input, that at the end everything."""
        body = {**request_body(request), "max_tokens": request.max_output_tokens, "stream": True}
        if request.temperature is not None:
            body["temperature"] = request.temperature
        return self._connection.answer(_PATH, body, MessagesReader(self.id))

    async def count_input(self, request: Request) -> int:
        """Exact input tokens of `request`, counted by Anthropic, free of charge. Raises `ProviderError`."""
        answer = await self._connection.ask(_COUNT_PATH, request_body(request))
        return count(mapping(answer).get("input_tokens"))

    def models(self) -> tuple[ModelInfo, ...]:
        return self._remote.models or ANTHROPIC

    def supports_tools(self, model: str) -> bool:
        return True

    async def aclose(self) -> None:
        await self._connection.aclose()

    def _sdk(self) -> Sdk:
        import anthropic
        from providers.transport import Timeouts, http_client

        remote = self._remote
        timeouts = Timeouts(remote.connect_seconds, remote.silence_seconds)
        client = anthropic.AsyncAnthropic(
            api_key=require(remote.api_key, provider=self.id, what="API key"),
            base_url=remote.base_url or "https://api.anthropic.com",
            max_retries=0,
            open_telemetry=False,  # its spans may carry prompts
            timeout=remote.silence_seconds,
            http_client=http_client(remote.transport, timeouts=timeouts, allow_private=remote.allow_private),
        )
        return Sdk(client, anthropic.AnthropicError)


def request_body(request: Request) -> dict[str, Any]:
    """The part of the body that counting and answering share.

    With `request.cache` two points are marked for the prompt cache: after the system prompt (which tools precede) and
    after the newest message, so that the next turn reads the whole conversation from the cache.
    """
    body: dict[str, Any] = {"model": request.model, "messages": [_message(message) for message in request.messages]}
    if request.system:
        system: dict[str, Any] = {"type": "text", "text": request.system}
        body["system"] = [{**system, "cache_control": _CACHE_POINT} if request.cache else system]
    if request.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": dict(tool.schema)}
            for tool in request.tools
        ]
    if request.cache and body["messages"] and body["messages"][-1]["content"]:
        body["messages"][-1]["content"][-1]["cache_control"] = _CACHE_POINT
    return body


def _message(message: Message) -> dict[str, Any]:
    # The API refuses empty text blocks.
    parts = [part for part in message.parts if not (isinstance(part, Text) and not part.text.strip())]
    return {"role": message.role, "content": [_part(part) for part in parts]}


def _part(part: Part) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case ToolCall(identity, name, arguments):
            return {"type": "tool_use", "id": identity, "name": name, "input": _object(arguments)}
        case ToolResult(call_id, text, is_error):
            return {"type": "tool_result", "tool_use_id": call_id, "content": text, "is_error": is_error}


def _object(arguments: str) -> dict[str, Any]:
    """Arguments as the object the API wants; a model's invalid JSON was answered as an error already."""
    try:
        return mapping(json.loads(arguments))
    except ValueError:
        return {}
