"""Each writer's own bound of the loss guard: kept, refused outside of 0 to 100, and used wherever a rewrite is judged."""

from typing import Any

import pytest

from providers.scripted import Reply, ScriptedProvider
from tests.api.test_alternatives import now, take
from tests.api.test_alternatives_guards import both
from tests.api.test_loss_guards import LONG, rewrite
from tests.api.test_proposals import text
from tests.api.test_turn_faults import lose_process
from tests.api.test_turn_recovery import held
from tests.api.test_turns import start, wait_for_text
from tests.conftest import Person, World

__all__ = ["held"]

HALF = "\n\n".join(LONG.split("\n\n")[:5])


def choose(person: Person, percent: Any) -> Any:
    return person.put("/api/me/loss-bound", {"most_dropped_percent": percent})


def test_a_writer_has_the_installations_bound_until_they_choose_their_own(ada: Person, mallory: Person) -> None:
    unset = {"most_dropped_percent": None, "installation_percent": 30}
    assert ada.get("/api/me/loss-bound").json() == unset
    for percent in (60, 0, 100):
        assert choose(ada, percent).json() == {"most_dropped_percent": percent, "installation_percent": 30}
        assert ada.get("/api/me/loss-bound").json()["most_dropped_percent"] == percent
    assert mallory.get("/api/me/loss-bound").json() == unset
    for _ in range(2):
        assert choose(ada, None).json() == unset
    assert ada.get("/api/me/loss-bound").json() == unset


@pytest.mark.parametrize("percent", [-1, 101, 2**70])
def test_a_bound_outside_of_0_to_100_percent_is_refused_and_the_old_one_stays(ada: Person, percent: int) -> None:
    choose(ada, 60)
    refused = choose(ada, percent)
    assert (refused.status_code, refused.json()["code"]) == (422, "out_of_range")
    assert refused.json()["errors"] == [
        {"field": "most_dropped_percent", "message": "Choose a share from 0 to 100 percent."}
    ]
    assert ada.get("/api/me/loss-bound").json()["most_dropped_percent"] == 60


@pytest.mark.parametrize("body", [{}, {"most_dropped_percent": 12.5}])
def test_a_bound_is_a_whole_number_or_null(ada: Person, body: dict[str, Any]) -> None:
    choose(ada, 60)
    refused = ada.put("/api/me/loss-bound", body)
    assert (refused.status_code, refused.json()["type"]) == (422, "about:blank"), refused.text
    assert ada.get("/api/me/loss-bound").json()["most_dropped_percent"] == 60


def test_nobody_reaches_the_bound_of_another(world: World, ada: Person, mallory: Person) -> None:
    choose(ada, 60)
    admin = world.person("root", "admin")
    for other in (mallory, admin):
        for path in (f"/api/users/{ada.id}/loss-bound", f"/api/me/loss-bound/{ada.id}"):
            assert other.get(path).status_code == 404
            assert other.put(path, {"most_dropped_percent": 100}).status_code == 404
    assert world.client.get("/api/me/loss-bound").status_code == 401
    assert ada.get("/api/me/loss-bound").json()["most_dropped_percent"] == 60


@pytest.mark.parametrize("mode", ["write", "edit"])
@pytest.mark.parametrize("apply", ["review", "at_once"])
def test_the_bound_of_who_runs_the_turn_decides_whether_they_are_asked(
    world: World, ada: Person, scripted: ScriptedProvider, mode: str, apply: str
) -> None:
    patient, careful, plain = ada, world.person("ben"), world.person("cleo")
    choose(patient, 60)
    choose(careful, 5)
    little = LONG.removesuffix(LONG.split("\n\n")[-1]).strip()
    for person, new, asked in (
        (patient, HALF, False),
        (plain, HALF, True),
        (careful, HALF, True),
        (plain, little, False),
        (careful, little, True),
    ):
        draft = person.draft(LONG)
        turn = rewrite(person, scripted, draft, new, mode=mode, apply=apply)
        assert (turn["needs_confirmation"] is not None) is asked, (person.email, len(new))
        if apply == "review":
            accepted = person.post(f"/api/turns/{turn['id']}/accept", {})
            assert accepted.status_code == (409 if asked else 200), accepted.text
        assert text(person, draft) == (LONG if asked else new)


def test_the_bound_counts_that_holds_when_the_result_comes(ada: Person, scripted: ScriptedProvider) -> None:
    choose(ada, 100)
    draft = ada.draft(LONG)
    assert rewrite(ada, scripted, draft, HALF, apply="at_once")["needs_confirmation"] is None
    choose(ada, None)
    draft = ada.draft(LONG)
    assert rewrite(ada, scripted, draft, HALF, apply="at_once")["needs_confirmation"] is not None


def test_taking_an_alternative_goes_by_the_bound_of_who_takes_it(
    ada: Person, mallory: Person, scripted: ScriptedProvider
) -> None:
    choose(ada, 60)
    choose(mallory, 5)
    for person, status in ((ada, 200), (mallory, 409)):
        draft = person.draft(LONG, title="Long")
        group, (shorter, _) = both(person, scripted, draft, HALF, LONG.replace("own", "very own"))
        assert take(person, group, turn_id=shorter).status_code == status
        assert now(person, draft)["text"] == (HALF if status == 200 else LONG)


@pytest.mark.parametrize("percent, asked", [(60, False), (None, True)])
def test_a_rewrite_recovered_after_a_crash_goes_by_the_bound_of_its_writer(
    world: World,
    ada: Person,
    scripted: ScriptedProvider,
    held: Any,
    monkeypatch: pytest.MonkeyPatch,
    percent: int | None,
    asked: bool,
) -> None:
    choose(ada, percent)
    draft = ada.draft(LONG)
    scripted.tools = False
    whole = f'<edit op="rewrite_document">\n{HALF}\n</edit>'
    scripted.enqueue(Reply((whole, "That is all. ", "x"), gate=held, gate_at=2))
    turn = start(ada, draft, "edit", apply="at_once")
    wait_for_text(ada, turn, "That is all. ")
    lose_process(world, monkeypatch)
    view = ada.get(f"/api/turns/{turn['id']}").json()
    assert (view["state"], view["needs_confirmation"] is not None) == ("interrupted", asked)
    assert text(ada, draft) == LONG
    assert ada.post(f"/api/turns/{turn['id']}/accept", {}).status_code == (409 if asked else 200)
