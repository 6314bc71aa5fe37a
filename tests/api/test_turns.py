"""Turns through HTTP with a scripted model: ask, write, edit, stop, fail; the run log, versions and costs they leave."""

import asyncio
import json
from typing import Any

import pytest

from providers.base import ToolCall, Usage
from providers.errors import AuthenticationFailed, BrokenStream, RateLimited
from providers.scripted import Reply, ScriptedProvider
from tests.conftest import Person, World

SEEN = Usage(input_tokens=1000, output_tokens=50, cache_read_tokens=200, raw={"in": 1200, "out": 50})


def call(name: str, **arguments: str) -> ToolCall:
    return ToolCall(f"call-{name}-{len(arguments)}", name, json.dumps(arguments))


def start(person: Person, draft: dict[str, Any], mode: str, prompt: str = "please", **more: Any) -> dict[str, Any]:
    answer = person.post(f"/api/drafts/{draft['id']}/turns", {"mode": mode, "prompt": prompt, **more})
    assert answer.status_code == 202, answer.text
    started: dict[str, Any] = answer.json()
    return started


def follow(person: Person, turn: dict[str, Any], after: int = 0) -> list[tuple[int, str, Any]]:
    """The turn's events to its end."""
    headers = {"Last-Event-ID": str(after)} if after else {}
    answer = person.get(f"/api/turns/{turn['id']}/events", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = []
    for block in answer.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if lines:
            events.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))
    return events


def text_of(events: list[tuple[int, str, Any]]) -> str:
    return "".join(data["delta"] for _, kind, data in events if kind == "text")


