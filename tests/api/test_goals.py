"""Goals and their conversations through HTTP: who makes them, who sees them, who is out."""

import pytest

from tests.api.goals import Lesson, begin_lesson
from tests.conftest import Person, World


@pytest.fixture
def lesson(world: World) -> Lesson:
    return begin_lesson(world)


@pytest.fixture
def admin(world: World) -> Person:
    return world.person("root", "admin")


def test_a_student_keeps_goals(world: World) -> None:
    sam = world.person("sam", "student")
    made = sam.post("/api/goals", {"title": " Play the nocturne ", "description": "Opus 9", "due_date": "2026-06-01"})
    assert made.status_code == 201
    goal = made.json()
    assert (goal["title"], goal["progress"], goal["status"], goal["student_id"]) == (
        "Play the nocturne", 0, "active", sam.id,
    )  # fmt: skip
    world.clock.turn(minutes=1)
    changed = sam.patch(f"/api/goals/{goal['id']}", {"progress": 40, "due_date": None}).json()
    assert (changed["progress"], changed["due_date"], changed["description"]) == (40, None, "Opus 9")
    assert changed["updated_at"] > goal["updated_at"]
    assert [item["id"] for item in sam.get("/api/goals").json()["items"]] == [goal["id"]]


@pytest.mark.parametrize(
    "body, field",
    [
        ({}, "title"), ({"title": " "}, "title"), ({"title": "x" * 201}, "title"), ({"title": "x", "progress": 101}, "progress"),
        ({"title": "x", "status": "gone"}, "status"), ({"title": "x", "due_date": "soon"}, "due_date"),
        ({"title": "x", "description": "y" * 20_001}, "description"),
    ],
)  # fmt: skip
def test_a_goal_that_cannot_be_is_refused_by_its_field(world: World, body: dict, field: str) -> None:
    refused = world.person("sam", "student").post("/api/goals", body)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_an_instructor_makes_a_goal_for_a_student_and_a_student_for_nobody_else(world: World) -> None:
    sam, tom, ines = world.person("sam", "student"), world.person("tom", "student"), world.person("ines", "instructor")
    assert ines.post("/api/goals", {"title": "Scales", "student_id": sam.id}).json()["student_id"] == sam.id
    refused = tom.post("/api/goals", {"title": "Scales", "student_id": sam.id})
    assert (refused.status_code, refused.json()["code"]) == (403, "instructors_only")
    nobody = ines.post("/api/goals", {"title": "Scales", "student_id": world.person("wanda").id})
    assert nobody.json()["errors"][0]["field"] == "student_id"


def test_goals_are_listed_page_by_page(world: World) -> None:
    sam = world.person("sam", "student")
    titles = []
    for number in range(5):
        world.clock.turn(minutes=1)
        titles.insert(0, f"Goal {number}")
        sam.post("/api/goals", {"title": f"Goal {number}"})
    found, cursor = [], ""
    for _ in range(3):
        page = sam.get(f"/api/goals?limit=2{cursor}").json()
        found += [goal["title"] for goal in page["items"]]
        cursor = f"&cursor={page['next']}"
    assert found == titles
    assert page["next"] is None
    assert sam.get("/api/goals?cursor=nonsense").status_code == 400


def test_a_conversation_is_opened_once(lesson: Lesson) -> None:
    again = lesson.instructor.post(
        "/api/goals/conversations", {"goal_id": lesson.goal_id, "student_id": lesson.student.id}
    )
    assert (again.status_code, again.json()["id"]) == (200, lesson.id)
    entry = lesson.student.get("/api/goals/conversations").json()["items"][0]
    assert (entry["goal"]["title"], entry["part"], entry["unread"]) == ("Play the nocturne", "student", 0)
    assert (entry["student"]["name"], entry["instructor"]["name"]) == ("Sam", "Ines")


def test_who_can_be_in_a_conversation(world: World, lesson: Lesson, admin: Person) -> None:
    def opened(person: Person, **values: str) -> tuple[int, str]:
        answer = person.post("/api/goals/conversations", values)
        return answer.status_code, (answer.json().get("errors") or [{"field": answer.json().get("code")}])[0]["field"]

    ida, tom = world.person("ida", "instructor"), world.person("tom", "student")
    assert opened(lesson.student, instructor_id=tom.id) == (422, "instructor_id")
    assert opened(lesson.student, instructor_id=lesson.student.id) == (422, "instructor_id")
    assert opened(tom, goal_id=lesson.goal_id)[0] == 404
    assert opened(tom, student_id=lesson.student.id, instructor_id=ida.id) == (403, "instructors_only")
    assert opened(ida, student_id=tom.id, instructor_id=lesson.instructor.id) == (403, "administrator_only")
    assert opened(admin, student_id=tom.id, goal_id=lesson.goal_id) == (422, "goal_id")
    assert opened(admin, student_id=tom.id, instructor_id=ida.id)[0] == 201


