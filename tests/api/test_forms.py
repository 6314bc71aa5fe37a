"""Multi-step forms through HTTP: definitions, steps, templates, sharing, and definitions that change."""

import json
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from app.application import application
from app.main import furnish
from app.services.forms.definitions import BadDefinition, FormDefinitions
from app.settings import ROOT, Settings
from tests.api.test_kinds import SUBJECT, begin, edit
from tests.conftest import Person, World

GIG = {
    "data.title": "Portraits of our bakers", "data.category": "photography", "data.purpose": "editorial",
    "data.looking_for": ["photographer"], "data.people": 2,
    "text.description": "One morning in the bakery, from four o'clock, with the oven and the people.",
    "data.experience": "some",
    "data.place": "remote", "data.starts_on": "2026-04-02", "data.ends_on": "2026-04-03", "data.apply_until": "2026-03-20",
    "data.pay": "unpaid", "data.rights": "shared",
}  # fmt: skip


def gig(person: Person, **more: Any) -> dict[str, Any]:
    draft: dict[str, Any] = begin(person, "form", {"form": "gig", **more}).json()
    return draft


def state(person: Person, draft: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = person.get(f"/api/drafts/{draft['id']}/form").json()
    return found


def wrong(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def go_on(person: Person, draft: dict[str, Any], step: str) -> Any:
    return person.post(f"/api/drafts/{draft['id']}/form/steps/{step}")


def test_the_forms_that_come_with_the_product(ada: Person) -> None:
    forms = ada.get("/api/forms").json()["items"]
    assert {form["name"]: form["steps"] for form in forms} == {"campaign": 5, "gig": 5}
    asked = ada.get("/api/forms/gig").json()
    assert [step["name"] for step in asked["steps"]] == ["basics", "details", "schedule", "budget", "media"]
    assert asked["steps"][0]["schema"]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert ada.get("/api/forms/poem").status_code == 404


def test_a_new_form_knows_what_it_needs(ada: Person) -> None:
    draft = gig(ada)
    assert (draft["fields"]["form_version"], draft["fields"]["current_step"], draft["completion"]) == (1, "basics", 0)
    assert "data.title" in draft["fields"]["required"]
    full = edit(ada, draft["id"], 1, 1, *({"field": name, "set": value} for name, value in GIG.items()))
    assert full.status_code == 200
    assert ada.get(f"/api/drafts/{draft['id']}").json()["completion"] == 100
    assert state(ada, draft)["ready"] is True


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"form": "poem"}, "form"),
        ({"form": "gig", "data.colour": "red"}, "data.colour"),
        ({"form": "gig", "title": "x"}, "title"),
        ({"form": "gig", "subject": "seven"}, "subject"),
    ],
)
def test_what_cannot_be_begun(ada: Person, fields: dict[str, Any], field: str) -> None:
    assert field in wrong(begin(ada, "form", fields))


def test_a_step_is_checked_when_the_person_goes_on(ada: Person) -> None:
    draft = gig(ada, **{"data.title": "Short", "data.people": "a few", "data.looking_for": []})
    refused = go_on(ada, draft, "basics")
    assert wrong(refused) == {
        "data.title": "Write at least 8 characters.", "data.category": "This is needed.",
        "data.purpose": "This is needed.", "data.looking_for": "This is needed.", "data.people": "Write a whole number.",
    }  # fmt: skip
    kept = ada.get(f"/api/drafts/{draft['id']}").json()
    assert (kept["fields"]["data.people"], kept["fields"]["completed_steps"], kept["seq"]) == ("a few", [], 2)
    ops = ({"field": name, "set": value} for name, value in GIG.items() if name.startswith("data."))
    edit(ada, draft["id"], 1, kept["seq"], *ops)
    went = go_on(ada, draft, "basics").json()
    assert (went["completed_steps"], went["current_step"]) == (["basics"], "details")
    assert [step["state"] for step in went["steps"]] == ["done", "open", "open", "open", "open"]
    again = go_on(ada, draft, "basics").json()
    assert again["seq"] == went["seq"]


