"""Our own server for the three wire formats: small, honest about being one, and what cassettes are recorded from when
no key for a real provider is set. It answers every prompt with the same words, and calls the first tool it is offered.
"""

import json
from collections.abc import Iterator
from typing import Any

from tests.providers.raw_server import END, EVENTS, Conversation, answer, chunk

WORDS = ("This ", "answer ", "comes ", "from ", "a ", "local ", "server ", "made ", "for ", "tests.")
ARGUMENTS = ('{"pla', 'ce": "Os', 'lo"}')
WRONG_KEY = "wrong-key"
UNKNOWN_MODEL = "no-such-model"


async def speak(talk: Conversation) -> None:
    """Answers one request in the format its path stands for."""
    path, body = talk.asked.path, talk.asked.body
    key = talk.asked.headers.get("x-api-key") or talk.asked.headers.get("authorization", "")
    if key.endswith(WRONG_KEY):
        await talk.send(_wrong_key(path))
    elif body.get("model") == UNKNOWN_MODEL:
        message = f"The model `{UNKNOWN_MODEL}` does not exist or you do not have access to it."
        error = {"message": message, "type": "invalid_request_error", "param": None, "code": "model_not_found"}
        await talk.send(_error("404 Not Found", {"error": error}, "x-request-id: req_wire_404"))
    else:
        formats = {"/messages": _messages, "/responses": _responses, "/chat/completions": _chat}
        speaker = next(speaker for end, speaker in formats.items() if path.endswith(end))
        await talk.send(EVENTS, *(chunk(piece) for piece in speaker(body)), END)


def _wrong_key(path: str) -> bytes:
    if path.endswith("/messages"):
        error = {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}
        return _error("401 Unauthorized", error, "request-id: req_wire_401", "x-should-retry: false")
    detail = {"message": "Incorrect API key provided.", "type": "invalid_request_error", "code": "invalid_api_key"}
    return _error("401 Unauthorized", {"error": detail}, "x-request-id: req_wire_401")


def _error(status: str, body: object, *headers: str) -> bytes:
    return answer(status, json.dumps(body).encode(), *headers)


def _event(name: str, value: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **value})}\n\n".encode()


def _messages(body: dict[str, Any]) -> Iterator[bytes]:
    usage = {"input_tokens": 25, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 1}
    message = {"id": "msg_wire", "role": "assistant", "model": body["model"], "content": [], "usage": usage}
    yield _event("message_start", {"message": message})
    yield _event("ping", {})
    if body.get("tools"):
        tool = {"type": "tool_use", "id": "toolu_wire", "name": body["tools"][0]["name"], "input": {}}
        yield _event("content_block_start", {"index": 0, "content_block": tool})
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ARGUMENTS]
    else:
        yield _event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
        deltas = [{"type": "text_delta", "text": word} for word in WORDS]
    for delta in deltas:
        yield _event("content_block_delta", {"index": 0, "delta": delta})
    yield _event("content_block_stop", {"index": 0})
    stop = {"stop_reason": "tool_use" if body.get("tools") else "end_turn", "stop_sequence": None}
    yield _event("message_delta", {"delta": stop, "usage": {"output_tokens": len(deltas)}})
    yield _event("message_stop", {})


def _responses(body: dict[str, Any]) -> Iterator[bytes]:
    response: dict[str, Any] = {"id": "resp_wire", "object": "response", "model": body["model"], "output": []}
    yield _event("response.created", {"response": {**response, "status": "in_progress"}})
    if body.get("tools"):
        item = {"type": "function_call", "id": "fc_wire", "call_id": "call_wire", "name": body["tools"][0]["name"]}
        yield _event("response.output_item.added", {"output_index": 0, "item": {**item, "arguments": ""}})
        for piece in ARGUMENTS:
            yield _event("response.function_call_arguments.delta", {"output_index": 0, "delta": piece})
        output: dict[str, Any] = {**item, "arguments": "".join(ARGUMENTS)}
    else:
        for word in WORDS:
            yield _event("response.output_text.delta", {"output_index": 0, "content_index": 0, "delta": word})
        output = {"type": "message", "content": [{"type": "output_text", "text": "".join(WORDS)}]}
    yield _event("response.output_item.done", {"output_index": 0, "item": output})
    usage = {
        "input_tokens": 25,
        "input_tokens_details": {"cached_tokens": 8},
        "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 35,
    }
    finished = {**response, "status": "completed", "output": [output], "usage": usage, "service_tier": "default"}
    yield _event("response.completed", {"response": finished})


def _chat(body: dict[str, Any]) -> Iterator[bytes]:
    def piece(choices: list[dict[str, Any]], **more: Any) -> bytes:
        value = {"id": "chatcmpl-wire", "object": "chat.completion.chunk", "model": body["model"], "choices": choices}
        return f"data: {json.dumps({**value, **more})}\n\n".encode()

    def choice(delta: dict[str, Any], finish: str | None = None) -> list[dict[str, Any]]:
        return [{"index": 0, "delta": delta, "finish_reason": finish}]

    yield piece(choice({"role": "assistant", "content": ""}))
    if body.get("tools"):
        name = body["tools"][0]["function"]["name"]
        first = {"index": 0, "id": "call_wire", "type": "function", "function": {"name": name, "arguments": ""}}
        yield piece(choice({"tool_calls": [first]}))
        for part in ARGUMENTS:
            yield piece(choice({"tool_calls": [{"index": 0, "function": {"arguments": part}}]}))
        yield piece(choice({}, "tool_calls"))
    else:
        for word in WORDS:
            yield piece(choice({"content": word}))
        yield piece(choice({}, "stop"))
    if (body.get("stream_options") or {}).get("include_usage"):
        yield piece([], usage={"prompt_tokens": 25, "completion_tokens": 10, "total_tokens": 35})
    yield b"data: [DONE]\n\n"
