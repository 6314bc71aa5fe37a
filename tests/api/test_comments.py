"""Comments on passages: who may read and write them, how they follow the text, and what becomes of them."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from app.store.db import Database
from app.store.upkeep.verify import rebuild
from tests.conftest import Person, World

TEXT = "The harbour wakes. The boats come home. The keeper sleeps."
BOATS = (19, 39)


@pytest.fixture
def draft(ada: Person) -> dict[str, Any]:
    return ada.draft(TEXT, title="Harbour")


@pytest.fixture
def people(ada: Person, world: World, draft: dict[str, Any]) -> dict[str, Person]:
    """Everybody a document may be shared with, by what they may do."""
    for role in ("viewer", "commenter", "editor"):
        given = {"email": world.person(role).email, "role": role}
        assert ada.put(f"/api/drafts/{draft['id']}/shares", given).status_code == 200
    return {role: world.person(role) for role in ("viewer", "commenter", "editor")} | {"owner": ada}


def comment(person: Person, draft: dict[str, Any], passage: tuple[int, int] = BOATS, **more: Any) -> Any:
    said = {"from": passage[0], "to": passage[1], "body": "Which boats?"} | more
    return person.post(f"/api/drafts/{draft['id']}/comments", said)


def begun(person: Person, draft: dict[str, Any], passage: tuple[int, int] = BOATS, **more: Any) -> dict[str, Any]:
    answer = comment(person, draft, passage, **more)
    assert answer.status_code == 201, answer.text
    thread: dict[str, Any] = answer.json()
    return thread


def listed(person: Person, draft: dict[str, Any]) -> dict[str, Any]:
    answer = person.get(f"/api/drafts/{draft['id']}/comments")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def change(person: Person, draft: dict[str, Any], changes: list[Any], n: int = 1) -> None:
    """The `n`th change of a page to the text, each of them one event."""
    base = draft["seq"] + n - 1
    command = {"replica": "page", "n": n, "base_seq": base, "ops": [{"field": "text", "changes": changes}]}
    answer = person.post(f"/api/drafts/{draft['id']}/commands", command)
    assert answer.status_code == 200, answer.text


def entries(draft: dict[str, Any], thread: dict[str, Any]) -> str:
    return f"/api/drafts/{draft['id']}/comments/{thread['id']}/entries"


def reply(person: Person, draft: dict[str, Any], thread: dict[str, Any], body: str = "All of them.") -> Any:
    return person.post(entries(draft, thread), {"body": body})


def resolve(person: Person, draft: dict[str, Any], thread: dict[str, Any], *, resolved: bool = True) -> Any:
    return person.put(f"/api/drafts/{draft['id']}/comments/{thread['id']}/resolved", {"resolved": resolved})


def test_a_thread_is_begun_answered_and_read_by_all(
    ada: Person, people: dict[str, Person], draft: dict[str, Any]
) -> None:
    thread = begun(people["commenter"], draft, body=" Which boats?\r\nAll? ")
    assert (thread["from"], thread["to"], thread["gone"]) == (*BOATS, False)
    assert thread["quote"] == "The boats come home."
    answered = reply(ada, draft, thread)
    assert answered.status_code == 201
    assert (answered.json()["author"], answered.json()["mine"]) == ("Ada", True)
    for role, person in people.items():
        shown = listed(person, draft)
        assert shown["seq"] == draft["seq"]
        assert shown["may_write"] is (role != "viewer")
        (one,) = shown["items"]
        assert [(said["author"], said["body"]) for said in one["comments"]] == [
            ("Commenter", "Which boats?\nAll?"),
            ("Ada", "All of them."),
        ]
        assert [said["mine"] for said in one["comments"]] == [role == "commenter", role == "owner"]
        assert one["may_resolve"] is (role in ("owner", "commenter"))


@pytest.mark.parametrize(
    "role, status", [("viewer", 403), ("commenter", 201), ("editor", 201), ("owner", 201), ("stranger", 404)]
)
def test_who_may_comment(
    world: World, ada: Person, people: dict[str, Person], draft: dict[str, Any], role: str, status: int
) -> None:
    person = (people | {"stranger": world.person("mallory")})[role]
    thread = begun(ada, draft)
    answers = [comment(person, draft), reply(person, draft, thread)]
    assert [answer.status_code for answer in answers] == [status, status]
    if status == 403:
        assert answers[0].json()["code"] == "read_only"
        assert resolve(person, draft, thread).status_code == 403
    if status == 404:
        assert person.get(f"/api/drafts/{draft['id']}/comments").status_code == 404
    assert len(listed(ada, draft)["items"]) == (2 if status == 201 else 1)


def test_a_commenter_comments_and_changes_nothing(people: dict[str, Person], draft: dict[str, Any]) -> None:
    command = {"replica": "c", "n": 1, "base_seq": draft["seq"], "ops": [{"field": "text", "replace": "Mine"}]}
    refused = people["commenter"].post(f"/api/drafts/{draft['id']}/commands", command)
    assert (refused.status_code, refused.json()["code"]) == (403, "read_only")
    assert people["commenter"].get(f"/api/drafts/{draft['id']}").json()["text"] == TEXT
    assert people["commenter"].get("/api/drafts/shared").json()["items"][0]["role"] == "commenter"
    assert people["commenter"].get(f"/api/drafts/{draft['id']}/versions").status_code == 404


def test_only_documents_have_commenters(ada: Person, people: dict[str, Person]) -> None:
    form = ada.post("/api/drafts", {"kind": "form", "fields": {"form": "gig"}}).json()
    given = {"email": people["viewer"].email, "role": "commenter"}
    assert ada.put(f"/api/drafts/{form['id']}/shares", given).status_code == 422
    assert comment(ada, form).json()["code"] == "wrong_kind"
    assert listed(ada, form)["items"] == []


def test_a_comment_follows_its_words_until_they_are_gone(ada: Person, draft: dict[str, Any]) -> None:
    thread = begun(ada, draft)

    def now() -> tuple[int | None, int | None, bool]:
        (one,) = listed(ada, draft)["items"]
        assert one["quote"] == thread["quote"]
        return one["from"], one["to"], one["gone"]

    change(ada, draft, [[0, "\N{ROCKET} Listen. "], 58])
    assert now() == (19 + 11, 39 + 11, False)  # A rocket is two units, as browsers count it.
    change(ada, draft, [34, [0, "small "], 35], n=2)
    assert now() == (30, 56, False)
    change(ada, draft, [30, [10], 35], n=3)
    assert now() == (30, 46, False)
    change(ada, draft, [30, [16], 19], n=4)
    assert now() == (None, None, True)
    change(ada, draft, [30, [0, "The boats come home."], 19], n=5)
    assert now() == (30, 50, False)  # What comes back, by undo or by hand, was never gone.


def test_a_passage_of_an_earlier_text_is_found_in_the_text_now(ada: Person, draft: dict[str, Any]) -> None:
    change(ada, draft, [[0, "Listen. "], 58])
    thread = begun(ada, draft, seq=draft["seq"])
    assert (thread["from"], thread["to"], thread["quote"]) == (27, 47, "The boats come home.")


def test_a_long_log_is_followed_once(ada: Person, draft: dict[str, Any]) -> None:
    kept, lost = begun(ada, draft), begun(ada, draft, (40, 58))
    change(ada, draft, [39, [19]])
    for n in range(2, 204):
        change(ada, draft, [[0, "x"], 39 + n - 2], n)
    for _ in range(2):  # As it was stored first, and as it was stored anew by the first look.
        first, last = listed(ada, draft)["items"]
        assert (first["id"], first["from"], first["to"]) == (kept["id"], 19 + 202, 39 + 202)
        assert (last["id"], last["gone"]) == (lost["id"], True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"from": 5, "to": 5}, {"from": 6, "to": 5}, {"from": 0, "to": 1_000}, {"from": 18, "to": 19}, {"from": -1},
        {"seq": 0}, {"seq": 99}, {"body": "  "}, {"body": "x" * 10_001}, {"from": 2**40},
    ],
)  # fmt: skip
def test_what_cannot_be_commented_is_refused(ada: Person, draft: dict[str, Any], wrong: dict[str, Any]) -> None:
    answer = comment(ada, draft, **wrong)
    assert answer.status_code == 422, answer.text
    assert listed(ada, draft)["items"] == []


def test_half_a_character_is_no_passage_and_no_word(ada: Person, world: World) -> None:
    draft = ada.draft("a\N{ROCKET}b")
    assert comment(ada, draft, (1, 3)).json()["quote"] == "\N{ROCKET}"
    assert comment(ada, draft, (0, 2)).status_code == 400
    raw = b'{"from": 0, "to": 1, "body": "x\\ud83d"}'
    sent = world.client.post(
        f"/api/drafts/{draft['id']}/comments",
        content=raw,
        headers=ada.headers | {"Content-Type": "application/json"},
    )
    assert sent.status_code in (201, 400, 422)


def test_people_change_and_take_back_only_what_they_said(
    ada: Person, people: dict[str, Person], draft: dict[str, Any]
) -> None:
    thread = begun(people["commenter"], draft)
    first = f"{entries(draft, thread)}/{thread['comments'][0]['id']}"
    answer = reply(ada, draft, thread).json()
    for other in (ada, people["editor"]):
        for refused in (other.patch(first, {"body": "No"}), other.delete(first)):
            assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    edited = people["commenter"].patch(first, {"body": "Whose boats?"})
    assert (edited.json()["body"], edited.json()["edited_at"]) == ("Whose boats?", "2026-03-02T09:00:00Z")
    assert people["commenter"].patch(first, {"body": ""}).status_code == 422
    assert people["commenter"].delete(first).status_code == 204
    assert people["commenter"].delete(first).status_code == 404
    assert people["commenter"].patch(first, {"body": "Back"}).status_code == 404
    said = listed(ada, draft)["items"][0]["comments"]
    assert [(one["body"], one["deleted"]) for one in said] == [("", True), ("All of them.", False)]
    assert ada.delete(f"{entries(draft, thread)}/{answer['id']}").status_code == 204
    assert listed(ada, draft)["items"] == []
    assert reply(ada, draft, thread).status_code == 404


def test_what_is_sent_again_is_said_once(
    world: World, ada: Person, people: dict[str, Person], draft: dict[str, Any]
) -> None:
    thread = begun(ada, draft, id=str(uuid4()))
    again = begun(ada, draft, id=thread["id"])
    assert again == thread
    said = [
        people["editor"].post(entries(draft, thread), {"body": "All.", "id": thread["id"]}).json() for _ in range(2)
    ]
    assert said[0] == said[1]
    world.clock.turn(seconds=1)
    first = {"body": "First by its id, said last.", "id": str(UUID(int=1))}
    assert ada.post(entries(draft, thread), first).status_code == 201
    assert listed(ada, draft)["items"][0]["comments"][-1]["body"] == first["body"]
    assert len(listed(ada, draft)["items"]) == 1
    assert len(listed(ada, draft)["items"][0]["comments"]) == 3
    taken = [
        comment(people["editor"], draft, id=thread["id"]),
        comment(ada, ada.draft(TEXT), id=thread["id"]),
        ada.post(entries(draft, thread), {"body": "Mine", "id": said[0]["id"]}),
    ]
    assert [answer.status_code for answer in taken] == [409, 409, 409]
    assert comment(ada, draft, id="1").status_code == 422


def test_a_thread_is_settled_by_who_began_it_and_by_the_owner(
    ada: Person, people: dict[str, Person], draft: dict[str, Any]
) -> None:
    thread = begun(people["commenter"], draft)
    assert resolve(people["editor"], draft, thread).json()["code"] == "not_yours"
    for person in (ada, people["commenter"]):
        assert resolve(person, draft, thread).status_code == 204
        assert resolve(person, draft, thread).status_code == 204
        assert listed(ada, draft)["items"][0]["resolved_at"] == "2026-03-02T09:00:00Z"
        late = reply(ada, draft, thread)
        assert (late.status_code, late.json()["code"]) == (409, "thread_resolved")
        assert resolve(person, draft, thread, resolved=False).status_code == 204
        assert listed(ada, draft)["items"][0]["resolved_at"] is None
    own = begun(ada, draft)
    assert resolve(people["commenter"], draft, own).status_code == 403


def test_a_thread_is_reached_through_its_own_document_only(ada: Person, draft: dict[str, Any]) -> None:
    thread, other = begun(ada, draft), ada.draft(TEXT)
    entry = thread["comments"][0]["id"]
    elsewhere = begun(ada, draft, (0, 18))
    assert resolve(ada, other, thread).status_code == 404
    assert reply(ada, other, thread).status_code == 404
    assert ada.delete(f"{entries(other, thread)}/{entry}").status_code == 404
    assert ada.delete(f"{entries(draft, elsewhere)}/{entry}").status_code == 404


def test_in_the_trash_comments_are_read_and_not_written(ada: Person, draft: dict[str, Any]) -> None:
    thread = begun(ada, draft)
    ada.delete(f"/api/drafts/{draft['id']}")
    shown = listed(ada, draft)
    assert (len(shown["items"]), shown["may_write"], shown["items"][0]["may_resolve"]) == (1, False, False)
    for answer in (comment(ada, draft), reply(ada, draft, thread), resolve(ada, draft, thread)):
        assert (answer.status_code, answer.json()["code"]) == (409, "draft_closed")


def test_who_is_no_longer_shared_with_reads_no_comments(
    ada: Person, people: dict[str, Person], draft: dict[str, Any]
) -> None:
    thread = begun(people["commenter"], draft)
    ada.delete(f"/api/drafts/{draft['id']}/shares/{people['commenter'].id}")
    assert people["commenter"].get(f"/api/drafts/{draft['id']}/comments").status_code == 404
    assert reply(people["commenter"], draft, thread).status_code == 404
    assert listed(ada, draft)["items"][0]["comments"][0]["author"] == "Commenter"


def test_comments_and_links_outlive_that_the_draft_is_written_anew_from_its_log(
    ada: Person, world: World, draft: dict[str, Any]
) -> None:
    begun(ada, draft)
    link = ada.post(f"/api/drafts/{draft['id']}/links", {}).json()["link"]
    db = Database.open(world.settings.database, migrate_schema=False)
    with db.transaction() as session:
        rebuild(session)
    db.engine.dispose()
    assert listed(ada, draft)["items"][0]["from"] == BOATS[0]
    assert world.client.get(f"/shared/{link.rpartition('/')[2]}").status_code == 200


def test_comments_are_no_part_of_what_a_link_shows(ada: Person, world: World, draft: dict[str, Any]) -> None:
    begun(ada, draft, body="Between us.")
    link = ada.post(f"/api/drafts/{draft['id']}/links", {}).json()["link"]
    token = link.rpartition("/")[2]
    assert "Between us" not in world.client.get(f"/shared/{token}").text
    assert "Between us" not in world.client.get(f"/api/shared/{token}").text


def test_other_pages_are_told_that_something_was_said(ada: Person, world: World, draft: dict[str, Any]) -> None:
    with world.client.websocket_connect("/api/live", headers=ada.headers) as socket:
        socket.send_json({"subscribe": [draft["id"]]})
        assert socket.receive_json() == {"draft": draft["id"], "seq": draft["seq"]}
        thread = begun(ada, draft)
        assert socket.receive_json() == {"draft": draft["id"], "comments": True}
        resolve(ada, draft, thread)
        assert socket.receive_json() == {"draft": draft["id"], "comments": True}