def test_a_step_that_was_done_is_wrong_again_when_it_is_emptied(ada: Person) -> None:
    draft = gig(ada, **GIG)
    seq = go_on(ada, draft, "basics").json()["seq"]
    edit(ada, draft["id"], 1, seq, {"field": "data.title", "set": ""})
    first = state(ada, draft)["steps"][0]
    assert (first["state"], first["errors"]) == ("wrong", [{"field": "data.title", "message": "This is needed."}])


@pytest.mark.parametrize(
    "change, field, message",
    [
        ({"data.place": "studio"}, "data.venue", "This is needed."),
        ({"data.ends_on": "2026-04-01"}, "data.ends_on", "Must not be before “First day”."),
        ({"data.starts_on": "2 April"}, "data.starts_on", "Choose a date."),
        ({"data.pay": "fixed"}, "data.currency", "This is needed."),
        ({"data.pay": "lots"}, "data.pay", "Choose one of the list."),
        ({"data.people": 0}, "data.people", "Must be 1 or more."),
        ({"data.references": ["https://a.example", "ftp://b"]}, "data.references",
         "Write links that begin with https://, one on each line."),
        ({"data.cover": "picture.png"}, "data.cover", "Write a link that begins with https://."),
        ({"data.safety": True}, "text.safety_note", "This is needed."),
        ({"data.title": "T" * 121}, "data.title", "Write at most 120 characters."),
    ],
)  # fmt: skip
def test_a_form_that_is_not_right_is_not_handed_in(
    ada: Person, change: dict[str, Any], field: str, message: str
) -> None:
    draft = gig(ada, **(GIG | change))
    refused = ada.post(f"/api/drafts/{draft['id']}/submit")
    assert wrong(refused)[field] == message
    assert ada.get(f"/api/drafts/{draft['id']}").json()["status"] == "open"


def test_a_form_is_handed_in_whatever_steps_were_gone_through(ada: Person) -> None:
    draft = gig(ada, subject=SUBJECT, **GIG)
    done = ada.post(f"/api/drafts/{draft['id']}/submit").json()
    assert (done["status"], done["fields"]["data.title"]) == ("submitted", GIG["data.title"])
    assert begin(ada, "form", {"form": "gig", "subject": SUBJECT}).status_code == 201


def test_two_devices_at_different_steps_are_not_asked_which_step_is_right(ada: Person) -> None:
    draft = gig(ada)
    edit(ada, draft["id"], 1, 1, {"field": "current_step", "set": "details"})
    other = edit(ada, draft["id"], 1, 1, {"field": "current_step", "set": "budget"}, replica="phone")
    assert other.json()["conflicts"] == []
    assert state(ada, draft)["current_step"] == "budget"


def test_one_mebibyte_in_one_field_is_refused_with_its_name(ada: Person) -> None:
    draft = gig(ada)
    seq = draft["seq"]
    prose = edit(ada, draft["id"], 1, seq, {"field": "text.description", "replace": "x" * 2**20})
    assert (prose.status_code, prose.json()["code"], prose.json()["field"]) == (413, "too_large", "text.description")
    value = edit(ada, draft["id"], 1, seq, {"field": "data.title", "set": "x" * 2**20})
    assert "data.title" in wrong(value)
    assert value.json()["field"] == "data.title"
    unknown = edit(ada, draft["id"], 1, seq, {"field": "price", "set": 1})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_field")
    assert edit(ada, draft["id"], 1, seq, {"field": "data.title", "set": "fine"}).json()["seq"] == seq + 1


# Definitions that change


def changed_gig(version: int = 2) -> dict[str, Any]:
    """The gig form without its question about experience, and with a new one."""
    form: dict[str, Any] = json.loads((ROOT / "templates" / "forms" / "gig.json").read_text())
    form["version"] = version
    details = form["steps"][1]
    details["fields"] = [field for field in details["fields"] if field["name"] != "experience"]
    details["fields"].append({"name": "language", "label": "Language", "control": "line"})
    del details["schema"]["properties"]["experience"]
    details["schema"]["properties"]["language"] = {"type": "string"}
    details["schema"]["required"] = ["description", "language"]
    return form


