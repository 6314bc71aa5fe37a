"""Messages through HTTP: written as drafts nobody sees, sent once, answered, edited, taken back, read."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from app.store.engine.prepared import Prepared
from tests.api.goals import Lesson, begin_lesson
from tests.conftest import Person, World


@pytest.fixture
def lesson(world: World) -> Lesson:
    return begin_lesson(world)


def contents(page: dict[str, Any]) -> list[str]:
    return [message["content"] for message in page["messages"]]


def test_a_message_is_sent_and_seen(lesson: Lesson) -> None:
    note = lesson.say(lesson.student, "**Twelve** bars <script>", target_date="2026-03-01", metadata={"minutes": 30})
    assert (note["message_type"], note["position"], note["mine"]) == ("daily_note", 1, True)
    answer = lesson.say(lesson.instructor, "Slower.")
    assert answer["message_type"] == "instructor_response"
    page = lesson.seen_by(lesson.instructor)
    first = page["messages"][0]
    assert first["html"] == "<p><strong>Twelve</strong> bars &lt;script&gt;</p>\n"
    assert (first["sender"]["name"], first["sender_part"], first["target_date"]) == ("Sam", "student", "2026-03-01")
    assert (first["metadata"], first["mine"], page["seq"], page["next"]) == ({"minutes": 30}, False, 2, None)
    assert page["goal"]["title"] == "Play the nocturne"
    assert contents(page) == ["**Twelve** bars <script>", "Slower."]


@pytest.mark.parametrize(
    "who, allowed",
    [("student", {"daily_note", "activity"}), ("instructor", {"instructor_response", "milestone"})],
)
def test_who_may_send_what(lesson: Lesson, who: str, allowed: set[str]) -> None:
    person: Person = getattr(lesson, who)
    assert set(lesson.seen_by(person)["may_send"]) == allowed
    for type_ in ("daily_note", "activity", "instructor_response", "milestone", "poem"):
        answer = person.post(f"{lesson.path}/messages", {"content": "x", "message_type": type_})
        assert answer.status_code == (201 if type_ in allowed else 422), type_
    draft = lesson.say(person, "x", is_draft=True)
    other = next(iter({"daily_note", "milestone"} - allowed))
    command = {"replica": "r", "n": 1, "base_seq": 1, "ops": [{"field": "message_type", "set": other}]}
    assert person.post(f"/api/drafts/{draft['id']}/commands", command).status_code == 200
    refused = person.post(f"/api/drafts/{draft['id']}/submit")
    assert [error["field"] for error in refused.json()["errors"]] == ["message_type"]


def test_a_draft_is_nobody_elses_until_it_is_sent(lesson: Lesson) -> None:
    root = lesson.say(lesson.student, "Root")
    draft = lesson.say(lesson.student, "Secret so far", is_draft=True, reply_to_id=root["id"])
    path = f"/api/drafts/{draft['id']}"
    for answer in (
        lesson.instructor.get(path), lesson.instructor.get(f"/api/messages/{draft['id']}"),
        lesson.instructor.get(f"/api/messages/{draft['id']}/thread"), lesson.instructor.post(f"{path}/submit"),
        lesson.instructor.patch(f"/api/messages/{draft['id']}", {"content": "x"}),
        lesson.instructor.delete(f"/api/messages/{draft['id']}"), lesson.student.get(f"/api/messages/{draft['id']}"),
    ):  # fmt: skip
        assert answer.status_code == 404
    page = lesson.seen_by(lesson.instructor)
    assert (contents(page), page["drafts"], page["seq"]) == (["Root"], [], 1)
    assert page["messages"][0]["replies"]["count"] == 0
    assert lesson.instructor.get("/api/goals/conversations").json()["items"][0]["unread"] == 1
    assert lesson.instructor.get(f"{lesson.path}/changes?after=1").json()["items"] == []
    assert lesson.instructor.get(f"/api/messages/{root['id']}/thread").json()["items"] == []
    assert lesson.instructor.get("/api/search?q=Secret").json()["items"] == []
    answering = lesson.instructor.post(f"{lesson.path}/messages", {"content": "x", "reply_to_id": draft["id"]})
    assert [error["field"] for error in answering.json()["errors"]] == ["reply_to_id"]
    guessed = lesson.instructor.post(f"{lesson.path}/messages", {"content": "x", "id": draft["id"]})
    assert (guessed.status_code, guessed.json()["code"]) == (409, "id_taken")
    assert [own["content"] for own in lesson.seen_by(lesson.student)["drafts"]] == ["Secret so far"]


def test_a_draft_is_written_on_by_commands_and_published_once(lesson: Lesson, world: World) -> None:
    draft = lesson.student.put(f"{lesson.path}/draft", {}).json()
    assert lesson.student.put(f"{lesson.path}/draft", {}).json()["id"] == draft["id"]
    path = f"/api/drafts/{draft['id']}"
    command = {
        "replica": "phone",
        "n": 1,
        "base_seq": draft["seq"],
        "ops": [{"field": "content", "changes": [[0, "Hello"]]}],
    }
    assert lesson.student.post(f"{path}/commands", command).json()["seq"] == 2
    command = {"replica": "laptop", "n": 1, "base_seq": 2, "ops": [{"field": "content", "changes": [5, [0, " there"]]}]}
    assert lesson.student.post(f"{path}/commands", command).status_code == 200
    world.clock.turn(hours=1)
    sent = lesson.student.post(f"{path}/submit")
    assert (sent.status_code, sent.json()["status"]) == (200, "submitted")
    world.clock.turn(hours=1)
    assert lesson.student.post(f"{path}/submit").json()["seq"] == sent.json()["seq"]
    page = lesson.seen_by(lesson.instructor)
    assert (contents(page), page["seq"]) == (["Hello there"], 1)
    assert page["messages"][0]["created_at"] == "2026-03-02T10:00:00Z"
    assert lesson.student.put(f"{lesson.path}/draft", {}).json()["id"] != draft["id"]
    assert lesson.student.get("/api/drafts").json()["items"][0]["id"] != draft["id"]


def test_a_message_that_says_nothing_is_refused_and_kept(lesson: Lesson) -> None:
    refused = lesson.student.post(f"{lesson.path}/messages", {"content": " \n"})
    assert (refused.status_code, refused.json()["code"]) == (422, "empty_message")
    draft = lesson.student.put(f"{lesson.path}/draft", {}).json()
    refused = lesson.student.post(f"/api/drafts/{draft['id']}/submit")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "content")
    assert [own["id"] for own in lesson.seen_by(lesson.student)["drafts"]] == [draft["id"]]


def test_sending_again_after_a_lost_answer_does_nothing_twice(lesson: Lesson) -> None:
    id_ = str(uuid.uuid4())
    first = lesson.student.post(f"{lesson.path}/messages", {"content": "Once", "id": id_})
    again = lesson.student.post(f"{lesson.path}/messages", {"content": "Once", "id": id_})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert contents(lesson.seen_by(lesson.student)) == ["Once"]


def test_a_draft_may_be_begun_as_any_other_by_its_participants_only(lesson: Lesson, mallory: Person) -> None:
    begun = {"kind": "message", "fields": {"conversation": lesson.id, "content": "Hm"}}
    draft = lesson.instructor.post("/api/drafts", begun)
    assert (draft.status_code, draft.json()["fields"]["message_type"]) == (201, "instructor_response")
    assert mallory.post("/api/drafts", begun).status_code == 404
    assert lesson.student.post("/api/drafts", {"kind": "message"}).status_code == 422
    nowhere = {"kind": "message", "fields": {"conversation": str(uuid.uuid4())}}
    assert lesson.student.post("/api/drafts", nowhere).status_code == 404
    forged = {
        "kind": "message",
        "fields": {"conversation": lesson.id, "published": {"position": 9, "at": "2026-01-01"}},
    }
    assert lesson.student.post("/api/drafts", forged).status_code == 422


def test_replies_come_with_what_they_answer_and_in_their_thread(lesson: Lesson) -> None:
    root = lesson.say(lesson.student, "Root")
    lesson.say(lesson.student, "Aside")
    for number in range(5):
        last = lesson.say(lesson.instructor, f"Reply {number}", reply_to_id=root["id"])
    deeper = lesson.say(lesson.student, "To a reply", reply_to_id=last["id"])
    assert deeper["reply_to_id"] == root["id"]
    page = lesson.seen_by(lesson.student)
    assert contents(page) == ["Root", "Aside"]
    replies = page["messages"][0]["replies"]
    assert replies["count"] == 6
    assert [reply["content"] for reply in replies["latest"]] == ["Reply 3", "Reply 4", "To a reply"]
    thread = lesson.student.get(f"/api/messages/{last['id']}/thread?limit=4").json()
    assert (thread["root"]["id"], thread["root"]["replies"]["count"]) == (root["id"], 6)
    assert [reply["content"] for reply in thread["items"]] == [f"Reply {number}" for number in range(4)]
    rest = lesson.student.get(f"/api/messages/{root['id']}/thread?after={thread['next']}").json()
    assert [reply["content"] for reply in rest["items"]] == ["Reply 4", "To a reply"]
    elsewhere = lesson.instructor.post(f"{lesson.path}/messages", {"content": "x", "reply_to_id": str(uuid.uuid4())})
    assert elsewhere.status_code == 422


def test_a_sender_edits_and_it_shows(lesson: Lesson, world: World) -> None:
    note = lesson.say(lesson.student, "Twelve bars.")
    world.clock.turn(minutes=5)
    edited = lesson.student.patch(
        f"/api/messages/{note['id']}", {"content": "Twenty bars.", "target_date": "2026-03-01"}
    )
    assert edited.status_code == 200
    shown = lesson.seen_by(lesson.instructor)["messages"][0]
    assert (shown["content"], shown["position"], shown["target_date"]) == ("Twenty bars.", 1, "2026-03-01")
    assert shown["edited_at"] == "2026-03-02T09:05:00Z"
    assert lesson.instructor.patch(f"/api/messages/{note['id']}", {"content": "x"}).status_code == 404
    assert lesson.student.patch(f"/api/messages/{note['id']}", {"content": " "}).status_code == 422
    assert lesson.student.get(f"/api/drafts/{note['id']}?seq=3").json()["fields"]["content"] == "Twelve bars."
    changes = lesson.instructor.get(f"{lesson.path}/changes?after=1").json()
    assert ([item["content"] for item in changes["items"]], changes["seq"]) == (["Twenty bars."], 2)


def test_a_message_taken_back_leaves_its_place(lesson: Lesson) -> None:
    note = lesson.say(lesson.student, "Wrong words")
    reply = lesson.say(lesson.instructor, "Really?", reply_to_id=note["id"])
    assert lesson.instructor.delete(f"/api/messages/{note['id']}").status_code == 404
    for _ in range(2):
        assert lesson.student.delete(f"/api/messages/{note['id']}").status_code == 204
    page = lesson.seen_by(lesson.instructor)
    shown = page["messages"][0]
    assert (shown["content"], shown["html"], shown["replies"]["latest"][0]["id"]) == ("", "", reply["id"])
    assert shown["deleted_at"] is not None
    assert "Wrong" not in lesson.instructor.get(f"{lesson.path}/changes").text
    assert "Wrong" not in lesson.instructor.get("/api/goals/conversations").text
    assert lesson.student.patch(f"/api/messages/{note['id']}", {"content": "x"}).json()["code"] == "message_taken_back"
    assert lesson.student.delete(f"/api/drafts/{note['id']}").status_code == 409
    assert lesson.student.post(f"/api/messages/{note['id']}/restore").json()["content"] == "Wrong words"
    draft = lesson.say(lesson.student, "x", is_draft=True)
    assert lesson.student.delete(f"/api/messages/{draft['id']}").status_code == 204
    assert lesson.seen_by(lesson.student)["drafts"] == []
    assert lesson.student.post(f"/api/drafts/{draft['id']}/submit").json()["code"] == "draft_closed"


def test_older_messages_come_page_by_page(lesson: Lesson) -> None:
    for number in range(7):
        lesson.say(lesson.student, f"Note {number}")
    page = lesson.seen_by(lesson.student, limit=3)
    assert contents(page) == ["Note 4", "Note 5", "Note 6"]
    page = lesson.seen_by(lesson.student, limit=3, before=page["next"])
    assert contents(page) == ["Note 1", "Note 2", "Note 3"]
    page = lesson.seen_by(lesson.student, limit=3, before=page["next"])
    assert (contents(page), page["next"]) == (["Note 0"], None)
    assert contents(lesson.seen_by(lesson.student, before=-5)) == []
    assert lesson.student.get(f"{lesson.path}?before=soon").status_code == 422
    changes = lesson.student.get(f"{lesson.path}/changes?after=2&limit=2").json()
    assert ([item["content"] for item in changes["items"]], changes["seq"], changes["more"]) == (
        ["Note 2", "Note 3"], 4, True,
    )  # fmt: skip


def test_later_messages_come_page_by_page(lesson: Lesson) -> None:
    for number in range(7):
        lesson.say(lesson.student, f"Note {number}")
    root = lesson.seen_by(lesson.student)["messages"][2]
    lesson.say(lesson.instructor, "Below", reply_to_id=root["id"])
    page = lesson.seen_by(lesson.student, limit=3, after=0)
    assert contents(page) == ["Note 0", "Note 1", "Note 2"]
    assert [reply["content"] for reply in page["messages"][2]["replies"]["latest"]] == ["Below"]
    page = lesson.seen_by(lesson.student, limit=3, after=page["next"])
    assert contents(page) == ["Note 3", "Note 4", "Note 5"]
    page = lesson.seen_by(lesson.student, limit=3, after=page["next"])
    assert (contents(page), page["next"]) == (["Note 6"], None)
    assert contents(lesson.seen_by(lesson.student, after=7)) == []
    assert len(contents(lesson.seen_by(lesson.student, after=-(2**40)))) == 7
    for query in (
        "after=1&before=3",
        "after=1&from=2026-03-01",
        "after=soon",
        "since=yesterday",
        "since=2026-03-02T09:00:00",
    ):
        assert lesson.student.get(f"{lesson.path}?{query}").status_code == 422, query


def test_messages_since_a_moment(lesson: Lesson, world: World) -> None:
    lesson.say(lesson.student, "Sent on the 2nd", target_date="2026-04-01")
    world.clock.turn(days=2)
    note = lesson.say(lesson.student, "Sent on the 4th")
    lesson.say(lesson.student, "Sent then too")
    page = lesson.seen_by(lesson.student, since="2026-03-03T00:00:00Z", limit=1)
    assert (contents(page), page["next"]) == (["Sent on the 4th"], str(note["position"]))
    assert contents(lesson.seen_by(lesson.student, since="2026-03-03T00:00:00Z", after=page["next"])) == [
        "Sent then too"
    ]
    assert len(contents(lesson.seen_by(lesson.student, since="2026-03-02T10:00:00+01:00"))) == 3
    assert contents(lesson.seen_by(lesson.student, since="2026-03-05T00:00:00Z")) == []


def test_messages_of_some_days(lesson: Lesson, world: World) -> None:
    lesson.say(lesson.student, "Sent on the 2nd")
    lesson.say(lesson.student, "Meant for the 1st", target_date="2026-03-01")
    world.clock.turn(days=1)
    lesson.say(lesson.student, "Sent on the 3rd")
    lesson.say(lesson.student, "Meant for the 2nd", target_date="2026-03-02")
    days = {"from": "2026-03-02", "to": "2026-03-02"}
    assert contents(lesson.seen_by(lesson.student, **days)) == ["Sent on the 2nd", "Meant for the 2nd"]
    assert contents(lesson.seen_by(lesson.student, to="2026-03-01")) == ["Meant for the 1st"]
    assert contents(lesson.seen_by(lesson.student, **{"from": "2026-03-03"})) == ["Sent on the 3rd"]
    assert lesson.student.get(f"{lesson.path}?from=2026-03-03&to=2026-03-01").status_code == 422


def test_how_far_people_have_read(lesson: Lesson, world: World) -> None:
    def unread(person: Person) -> int:
        count: int = person.get("/api/goals/conversations").json()["items"][0]["unread"]
        return count

    for number in range(3):
        lesson.say(lesson.student, f"Note {number}")
    assert (unread(lesson.instructor), unread(lesson.student)) == (3, 0)
    world.clock.turn(minutes=1)
    assert lesson.instructor.post(f"{lesson.path}/read", {"position": 2}).status_code == 204
    assert unread(lesson.instructor) == 1
    lesson.instructor.post(f"{lesson.path}/read", {"position": 1})
    receipt = lesson.seen_by(lesson.student)["receipts"][0]
    assert (receipt["person"]["name"], receipt["position"], receipt["read_at"]) == ("Ines", 2, "2026-03-02T09:01:00Z")
    assert lesson.seen_by(lesson.instructor)["read_position"] == 2
    lesson.instructor.post(f"{lesson.path}/read", {"position": 99})
    assert lesson.seen_by(lesson.instructor)["read_position"] == 3
    entry = lesson.instructor.get("/api/goals/conversations").json()["items"][0]
    assert (entry["unread"], entry["excerpt"], entry["last_by_me"]) == (0, "Note 2", False)


def test_unread_is_counted_up_to_a_hundred(lesson: Lesson) -> None:
    for number in range(105):
        lesson.say(lesson.student, f"Note {number}")
    assert lesson.instructor.get("/api/goals/conversations").json()["items"][0]["unread"] == 100


def test_several_messages_at_once(lesson: Lesson) -> None:
    mine = [lesson.say(lesson.student, f"Note {number}")["id"] for number in range(3)]
    theirs = lesson.say(lesson.instructor, "Good")["id"]
    other = str(uuid.uuid4())
    answer = lesson.student.post(f"{lesson.path}/bulk", {"action": "delete", "message_ids": [mine[0], theirs, other]})
    assert answer.json()["done"] == [mine[0]]
    assert [refusal["id"] for refusal in answer.json()["refused"]] == [theirs, other]
    export = lesson.student.post(f"{lesson.path}/export", {"message_ids": [theirs, mine[2], mine[0]]})
    assert export.headers["content-disposition"].startswith("attachment")
    assert export.text == (
        "# Play the nocturne\n\n## Sam, 2026-03-02 09:00 UTC\n\n*Daily note*\n\nNote 2\n\n"
        "## Ines, 2026-03-02 09:00 UTC\n\n*Response*\n\nGood\n"
    )
    act = {"action": "mark_read", "message_ids": mine}
    assert lesson.instructor.post(f"{lesson.path}/bulk", act).json()["done"] == mine
    assert lesson.seen_by(lesson.instructor)["read_position"] == 3
    lesson.instructor.post(f"{lesson.path}/bulk", {"action": "mark_unread", "message_ids": [mine[1]]})
    assert lesson.seen_by(lesson.instructor)["read_position"] == 1
    assert lesson.student.post(f"{lesson.path}/bulk", {"action": "burn", "message_ids": mine}).status_code == 422
    assert lesson.student.post(f"{lesson.path}/bulk", {"action": "delete", "message_ids": []}).status_code == 422


def test_reply_templates_are_ones_own(lesson: Lesson) -> None:
    ines = lesson.instructor
    made = ines.post("/api/reply-templates", {"name": "Praise", "content": "Well done!"})
    assert made.status_code == 201
    assert ines.post("/api/reply-templates", {"name": "Praise", "content": "x"}).status_code == 409
    assert ines.post("/api/reply-templates", {"name": "", "content": "x"}).status_code == 422
    assert ines.post("/api/reply-templates", {"name": "x", "content": " "}).status_code == 422
    path = f"/api/reply-templates/{made.json()['id']}"
    assert ines.patch(path, {"content": "Very well done!"}).json()["content"] == "Very well done!"
    assert lesson.student.patch(path, {"name": "Mine"}).status_code == 404
    assert lesson.student.delete(path).status_code == 404
    assert lesson.student.get("/api/reply-templates").json()["items"] == []
    assert [item["name"] for item in ines.get("/api/reply-templates").json()["items"]] == ["Praise"]
    assert ines.delete(path).status_code == 204


def test_a_page_takes_as_many_statements_as_an_empty_one(
    lesson: Lesson, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    executed: list[str] = []
    execute = Prepared._execute
    monkeypatch.setattr(
        Prepared, "_execute", lambda *given: (executed.append(given[2].text), execute(*given))[1]
    )  # fmt: skip

    def statements() -> int:
        executed.clear()
        lesson.seen_by(lesson.student)
        return len([text for text in executed if "goal" in text or "message" in text])

    lesson.say(lesson.student, "First")
    few = statements()
    assert statements() == few - 2  # The messages are as they were, and not read again.
    for number in range(20):
        note = lesson.say(lesson.student, f"Note {number}")
        lesson.say(lesson.instructor, "Reply", reply_to_id=note["id"])
    assert statements() == few == 6


def test_a_page_that_was_read_before_shows_what_changed_since(lesson: Lesson) -> None:
    note = lesson.say(lesson.student, "One")
    for change in (
        lambda: lesson.say(lesson.instructor, "Two"),
        lambda: lesson.say(lesson.instructor, "Below", reply_to_id=note["id"]),
        lambda: lesson.student.patch(f"/api/messages/{note['id']}", {"content": "One!"}),
        lambda: lesson.student.patch("/api/me", {"name": "Samuel"}),
        lambda: lesson.instructor.post(f"{lesson.path}/read", {"position": 1}),
        lambda: lesson.student.put(f"{lesson.path}/draft", {}),
        lambda: lesson.student.delete(f"/api/messages/{note['id']}"),
    ):
        before = lesson.seen_by(lesson.student)
        assert lesson.seen_by(lesson.student) == before
        change()
        assert lesson.seen_by(lesson.student) != before
    page = lesson.seen_by(lesson.student)
    assert [message["sender"]["name"] for message in page["messages"]] == ["Samuel", "Ines"]
    assert "One" not in str(lesson.seen_by(lesson.instructor))


def test_a_draft_that_is_opened_leads_to_its_conversation(lesson: Lesson) -> None:
    root = lesson.say(lesson.student, "Root")
    for reply_to, address in ((None, f"/goals/{lesson.id}"), (root["id"], f"/goals/{lesson.id}?thread={root['id']}")):
        draft = lesson.student.put(f"{lesson.path}/draft", {"reply_to_id": reply_to}).json()
        answer = lesson.student.get(f"/drafts/{draft['id']}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (302, address)
        assert lesson.instructor.get(f"/drafts/{draft['id']}").status_code == 404


def test_a_word_too_many(lesson: Lesson) -> None:
    assert lesson.student.post(f"{lesson.path}/messages", {"content": "x" * 100_001}).status_code == 413
    assert lesson.student.post(f"{lesson.path}/messages", {"content": "x\0"}).status_code in (201, 422)
    assert (
        lesson.student.post(f"{lesson.path}/messages", {"content": "x", "metadata": {"x": "y" * 70_000}}).status_code
        == 422
    )


def test_unanswered_drafts_expire_and_messages_do_not(lesson: Lesson, world: World) -> None:
    draft = lesson.say(lesson.student, "x", is_draft=True)
    sent = lesson.say(lesson.student, "y")
    due = lesson.student.get(f"/api/drafts/{draft['id']}").json()["expires_at"]
    assert due == (world.clock.now + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    assert lesson.student.get(f"/api/drafts/{sent['id']}").json()["expires_at"] is None
