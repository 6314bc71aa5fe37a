"""Alternatives through HTTP: several turns at once on one text, siblings with their price, taken whole or by paragraph."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from providers.base import Usage
from providers.errors import AuthenticationFailed
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_turns import call, follow, start
from tests.conftest import Person, World

TEXT = "# Whales\n\nThey sing.\n\nThey swim.\n"
TWO = [{"label": "Short", "instruction": "Keep it short."}, {"label": "Long", "instruction": "Give more detail."}]


def begin(ada: Person, draft: dict[str, Any], *, mode: str = "write", variants: Any = None, **more: Any) -> Any:
    order = {"mode": mode, "prompt": "Write about whales", "variants": variants or TWO, **more}
    answer = ada.post(f"/api/drafts/{draft['id']}/alternatives", order)
    assert answer.status_code == 202, answer.text
    return answer.json()


def ended(ada: Person, group: dict[str, Any]) -> Any:
    """The group after all its turns have ended."""
    for turn in group["turns"]:
        follow(ada, turn)
    return ada.get(f"/api/alternatives/{group['id']}").json()


def take(ada: Person, group: dict[str, Any], **body: Any) -> Any:
    return ada.post(f"/api/alternatives/{group['id']}/take", body)


def now(ada: Person, draft: dict[str, Any]) -> Any:
    return ada.get(f"/api/drafts/{draft['id']}").json()


@pytest.fixture
def draft(ada: Person) -> dict[str, Any]:
    return ada.draft(TEXT, title="Whales")


def test_alternatives_become_sibling_versions_and_none_enters_the_text(
    ada: Person, draft: dict[str, Any], scripted: ScriptedProvider
) -> None:
    scripted.enqueue(
        Reply("# Whales\n\nShort.", usage=Usage(input_tokens=10, output_tokens=5)),
        Reply("# Whales\n\nA long one.", usage=Usage(input_tokens=20, output_tokens=7)),
    )
    group = begin(ada, draft)
    assert [turn["label"] for turn in group["turns"]] == ["Short", "Long"]
    parts = [turn["estimate"]["input_tokens"] for turn in group["turns"]]
    assert group["estimate"]["input_tokens"] == sum(parts)
    view = ended(ada, group)
    assert view["state"] == "done"
    assert [one["turn"]["state"] for one in view["turns"]] == ["done", "done"]
    assert [one["turn"]["version"]["applied"] for one in view["turns"]] == [False, False]
    versions = {item["id"]: item for item in ada.get(f"/api/drafts/{draft['id']}/versions").json()["items"]}
    made = [versions[one["turn"]["version"]["id"]] for one in view["turns"]]
    assert [item["parent_id"] for item in made] == [view["base_version_id"]] * 2
    assert {item["cost_usd"] for item in made} == {"0"}
    assert now(ada, draft)["text"] == TEXT
    asked = [request.messages[-1].text for request in scripted.requests]
    assert sorted("Keep it short." in text for text in asked) == [False, True]


def test_they_are_sibling_answers_below_one_prompt_and_their_costs_add_up(
    ada: Person, draft: dict[str, Any], scripted: ScriptedProvider
) -> None:
    scripted.enqueue(Reply("One"), Reply("Two"))
    group = begin(ada, draft)
    ended(ada, group)
    conversation = ada.get(f"/api/conversations/{group['conversation_id']}").json()
    prompt, *answers = conversation["messages"]
    assert prompt["content"] == "Write about whales"
    assert [message["parent_id"] for message in answers] == [prompt["id"]] * 2
    assert answers[0]["siblings"] == [turn["message_id"] for turn in group["turns"]]
    assert answers[0]["turn"]["alternatives_id"] == group["id"]
    rows = ada.get(f"/api/ledger?conversation_id={group['conversation_id']}").json()["items"]
    assert sorted(row["turn_id"] for row in rows) == sorted(turn["id"] for turn in group["turns"])
    assert conversation["total_tokens"] == sum(row["input_tokens"] + row["output_tokens"] for row in rows)


def test_they_run_at_the_same_time_and_nothing_else_does(
    ada: Person, draft: dict[str, Any], scripted: ScriptedProvider
) -> None:
    gate = asyncio.Event()
    scripted.enqueue(Reply("One two three", gate=gate), Reply("Four five six", gate=gate))
    group = begin(ada, draft)
    view = ada.get(f"/api/alternatives/{group['id']}").json()
    assert [one["turn"]["state"] for one in view["turns"]] == ["running", "running"]
    busy = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "ask", "prompt": "x"})
    again = ada.post(f"/api/drafts/{draft['id']}/alternatives", {"mode": "edit", "prompt": "x", "variants": TWO})
    for refused in (busy, again):
        assert (refused.status_code, refused.json()["code"]) == (409, "turn_running")
    taken = take(ada, group, turn_id=group["turns"][0]["id"])
    assert (taken.status_code, taken.json()["code"]) == (409, "turn_running")
    one = ada.post(f"/api/turns/{group['turns'][0]['id']}/stop").json()
    assert one["state"] == "stopped"
    still = ada.get(f"/api/alternatives/{group['id']}").json()
    assert [item["turn"]["state"] for item in still["turns"]] == ["stopped", "running"]
    stopped = ada.post(f"/api/alternatives/{group['id']}/stop")
    assert stopped.status_code == 202
    assert [item["turn"]["state"] for item in stopped.json()["turns"]] == ["stopped", "stopped"]
    rows = ada.get(f"/api/ledger?conversation_id={group['conversation_id']}").json()["items"]
    assert [row["outcome"] for row in rows] == ["stopped", "stopped"]
    assert now(ada, draft)["text"] == TEXT


def test_alternatives_wait_for_a_turn_that_runs(ada: Person, draft: dict[str, Any], scripted: ScriptedProvider) -> None:
    scripted.enqueue(Reply("One two", gate=asyncio.Event()))
    turn = start(ada, draft, "ask")
    refused = ada.post(f"/api/drafts/{draft['id']}/alternatives", {"mode": "write", "prompt": "x", "variants": TWO})
    assert (refused.status_code, refused.json()["code"]) == (409, "turn_running")
    ada.post(f"/api/turns/{turn['id']}/stop")


def test_one_that_fails_leaves_the_others(ada: Person, draft: dict[str, Any], scripted: ScriptedProvider) -> None:
    scripted.enqueue(
        Reply(error=AuthenticationFailed("The key is wrong.", provider="scripted")), Reply("# Whales\n\nNew.")
    )
    view = ended(ada, group := begin(ada, draft))
    failed = next(one for one in view["turns"] if one["turn"]["state"] == "failed")
    done = next(one for one in view["turns"] if one["turn"]["state"] == "done")
    nothing = take(ada, group, turn_id=failed["id"])
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_to_take")
    assert take(ada, group, turn_id=done["id"]).status_code == 200
    assert now(ada, draft)["text"] == "# Whales\n\nNew.\n"


def test_the_whole_of_one_is_taken_into_the_text_and_then_another(
    ada: Person, draft: dict[str, Any], scripted: ScriptedProvider
) -> None:
    scripted.enqueue(Reply("Text one."), Reply("Text two."))
    group = begin(ada, draft)
    first, second = ended(ada, group)["turns"]
    answer = take(ada, group, turn_id=first["id"])
    assert answer.status_code == 200, answer.text
    taken = answer.json()
    assert taken["applied"] is True
    assert now(ada, draft)["text"] == ada.get(f"/api/versions/{first['turn']['version']['id']}").json()["text"]
    version = taken["version"]
    assert (version["source"], version["merged_from_id"]) == ("ai_generation", first["turn"]["version"]["id"])
    assert (version["parent_id"], version["current"]) == (group_base(ada, group), True)
    events = ada.get(f"/api/drafts/{draft['id']}/events").json()["items"]
    assert (events[-1]["seq"], events[-1]["actor"]["kind"]) == (taken["seq"], "model")
    twice = take(ada, group, turn_id=first["id"]).json()
    assert (twice["version"]["id"], twice["seq"]) == (version["id"], taken["seq"])
    other = take(ada, group, turn_id=second["id"]).json()
    assert (other["applied"], other["version"]["parent_id"]) == (True, version["id"])
    view = ada.get(f"/api/alternatives/{group['id']}").json()
    assert [one["turn"]["version"]["applied"] for one in view["turns"]] == [False, True]
    assert view["taken_version_id"] == other["version"]["id"]
    conversation = ada.get(f"/api/conversations/{group['conversation_id']}").json()
    assert conversation["current_message_id"] == group["turns"][1]["message_id"]


def group_base(ada: Person, group: dict[str, Any]) -> Any:
    return ada.get(f"/api/alternatives/{group['id']}").json()["base_version_id"]


def test_the_best_is_put_together_by_paragraph(ada: Person, draft: dict[str, Any], scripted: ScriptedProvider) -> None:
    scripted.enqueue(
        Reply("", tool_calls=(call("replace_text", block="b2", old="sing", new="sing 🐋 at night"),)),
        Reply("", tool_calls=(call("replace_text", block="b3", old="swim", new="swim far"),)),
    )
    group = begin(ada, draft, mode="edit")
    texts = {
        one["id"]: ada.get(f"/api/versions/{one['turn']['version']['id']}").json()["text"]
        for one in ended(ada, group)["turns"]
    }
    singing = next(id for id, text in texts.items() if "🐋" in text)
    swimming = next(id for id, text in texts.items() if "far" in text)
    start_of = texts[singing].index("They sing")
    end_of = start_of + len("They sing 🐋 at night.") + 1  # the whale counts twice in UTF-16
    far = texts[swimming].index("They swim")
    parts = [
        {"text": "# Whales, again"},
        {"turn_id": singing, "from": start_of, "to": end_of},
        {"turn_id": swimming, "from": far, "to": len(texts[swimming])},
    ]
    answer = take(ada, group, parts=parts)
    assert answer.status_code == 200, answer.text
    assert now(ada, draft)["text"] == "# Whales, again\n\nThey sing 🐋 at night.\n\nThey swim far.\n"
    version = answer.json()["version"]
    assert (version["source"], version["model"], version["parent_id"]) == (
        "ai_edit", "script-1", group_base(ada, group),
    )  # fmt: skip
    own = take(ada, group, parts=[{"text": "All mine."}]).json()["version"]
    assert (own["source"], own["author"]["kind"]) == ("user", "user")
    inside = take(ada, group, parts=[{"turn_id": singing, "from": 0, "to": start_of + 11}])
    assert (inside.status_code, now(ada, draft)["text"]) == (422, "All mine.\n")


def test_a_text_that_moved_is_not_replaced(ada: Person, draft: dict[str, Any], scripted: ScriptedProvider) -> None:
    scripted.enqueue(Reply("Text one."), Reply("Text two."))
    group = begin(ada, draft)
    first, _ = ended(ada, group)["turns"]
    typed = {"replica": "r", "n": 1, "base_seq": draft["seq"], "ops": [{"field": "text", "replace": "My own words."}]}
    assert ada.post(f"/api/drafts/{draft['id']}/commands", typed).status_code == 200
    for choice in ({"turn_id": first["id"]}, {"parts": [{"text": "Mixed."}]}):
        refused = take(ada, group, **choice)
        assert (refused.status_code, refused.json()["code"]) == (409, "draft_moved")
        beside = take(ada, group, beside=True, **choice).json()
        assert beside["applied"] is False
        assert beside["version"]["parent_id"] == group_base(ada, group)
    assert now(ada, draft)["text"] == "My own words."
    assert ada.get(f"/api/versions/{beside['version']['id']}").json()["text"] == "Mixed.\n"


def test_an_untitled_draft_takes_title_and_text(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft()
    scripted.enqueue(Reply("# Whales\n\nOne."), Reply("# Whales\n\nTwo."))
    group = begin(ada, draft)
    first, _ = ended(ada, group)["turns"]
    taken = take(ada, group, turn_id=first["id"]).json()
    assert (taken["applied"], now(ada, draft)["title"]) == (True, "Whales")
    assert now(ada, draft)["text"].startswith("# Whales")


@pytest.mark.parametrize(
    "change, field",
    [
        ({"variants": TWO[:1]}, "variants"),
        ({"variants": TWO * 3}, "variants"),
        ({"variants": [{}, {"label": "x" * 61}]}, "variants"),
        ({"variants": [{}, {"instruction": "x" * 501}]}, "variants"),
        ({"prompt": "   "}, "prompt"),
        ({"selection": [5, 500]}, "selection"),
        ({"variants": [{}, {"provider": "nowhere"}]}, "provider"),
        ({"mode": "ask"}, "mode"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_nothing_begins(
    ada: Person, draft: dict[str, Any], scripted: ScriptedProvider, change: dict[str, Any], field: str
) -> None:
    order = {"mode": "write", "prompt": "x", "variants": TWO} | change
    answer = ada.post(f"/api/drafts/{draft['id']}/alternatives", order)
    assert answer.status_code in (400, 422), answer.text
    assert field in answer.text
    assert now(ada, draft)["running_turn_id"] is None
    assert now(ada, draft)["conversation_id"] is None


def test_what_is_taken_must_be_of_the_group(ada: Person, draft: dict[str, Any], scripted: ScriptedProvider) -> None:
    scripted.enqueue(Reply("One"), Reply("Two"))
    group = begin(ada, draft)
    first, _ = ended(ada, group)["turns"]
    wrong: list[dict[str, Any]] = [
        {}, {"turn_id": first["id"], "parts": [{"text": "x"}]}, {"turn_id": str(uuid4())},
        {"parts": [{"turn_id": str(uuid4()), "from": 0, "to": 1}]}, {"parts": [{}]},
        {"parts": [{"turn_id": first["id"], "from": 0, "to": 5000}]},
        {"parts": [{"turn_id": first["id"], "from": 2, "to": 1}]},
    ]  # fmt: skip
    for body in wrong:
        assert take(ada, group, **body).status_code == 422, body
    assert take(ada, group, parts=[{"turn_id": first["id"], "from": -1, "to": 1}]).status_code in (400, 422)
    assert now(ada, draft)["text"] == TEXT


def test_the_estimate_is_the_sum_before_anything_is_sent(ada: Person, draft: dict[str, Any], world: World) -> None:
    order = {"mode": "write", "prompt": "x", "variants": TWO}
    both = ada.post(f"/api/drafts/{draft['id']}/alternatives/estimate", order).json()
    one = ada.post(f"/api/drafts/{draft['id']}/turns/estimate", {"mode": "write", "prompt": "x"}).json()
    assert both["input_tokens"] > 2 * one["input_tokens"] - 1
    assert both["max_output_tokens"] == 2 * one["max_output_tokens"]
    assert world.scripted.requests == []


def test_the_offline_demo_answers_each_in_its_own_way(ada: Person) -> None:
    draft = ada.draft()
    variants = [
        {"provider": "offline", "instruction": "Keep it short."},
        {"provider": "offline", "instruction": "Make it long and detailed."},
    ]
    view = ended(ada, begin(ada, draft, variants=variants, prompt="Write about lighthouses"))
    words = [one["words"] for one in view["turns"]]
    assert words[0] < words[1]