def test_an_answer_streams_and_is_kept_with_its_tokens(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("Some text about whales.")
    scripted.enqueue(Reply("It is about *whales*.", usage=SEEN))
    turn = start(ada, draft, "ask", "What is this about?")
    events = follow(ada, turn)
    assert text_of(events) == "It is about *whales*."
    assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
    assert events[-1][1:] == ("done", {"stop_reason": "stop"})
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert (view["state"], view["text"], view["version"]) == ("done", "It is about *whales*.", None)
    assert view["usage"] == {
        "input_tokens": 1000, "cache_read_tokens": 200, "cache_write_tokens": 0, "output_tokens": 50,
        "reasoning_tokens": 0, "status": "free",
    }  # fmt: skip
    assert view["cost_usd"] == "0"
    conversation = ada.get(f"/api/conversations/{turn['conversation_id']}").json()
    assert [message["role"] for message in conversation["messages"]] == ["user", "assistant"]
    assert "<em>whales</em>" in conversation["messages"][1]["html"]
    assert conversation["total_tokens"] == 1250
    assert "Some text about whales." in scripted.requests[0].messages[-1].text
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "Some text about whales."


def test_a_first_draft_is_written_into_the_empty_document(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft()
    scripted.enqueue(Reply("# Whales\n\nThey sing."))
    turn = start(ada, draft, "write", "Write about whales")
    events = follow(ada, turn)
    version = next(data for _, kind, data in events if kind == "version")
    now = ada.get(f"/api/drafts/{draft['id']}").json()
    assert (now["text"], now["title"]) == ("# Whales\n\nThey sing.", "Whales")
    assert (version["number"], version["applied"], version["seq"]) == (1, True, now["seq"])
    last = ada.get(f"/api/drafts/{draft['id']}/events").json()["items"][-1]
    assert last["actor"]["kind"] == "model"
    listed = ada.get(f"/api/drafts/{draft['id']}/versions").json()["items"]
    assert [(item["source"], item["model"], item["cost_usd"]) for item in listed] == [
        ("ai_generation", "script-1", "0")
    ]


def test_an_edit_changes_only_the_blocks_it_names(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("# Whales\n\nThey sing.\n\nThey swim.\n")
    scripted.enqueue(
        Reply(
            "I tightened it.",
            tool_calls=(
                call("replace_text", block="b2", old="sing", new="sing at night"),
                call("delete_block", block="b3"),
            ),
        )
    )
    turn = start(ada, draft, "edit", "tighten")
    events = follow(ada, turn)
    operations = [data for _, kind, data in events if kind == "operation"]
    assert [(item["op"], item["placed"]) for item in operations] == [("replace_text", True), ("delete_block", True)]
    now = ada.get(f"/api/drafts/{draft['id']}").json()
    assert now["text"].strip() == "# Whales\n\nThey sing at night."
    versions = ada.get(f"/api/drafts/{draft['id']}/versions").json()["items"]
    assert [(item["number"], item["source"]) for item in versions] == [(2, "ai_edit"), (1, "user")]
    assert versions[0]["parent_id"] == versions[1]["id"]
    assert ada.get(f"/api/versions/{versions[1]['id']}").json()["text"] == "# Whales\n\nThey sing.\n\nThey swim.\n"


def test_operations_without_a_place_are_sent_again_once_and_then_told(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("They sing.\n\nThey swim.")
    scripted.enqueue(
        Reply(
            "", tool_calls=(call("replace_text", block="b1", old="sing", new="hum"), call("delete_block", block="b9"))
        ),
        Reply("That block is not there.", tool_calls=(call("replace_text", block="b2", old="crawl", new="dive"),)),
    )
    turn = start(ada, draft, "edit", "change things")
    follow(ada, turn)
    assert "could not be placed" in scripted.requests[1].messages[-1].text
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert [(item["op"], item["placed"]) for item in view["operations"]] == [
        ("replace_text", True), ("replace_text", False),
    ]  # fmt: skip
    assert view["operations"][1]["message"]
    assert view["attempts"] == 2
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "They hum.\n\nThey swim."


def test_a_model_without_tools_edits_by_tags(ada: Person, scripted: ScriptedProvider) -> None:
    scripted.tools = False
    draft = ada.draft("They sing.\n\nThey swim.")
    scripted.enqueue(Reply('Done: <edit op="replace_block" block="b2">They dive.</edit> See above.'))
    turn = start(ada, draft, "edit", "make them dive")
    follow(ada, turn)
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert "<edit" not in view["text"]
    assert view["text"].startswith("Done:")
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "They sing.\n\nThey dive."
    assert scripted.requests[0].tools == ()


def test_what_the_writer_typed_meanwhile_is_not_overwritten(
    world: World, ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft("They sing.")
    gate = world.client.blocking_portal.call(_event)
    scripted.enqueue(Reply("", tool_calls=(call("replace_block", block="b1", text="They hum."),), gate=gate))
    turn = start(ada, draft, "edit", "make them hum")
    typed = ada.post(
        f"/api/drafts/{draft['id']}/commands",
        {"replica": "page", "n": 1, "base_seq": 1, "ops": [{"field": "text", "changes": [10, [0, " Always."]]}]},
    )
    assert typed.status_code == 200
    world.client.blocking_portal.call(_set, gate)
    events = follow(ada, turn)
    version = next(data for _, kind, data in events if kind == "version")
    assert version["applied"] is False
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "They sing. Always."
    beside = ada.get(f"/api/versions/{version['id']}").json()
    assert (beside["text"], beside["current"]) == ("They hum.", False)


@pytest.mark.parametrize("mode, answer", [("edit", "They hum."), ("write", "They hum all day.")])
def test_a_result_that_comes_late_is_suggested_instead_of_applied(
    world: World, ada: Person, scripted: ScriptedProvider, mode: str, answer: str
) -> None:
    draft = ada.draft("They sing.")
    gate = world.client.blocking_portal.call(_event)
    calls = (call("replace_block", block="b1", text=answer),) if mode == "edit" else ()
    scripted.enqueue(Reply("" if mode == "edit" else answer, tool_calls=calls, gate=gate))
    turn = start(ada, draft, mode, "make them hum", apply="at_once")
    typed = {"replica": "page", "n": 1, "base_seq": 1, "ops": [{"field": "text", "changes": [[0, "Look! "], 10]}]}
    assert ada.post(f"/api/drafts/{draft['id']}/commands", typed).status_code == 200
    world.client.blocking_portal.call(_set, gate)
    events = follow(ada, turn)
    assert next(data for _, kind, data in events if kind == "proposals")["count"] == 1
    (proposal,) = ada.get(f"/api/drafts/{draft['id']}/proposals").json()["items"]
    assert proposal["state"] == "pending"
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "Look! They sing."
    assert ada.post(f"/api/proposals/{proposal['id']}/accept").status_code == 200
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == f"Look! {answer}"


async def _event() -> asyncio.Event:
    return asyncio.Event()


async def _set(event: asyncio.Event) -> None:
    event.set()


def test_for_review_the_result_stands_beside_the_text(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("They sing.")
    scripted.enqueue(Reply("", tool_calls=(call("replace_block", block="b1", text="They hum."),)))
    turn = start(ada, draft, "edit", "hum", apply="review")
    follow(ada, turn)
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert view["version"]["applied"] is False
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "They sing."


def test_only_the_selection_may_change(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("They sing.\n\nThey swim.")
    calls = (call("replace_block", block="b1", text="They hum."), call("replace_block", block="b2", text="They dive."))
    scripted.enqueue(Reply("", tool_calls=calls), Reply("Outside."))
    turn = start(ada, draft, "edit", "change it", selection=[0, 10])
    follow(ada, turn)
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "They hum.\n\nThey swim."


def test_stopping_keeps_the_partial_text_and_counts_its_tokens(
    world: World, ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft()
    gate = world.client.blocking_portal.call(_event)
    scripted.enqueue(Reply(("Whales ", "sing ", "never"), gate=gate, gate_at=2, usage=None))
    turn = start(ada, draft, "write", "whales")
    wait_for_text(ada, turn, "Whales sing ")
    stopped = ada.post(f"/api/turns/{turn['id']}/stop")
    assert stopped.status_code == 202
    events = follow(ada, turn)
    assert events[-1][1] == "stopped"
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert (view["state"], view["text"]) == ("stopped", "Whales sing ")
    assert view["usage"]["output_tokens"] > 0
    assert scripted.cancelled == 1
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "Whales sing "
    assert ada.post(f"/api/turns/{turn['id']}/stop").status_code == 202


def test_a_page_that_comes_later_learns_where_the_passage_is_now(
    world: World, ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft("They sing.\n\nThey swim.\n\nThey dive.")
    gate = world.client.blocking_portal.call(_event)
    scripted.enqueue(Reply(("They ", "float."), gate=gate))
    turn = start(ada, draft, "write", "anew", selection=[12, 22])
    command = {
        "replica": "r", "n": 1, "base_seq": 1,
        "ops": [{"field": "text", "changes": [[0, "😀 Whales.", "", ""], 22, [0, " Far."], 12]}],
    }  # fmt: skip
    moved = ada.post(f"/api/drafts/{draft['id']}/commands", command)
    assert moved.status_code == 200, moved.text
    view = ada.get(f"/api/turns/{turn['id']}").json()
    now = moved.json()["seq"]
    assert view["passage"] == {"from": 24, "to": 39, "seq": now}, "what was typed at its end is taken in"
    world.client.blocking_portal.call(_set, gate)
    follow(ada, turn)
    assert ada.get(f"/api/turns/{turn['id']}").json()["passage"] is None


def test_a_turn_on_the_whole_text_has_no_passage(world: World, ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("They sing.")
    gate = world.client.blocking_portal.call(_event)
    scripted.enqueue(Reply("They hum.", gate=gate))
    turn = start(ada, draft, "write", "anew")
    assert ada.get(f"/api/turns/{turn['id']}").json()["passage"] is None
    world.client.blocking_portal.call(_set, gate)
    follow(ada, turn)


def wait_for_text(person: Person, turn: dict[str, Any], expected: str) -> None:
    for _ in range(500):
        if person.get(f"/api/turns/{turn['id']}").json()["text"] == expected:
            return
    raise AssertionError(f"the turn never said {expected!r}")


def test_one_draft_runs_one_turn_at_a_time(world: World, ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("x")
    gate = world.client.blocking_portal.call(_event)
    scripted.enqueue(Reply("yes", gate=gate))
    turn = start(ada, draft, "ask")
    assert ada.get(f"/api/drafts/{draft['id']}").json()["running_turn_id"] == turn["id"]
    busy = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "ask", "prompt": "again"})
    assert (busy.status_code, busy.json()["code"]) == (409, "turn_running")
    world.client.blocking_portal.call(_set, gate)
    follow(ada, turn)


def test_a_stream_resumes_where_it_was_left(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("x")
    scripted.enqueue(Reply("one two three"))
    turn = start(ada, draft, "ask")
    everything = follow(ada, turn)
    assert follow(ada, turn, after=2) == everything[2:]
    assert ada.get(f"/api/turns/{turn['id']}/events", headers={"Last-Event-ID": "x"}).status_code == 422


def test_a_passing_fault_is_waited_out_and_every_attempt_is_booked(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("x")
    limited = RateLimited("Too many requests.", retryable=True, retry_after=0.01, status=429, provider="scripted")
    scripted.enqueue(Reply(error=limited), Reply("at last"))
    turn = start(ada, draft, "ask")
    events = follow(ada, turn)
    waiting = next(data for _, kind, data in events if kind == "waiting")
    assert waiting["code"] == "rate_limited"
    rows = ada.get(f"/api/ledger?turn_id={turn['id']}").json()["items"]
    assert sorted((row["attempt"], row["outcome"]) for row in rows) == [(1, "failed"), (2, "done")]


@pytest.mark.parametrize("partial", [0, 2])
def test_a_failure_is_told_and_what_came_before_it_is_kept(
    ada: Person, scripted: ScriptedProvider, partial: int
) -> None:
    draft = ada.draft("x")
    error: Exception = (
        BrokenStream("The connection broke.", retryable=True, provider="scripted")
        if partial
        else AuthenticationFailed("The key was refused.", retryable=False, status=401, provider="scripted")
    )
    scripted.enqueue(Reply(("one ", "two ", "three"), error=error, error_after=partial))
    turn = start(ada, draft, "ask")
    events = follow(ada, turn)
    assert events[-1][1] == "failed"
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert view["state"] == "failed"
    assert view["text"] == ("one two " if partial else "")
    assert view["error"]["code"] == ("broken_stream" if partial else "auth")
    again = ada.post(f"/api/drafts/{draft['id']}/turns/estimate", {"mode": "ask", "prompt": "again"})
    assert again.status_code == 200


def test_earlier_exchanges_are_remembered_without_their_documents(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft()
    scripted.enqueue(Reply("Whales sing."), Reply("Yes."))
    first = start(ada, draft, "write", "Write about whales")
    follow(ada, first)
    second = start(ada, draft, "ask", "Is it good?", conversation_id=first["conversation_id"])
    follow(ada, second)
    remembered = [(message.role, message.text) for message in scripted.requests[1].messages[:-1]]
    assert remembered == [("user", "Write about whales"), ("assistant", "(I wrote the document as it then stood.)")]


def test_the_estimate_comes_before_and_totals_equal_the_rows_after(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("Some words to send along.")
    estimate = ada.post(f"/api/drafts/{draft['id']}/turns/estimate", {"mode": "ask", "prompt": "Say something"}).json()
    assert estimate["input_tokens"] > 20
    assert estimate["fits"] is True
    scripted.enqueue(Reply("a", usage=SEEN), Reply("b", usage=SEEN))
    first = start(ada, draft, "ask")
    follow(ada, first)
    follow(ada, start(ada, draft, "ask", conversation_id=first["conversation_id"]))
    conversation = ada.get(f"/api/conversations/{first['conversation_id']}").json()
    rows = ada.get(f"/api/ledger?conversation_id={first['conversation_id']}").json()["items"]
    buckets = ("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens")
    assert conversation["total_tokens"] == sum(row[name] for row in rows for name in buckets) == 2500


@pytest.mark.parametrize(
    "body, status, code",
    [
        ({"mode": "ask", "prompt": "  "}, 422, "invalid_field"),
        ({"mode": "dance", "prompt": "x"}, 422, "invalid_field"),
        ({"mode": "ask", "prompt": "x", "provider": "nobody"}, 422, "unknown_provider"),
        ({"mode": "ask", "prompt": "x", "provider": "openai"}, 409, "provider_not_configured"),
        ({"mode": "ask", "prompt": "x", "selection": [5, 900]}, 422, "invalid_field"),
        ({"mode": "ask", "prompt": "x", "conversation_id": "00000000-0000-7000-8000-000000000000"}, 404, "not_found"),
        ({"prompt": "x"}, 422, "invalid_field"),
    ],
)
def test_orders_that_make_no_sense_are_refused(ada: Person, body: dict[str, Any], status: int, code: str) -> None:
    draft = ada.draft("Hello")
    answer = ada.post(f"/api/drafts/{draft['id']}/turns", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_model_the_offline_demo_does_not_have_is_refused(ada: Person) -> None:
    draft = ada.draft()
    order = {"mode": "ask", "prompt": "x", "provider": "offline", "model": "gpt-9"}
    refused = ada.post(f"/api/drafts/{draft['id']}/turns", order)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_model")
    assert ada.get(f"/api/drafts/{draft['id']}").json()["conversation_id"] is None
