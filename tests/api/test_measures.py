"""What came of what was spent: the part of suggestions that were accepted, with the report's period and filters."""

import uuid

import pytest

from providers.base import ToolCall
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_costs import book
from tests.conftest import Person, World


def propose(person: Person, scripted: ScriptedProvider, words: str) -> list[str]:
    """One suggestion for each word of a new draft."""
    draft = person.draft("\n\n".join(words.split()))
    calls = tuple(
        ToolCall(str(number), "replace_text", f'{{"block": "b{number}", "old": "{word}", "new": "other"}}')
        for number, word in enumerate(words.split(), start=1)
    )
    scripted.enqueue(Reply("done", tool_calls=calls))
    order = {"mode": "edit", "prompt": "x", "apply": "review"}
    turn = person.post(f"/api/drafts/{draft['id']}/turns", order).json()
    person.get(f"/api/turns/{turn['id']}/events")
    return [item["id"] for item in person.get(f"/api/drafts/{draft['id']}/proposals").json()["items"]]


def test_the_accepted_part_is_of_what_was_decided(
    world: World, ada: Person, mallory: Person, scripted: ScriptedProvider
) -> None:
    first, second, third, _open = propose(ada, scripted, "one two three four")
    assert ada.get("/api/costs/measures").json()["accepted_percent"] is None
    for proposal in (first, second):
        assert ada.post(f"/api/proposals/{proposal}/accept").status_code == 200
    assert ada.post(f"/api/proposals/{third}/reject").status_code == 200
    found = ada.get("/api/costs/measures").json()
    assert (found["accepted"], found["rejected"], found["pending"]) == (2, 1, 1)
    assert found["accepted_percent"] == "66.7"
    assert mallory.get("/api/costs/measures").json()["accepted"] == 0
    assert mallory.get("/api/costs/measures", params={"user_id": ada.id}).json()["accepted"] == 0
    eve = world.person("eve", "finance")
    assert eve.get("/api/costs/measures").json()["accepted"] == 2
    assert eve.get("/api/costs/measures", params={"model": "another"}).json()["accepted"] == 0
    assert eve.get("/api/costs/measures", params={"from": "2026-02-01", "to": "2026-02-28"}).json()["accepted"] == 0


def test_words_that_stand_have_a_price(world: World, ada: Person, mallory: Person) -> None:
    kept, thrown_away = ada.draft("five words that were kept"), ada.draft("given up again")
    for draft, amount in ((kept, 4_000_000), (thrown_away, 1_000_001)):
        book(world, ada, draft_id=uuid.UUID(draft["id"]), amount_nano=amount)
    book(world, ada, amount_nano=9_000_000)  # went into no draft
    found = ada.get("/api/costs/measures").json()
    assert (found["words_kept"], found["cost_per_1000_words_usd"]) == (8, "0.625000125")
    ada.delete(f"/api/drafts/{thrown_away['id']}")
    found = ada.get("/api/costs/measures").json()
    assert (found["words_kept"], found["cost_per_1000_words_usd"]) == (5, "1.0000002")
    nobody = mallory.get("/api/costs/measures").json()
    assert (nobody["words_kept"], nobody["cost_per_1000_words_usd"]) == (0, None)
    before = ada.get("/api/costs/measures", params={"from": "2026-02-01", "to": "2026-02-28"}).json()
    assert before["cost_per_1000_words_usd"] is None


@pytest.mark.parametrize("query", [{"from": "soon"}, {"user_id": "me"}])
def test_what_cannot_be_measured_is_refused(ada: Person, query: dict[str, str]) -> None:
    assert ada.get("/api/costs/measures", params=query).status_code == 422
