"""What is sent: bodies and headers of each wire format, and how a server's refusals are learnt from."""

import json
import logging
from typing import Any

import pytest

from providers import anthropic, openai_responses
from providers.base import Message, Request, Text, ToolCall, ToolResult
from tests.providers.answers import WEATHER, collect, provider, request, run
from tests.providers.raw_server import DONE, END, EVENTS, STOP, USAGE, Conversation, answer, delta, event, raw_server
from tests.providers.wire_server import speak

CONVERSATION = Request(
    "m1",
    "Be brief.",
    messages=(
        Message.of("user", "Weather?"),
        Message("assistant", (Text("Let me see."), ToolCall("c1", "get_weather", '{"place": "Oslo"}'))),
        Message("user", (ToolResult("c1", "rain"), ToolResult("c2", "no such place", is_error=True), Text("Go on."))),
    ),
    tools=(WEATHER,),
    max_output_tokens=99,
    temperature=0.5,
)


async def well(talk: Conversation) -> None:
    await talk.send(EVENTS, delta("fine"), STOP, USAGE, DONE, END)


async def _ask(handler: Any, asked: Request, **settings: Any) -> tuple[Any, Any, Any]:
    async with raw_server(handler) as server:
        source = provider("chat", server.address, **settings)
        return await collect(source, asked), server, source


def test_chat_sends_the_conversation_with_results_as_messages_of_their_own() -> None:
    _, server, _ = run(_ask(well, CONVERSATION))
    body = server.asked[0].body
    assert [entry["role"] for entry in body["messages"]] == ["system", "user", "assistant", "tool", "tool", "user"]
    assert body["messages"][2]["content"] == "Let me see."
    assert body["messages"][2]["tool_calls"][0]["function"]["arguments"] == '{"place": "Oslo"}'
    assert body["messages"][4] == {"role": "tool", "tool_call_id": "c2", "content": "Error: no such place"}
    assert (body["max_tokens"], body["temperature"], body["stream"]) == (99, 0.5, True)
    assert body["stream_options"] == {"include_usage": True}
    assert body["tools"][0]["function"]["name"] == "get_weather"


def test_metadata_is_never_sent() -> None:
    _, server, _ = run(_ask(well, request(metadata={"mode": "ask", "document": "my secret draft"})))
    assert "secret" not in json.dumps(server.asked[0].body)


def test_a_server_without_a_key_gets_no_authorisation_and_no_organisation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the operator's key")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-operator")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-operator")
    _, server, _ = run(_ask(well, request(), api_key=None))
    headers = server.asked[0].headers
    assert not {"authorization", "openai-organization", "openai-project"} & set(headers)
    assert "operator" not in json.dumps(headers)


def test_a_key_is_sent_to_its_own_server_only_as_authorisation() -> None:
    _, server, _ = run(_ask(well, request(), api_key="key-of-this-server"))
    assert server.asked[0].headers["authorization"] == "Bearer key-of-this-server"


def refusal(message: str) -> bytes:
    return answer(
        "400 Bad Request", json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode()
    )


def test_a_server_s_dialect_is_learnt_from_its_refusals_and_kept() -> None:
    async def particular(talk: Conversation) -> None:
        body = talk.asked.body
        if "max_tokens" in body:
            await talk.send(refusal("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."))
        elif "stream_options" in body:
            await talk.send(refusal("Unknown field stream_options"))
        elif "temperature" in body:
            await talk.send(refusal("Unsupported value: 'temperature' does not support 0.5"))
        else:
            await well(talk)

    async def twice() -> tuple[Any, Any, Any]:
        async with raw_server(particular) as server:
            source = provider("chat", server.address)
            events = [event async for event in source.stream(CONVERSATION)]
            before = len(server.asked)
            second = await collect(source, CONVERSATION)
            return events, (before, len(server.asked)), second

    _, requests, second = run(twice())
    assert requests == (4, 5)
    assert second.text == "fine"


def test_another_refusal_is_not_tried_again() -> None:
    async def refuses(talk: Conversation) -> None:
        await talk.send(refusal("messages: at least one message is required"))

    got, server, _ = run(_ask(refuses, request()))
    assert got.code == "bad_request"
    assert len(server.asked) == 1


