"""What goes wrong on the way: each fault has one clear error, and text that came before it is kept."""

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from providers.base import TextDelta
from tests.providers.answers import Answer, collect, provider, request, run
from tests.providers.raw_server import (
    DONE,
    END,
    EVENTS,
    STOP,
    USAGE,
    Conversation,
    RawServer,
    answer,
    chunk,
    delta,
    raw_server,
)

BOTH = pytest.mark.parametrize("transport", ["aiohttp", "httpx2"])


def meet(handler: Callable[[Conversation], Awaitable[None]], **settings: Any) -> tuple[Answer, RawServer]:
    """One chat request to a server that behaves as `handler` says."""

    async def both() -> tuple[Answer, RawServer]:
        async with raw_server(handler) as server:
            return await collect(provider("chat", server.address, **settings)), server

    return run(both())


@BOTH
def test_no_headers_in_time_is_a_timeout(transport: str) -> None:
    async def silent(talk: Conversation) -> None:
        await talk.reader.read()

    got, _ = meet(silent, transport=transport, silence_seconds=0.2)
    assert got.code == "timeout"
    assert got.text == ""


@BOTH
def test_silence_in_the_middle_is_a_timeout_and_keeps_the_text(transport: str) -> None:
    async def falls_silent(talk: Conversation) -> None:
        await talk.send(EVENTS, delta("half a "))
        await talk.reader.read()

    got, _ = meet(falls_silent, transport=transport, silence_seconds=0.2)
    assert (got.code, got.text) == ("timeout", "half a ")


@BOTH
def test_slow_headers_and_slow_pieces_are_waited_for(transport: str) -> None:
    async def slow(talk: Conversation) -> None:
        for byte in EVENTS + delta("patience") + STOP + USAGE + DONE + END:
            talk.writer.write(bytes([byte]))
            await talk.writer.drain()
            await asyncio.sleep(0)

    got, _ = meet(slow, transport=transport, silence_seconds=5)
    assert (got.text, got.code) == ("patience", None)
    assert (got.usage.input_tokens, got.usage.output_tokens) == (7, 3)


@BOTH
@pytest.mark.parametrize("how", ["inside a chunk", "between chunks", "reset"])
def test_a_connection_lost_in_the_answer_is_a_broken_stream(transport: str, how: str) -> None:
    async def breaks(talk: Conversation) -> None:
        await talk.send(EVENTS, delta("before "))
        if how == "inside a chunk":
            await talk.send(delta("never")[:20])
        if how == "reset":
            await talk.reader.read(0)
            talk.reset()
        talk.writer.close()

    got, _ = meet(breaks, transport=transport)
    assert got.code == "broken_stream"
    assert got.text in ("before ", "") if how == "reset" else got.text == "before "


@BOTH
def test_a_regular_end_without_a_stop_reason_is_a_broken_stream(transport: str) -> None:
    async def forgets(talk: Conversation) -> None:
        await talk.send(EVENTS, delta("almost "), END)

    got, _ = meet(forgets, transport=transport)
    assert (got.code, got.text) == ("broken_stream", "almost ")


def test_an_empty_answer_is_a_broken_stream() -> None:
    async def nothing(talk: Conversation) -> None:
        await talk.send(EVENTS, END)

    assert meet(nothing)[0].code == "broken_stream"


@pytest.mark.parametrize(
    "rubbish", [b"data: {broken\n\n", b"data: 17\n\n", b'data: {"choices": 5}\n\n', b"data: \xff\n\n"]
)
def test_a_malformed_piece_is_a_broken_stream(rubbish: bytes) -> None:
    async def stammers(talk: Conversation) -> None:
        await talk.send(EVENTS, delta("so far "), chunk(rubbish), delta("more"), STOP, END)

    got, _ = meet(stammers)
    assert (got.code, got.text) == ("broken_stream", "so far ")


def test_losing_the_connection_after_the_stop_reason_loses_nothing_but_usage() -> None:
    async def hurries(talk: Conversation) -> None:
        await talk.send(EVENTS, delta("all of it"), STOP)
        talk.writer.close()

    got, _ = meet(hurries)
    assert (got.text, got.code) == ("all of it", None)
    assert got.usage.status == "estimated"
    assert got.usage.output_tokens > 0