def test_people_to_talk_to_are_found_by_role(world: World, lesson: Lesson) -> None:
    assert [person["name"] for person in lesson.student.get("/api/goals/people?role=instructor").json()["items"]] == [
        "Ines"
    ]
    assert [person["name"] for person in lesson.instructor.get("/api/goals/people?role=student").json()["items"]] == [
        "Sam"
    ]
    assert lesson.student.get("/api/goals/people?role=student").json()["items"] == []
    assert lesson.student.get("/api/goals/people?role=writer").status_code == 422


def test_another_instructor_takes_over_and_the_first_is_out(world: World, lesson: Lesson, admin: Person) -> None:
    ida = world.person("ida", "instructor")
    said = lesson.say(lesson.instructor, "Slower.")
    draft = lesson.say(lesson.instructor, "And", is_draft=True)
    for person in (lesson.student, lesson.instructor):
        assert person.patch(lesson.path, {"instructor_id": ida.id}).status_code == 403
    assert admin.patch(lesson.path, {"instructor_id": lesson.student.id}).status_code == 422
    assert admin.patch(lesson.path, {"instructor_id": ida.id}).json()["instructor"]["name"] == "Ida"
    out = lesson.instructor
    assert out.get(lesson.path).status_code == 404
    assert out.get("/api/goals/conversations").json()["items"] == []
    assert out.get(f"/api/goals/{lesson.goal_id}").status_code == 404
    assert out.get(f"/api/messages/{said['id']}").status_code == 404
    assert out.patch(f"/api/messages/{said['id']}", {"content": "Faster."}).status_code == 404
    assert out.delete(f"/api/messages/{said['id']}").status_code == 404
    assert out.post(f"/api/drafts/{draft['id']}/submit").status_code == 404
    command = {"replica": "r", "n": 1, "base_seq": 3, "ops": [{"field": "content", "replace": "Faster."}]}
    assert out.post(f"/api/drafts/{said['id']}/commands", command).status_code == 404
    # What they still write is theirs, and what they said stays where it was said.
    assert out.get(f"/api/drafts/{draft['id']}").json()["fields"]["content"] == "And"
    messages = lesson.seen_by(ida)["messages"]
    assert [(message["content"], message["sender"]["name"]) for message in messages] == [("Slower.", "Ines")]


def test_an_archived_conversation_is_read_and_not_written(lesson: Lesson) -> None:
    lesson.say(lesson.student, "Done.")
    draft = lesson.say(lesson.student, "More", is_draft=True)
    assert lesson.student.patch(lesson.path, {"status": "archived"}).json()["status"] == "archived"
    assert lesson.student.get("/api/goals/conversations").json()["items"] == []
    assert [item["id"] for item in lesson.student.get("/api/goals/conversations?status=all").json()["items"]] == [
        lesson.id
    ]
    page = lesson.seen_by(lesson.student)
    assert (page["may_send"], len(page["messages"])) == ([], 1)
    for answer in (
        lesson.student.post(f"{lesson.path}/messages", {"content": "x"}),
        lesson.student.post(f"/api/drafts/{draft['id']}/submit"),
        lesson.instructor.put(f"{lesson.path}/draft", {}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "conversation_archived")
    lesson.instructor.patch(lesson.path, {"status": "active"})
    assert lesson.student.post(f"/api/drafts/{draft['id']}/submit").status_code == 200


def test_an_administrator_sees_everything_and_says_nothing(lesson: Lesson, admin: Person) -> None:
    said = lesson.say(lesson.student, "Twelve bars.")
    lesson.say(lesson.student, "Secret so far", is_draft=True)
    page = lesson.seen_by(admin)
    assert (page["part"], page["may_send"], page["drafts"]) == ("administrator", [], [])
    assert [message["content"] for message in page["messages"]] == ["Twelve bars."]
    refused = admin.post(f"{lesson.path}/messages", {"content": "Hello"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_taking_part")
    assert admin.delete(f"/api/messages/{said['id']}").status_code == 404
    assert admin.post(f"{lesson.path}/read", {"position": 1}).status_code == 204
    assert lesson.seen_by(lesson.student)["receipts"] == []
