"""Drafts through HTTP: what a page, or any program, may rely on."""

import asyncio
import threading
from typing import Any

import pytest

from app.services.drafts import Drafts
from tests.conftest import Person, TurnableClock, World


def edit(
    person: Person, draft: dict[str, Any], n: int, base_seq: int, *ops: dict[str, Any], replica: str = "page-1"
) -> Any:
    return person.post(
        f"/api/drafts/{draft['id']}/commands", {"replica": replica, "n": n, "base_seq": base_seq, "ops": list(ops)}
    )


def text(changes: list[Any]) -> dict[str, Any]:
    return {"field": "text", "changes": changes}


def test_a_new_draft_is_open_at_its_first_event(ada: Person) -> None:
    draft = ada.draft("Hello world", title="Greeting")
    assert draft["kind"] == "document"
    assert (draft["title"], draft["text"], draft["seq"], draft["status"]) == ("Greeting", "Hello world", 1, "open")
    assert draft["words"] == 2
    assert draft["current_version"] is None
    assert draft["saved_at"].endswith("Z")


def test_a_command_is_answered_with_the_event_it_made(ada: Person) -> None:
    draft = ada.draft("Hello world")
    answer = edit(ada, draft, 1, 1, text([5, [0, " brave"], 6]))
    assert answer.status_code == 200
    body = answer.json()
    assert body["seq"] == 2
    assert body["conflicts"] == []
    assert [event["type"] for event in body["events"]] == ["fields.edited"]
    assert body["events"][0]["payload"]["ops"] == [text([5, [0, " brave"], 6])]
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "Hello brave world"


def test_a_command_sent_twice_is_done_once_and_answered_the_same(ada: Person) -> None:
    draft = ada.draft("abc")
    first = edit(ada, draft, 1, 1, text([3, [0, "d"]]))
    again = edit(ada, draft, 1, 1, text([3, [0, "d"]]))
    assert again.json() == first.json()
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "abcd"


def test_other_content_under_the_same_number_is_a_fork(ada: Person) -> None:
    draft = ada.draft("abc")
    edit(ada, draft, 1, 1, text([3, [0, "d"]]))
    fork = edit(ada, draft, 1, 1, text([3, [0, "e"]]))
    assert (fork.status_code, fork.json()["code"]) == (409, "replica_fork")


def test_a_gap_in_the_numbers_names_the_expected_one(ada: Person) -> None:
    draft = ada.draft("abc")
    gap = edit(ada, draft, 3, 1, text([3, [0, "d"]]))
    assert (gap.status_code, gap.json()["code"], gap.json()["expected"]) == (409, "replica_gap", 1)


def test_changes_made_on_an_older_text_are_rebased(ada: Person) -> None:
    draft = ada.draft("one two three")
    edit(ada, draft, 1, 1, text([13, [0, " four"]]), replica="desk")
    late = edit(ada, draft, 1, 1, text([[0, "zero "], 13]), replica="phone")
    assert late.json()["seq"] == 3
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "zero one two three four"


def test_the_same_words_changed_twice_open_a_conflict_and_both_stay(ada: Person) -> None:
    draft = ada.draft("The cat sat.")
    edit(ada, draft, 1, 1, text([4, [3, "dog"], 5]), replica="desk")
    clash = edit(ada, draft, 1, 1, text([4, [3, "cow"], 5]), replica="phone").json()
    assert len(clash["conflicts"]) == 1
    conflict = clash["conflicts"][0]
    assert (conflict["base"], conflict["theirs"], conflict["mine"]) == ("cat", "dog", "cow")
    now = ada.get(f"/api/drafts/{draft['id']}").json()
    assert "dog" in now["text"]
    assert "cow" in now["text"]
    settled = ada.post(f"/api/drafts/{draft['id']}/conflicts/{conflict['id']}", {"value": "cow"})
    assert settled.status_code == 200
    after = ada.get(f"/api/drafts/{draft['id']}").json()
    assert (after["text"], after["conflicts"]) == ("The cow sat.", [])


def test_a_whole_new_text_is_taken_as_changes_of_its_base(ada: Person) -> None:
    draft = ada.draft("one two three")
    edit(ada, draft, 1, 1, text([[0, "zero "], 13]), replica="desk")
    answer = edit(ada, draft, 1, 1, {"field": "text", "replace": "one 2 three"}, replica="script")
    assert answer.status_code == 200
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "zero one 2 three"


def test_positions_count_utf16_units(ada: Person) -> None:
    draft = ada.draft("a😀b")
    assert edit(ada, draft, 1, 1, text([3, [1, "c"]])).status_code == 200
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "a😀c"


@pytest.mark.parametrize(
    "ops, status, code",
    [
        ([{"field": "text", "changes": [3, [0, "x"]]}], 400, "invalid_change"),
        ([{"field": "text", "changes": "rubbish"}], 400, "invalid_change"),
        ([{"field": "text", "changes": [-1]}], 400, "invalid_change"),
        ([{"field": "colour", "set": "red"}], 422, "unknown_field"),
        ([{"field": "title", "set": 7}], 422, "invalid_value"),
        ([{"field": "title", "set": "x" * 300}], 422, "invalid_value"),
        ([], 400, "invalid_command"),
        ("rubbish", 400, "invalid_command"),
    ],
)
def test_rubbish_is_refused_with_a_reason_and_nothing_changes(ada: Person, ops: Any, status: int, code: str) -> None:
    draft = ada.draft("Hello")
    answer = ada.post(f"/api/drafts/{draft['id']}/commands", {"replica": "page-1", "n": 1, "base_seq": 1, "ops": ops})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert ada.get(f"/api/drafts/{draft['id']}").json()["seq"] == 1