def test_a_changed_definition_keeps_what_is_no_longer_asked_and_says_so(
    ada: Person, world: World, settings: Settings
) -> None:
    draft = gig(ada, **GIG)
    assert state(ada, draft)["outdated"] is False
    own = settings.data / "forms"
    own.mkdir()
    (own / "gig.json").write_text(json.dumps(changed_gig()))
    with TestClient(application(furnish(settings, clock=world.clock)), raise_server_exceptions=False) as client:
        later = Person(ada.id, ada.email, client, ada.token)
        found = state(later, draft)
        assert (found["outdated"], found["version"], found["current_version"]) == (True, 1, 2)
        assert found["unknown"] == ["data.experience"]
        assert wrong(later.post(f"/api/drafts/{draft['id']}/submit")) == {"data.language": "This is needed."}
        followed = later.post(f"/api/drafts/{draft['id']}/form/follow").json()
        assert (followed["outdated"], followed["version"]) == (False, 2)
        kept = later.get(f"/api/drafts/{draft['id']}").json()
        assert (kept["fields"]["data.experience"], kept["completion"] < 100) == ("some", True)
        edit(later, draft["id"], 1, followed["seq"], {"field": "data.language", "set": "English"})
        done = later.post(f"/api/drafts/{draft['id']}/submit").json()
        assert (done["status"], done["fields"]["data.experience"]) == ("submitted", "some")


@pytest.mark.parametrize(
    "change",
    [
        {"name": 5},
        {"steps": []},
        {"colour": "red"},
        {"steps": [{"name": "review", "title": "x", "fields": [], "schema": {}}]},
        {"steps": [{"name": "a", "title": "x", "fields": [], "schema": {"type": "nonsense"}}]},
        {"steps": [{"name": "a", "title": "x", "fields": [], "schema": {"properties": {"b": {}}}}]},
    ],
)
def test_a_definition_that_makes_no_sense_is_named_at_the_start(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "bad.json").write_text(json.dumps(changed_gig() | change))
    with pytest.raises(BadDefinition, match=r"bad\.json"):
        FormDefinitions.load(tmp_path)


# Templates


def test_a_template_starts_another_draft_without_its_subject(ada: Person, mallory: Person) -> None:
    draft = gig(ada, subject=SUBJECT, **GIG)
    saved = ada.post(f"/api/drafts/{draft['id']}/template", {"name": "Bakery"})
    assert saved.status_code == 201
    assert ada.post(f"/api/drafts/{draft['id']}/template", {"name": "Bakery"}).status_code == 200
    [template] = ada.get("/api/forms/gig/templates").json()["items"]
    assert (template["name"], template["fields"]["data.title"]) == ("Bakery", GIG["data.title"])
    assert "subject" not in template["fields"]
    started = ada.post("/api/drafts", {"kind": "form", "fields": {"form": "gig"}, "template_id": template["id"]})
    fields = started.json()["fields"]
    assert (started.status_code, fields["subject"], fields["completed_steps"]) == (201, None, [])
    assert {name: fields[name] for name in GIG} == GIG
    assert mallory.get("/api/forms/gig/templates").json()["items"] == []
    stolen = mallory.post("/api/drafts", {"kind": "form", "fields": {"form": "gig"}, "template_id": template["id"]})
    assert stolen.status_code == 404
    assert mallory.delete(f"/api/form-templates/{template['id']}").status_code == 404
    assert ada.delete(f"/api/form-templates/{template['id']}").status_code == 204
    assert ada.get("/api/forms/gig/templates").json()["items"] == []


def test_an_empty_form_is_no_template(ada: Person) -> None:
    draft = gig(ada)
    assert "name" in wrong(ada.post(f"/api/drafts/{draft['id']}/template", {"name": "Nothing"}))
    assert "name" in wrong(ada.post(f"/api/drafts/{draft['id']}/template", {"name": " "}))


# Sharing


@pytest.fixture
def shared(ada: Person) -> dict[str, Any]:
    return gig(ada, **GIG)


def share(person: Person, draft: dict[str, Any], email: str, role: str) -> Any:
    return person.put(f"/api/drafts/{draft['id']}/shares", {"email": email, "role": role})


