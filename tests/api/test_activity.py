"""The past of a draft through HTTP: who changed what, when, from where; its numbers; any moment brought back."""

from typing import Any

import pytest

from providers.scripted import ScriptedProvider
from tests.api.test_proposals import SING, TEXT, listed, propose
from tests.conftest import Person, TurnableClock


def change(
    person: Person, draft: dict[str, Any], n: int, op: dict[str, Any], *, replica: str = "desk", device: str = ""
) -> None:
    seq = person.get(f"/api/drafts/{draft['id']}").json()["seq"]
    command = {"replica": replica, "n": n, "base_seq": seq, "ops": [op]}
    answer = person.post(f"/api/drafts/{draft['id']}/commands", command, headers={"X-Device": device})
    assert answer.status_code == 200, answer.text


def text(value: str) -> dict[str, Any]:
    return {"field": "text", "replace": value}


def activity(person: Person, draft: dict[str, Any], query: str = "") -> Any:
    answer = person.get(f"/api/drafts/{draft['id']}/activity{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def told(ada: Person, clock: TurnableClock) -> dict[str, Any]:
    """A draft of a morning at the desk, an afternoon on the phone, and a title."""
    draft = ada.draft("One", title="Plan")
    for n, value in enumerate(("One two", "One two three"), start=1):
        clock.turn(minutes=2)
        change(ada, draft, n, text(value), device="Chrome on Linux")
    clock.turn(hours=5)
    change(ada, draft, 1, text("One three"), replica="phone", device="Safari on iPhone")
    clock.turn(seconds=30)
    change(ada, draft, 2, {"field": "title", "set": "Plans"}, replica="phone", device="Safari on iPhone")
    return draft


def test_the_log_is_told_in_sittings_newest_first(ada: Person, told: dict[str, Any]) -> None:
    page = activity(ada, told)
    assert (page["head"], page["next"]) == (5, None)
    phone, desk, made = page["items"]
    assert (phone["device"], phone["from_seq"], phone["to_seq"], phone["saves"]) == ("Safari on iPhone", 4, 5, 2)
    assert (phone["inserted"], phone["removed"], phone["seconds"]) == (0, 4, 30)
    assert sorted(phone["fields"]) == ["text", "title"]
    assert (desk["device"], desk["saves"], desk["inserted"], desk["seconds"]) == ("Chrome on Linux", 2, 10, 120)
    assert (desk["actor"]["kind"], desk["actor"]["name"]) == ("user", "Ada")
    assert (made["status"], made["inserted"]) == (["draft.created"], 3)


def test_the_log_is_filtered_and_goes_on_where_a_page_ended(
    ada: Person, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.post(f"/api/drafts/{told['id']}/keep")
    assert [item["status"] for item in activity(ada, told, "?what=status")["items"]] == [
        ["draft.kept"], ["draft.created"],
    ]  # fmt: skip
    assert activity(ada, told, "?who=model")["items"] == []
    assert len(activity(ada, told, "?what=edits&who=user")["items"]) == 2
    monkeypatch.setattr("app.services.activity._MOST_EVENTS", 2)
    seen: list[int] = []
    before: int | None = None
    for _ in range(9):
        page = activity(ada, told, f"?before={before}" if before else "")
        seen += [item["to_seq"] for item in page["items"]]
        before = page["next"]
        if before is None:
            break
    assert seen == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("query", ["?who=nobody", "?what=all", "?before=0", "?before=x"])
def test_a_filter_that_does_not_exist_is_refused(ada: Person, told: dict[str, Any], query: str) -> None:
    answer = ada.get(f"/api/drafts/{told['id']}/activity{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")


def test_what_a_model_wrote_is_its_own_sitting(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    propose(ada, scripted, draft, SING)
    [proposal] = listed(ada, draft)
    ada.post(f"/api/proposals/{proposal['id']}/accept")
    newest = activity(ada, draft)["items"][0]
    assert (newest["actor"]["kind"], newest["inserted"], newest["removed"]) == ("model", 3, 4)


def test_the_numbers_of_a_draft_count_time_without_long_pauses(ada: Person, told: dict[str, Any]) -> None:
    numbers = ada.get(f"/api/drafts/{told['id']}/stats").json()
    assert (numbers["events"], numbers["autosaves"], numbers["manual_saves"], numbers["words"]) == (5, 4, 0, 2)
    assert (numbers["seconds_spent"], numbers["sync"], numbers["completion"]) == (2 * 120 + 30, "synced", 100)
    assert [(device["device"], device["saves"]) for device in numbers["devices"]] == [
        ("Safari on iPhone", 2),
        ("Chrome on Linux", 2),
    ]
    draft = ada.get(f"/api/drafts/{told['id']}").json()
    assert (draft["autosaves"], draft["manual_saves"]) == (4, 0)


def test_any_moment_can_be_read(ada: Person, told: dict[str, Any]) -> None:
    texts = [ada.get(f"/api/drafts/{told['id']}?seq={seq}").json()["text"] for seq in range(1, 6)]
    assert texts == ["One", "One two", "One two three", "One three", "One three"]


def test_a_moment_is_brought_back_as_a_change_and_a_version_and_nothing_is_rewound(
    ada: Person, told: dict[str, Any]
) -> None:
    answer = ada.post(f"/api/drafts/{told['id']}/moments/3/restore").json()
    now = ada.get(f"/api/drafts/{told['id']}").json()
    assert (now["text"], now["title"], now["seq"]) == ("One two three", "Plan", answer["seq"])
    assert now["current_version"]["id"] == answer["version_id"]
    texts = [ada.get(f"/api/versions/{v['id']}").json()["text"] for v in versions(ada, told)]
    assert texts == ["One two three", "One three"]
    assert versions(ada, told)[0]["label"] == "Restored from 2026-03-02 09:04 UTC"
    assert ada.get(f"/api/drafts/{told['id']}?seq=5").json()["text"] == "One three"


def versions(person: Person, draft: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.get(f"/api/drafts/{draft['id']}/versions").json()["items"]
    return items


@pytest.mark.parametrize("seq", [0, 6, 999_999])
def test_a_moment_that_never_was_is_missing(ada: Person, told: dict[str, Any], seq: int) -> None:
    assert ada.post(f"/api/drafts/{told['id']}/moments/{seq}/restore").status_code == 404


def test_a_draft_in_the_trash_is_read_but_not_brought_back(ada: Person, told: dict[str, Any]) -> None:
    ada.delete(f"/api/drafts/{told['id']}")
    assert activity(ada, told)["items"][0]["status"] == ["draft.discarded"]
    refused = ada.post(f"/api/drafts/{told['id']}/moments/2/restore")
    assert (refused.status_code, refused.json()["code"]) == (409, "draft_closed")