def test_a_body_that_is_not_json_is_malformed(ada: Person) -> None:
    draft = ada.draft("Hello")
    answer = ada.client.post(f"/api/drafts/{draft['id']}/commands", content=b"{nonsense", headers=ada.headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_a_20_mib_paste_is_too_large_and_the_draft_stays(ada: Person) -> None:
    draft = ada.draft("Hello")
    answer = edit(ada, draft, 1, 1, text([5, [0, "x" * (20 * 1024 * 1024)]]))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "Hello"


def test_a_base_that_lies_in_the_future_is_refused(ada: Person) -> None:
    draft = ada.draft("Hello")
    answer = edit(ada, draft, 1, 99, text([5, [0, "!"]]))
    assert (answer.status_code, answer.json()["code"]) == (409, "unknown_seq")


def test_events_can_be_caught_up_from_anywhere(ada: Person) -> None:
    draft = ada.draft("")
    for n in range(1, 6):
        edit(ada, draft, n, n, text([[0, "x"]] if n == 1 else [n - 1, [0, "x"]]))
    caught_up = ada.get(f"/api/drafts/{draft['id']}/events?after=3").json()
    assert [event["seq"] for event in caught_up["items"]] == [4, 5, 6]
    assert caught_up["head"] == 6


def test_any_past_state_can_be_read(ada: Person) -> None:
    draft = ada.draft("one")
    edit(ada, draft, 1, 1, text([3, [0, " two"]]))
    edit(ada, draft, 2, 2, text([7, [0, " three"]]))
    assert ada.get(f"/api/drafts/{draft['id']}?seq=2").json()["text"] == "one two"
    assert ada.get(f"/api/drafts/{draft['id']}?seq=9").status_code == 404


def test_the_trash_keeps_a_draft_until_it_is_taken_back(ada: Person) -> None:
    draft = ada.draft("Keep me", title="Precious")
    assert ada.delete(f"/api/drafts/{draft['id']}").status_code == 204
    assert ada.get("/api/drafts").json()["items"] == []
    assert [item["id"] for item in ada.get("/api/drafts?trash=true").json()["items"]] == [draft["id"]]
    closed = edit(ada, draft, 1, 2, text([7, [0, "!"]]))
    assert (closed.status_code, closed.json()["code"]) == (409, "draft_closed")
    back = ada.post(f"/api/drafts/{draft['id']}/recover")
    assert (back.status_code, back.json()["text"]) == (200, "Keep me")


def test_the_list_is_searched_sorted_and_paged(ada: Person, clock: TurnableClock) -> None:
    for number in range(5):
        clock.turn(minutes=1)
        ada.draft(f"Body of number {number}", title=f"Draft {number}")
    newest_first = ada.get("/api/drafts?limit=2").json()
    assert [item["title"] for item in newest_first["items"]] == ["Draft 4", "Draft 3"]
    rest = ada.get(f"/api/drafts?limit=10&cursor={newest_first['next']}").json()
    assert [item["title"] for item in rest["items"]] == ["Draft 2", "Draft 1", "Draft 0"]
    assert rest["next"] is None
    assert [item["title"] for item in ada.get("/api/drafts?q=NUMBER 3").json()["items"]] == ["Draft 3"]
    refused = ada.get("/api/drafts?sort=colour")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "sort")
    assert ada.get("/api/drafts?cursor=rubbish").status_code == 400


def test_statistics_count_what_is_outside_the_trash(ada: Person) -> None:
    ada.draft("one two three")
    gone = ada.draft("four")
    ada.delete(f"/api/drafts/{gone['id']}")
    stats = ada.get("/api/drafts/stats").json()
    assert (stats["total"], stats["words"], stats["in_conflict"]) == (1, 3, 0)


def test_commands_of_one_draft_sent_at_once_all_land(world: World, ada: Person) -> None:
    draft = ada.draft("")
    failures: list[str] = []

    def write(replica: str) -> None:
        for n in range(1, 11):
            answer = edit(ada, draft, n, 1, text([[0, f"{replica}{n} "]]), replica=replica)
            if answer.status_code != 200:
                failures.append(answer.text)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    now = ada.get(f"/api/drafts/{draft['id']}").json()
    assert now["seq"] == 41
    assert sorted(now["text"].split()) == sorted(f"{name}{n}" for name in "abcd" for n in range(1, 11))


def test_a_page_hears_of_changes_made_elsewhere(world: World, ada: Person, mallory: Person) -> None:
    draft = ada.draft("abc")
    with world.client.websocket_connect("/api/live", headers=ada.headers) as socket:
        socket.send_json({"subscribe": [draft["id"]]})
        assert socket.receive_json() == {"draft": draft["id"], "seq": 1}
        edit(ada, draft, 1, 1, text([3, [0, "d"]]))
        assert socket.receive_json() == {"draft": draft["id"], "seq": 2}
    with world.client.websocket_connect("/api/live", headers=mallory.headers) as socket:
        socket.send_json({"subscribe": [draft["id"]]})
        assert socket.receive_json()["error"]["code"] == "not_found"


def test_a_change_while_a_page_subscribes_is_not_missed(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = ada.draft("abc")
    read, go_on = threading.Event(), threading.Event()
    position = Drafts.position

    async def slow_position(self: Drafts, *wanted: Any) -> int | None:
        seq = await position(self, *wanted)
        read.set()
        await asyncio.to_thread(go_on.wait, 10)
        return seq

    monkeypatch.setattr(Drafts, "position", slow_position)
    with world.client.websocket_connect("/api/live", headers=ada.headers) as socket:
        socket.send_json({"subscribe": [draft["id"]]})
        assert read.wait(10)
        edit(ada, draft, 1, 1, text([3, [0, "d"]]))
        go_on.set()
        assert socket.receive_json() == {"draft": draft["id"], "seq": 2}
