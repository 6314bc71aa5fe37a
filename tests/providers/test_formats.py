"""The odd corners of the wire formats that no recording shows."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base import ReasoningDelta, Refusal, Stopped, TextDelta, ToolCallDone, UsageReport
from providers.errors import ProviderError
from providers.formats import chat, messages, responses
from providers.formats.chat import ChatReader
from providers.formats.messages import MessagesReader
from providers.formats.responses import ResponsesReader
from providers.wire import EventFraming


def read(reader: Any, *events: dict[str, Any]) -> list[Any]:
    """The events a reader makes of a stream, its closing ones included."""
    for value in events:
        reader.read(b"", json.dumps(value).encode())
    assert reader.complete
    reader.finish()
    found: list[Any] = reader.events
    return found


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def call(**piece: Any) -> dict[str, Any]:
    return {"tool_calls": [piece]}


def done(events: list[Any]) -> list[tuple[str, str, str]]:
    return [(e.call.id, e.call.name, e.call.arguments) for e in events if isinstance(e, ToolCallDone)]


# --- framing ---------------------------------------------------------------------------------------------------------

STREAM = (
    "\ufeff: hello\r\rdata: one\n\nevent: x\r\ndata: two\r\ndata:three\r\n\r\nid: 7\ndata\n\ndata: Grüße 🎉\n\n\n\nevent: only\n\n"
).encode()
EVENTS = [(b"", b"one"), (b"x", b"two\nthree"), (b"", b""), (b"", "Grüße 🎉".encode())]


@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=12))
def test_events_do_not_depend_on_where_the_bytes_are_split(cuts: list[int]) -> None:
    framing = EventFraming()
    found = []
    places = [0, *sorted(cuts), len(STREAM)]
    for start, end in itertools.pairwise(places):
        found += framing.feed(STREAM[start:end])
    assert found + framing.close() == EVENTS


def test_an_unterminated_last_event_is_only_given_at_the_end() -> None:
    framing = EventFraming()
    assert framing.feed(b"data: a\n\ndata: b") == [(b"", b"a")]
    assert framing.close() == [(b"", b"b")]
    assert framing.close() == []


# --- chat ------------------------------------------------------------------------------------------------------------


def test_tool_calls_without_index_are_told_apart_by_their_ids() -> None:
    events = read(
        ChatReader("p"),
        chunk(call(id="a", function={"name": "f", "arguments": "{}"})),
        chunk(call(id="b", function={"name": "g", "arguments": "{"})),
        chunk(call(function={"arguments": "}"})),
        chunk({}, "tool_calls"),
    )
    assert done(events) == [("a", "f", "{}"), ("b", "g", "{}")]


def test_calls_that_all_claim_index_zero_are_told_apart_by_their_ids() -> None:
    events = read(
        ChatReader("p"),
        chunk(call(index=0, id="a", function={"name": "f", "arguments": "{}"})),
        chunk(call(index=0, id="b", function={"name": "g", "arguments": "{}"})),
        chunk({}, "stop"),
    )
    assert done(events) == [("a", "f", "{}"), ("b", "g", "{}")]
    assert events[-1] == Stopped("tool_use", "stop")


def test_a_name_that_is_repeated_with_every_piece_is_one_name() -> None:
    events = read(
        ChatReader("p"),
        chunk(call(index=0, id="a", function={"name": "f", "arguments": '{"x":'})),
        chunk(call(index=0, id="a", function={"name": "f", "arguments": "1}"})),
        chunk({}, "tool_calls"),
    )
    assert done(events) == [("a", "f", '{"x":1}')]


def test_a_call_without_an_id_gets_one_and_arguments_may_be_an_object() -> None:
    events = read(
        ChatReader("p"), chunk(call(index=0, function={"name": "f", "arguments": {"x": 1}})), chunk({}, "tool_calls")
    )
    assert done(events) == [("call_0", "f", '{"x": 1}')]


def test_a_refusal_is_told_apart_from_text() -> None:
    events = read(ChatReader("p"), chunk({"refusal": "I will "}), chunk({"refusal": "not."}, "stop"))
    assert [e.text for e in events if isinstance(e, Refusal)] == ["I will ", "not."]
    assert not [e for e in events if isinstance(e, TextDelta)]
    assert events[-1] == Stopped("refusal", "stop")


def test_other_choices_and_prompt_filter_chunks_are_no_text() -> None:
    second = {"choices": [{"index": 1, "delta": {"content": "second choice"}}]}
    events = read(
        ChatReader("p"), {"choices": [], "prompt_filter_results": []}, second, chunk({"content": "a"}, "stop")
    )
    assert [e.text for e in events if isinstance(e, TextDelta)] == ["a"]


def test_a_breakdown_at_mistral_is_a_server_error() -> None:
    with pytest.raises(ProviderError) as caught:
        read(ChatReader("p"), chunk({"content": "a"}), chunk({}, "error"))
    assert caught.value.code == "server_error"


def test_usage_in_groq_s_own_place_counts() -> None:
    events = read(ChatReader("p"), chunk({"content": "a"}, "stop", x_groq={"usage": {"prompt_tokens": 4}}))
    assert next(e.usage.input_tokens for e in events if isinstance(e, UsageReport)) == 4


def test_reasoning_beside_the_completion_is_added_only_where_the_total_says_so() -> None:
    beside = chat.usage_of(
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        }
    )
    inside = chat.usage_of(
        {
            "prompt_tokens": 10,
            "completion_tokens": 25,
            "total_tokens": 35,
            "completion_tokens_details": {"reasoning_tokens": 20},
        }
    )
    assert (beside.output_tokens, beside.reasoning_tokens) == (25, 20)
    assert (inside.output_tokens, inside.reasoning_tokens) == (25, 20)


def test_deepseek_s_cache_hits_are_no_fresh_input() -> None:
    usage = chat.usage_of({"prompt_tokens": 30, "completion_tokens": 1, "prompt_cache_hit_tokens": 20})
    assert (usage.input_tokens, usage.cache_read_tokens) == (10, 20)


@given(
    st.dictionaries(
        st.sampled_from(
            ["prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "completion_tokens_details"]
        ),
        st.one_of(
            st.none(),
            st.integers(-5, 10**6),
            st.floats(allow_nan=False, allow_infinity=False),
            st.text(max_size=3),
            st.dictionaries(
                st.sampled_from(["cached_tokens", "cache_write_tokens", "reasoning_tokens"]), st.integers(-5, 10**6)
            ),
        ),
    )
)
def test_no_usage_object_gives_negative_buckets_or_more_parts_than_the_whole(raw: dict[str, Any]) -> None:
    usage = chat.usage_of(raw)
    buckets = (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_5m_tokens, usage.output_tokens)
    assert min(buckets) >= 0
    assert usage.reasoning_tokens <= usage.output_tokens


THOUGHTS: list[tuple[str, str, str]] = [
    ("<think>hm, so</think>\n\nThe answer.", "hm, so", "The answer."),
    ("\n<think>\nhm</think>x</think>", "\nhm", "x</think>"),
    ("<think></think>Hi", "", "Hi"),
    ("<think>never closed </thi", "never closed </thi", ""),
    ("<thin ice", "", "<thin ice"),
    ("<thi", "", "<thi"),
    ("  text with <think>later</think>", "", "  text with <think>later</think>"),
    ("", "", ""),
]


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("whole,thought,answer", THOUGHTS)
def test_thoughts_in_tags_at_the_start_are_no_text(whole: str, thought: str, answer: str, size: int) -> None:
    pieces = [chunk({"content": whole[i : i + size]}) for i in range(0, len(whole), size)]
    events = read(ChatReader("p"), *pieces, chunk({}, "stop"))
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == answer
    assert "".join(e.text for e in events if isinstance(e, ReasoningDelta)) == thought


def test_what_is_held_back_is_not_lost_when_the_stream_breaks() -> None:
    reader = ChatReader("p")
    reader.read(b"", json.dumps(chunk({"content": "<th"})).encode())
    reader.give_up()
    assert [e.text for e in reader.events if isinstance(e, TextDelta)] == ["<th"]


# --- messages --------------------------------------------------------------------------------------------------------


def test_input_is_known_before_the_first_word_and_marked_as_not_final() -> None:
    reader = MessagesReader("p")
    reader.read(
        b"", b'{"type":"message_start","message":{"id":"i","model":"m","usage":{"input_tokens":9,"output_tokens":1}}}'
    )
    report = next(e for e in reader.events if isinstance(e, UsageReport))
    assert (report.usage.input_tokens, report.usage.status) == (9, "estimated")


def test_the_final_usage_overlays_the_first_without_its_nulls() -> None:
    events = read(
        MessagesReader("p"),
        {
            "type": "message_start",
            "message": {"model": "m", "usage": {"input_tokens": 9, "cache_read_input_tokens": 5, "output_tokens": 1}},
        },
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 30, "cache_read_input_tokens": None},
        },
    )
    usage = [e.usage for e in events if isinstance(e, UsageReport)][-1]
    assert (usage.input_tokens, usage.cache_read_tokens, usage.output_tokens, usage.status) == (9, 5, 30, "reported")


def test_iterations_of_other_models_and_compactions_come_on_top_as_parts() -> None:
    usage = messages.usage_of(
        {
            "input_tokens": 30,
            "output_tokens": 4,
            "iterations": [
                {"type": "message", "input_tokens": 30, "output_tokens": 4},
                {"type": "advisor_message", "model": "big", "input_tokens": 100, "output_tokens": 7},
                {"type": "compaction", "input_tokens": 50, "output_tokens": 2},
            ],
        },
        model="small",
    )
    assert [(model, part.input_tokens, part.output_tokens) for model, part in usage.parts] == [
        ("big", 100, 7),
        ("small", 50, 2),
    ]
    assert usage.total_tokens == 34 + 107 + 52


def test_cache_writes_that_the_breakdown_does_not_explain_were_short_ones() -> None:
    usage = messages.usage_of(
        {"cache_creation_input_tokens": 100, "cache_creation": {"ephemeral_1h_input_tokens": 30}}, model="m"
    )
    assert (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens) == (70, 30)


# --- responses -------------------------------------------------------------------------------------------------------


def test_text_that_only_the_last_event_holds_is_not_lost() -> None:
    output = [{"type": "message", "content": [{"type": "output_text", "text": "all at once"}]}]
    events = read(
        ResponsesReader("p"), {"type": "response.completed", "response": {"status": "completed", "output": output}}
    )
    assert [e.text for e in events if isinstance(e, TextDelta)] == ["all at once"]


def test_arguments_that_came_in_one_piece_are_not_lost() -> None:
    item = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    events = read(
        ResponsesReader("p"),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"status": "completed"}},
    )
    assert done(events) == [("c", "f", "{}")]
    assert events[-1] == Stopped("tool_use", "completed")


def test_a_refusal_in_responses_is_one() -> None:
    events = read(
        ResponsesReader("p"),
        {"type": "response.refusal.delta", "delta": "No."},
        {
            "type": "response.completed",
            "response": {
                "status": "completed",
                "output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}],
            },
        },
    )
    assert [e.text for e in events if isinstance(e, Refusal)] == ["No."]
    assert events[-1] == Stopped("refusal", "completed")


@pytest.mark.parametrize("status", ["cancelled", "in_progress", ""])
def test_a_response_that_was_not_finished_is_broken(status: str) -> None:
    with pytest.raises(ProviderError) as caught:
        read(ResponsesReader("p"), {"type": "response.completed", "response": {"status": status}})
    assert caught.value.code == "broken_stream"


def test_long_cache_writes_and_the_service_tier_are_kept() -> None:
    usage = responses.usage_of(
        {
            "input_tokens": 100,
            "output_tokens": 1,
            "input_tokens_details": {
                "cached_tokens": 20,
                "cache_write_tokens": 50,
                "cache_write_tokens_details": {"ttl_12h_tokens": 30},
            },
        },
        service_tier="flex",
    )
    assert (usage.input_tokens, usage.cache_read_tokens) == (30, 20)
    assert (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens, usage.service_tier) == (20, 30, "flex")
