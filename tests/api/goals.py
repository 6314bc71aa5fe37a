"""What tests of goals begin with: a student and an instructor in a conversation about a goal."""

from dataclasses import dataclass
from typing import Any

from tests.conftest import Person, World


@dataclass
class Lesson:
    """Two people in one conversation. Whoever is asked to `say` something sends it."""

    id: str
    goal_id: str
    student: Person
    instructor: Person

    @property
    def path(self) -> str:
        return f"/api/goals/conversations/{self.id}"

    def say(self, person: Person, content: str, **values: Any) -> dict[str, Any]:
        answer = person.post(f"{self.path}/messages", {"content": content, **values})
        assert answer.status_code in (200, 201), answer.text
        message: dict[str, Any] = answer.json()
        return message

    def seen_by(self, person: Person, **query: Any) -> dict[str, Any]:
        answer = person.get(self.path, params=query)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page


def begin_lesson(world: World, *, student: str = "sam", instructor: str = "ines") -> Lesson:
    learner, teacher = world.person(student, "student"), world.person(instructor, "instructor")
    goal = learner.post("/api/goals", {"title": "Play the nocturne", "due_date": "2026-06-01"}).json()
    answer = learner.post("/api/goals/conversations", {"goal_id": goal["id"], "instructor_id": teacher.id})
    assert answer.status_code == 201, answer.text
    return Lesson(answer.json()["id"], goal["id"], learner, teacher)