@BOTH
def test_a_refused_connection_is_unreachable(transport: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    got = run(collect(provider("chat", address, transport=transport)))
    assert got.code == "unreachable"
    assert got.error is not None
    assert got.error.retryable


@BOTH
def test_a_name_nobody_knows_is_unreachable(transport: str) -> None:
    got = run(collect(provider("chat", "http://no-such-host.invalid/v1", transport=transport)))
    assert got.code == "unreachable"


@BOTH
def test_a_connection_closed_without_an_answer_is_unreachable(transport: str) -> None:
    async def hangs_up(talk: Conversation) -> None:
        talk.writer.close()

    got, server = meet(hangs_up, transport=transport)
    assert got.code == "unreachable"
    assert len(server.asked) == 1, "the SDK must not retry on its own"


@BOTH
def test_a_redirect_is_not_followed(transport: str) -> None:
    async def redirects(talk: Conversation) -> None:
        await talk.send(answer("307 Moved", b"", f"location: http://{talk.asked.headers['host']}/elsewhere"))

    got, server = meet(redirects, transport=transport)
    assert got.code == "unreachable"
    assert [asked.path for asked in server.asked] == ["/v1/chat/completions"]
    assert got.error is not None
    assert not got.error.retryable


def test_a_web_page_is_not_taken_for_an_answer() -> None:
    async def portal(talk: Conversation) -> None:
        await talk.send(answer("200 OK", b"<!doctype html><title>Sign in</title>", content_type="text/html"))

    assert meet(portal)[0].code == "server_error"


@BOTH
def test_a_gateway_s_error_page_is_a_server_error_without_its_markup(transport: str) -> None:
    async def bad_gateway(talk: Conversation) -> None:
        await talk.send(answer("502 Bad Gateway", b"<html>nginx</html>", content_type="text/html"))

    got, _ = meet(bad_gateway, transport=transport)
    assert got.code == "server_error"
    assert got.error is not None
    assert "<" not in got.error.message
    assert (got.error.status, got.error.retryable) == (502, True)


@BOTH
def test_a_body_compressed_against_our_wish_is_read(transport: str) -> None:
    plain = b'data: {"choices":[{"index":0,"delta":{"content":"packed"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    async def compresses(talk: Conversation) -> None:
        head = EVENTS.replace(b"\r\n\r\n", b"\r\ncontent-encoding: gzip\r\n\r\n")
        await talk.send(head, chunk(gzip.compress(plain)), END)

    got, server = meet(compresses, transport=transport)
    assert (got.text, got.code) == ("packed", None)
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_a_whole_json_answer_to_a_stream_request_is_read() -> None:
    whole = (
        b'{"id":"c","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"content":"at once"}}],'
        b'"usage":{"prompt_tokens":4,"completion_tokens":2}}'
    )

    async def at_once(talk: Conversation) -> None:
        await talk.send(answer("200 OK", whole))

    got, _ = meet(at_once)
    assert (got.text, got.usage.input_tokens, got.usage.output_tokens) == ("at once", 4, 2)


def test_closing_the_stream_ends_the_request_at_the_other_end() -> None:
    async def endless(talk: Conversation) -> None:
        await talk.send(EVENTS, delta("first "))
        while True:
            await talk.send(delta("more "))
            await asyncio.sleep(0)

    async def stop_early() -> None:
        async with raw_server(endless) as server:
            source = provider("chat", server.address)
            async with aclosing(source.stream(request())) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        break
            await asyncio.wait_for(server.left.wait(), 10)
            await source.aclose()

    run(stop_early())


def test_cancelling_the_reader_ends_the_request_too() -> None:
    async def hangs(talk: Conversation) -> None:
        await talk.send(EVENTS, delta("first "))
        await talk.reader.readexactly(1)

    async def cancel() -> None:
        async with raw_server(hangs) as server:
            source = provider("chat", server.address)
            begun = asyncio.Event()

            async def read() -> None:
                async with aclosing(source.stream(request())) as events:
                    async for _ in events:
                        begun.set()

            reading = asyncio.create_task(read())
            await asyncio.wait_for(begun.wait(), 10)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await asyncio.wait_for(server.left.wait(), 10)
            await source.aclose()

    run(cancel())


def test_keep_alive_comments_and_carriage_returns_are_no_text() -> None:
    body = (
        b': PROCESSING\r\n\r\ndata: {"choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}]}\r\n\r\n'
    )

    async def comments(talk: Conversation) -> None:
        await talk.send(EVENTS, *(chunk(body[i : i + 3]) for i in range(0, len(body), 3)), END)

    got, _ = meet(comments)
    assert (got.text, got.code) == ("ok", None)


@BOTH
@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/v1", "http://[::1]:9/v1", "http://localhost:9/v1", "http://169.254.169.254/v1"]
)
def test_an_address_from_the_page_may_not_lead_into_the_private_network(address: str, transport: str) -> None:
    got = run(collect(provider("chat", address, allow_private=False, transport=transport)))
    assert got.code == "unreachable"
    assert got.error is not None
    assert not got.error.retryable
    assert "private" in got.error.message


def test_a_provider_without_a_key_or_an_address_says_so() -> None:
    assert run(collect(provider("messages", api_key=None))).code == "not_configured"
    assert run(collect(provider("responses", api_key=None))).code == "not_configured"
    assert run(collect(provider("chat", base_url=None))).code == "not_configured"


def test_the_next_request_goes_over_the_same_connection() -> None:
    """Also where the server says only later that the body is over, as proxies like to do."""
    connections = set()

    async def says_so_late(talk: Conversation) -> None:
        connections.add(id(talk.writer))
        await talk.send(EVENTS, delta("text"), STOP, USAGE, DONE)
        await asyncio.sleep(0.01)
        await talk.send(END)

    async def twice() -> None:
        async with raw_server(says_so_late) as server:
            source = provider("chat", server.address)
            for _ in range(2):
                async with aclosing(source.stream(request())) as events:
                    texts = [event.text async for event in events if isinstance(event, TextDelta)]
                assert texts == ["text"]
                await asyncio.gather(*[task for task in asyncio.all_tasks() if task.get_name() == "spare connection"])
            await source.aclose()

    run(twice())
    assert len(connections) == 1
