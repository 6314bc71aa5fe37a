"""Review through HTTP: hunks of a run, accepted, rejected, refined, stale; once, whoever decides, wherever the text moved."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import col

from app.store.db import Database
from app.store.tables import Proposal
from providers.base import ToolCall
from providers.errors import BrokenStream
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_turns import call, follow, start
from tests.conftest import Person, TurnableClock, World

TEXT = "# Whales\n\nThey sing. They swim far.\n\nThey dive deep.\n"


def edits(*calls: ToolCall) -> Reply:
    return Reply("Done.", tool_calls=calls)


def propose(person: Person, scripted: ScriptedProvider, draft: dict[str, Any], *calls: ToolCall, **more: Any) -> Any:
    """Run a turn for review; the turn it was."""
    scripted.enqueue(edits(*calls))
    turn = start(person, draft, "edit", apply="review", **more)
    follow(person, turn)
    return turn


SING = call("replace_text", block="b2", old="sing", new="hum")
DIVE = call("replace_text", block="b3", old="deep", new="to the bottom")


def listed(person: Person, draft: dict[str, Any]) -> list[dict[str, Any]]:
    answer = person.get(f"/api/drafts/{draft['id']}/proposals")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def text(person: Person, draft: dict[str, Any]) -> str:
    now: str = person.get(f"/api/drafts/{draft['id']}").json()["text"]
    return now


def write(person: Person, draft: dict[str, Any], whole: str) -> None:
    """The writer changes the text; the server makes changes by words of it."""
    now = person.get(f"/api/drafts/{draft['id']}").json()
    command = {
        "replica": f"r{now['seq']}", "n": 1, "base_seq": now["seq"], "ops": [{"field": "text", "replace": whole}],
    }  # fmt: skip
    assert person.post(f"/api/drafts/{draft['id']}/commands", command).status_code == 200


def accept(person: Person, proposal: dict[str, Any], **body: Any) -> Any:
    return person.post(f"/api/proposals/{proposal['id']}/accept", body)


def test_a_run_for_review_waits_hunk_by_hunk_beside_the_text(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    scripted.enqueue(edits(SING, DIVE))
    turn = start(ada, draft, "edit", apply="review")
    events = follow(ada, turn)
    assert [data for _, kind, data in events if kind == "proposals"] == [{"count": 2}]
    first, second = listed(ada, draft)
    assert (first["old"], first["new"], first["state"], first["index"]) == ("sing", "hum", "pending", 1)
    assert TEXT[second["from"] : second["to"]] == second["old"] == "deep"
    assert text(ada, draft) == TEXT
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert view["proposals"] == {"pending": 2, "accepted": 0, "rejected": 0, "withdrawn": 0}
    assert view["version"]["applied"] is False
    conversation = ada.get(f"/api/conversations/{turn['conversation_id']}").json()
    assert conversation["messages"][1]["turn"]["proposals"]["pending"] == 2


def test_accepting_one_puts_it_into_the_text_and_into_a_version(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING, DIVE)
    first, second = listed(ada, draft)
    decided = accept(ada, first).json()
    assert text(ada, draft) == TEXT.replace("sing", "hum")
    assert (decided["state"], decided["accepted"]) == ("accepted", [first["id"]])
    last = ada.get(f"/api/drafts/{draft['id']}/events").json()["items"][-1]
    assert (last["seq"], last["actor"]["kind"], last["actor"]["id"]) == (decided["seq"], "model", ada.id)
    assert [item["state"] for item in listed(ada, draft)] == ["accepted", "pending"]
    decided = accept(ada, second).json()
    assert text(ada, draft) == TEXT.replace("sing", "hum").replace("deep", "to the bottom")
    current = versions(ada, draft)[0]
    assert (current["source"], current["model"], current["id"]) == ("ai_edit", "script-1", decided["version"]["id"])
    assert ada.get(f"/api/versions/{current['id']}").json()["text"] == text(ada, draft)


def versions(person: Person, draft: dict[str, Any]) -> list[dict[str, Any]]:
    """The versions that are or were in the text, newest first."""
    items = person.get(f"/api/drafts/{draft['id']}/versions").json()["items"]
    by_id = {item["id"]: item for item in items}
    line = [next(item for item in items if item["current"])]
    while line[-1]["parent_id"]:
        line.append(by_id[line[-1]["parent_id"]])
    return line


THIRD = call("replace_text", block="b1", old="Whales", new="Dolphins")


def test_accepting_one_after_the_other_makes_one_version(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, THIRD, SING, DIVE)
    title, sing, dive = listed(ada, draft)
    assert accept(ada, title).json()["version"] is None
    after_first = accept(ada, sing).json()["seq"] - 1
    last = accept(ada, dive, value="down").json()
    made, base = versions(ada, draft)
    assert (made["id"], made["turn_id"], made["source"]) == (last["version"]["id"], turn["id"], "ai_edit")
    assert ada.get(f"/api/versions/{base['id']}").json()["text"] == TEXT
    assert accept(ada, title).json()["version"] == last["version"], "asked again, it is known where it went"
    then = ada.get(f"/api/drafts/{draft['id']}?seq={after_first}").json()
    assert then["text"] == TEXT.replace("Whales", "Dolphins"), "every step can be gone back to"


def test_what_is_typed_after_accepting_is_not_taken_for_the_models(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, THIRD, SING, DIVE)
    title, sing, dive = listed(ada, draft)
    accept(ada, title)
    accept(ada, sing)
    accepted = text(ada, draft)
    write(ada, draft, accepted + "\nMore.\n")
    accept(ada, dive)
    found = versions(ada, draft)
    assert [(one["source"], one["turn_id"]) for one in found] == [
        ("ai_edit", turn["id"]), ("user", None), ("ai_edit", turn["id"]), ("user", None),
    ]  # fmt: skip
    texts = [ada.get(f"/api/versions/{one['id']}").json()["text"] for one in found]
    assert texts == [text(ada, draft), accepted + "\nMore.\n", accepted, TEXT]


def test_what_was_accepted_long_ago_has_a_version_of_its_own(
    ada: Person, scripted: ScriptedProvider, clock: TurnableClock
) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING, DIVE)
    sing, dive = listed(ada, draft)
    accept(ada, sing)
    clock.turn(seconds=121)
    accept(ada, dive)
    assert [one["source"] for one in versions(ada, draft)] == ["ai_edit", "ai_edit", "user"]


def test_a_checkpoint_after_accepting_is_the_models(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, SING, DIVE)
    sing, _ = listed(ada, draft)
    accept(ada, sing)
    made = ada.post(f"/api/drafts/{draft['id']}/versions", {}).json()
    assert (made["source"], made["turn_id"], made["model"]) == ("ai_edit", turn["id"], "script-1")
    assert accept(ada, sing).json()["version"]["id"] == made["id"]


@pytest.mark.parametrize("whole_run", [False, True])
def test_rejecting_the_last_makes_the_version_of_those_accepted(
    ada: Person, scripted: ScriptedProvider, whole_run: bool
) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, THIRD, SING, DIVE)
    title, sing, dive = listed(ada, draft)
    accept(ada, title)
    seq = accept(ada, sing).json()["seq"]
    path = f"/api/turns/{turn['id']}/reject" if whole_run else f"/api/proposals/{dive['id']}/reject"
    decided = ada.post(path).json()
    assert (decided["state"], decided["seq"], decided["rejected"]) == ("rejected", seq, [dive["id"]])
    made, base = versions(ada, draft)
    assert (made["id"], made["turn_id"], made["source"]) == (decided["version"]["id"], turn["id"], "ai_edit")
    assert [ada.get(f"/api/versions/{one['id']}").json()["text"] for one in (made, base)] == [text(ada, draft), TEXT]
    assert accept(ada, title).json()["version"] == accept(ada, sing).json()["version"] == decided["version"]
    assert ada.post(path).json()["version"] is None, "the second time nothing is made"
    assert len(versions(ada, draft)) == 2


def test_rejecting_makes_no_version_while_more_waits_or_nothing_was_accepted(
    ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, THIRD, SING, DIVE)
    title, sing, dive = listed(ada, draft)
    accept(ada, title)
    assert ada.post(f"/api/proposals/{sing['id']}/reject").json()["version"] is None
    assert len(versions(ada, draft)) == 1
    other = ada.draft(TEXT)
    propose(ada, scripted, other, SING)
    (only,) = listed(ada, other)
    assert ada.post(f"/api/proposals/{only['id']}/reject").json()["version"] is None
    assert accept(ada, dive).json()["version"] is not None


def test_what_was_typed_before_the_last_is_rejected_is_not_taken_for_the_models(
    ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING, DIVE)
    sing, dive = listed(ada, draft)
    accept(ada, sing)
    accepted = text(ada, draft)
    write(ada, draft, accepted + "\nMore.\n")
    decided = ada.post(f"/api/proposals/{dive['id']}/reject").json()
    assert ada.get(f"/api/versions/{decided['version']['id']}").json()["text"] == accepted
    assert text(ada, draft) == accepted + "\nMore.\n"
    ada.post(f"/api/drafts/{draft['id']}/versions", {})
    assert [one["source"] for one in versions(ada, draft)] == ["user", "ai_edit", "user"]


def test_two_people_who_accept_in_turn_share_no_version(
    world: World, ada: Person, mallory: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, THIRD, SING, DIVE)
    title, sing, dive = listed(ada, draft)
    assert accept(mallory, title).status_code == 404
    accept(ada, title)
    accept(ada, sing)
    decided_by(world, mallory, turn)
    decided = accept(ada, dive).json()
    mine, hers, base = versions(ada, draft)
    assert (mine["author"]["id"], mine["id"]) == (ada.id, decided["version"]["id"])
    assert hers["author"]["id"] == mallory.id
    texts = [ada.get(f"/api/versions/{one['id']}").json()["text"] for one in (mine, hers, base)]
    first = TEXT.replace("Whales", "Dolphins").replace("sing", "hum")
    assert texts == [text(ada, draft), first, TEXT]


def test_the_last_rejected_by_another_leaves_the_version_to_who_accepted(
    world: World, ada: Person, mallory: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, SING, DIVE)
    sing, dive = listed(ada, draft)
    accept(ada, sing)
    decided_by(world, mallory, turn)
    decided = ada.post(f"/api/proposals/{dive['id']}/reject").json()
    made = versions(ada, draft)[0]
    assert (made["id"], made["author"]["id"]) == (decided["version"]["id"], mallory.id)


def decided_by(world: World, person: Person, turn: dict[str, Any]) -> None:
    """As if somebody else had accepted what was accepted so far: only the owner can, as yet."""
    db = Database.open(world.settings.database, migrate_schema=False)
    try:
        with db.transaction() as session:
            mine = (col(Proposal.turn_id) == UUID(turn["id"]), col(Proposal.state) == "accepted")
            session.execute(update(Proposal).where(*mine).values(decided_by=UUID(person.id)))
    finally:
        db.engine.dispose()


def test_accepting_twice_answers_the_same_and_applies_once(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING)
    (proposal,) = listed(ada, draft)
    first = accept(ada, proposal)
    write(ada, draft, text(ada, draft) + "\nMore.\n")
    again = accept(ada, proposal)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert text(ada, draft).count("hum") == 1


def test_two_who_accept_at_the_same_moment_apply_it_once(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, call("insert_after", block="b2", text="A new paragraph."))
    (proposal,) = listed(ada, draft)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: accept(ada, proposal), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["seq"] for answer in answers}) == 1
    assert text(ada, draft).count("A new paragraph.") == 1


def test_accepting_and_rejecting_at_the_same_moment_decides_once(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING)
    (proposal,) = listed(ada, draft)
    with ThreadPoolExecutor(2) as pool:
        yes = pool.submit(accept, ada, proposal)
        no = pool.submit(ada.post, f"/api/proposals/{proposal['id']}/reject")
        statuses = sorted((yes.result().status_code, no.result().status_code))
    assert statuses == [200, 409]
    assert ("hum" in text(ada, draft)) == (listed(ada, draft)[0]["state"] == "accepted")


def test_a_proposal_moves_along_with_the_text_around_it(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, DIVE)
    moved = "Before 🐋 it all.\n\n" + TEXT.replace("They sing.", "They sing loudly.")
    write(ada, draft, moved)
    (proposal,) = listed(ada, draft)
    assert moved.encode("utf-16-le")[2 * proposal["from"] : 2 * proposal["to"]].decode("utf-16-le") == "deep"
    assert accept(ada, proposal).status_code == 200
    assert text(ada, draft) == moved.replace("deep", "to the bottom")
    kinds = [v["source"] for v in ada.get(f"/api/drafts/{draft['id']}/versions").json()["items"]]
    assert kinds[:2] == ["ai_edit", "user"], "what the writer typed is a version of its own below the accepted one"


@pytest.mark.parametrize(
    "now",
    [
        TEXT.replace("They dive deep.\n", ""),
        TEXT.replace("deep", "shallow"),
        TEXT.replace("deep", "deeply"),
        "",
    ],
)
def test_a_proposal_whose_words_changed_is_stale_and_never_placed(
    ada: Person, scripted: ScriptedProvider, now: str
) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, DIVE)
    write(ada, draft, now)
    (proposal,) = listed(ada, draft)
    assert proposal["state"] == "stale"
    for answer in (accept(ada, proposal), ada.post(f"/api/turns/{turn['id']}/accept", {})):
        assert (answer.status_code, answer.json()["code"]) == (409, "stale_proposal")
    assert text(ada, draft) == now
    assert ada.post(f"/api/proposals/{proposal['id']}/reject").status_code == 200


def test_words_that_come_back_by_undo_take_their_proposal_back(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, DIVE)
    write(ada, draft, TEXT.replace("They dive deep.\n", ""))
    assert listed(ada, draft)[0]["state"] == "stale"
    write(ada, draft, TEXT)
    assert accept(ada, listed(ada, draft)[0]).status_code == 200
    assert text(ada, draft) == TEXT.replace("deep", "to the bottom")


def test_an_insertion_into_a_deleted_passage_is_stale(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("One.\n\nTwo.\n\nThree.\n\nFour.")
    propose(ada, scripted, draft, call("insert_after", block="b2", text="Between."))
    write(ada, draft, "One.\n\nFour.")
    assert listed(ada, draft)[0]["state"] == "stale"


def test_accepting_all_is_one_event_and_makes_the_runs_own_version_current(
    ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, SING, DIVE, call("insert_after", block="b3", text="The end."))
    before = ada.get(f"/api/drafts/{draft['id']}").json()["seq"]
    answer = ada.post(f"/api/turns/{turn['id']}/accept", {})
    assert answer.status_code == 200, answer.text
    decided = answer.json()
    assert decided["seq"] == before + 1
    assert len(decided["accepted"]) == 3
    assert text(ada, draft) == ("# Whales\n\nThey hum. They swim far.\n\nThey dive to the bottom.\n\nThe end.\n")
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert (view["version"]["id"], view["version"]["applied"]) == (decided["version"]["id"], True)
    assert ada.post(f"/api/turns/{turn['id']}/accept").json() == decided
    refused = ada.post(f"/api/turns/{turn['id']}/reject")
    assert (refused.status_code, refused.json()["code"]) == (409, "already_accepted")


def test_accepting_all_takes_what_still_fits_and_names_what_does_not(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, SING, DIVE)
    first, second = listed(ada, draft)
    write(ada, draft, TEXT.replace("deep", "high"))
    decided = ada.post(f"/api/turns/{turn['id']}/accept", {}).json()
    assert (decided["accepted"], decided["stale"]) == ([first["id"]], [second["id"]])
    assert text(ada, draft) == TEXT.replace("sing", "hum").replace("deep", "high")


def test_a_rejected_proposal_stays_rejected_and_an_accepted_one_accepted(
    ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, SING, DIVE)
    first, second = listed(ada, draft)
    for _ in range(2):
        assert ada.post(f"/api/proposals/{first['id']}/reject").json()["state"] == "rejected"
    assert accept(ada, first).json()["code"] == "already_rejected"
    accept(ada, second)
    refused = ada.post(f"/api/proposals/{second['id']}/reject")
    assert (refused.status_code, refused.json()["code"]) == (409, "already_accepted")
    assert ada.post(f"/api/turns/{turn['id']}/accept").json()["accepted"] == [second["id"]]
    assert text(ada, draft) == TEXT.replace("deep", "to the bottom")


def test_a_hunk_can_be_refined_by_hand(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING)
    (proposal,) = listed(ada, draft)
    assert accept(ada, proposal, value="whistle\r\n🐋").status_code == 200
    assert text(ada, draft) == TEXT.replace("sing", "whistle\n🐋")
    assert accept(ada, proposal, value="something else").json()["code"] == "already_accepted"
    assert listed(ada, draft)[0]["value"] == "whistle\n🐋"


def test_of_two_runs_on_the_same_words_the_other_becomes_stale(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING)
    propose(ada, scripted, draft, call("replace_block", block="b2", text="They are silent."))
    older, *newer = listed(ada, draft)
    accept(ada, older)
    states = {item["id"]: item["state"] for item in listed(ada, draft)}
    assert "stale" in {states[item["id"]] for item in newer}
    assert text(ada, draft) == TEXT.replace("sing", "hum")


def test_refining_asks_for_one_place_anew_and_takes_the_old_hunks_place(
    ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING, DIVE)
    first, second = listed(ada, draft)
    scripted.enqueue(edits(call("replace_text", block="b2", old="sing", new="chant"), DIVE))
    scripted.enqueue(Reply("nothing else"))
    answer = ada.post(f"/api/proposals/{first['id']}/refine", {"prompt": "more solemn"})
    assert answer.status_code == 202, answer.text
    follow(ada, answer.json())
    asked = scripted.requests[1].messages[-1].text
    assert "more solemn" in asked
    assert "hum" in asked.partition("suggested before")[2]
    states = {(item["new"], item["state"]) for item in listed(ada, draft)}
    assert states == {("hum", "withdrawn"), ("to the bottom", "pending"), ("chant", "pending")}
    assert accept(ada, first).json()["code"] == "withdrawn"
    assert ada.post(f"/api/proposals/{first['id']}/refine", {"prompt": "x"}).json()["code"] == "already_decided"
    assert second["state"] == "pending"


def test_a_refinement_that_brings_nothing_leaves_the_old_hunk(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, call("insert_after", block="b3", text="The end."))
    scripted.enqueue(Reply("I would leave it."))
    (proposal,) = listed(ada, draft)
    follow(ada, ada.post(f"/api/proposals/{proposal['id']}/refine", {"prompt": "better"}).json())
    assert [item["state"] for item in listed(ada, draft)] == ["pending"]


def test_what_came_before_the_provider_died_is_still_proposed(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    half = (
        '<edit op="replace_text" block="b2"><old>sing</old><new>hum</new></edit>',
        '<edit op="replace_block" block="b3">They fl',
    )
    scripted.tools = False
    scripted.enqueue(Reply(half, error=BrokenStream("gone", provider="scripted"), error_after=2))
    turn = start(ada, draft, "edit", apply="review")
    assert follow(ada, turn)[-1][1] == "failed"
    assert [(item["old"], item["new"]) for item in listed(ada, draft)] == [("sing", "hum")]
    assert text(ada, draft) == TEXT


def test_nonsense_proposes_nothing_and_a_thousand_operations_are_bounded(
    ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft("\n\n".join(f"Paragraph number {index} says old things." for index in range(1200)))
    scripted.enqueue(edits(call("explode", block="b1"), ToolCall("x", "replace_text", "{not json")), Reply("sorry"))
    follow(ada, start(ada, draft, "edit", apply="review"))
    assert listed(ada, draft) == []
    many = [call("replace_text", block=f"b{index}", old="old", new="new") for index in range(1, 1051)]
    scripted.enqueue(edits(*many), Reply("I leave the rest."))
    follow(ada, start(ada, draft, "edit", apply="review"))
    assert len(listed(ada, draft)) == 1_000
    assert "new things" not in text(ada, draft)


def test_only_open_proposals_are_listed_when_asked_for(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING, DIVE)
    accept(ada, listed(ada, draft)[0])
    waiting = ada.get(f"/api/drafts/{draft['id']}/proposals?waiting=true").json()
    assert [item["new"] for item in waiting["items"]] == ["to the bottom"]


def test_every_open_page_is_told_that_proposals_changed(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    with ada.client.websocket_connect("/api/live", headers=ada.headers) as socket:
        socket.send_json({"subscribe": [draft["id"]]})
        socket.receive_json()
        propose(ada, scripted, draft, SING)
        assert socket.receive_json() == {"draft": draft["id"], "review": True}
        ada.post(f"/api/proposals/{listed(ada, draft)[0]['id']}/reject")
        assert socket.receive_json() == {"draft": draft["id"], "review": True}


def test_nothing_is_accepted_into_a_draft_in_the_trash(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING)
    (proposal,) = listed(ada, draft)
    ada.delete(f"/api/drafts/{draft['id']}")
    closed = accept(ada, proposal)
    assert (closed.status_code, closed.json()["code"]) == (409, "draft_closed")