def test_a_model_that_refuses_tools_is_remembered() -> None:
    async def no_tools(talk: Conversation) -> None:
        await talk.send(refusal("registry.ollama.ai/library/gemma does not support tools"))

    got, _, source = run(_ask(no_tools, CONVERSATION))
    assert got.code == "tools_unsupported"
    assert not source.supports_tools("m1")
    assert source.supports_tools("another")


def test_models_are_discovered_from_the_server() -> None:
    async def lists(talk: Conversation) -> None:
        assert talk.asked.path == "/v1/models"
        await talk.send(answer("200 OK", b'{"data": [{"id": "llama"}, {"id": "qwen"}, {"no": "id"}]}'))

    async def discover() -> list[str]:
        async with raw_server(lists) as server:
            source = provider("chat", server.address)
            found = [model.id for model in await source.discover()]
            await source.aclose()
            return found

    assert run(discover()) == ["llama", "qwen"]


def test_anthropic_marks_the_stable_prompt_and_the_newest_message_for_the_cache() -> None:
    body = anthropic.request_body(CONVERSATION)
    assert body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    assert body["messages"][-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}
    assert json.dumps(body).count("cache_control") == 2
    assert body["messages"][1]["content"][1]["input"] == {"place": "Oslo"}
    assert body["messages"][2]["content"][1]["is_error"] is True
    assert body["tools"][0]["input_schema"] == WEATHER.schema


def test_anthropic_gets_no_cache_marks_when_they_are_not_wanted_and_no_empty_texts() -> None:
    plain = Request("m", "s", messages=(Message("user", (Text(" "), Text("hi"))),), cache=False)
    body = anthropic.request_body(plain)
    assert "cache_control" not in json.dumps(body)
    assert body["messages"][0]["content"] == [{"type": "text", "text": "hi"}]


def test_arguments_that_are_no_json_reach_anthropic_as_an_empty_object() -> None:
    broken = Request("m", "", messages=(Message("assistant", (ToolCall("c", "n", "{oops"),)),))
    assert anthropic.request_body(broken)["messages"][0]["content"][0]["input"] == {}


def test_responses_sends_calls_and_results_as_items_in_order() -> None:
    body = openai_responses.request_body(CONVERSATION)
    kinds = [item.get("type", item.get("role")) for item in body["input"]]
    assert kinds == ["user", "assistant", "function_call", "function_call_output", "function_call_output", "user"]
    assert body["instructions"] == "Be brief."
    assert body["input"][1]["content"][0]["type"] == "output_text"
    assert body["input"][4]["output"] == "Error: no such place"
    assert body["tools"][0] == {
        "type": "function",
        "name": "get_weather",
        "description": "The weather of a place",
        "parameters": WEATHER.schema,
        "strict": False,
    }


def test_usage_that_comes_on_every_chunk_is_not_added_up() -> None:
    def with_usage(number: int) -> bytes:
        return event(
            {
                "choices": [{"index": 0, "delta": {"content": "x"}}],
                "usage": {"prompt_tokens": 5, "completion_tokens": number},
            }
        )

    async def repeats(talk: Conversation) -> None:
        await talk.send(EVENTS, with_usage(1), with_usage(2), with_usage(3), STOP, END)

    got, _, _ = run(_ask(repeats, request()))
    assert (got.usage.input_tokens, got.usage.output_tokens, len(got.reports)) == (5, 3, 1)


@pytest.mark.parametrize("api", ["messages", "chat", "responses"])
def test_neither_prompt_nor_key_nor_answer_is_ever_logged(api: str, caplog: pytest.LogCaptureFixture) -> None:
    async def speaks(talk: Conversation) -> None:
        await speak(talk)

    async def twice() -> None:
        async with raw_server(speaks) as server:
            address = server.address.removesuffix("/v1") if api == "messages" else server.address
            for _ in range(2):
                await collect(provider(api, address, api_key="my-hidden-key"), request(prompt="my hidden prompt"))

    caplog.set_level(0)
    for name in ("anthropic", "openai"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    run(twice())
    assert "hidden" not in caplog.text
    assert "local server made" not in caplog.text
