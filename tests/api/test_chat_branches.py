"""The chat as a tree through HTTP: editing an earlier message, asking again, switching between branches."""

from typing import Any
from uuid import uuid4

import pytest

from providers.base import Request
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_turns import follow, start
from tests.conftest import Person


def asked(ada: Person, draft: dict[str, Any], scripted: ScriptedProvider, prompt: str, answer: str, **more: Any) -> Any:
    """Ask and hear the answer; the turn as it was started."""
    scripted.enqueue(Reply(answer))
    turn = start(ada, draft, "ask", prompt, **more)
    follow(ada, turn)
    return turn


def chat(ada: Person, turn: dict[str, Any]) -> dict[str, Any]:
    conversation: dict[str, Any] = ada.get(f"/api/conversations/{turn['conversation_id']}").json()
    return conversation


def shown(conversation: dict[str, Any]) -> list[str]:
    return [message["content"] for message in conversation["messages"] if message["current"]]


def reminded(request: Request) -> list[str]:
    return [message.text for message in request.messages[:-1]]


@pytest.fixture
def draft(ada: Person) -> dict[str, Any]:
    return ada.draft("About whales.")


def test_a_chat_goes_on_where_it_was_left(ada: Person, draft: dict[str, Any], scripted: ScriptedProvider) -> None:
    first = asked(ada, draft, scripted, "One?", "1")
    second = asked(ada, draft, scripted, "Two?", "2", conversation_id=first["conversation_id"])
    conversation = chat(ada, first)
    assert shown(conversation) == ["One?", "1", "Two?", "2"]
    parents = [message["parent_id"] for message in conversation["messages"]]
    assert parents == [None, *(message["id"] for message in conversation["messages"][:-1])]
    assert conversation["current_message_id"] == second["message_id"]
    assert reminded(scripted.requests[1]) == ["One?", "1"]


def test_an_edited_message_begins_a_branch_and_the_tail_stays(
    ada: Person, draft: dict[str, Any], scripted: ScriptedProvider
) -> None:
    first = asked(ada, draft, scripted, "One?", "1")
    here = {"conversation_id": first["conversation_id"]}
    asked(ada, draft, scripted, "Two?", "2", **here)
    asked(ada, draft, scripted, "Three?", "3", **here)
    asked(ada, draft, scripted, "Two, otherwise?", "2b", parent_message_id=first["message_id"], **here)
    assert reminded(scripted.requests[-1]) == ["One?", "1"]
    conversation = chat(ada, first)
    assert shown(conversation) == ["One?", "1", "Two, otherwise?", "2b"]
    by_content = {message["content"]: message for message in conversation["messages"]}
    assert by_content["Two?"]["siblings"] == [by_content["Two?"]["id"], by_content["Two, otherwise?"]["id"]]
    assert (by_content["Two?"]["index"], by_content["Two, otherwise?"]["index"]) == (0, 1)
    back = ada.post(f"/api/conversations/{here['conversation_id']}/branch", {"message_id": by_content["Two?"]["id"]})
    assert back.status_code == 200
    assert shown(back.json()) == ["One?", "1", "Two?", "2", "Three?", "3"]
    asked(ada, draft, scripted, "Four?", "4", **here)
    assert reminded(scripted.requests[-1]) == ["One?", "1", "Two?", "2", "Three?", "3"]
    assert shown(chat(ada, first))[-2:] == ["Four?", "4"]


def test_the_first_message_can_be_asked_otherwise_too(
    ada: Person, draft: dict[str, Any], scripted: ScriptedProvider
) -> None:
    first = asked(ada, draft, scripted, "One?", "1")
    asked(
        ada, draft, scripted, "Uno?", "I", conversation_id=first["conversation_id"], parent_message_id=None
    )  # fmt: skip
    assert reminded(scripted.requests[-1]) == []
    conversation = chat(ada, first)
    assert shown(conversation) == ["Uno?", "I"]
    assert len(conversation["messages"]) == 4


def test_asking_again_makes_a_second_answer_below_the_same_prompt(
    ada: Person, draft: dict[str, Any], scripted: ScriptedProvider
) -> None:
    first = asked(ada, draft, scripted, "One?", "1")
    prompt = chat(ada, first)["messages"][0]
    here = {"conversation_id": first["conversation_id"], "parent_message_id": prompt["id"]}
    again = asked(ada, draft, scripted, "One?", "1, better", **here)
    conversation = chat(ada, first)
    assert [message["role"] for message in conversation["messages"]] == ["user", "assistant", "assistant"]
    assert shown(conversation) == ["One?", "1, better"]
    assert conversation["messages"][2]["siblings"] == [first["message_id"], again["message_id"]]
    rows = ada.get(f"/api/ledger?conversation_id={first['conversation_id']}").json()["items"]
    spent = sum(row["input_tokens"] + row["output_tokens"] for row in rows)
    assert (len(rows), conversation["total_tokens"]) == (2, spent)


def test_messages_of_elsewhere_are_refused(ada: Person, draft: dict[str, Any], scripted: ScriptedProvider) -> None:
    first = asked(ada, draft, scripted, "One?", "1")
    foreign = asked(ada, ada.draft("Other."), scripted, "Else?", "x")
    path = f"/api/drafts/{draft['id']}/turns"
    order = {"mode": "ask", "prompt": "x", "conversation_id": first["conversation_id"]}
    for message_id in (foreign["message_id"], str(uuid4())):
        answer = ada.post(path, order | {"parent_message_id": message_id})
        assert (answer.status_code, answer.json()["code"]) == (422, "other_conversation")
        branch = ada.post(f"/api/conversations/{first['conversation_id']}/branch", {"message_id": message_id})
        assert (branch.status_code, branch.json()["code"]) == (422, "other_conversation")
    alone = ada.post(path, {"mode": "ask", "prompt": "x", "parent_message_id": first["message_id"]})
    assert alone.status_code == 422
    assert ada.post(path, order | {"conversation_id": foreign["conversation_id"]}).status_code == 404
    assert shown(chat(ada, first)) == ["One?", "1"]
