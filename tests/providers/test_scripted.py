"""The fake that ships: it plays what it was told, in order, and tells when a test asks for more."""

import asyncio
from contextlib import aclosing

import pytest

from providers.base import TextDelta, ToolCall
from providers.errors import Overloaded
from providers.scripted import Reply, ScriptedProvider
from tests.providers.answers import collect, request, run


def test_replies_are_played_in_order_with_everything_they_hold() -> None:
    fake = ScriptedProvider()
    call = ToolCall("1", "replace_block", "{}")
    fake.enqueue(
        Reply("Hello dear world", reasoning="hm", tool_calls=(call,)),
        Reply(("a", "b"), stop="max_tokens", raw_stop="length"),
    )
    first, second = run(collect(fake)), run(collect(fake))
    assert (first.text, first.deltas, first.reasoning, first.calls) == ("Hello dear world", 3, "hm", [call])
    assert first.stopped is not None
    assert first.stopped.reason == "tool_use"
    assert second.stopped is not None
    assert (second.text, second.stopped.raw) == ("ab", "length")
    assert (fake.unplayed, len(fake.requests), fake.cancelled) == (0, 2, 0)


@pytest.mark.parametrize("after,text", [(0, ""), (1, "one "), (None, "one two three")])
def test_an_error_comes_where_it_was_ordered(after: int | None, text: str) -> None:
    fake = ScriptedProvider()
    fake.enqueue(Reply("one two three", error=Overloaded("busy"), error_after=after))
    answer = run(collect(fake))
    assert (answer.code, answer.text) == ("overloaded", text)


def test_a_request_too_many_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="more often"):
        run(collect(ScriptedProvider()))


def test_a_gate_holds_the_stream_and_closing_it_early_is_noticed() -> None:
    async def hold() -> tuple[str, int]:
        fake = ScriptedProvider()
        gate = asyncio.Event()
        fake.enqueue(Reply("one two three", gate=gate, gate_at=1))
        seen = ""
        async with aclosing(fake.stream(request())) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    seen += event.text
                    break
        return seen, fake.cancelled

    assert run(hold()) == ("one ", 1)