def test_a_viewer_reads_and_an_editor_changes(ada: Person, world: World, shared: dict[str, Any]) -> None:
    vera, ed = world.person("vera"), world.person("ed")
    share(ada, shared, "vera@example.org", "viewer")
    people = share(ada, shared, "ED@example.org ", "editor").json()["items"]
    assert [(one["name"], one["role"]) for one in people] == [("Ed", "editor"), ("Vera", "viewer")]
    path = f"/api/drafts/{shared['id']}"
    for person in (vera, ed):
        assert person.get(path).json()["title"] == GIG["data.title"]
        assert person.get(f"{path}/events").json()["head"] == shared["seq"]
        assert person.get(f"{path}?seq=1").status_code == 200
        assert person.get("/api/drafts/shared").json()["items"][0]["owner_name"] == "Ada"
        assert person.get("/api/drafts").json()["items"] == []
    change = {"field": "data.people", "set": 3}
    denied = edit(vera, shared["id"], 1, shared["seq"], change, replica="vera")
    assert (denied.status_code, denied.json()["code"]) == (403, "read_only")
    assert go_on(vera, shared, "basics").status_code == 403
    assert edit(ed, shared["id"], 1, shared["seq"], change, replica="ed").json()["conflicts"] == []
    assert go_on(ed, shared, "basics").json()["completed_steps"] == ["basics"]
    for person in (vera, ed):
        assert person.post(f"{path}/submit").status_code == 404
        assert person.delete(path).status_code == 404
        assert person.post(f"{path}/recover").status_code == 404
        assert person.get(f"{path}/shares").status_code == 404
        assert share(person, shared, "mallory@example.org", "editor").status_code == 404
    events = ada.get(f"{path}/events").json()["items"]
    assert events[shared["seq"]]["actor"]["id"] == ed.id


def test_an_editor_can_resolve_what_both_changed(ada: Person, world: World, shared: dict[str, Any]) -> None:
    ed = world.person("ed")
    share(ada, shared, "ed@example.org", "editor")
    edit(ada, shared["id"], 1, shared["seq"], {"field": "data.people", "set": 3})
    [conflict] = edit(ed, shared["id"], 1, shared["seq"], {"field": "data.people", "set": 4}, replica="ed").json()[
        "conflicts"
    ]
    assert (conflict["base"], conflict["theirs"], conflict["mine"]) == (2, 3, 4)
    path = f"/api/drafts/{shared['id']}/conflicts/{conflict['id']}"
    assert ed.post(path, {"value": 5}).status_code == 200
    assert ada.get(f"/api/drafts/{shared['id']}").json()["fields"]["data.people"] == 5
    log = json.dumps(ada.get(f"/api/drafts/{shared['id']}/events").json())
    assert '"theirs": 3' in log
    assert '"mine": 4' in log


def test_a_share_is_taken_back_and_left(ada: Person, world: World, shared: dict[str, Any]) -> None:
    vera, ed = world.person("vera"), world.person("ed")
    for person in (vera, ed):
        share(ada, shared, person.email, "editor")
    assert ada.delete(f"/api/drafts/{shared['id']}/shares/{ed.id}").status_code == 204
    gone = edit(ed, shared["id"], 1, 1, {"field": "data.people", "set": 9}, replica="ed")
    assert (gone.status_code, ed.get(f"/api/drafts/{shared['id']}").status_code) == (404, 404)
    assert vera.delete(f"/api/drafts/{shared['id']}/shares/{ed.id}").status_code == 404
    assert vera.delete(f"/api/drafts/{shared['id']}/shares/{vera.id}").status_code == 204
    assert vera.get(f"/api/drafts/{shared['id']}").status_code == 404
    assert ada.get(f"/api/drafts/{shared['id']}/shares").json()["items"] == []


def test_only_somebody_with_an_account_can_be_shared_with(ada: Person, shared: dict[str, Any]) -> None:
    assert "email" in wrong(share(ada, shared, "nobody@example.org", "viewer"))
    assert "email" in wrong(share(ada, shared, ada.email, "viewer"))
    assert share(ada, shared, "nobody@example.org", "owner").status_code == 422


def test_a_document_is_shared_the_same_way(ada: Person, world: World) -> None:
    ed = world.person("ed")
    draft = ada.draft("Shared words", title="Ours")
    share(ada, draft, ed.email, "editor")
    answer = edit(ed, draft["id"], 1, draft["seq"], {"field": "text", "changes": [[0, "Our "], 12]})
    assert answer.status_code == 200
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "Our Shared words"
    assert ed.get(f"/api/drafts/{draft['id']}/versions").status_code == 404
