"""OpenAI's Responses API: requests out, `formats.responses` in. No other format, no pricing, no retries."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

from providers.base import Message, ModelInfo, Request, StreamEvent, Text, ToolCall, ToolResult
from providers.catalogue import OPENAI
from providers.connection import Connection, Sdk
from providers.formats.reader import count, mapping
from providers.formats.responses import ResponsesReader
from providers.openai_client import openai_sdk
from providers.remote import Remote, require

_PATH = "/responses"
_COUNT_PATH = "/responses/input_tokens"
_DEFAULT_BASE_URL = "https://api.openai.com/v1"


class OpenAIResponsesProvider:
    """See `providers.base.Provider`. The key may be missing: then the provider is listed and refuses to answer."""

    kind = "openai"

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
        """Answers `request`. Nothing is stored at OpenAI (``store`` is false)."""
        body = {
            **request_body(request),
            "max_output_tokens": request.max_output_tokens,
            "stream": True,
            "store": False,
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        return self._connection.answer(_PATH, body, ResponsesReader(self.id))

    async def count_input(self, request: Request) -> int:
        """Exact input tokens of `request`, counted by OpenAI. Raises `ProviderError`."""
        answer = await self._connection.ask(_COUNT_PATH, request_body(request))
        return count(mapping(answer).get("input_tokens"))

    def models(self) -> tuple[ModelInfo, ...]:
        return self._remote.models or OPENAI

    def supports_tools(self, model: str) -> bool:
        return True

    async def aclose(self) -> None:
        await self._connection.aclose()

    def _sdk(self) -> Sdk:
        require(self._remote.api_key, provider=self.id, what="API key")
        return openai_sdk(self._remote, base_url=self._remote.base_url or _DEFAULT_BASE_URL, vendor=True)


def request_body(request: Request) -> dict[str, Any]:
    """The part of the body that counting and answering share."""
    body: dict[str, Any] = {
        "model": request.model,
        "input": [item for message in request.messages for item in _items(message)],
    }
    if request.system:
        body["instructions"] = request.system
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.schema),
                "strict": False,  # strict mode wants every property required
            }
            for tool in request.tools
        ]
    return body


def _items(message: Message) -> Iterator[dict[str, Any]]:
    """A message becomes several items: calls and results stand beside messages, in order."""
    for part in message.parts:
        match part:
            case Text(text):
                kind = "input_text" if message.role == "user" else "output_text"
                yield {"role": message.role, "content": [{"type": kind, "text": text}]}
            case ToolCall(identity, name, arguments):
                yield {"type": "function_call", "call_id": identity, "name": name, "arguments": arguments}
            case ToolResult(call_id, text, is_error):
                yield {
                    "type": "function_call_output",
                    "call_id": call_id,
                    "output": f"Error: {text}" if is_error else text,
                }
