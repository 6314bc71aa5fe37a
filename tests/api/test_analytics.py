"""Usage by day, for administrators: counted across restarts, without anybody's words or name."""

from datetime import date
from typing import Any

import pytest
from litestar.testing import TestClient

from app.application import application
from app.main import furnish
from app.settings import Settings
from tests.api.test_drafts import edit, text
from tests.conftest import Person, TurnableClock, World


@pytest.fixture
def admin(world: World) -> Person:
    return world.person("root", "admin")


def usage(person: Person, query: str = "") -> Any:
    answer = person.get(f"/api/analytics{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_saves_conflicts_and_errors_are_counted_by_day_and_kind(
    ada: Person, admin: Person, clock: TurnableClock
) -> None:
    draft = ada.draft("The cat sat.", title="Secret")
    edit(ada, draft, 1, 1, text([4, [3, "dog"], 5]), replica="desk")
    edit(ada, draft, 1, 1, text([4, [3, "dog"], 5]), replica="desk")
    edit(ada, draft, 1, 1, text([4, [3, "cow"], 5]), replica="phone")
    usage(admin)
    clock.turn(days=1)
    ada.get("/api/drafts/01a1f84a-c6fb-7b87-833f-9ee2981ada57")
    found = usage(admin)
    assert (found["to"], len(found["days"])) == ("2026-03-03", 30)
    first, second = found["days"][-2:]
    assert (first["day"], first["saves"], first["conflicts"], first["repeated"]) == ("2026-03-02", 2, 1, 1)
    assert (second["saves"], second["refused"], second["failed"]) == (0, 1, 0)
    assert 0 < second["p50_ms"] <= second["p95_ms"] <= second["p99_ms"]
    [kind] = found["kinds"]
    assert (kind["kind"], kind["drafts"], kind["in_conflict"], kind["conflicts"]) == ("document", 1, 1, 1)
    assert found["total"]["requests"] == sum(day["requests"] for day in found["days"])
    assert "Secret" not in str(found)
    assert "ada" not in str(found).lower()


def test_what_was_counted_outlives_the_process(settings: Settings, clock: TurnableClock, world: World) -> None:
    ada, admin = world.person("ada"), world.person("root", "admin")
    draft = ada.draft("abc")
    edit(ada, draft, 1, 1, text([3, [0, "d"]]))
    assert usage(admin)["total"]["saves"] == 1
    with TestClient(application(furnish(settings, clock=clock))) as again:
        answer = again.get("/api/analytics", headers=admin.headers).json()
    assert answer["total"]["saves"] == 1


@pytest.mark.parametrize(
    "query, field", [("?from=2026-03-02&to=2026-03-01", "from"), ("?from=2020-01-01&to=2026-03-01", "from")]
)
def test_a_period_that_cannot_be_shown_is_refused(admin: Person, query: str, field: str) -> None:
    answer = admin.get(f"/api/analytics{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert "last 30 days instead" in admin.get(f"/analytics{query}").text


def test_it_is_for_administrators(ada: Person, admin: Person) -> None:
    assert ada.get("/api/analytics").status_code == 403
    assert "/analytics" not in ada.get("/").text
    page = admin.get("/analytics")
    assert page.status_code == 200
    assert str(date(2026, 3, 2)) in page.text
