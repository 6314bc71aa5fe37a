"""What a device without a network relies on when it is back: drafts it named itself, the shell, being installable."""

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.core.kinds import FORM
from app.store.db import Database
from tests.api.test_drafts import edit
from tests.api.test_drafts import text as changes
from tests.conftest import Person, World


def test_a_draft_is_made_once_under_the_name_a_device_chose(ada: Person) -> None:
    chosen = str(uuid.uuid4())
    first = ada.post("/api/drafts", {"kind": "document", "id": chosen})
    assert (first.status_code, first.json()["id"], first.json()["seq"]) == (201, chosen, 1)
    edit(ada, first.json(), 1, 1, changes([[0, "From the train"]]))
    again = ada.post("/api/drafts", {"kind": "document", "id": chosen})
    assert (again.status_code, again.json()["text"]) == (200, "From the train")
    assert len(ada.get("/api/drafts").json()["items"]) == 1


def test_a_name_somebody_else_uses_is_refused_without_telling_more(ada: Person, mallory: Person) -> None:
    draft = ada.draft("Secret")
    refused = mallory.post("/api/drafts", {"kind": "document", "id": draft["id"], "text": "Mine"})
    assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")
    assert "Secret" not in refused.text
    assert ada.get(f"/api/drafts/{draft['id']}").json()["text"] == "Secret"


def test_the_name_of_an_erased_draft_is_not_used_again(world: World, ada: Person) -> None:
    draft = ada.draft("x")
    db = Database.open(world.settings.database, migrate_schema=False)
    with db.transaction() as session:
        session.execute(text("UPDATE draft_streams SET erased_at = saved_at, status = 'discarded'"))
    db.engine.dispose()
    refused = ada.post("/api/drafts", {"kind": "document", "id": draft["id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")


@pytest.mark.parametrize("given", ["not-an-id", 7])
def test_a_name_that_is_no_id_is_refused(ada: Person, given: object) -> None:
    assert ada.post("/api/drafts", {"kind": "document", "id": given}).status_code == 422


def test_the_product_can_be_installed(world: World) -> None:
    answer = world.client.get("/manifest.webmanifest")
    assert answer.headers["content-type"].startswith("application/manifest+json")
    manifest = answer.json()
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    assert {"any", "maskable"} == {icon["purpose"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        assert world.client.get(icon["src"]).status_code == 200, icon


def test_the_empty_editor_holds_no_draft(ada: Person) -> None:
    ada.draft("Secret")
    page = ada.get("/offline/editor", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert '"id": ""' in page.text
    assert "Secret" not in page.text


def test_a_form_is_made_once_under_the_name_a_device_chose(ada: Person) -> None:
    asked = {"kind": "form", "id": str(uuid.uuid4()), "fields": {"form": "gig"}}
    first = ada.post("/api/drafts", asked)
    assert (first.status_code, first.json()["id"], first.json()["seq"]) == (201, asked["id"], 1)
    again = ada.post("/api/drafts", asked)
    assert (again.status_code, again.json()["id"]) == (200, asked["id"])


def test_what_a_device_wrote_meets_what_the_form_was_begun_with_elsewhere(ada: Person) -> None:
    """The device stands on the form's first event, which knows no answers: those of a template come after it."""
    begun = {"form": "gig", "data.title": "From a template", "text.description": "The template's words."}
    there = ada.post("/api/drafts", {"kind": "form", "fields": begun}).json()
    assert (there["seq"], there["title"]) == (2, "From a template")
    late = {"kind": "form", "id": str(uuid.uuid4()), "fields": {"form": "gig"}}
    assert ada.post("/api/drafts", late).json()["id"] == there["id"]
    words = {"field": "text.description", "changes": [[0, "The device's words. "]]}
    title = {"field": "data.title", "set": "From the device"}
    answer = edit(ada, there, 1, 1, words, title)
    assert answer.status_code == 200
    merged = ada.get(f"/api/drafts/{there['id']}").json()
    assert merged["fields"]["data.title"] == "From the device"
    for part in ("The template's words.", "The device's words."):
        assert part in merged["fields"]["text.description"]
    [conflict] = [one for one in merged["conflicts"] if one["field"] == "data.title"]
    assert (conflict["theirs"], conflict["mine"]) == ("From a template", "From the device")


def test_a_form_begun_elsewhere_meanwhile_is_answered_instead(ada: Person) -> None:
    there = ada.post("/api/drafts", {"kind": "form", "fields": {"form": "gig"}}).json()
    late = ada.post("/api/drafts", {"kind": "form", "id": str(uuid.uuid4()), "fields": {"form": "gig"}})
    assert (late.status_code, late.json()["id"]) == (200, there["id"])


def test_the_name_of_something_else_is_refused_for_a_form(ada: Person, mallory: Person) -> None:
    taken = ada.draft("Secret")["id"]
    for person in (ada, mallory):
        refused = person.post("/api/drafts", {"kind": "form", "id": taken, "fields": {"form": "gig"}})
        assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")


def test_the_name_of_a_form_about_something_else_is_refused(ada: Person) -> None:
    about = {"form": "gig", "subject": str(uuid.uuid4())}
    asked = {"kind": "form", "id": str(uuid.uuid4()), "fields": about}
    assert ada.post("/api/drafts", asked).status_code == 201
    for other in ({"form": "gig"}, {"form": "gig", "subject": str(uuid.uuid4())}, about | {"form": "campaign"}):
        refused = ada.post("/api/drafts", asked | {"fields": other})
        assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")
    # However the subject is written, it is the same one.
    again = ada.post("/api/drafts", asked | {"fields": about | {"subject": about["subject"].upper()}})
    assert (again.status_code, again.json()["id"]) == (200, asked["id"])


def test_the_empty_form_is_what_a_new_one_begins_with(ada: Person) -> None:
    page = ada.get("/offline/forms/gig", headers={"Accept": "text/html"})
    data = json.loads(page.text.split('id="page-data">')[1].split("</script>")[0])
    made = ada.post("/api/drafts", {"kind": "form", "fields": {"form": "gig"}}).json()
    assert (data["draft"]["id"], data["draft"]["seq"], data["draft"]["fields"]) == ("", made["seq"], made["fields"])
    assert ada.get("/offline/forms/poem", headers={"Accept": "text/html"}).status_code == 404


def test_the_address_of_a_form_the_server_has_not_heard_of_brings_the_empty_form_and_404(
    ada: Person, mallory: Person
) -> None:
    """Somebody else's form and none at all read the same, so that nobody learns which ids exist."""
    made = ada.post("/api/drafts", {"kind": "form", "fields": {"form": "gig", "data.title": "Secret"}}).json()
    pages = []
    for draft_id in (made["id"], str(uuid.uuid4())):
        for path in ("", "/details"):
            page = mallory.get(f"/forms/gig/{draft_id}{path}", headers={"Accept": "text/html"})
            data = json.loads(page.text.split('id="page-data">')[1].split("</script>")[0])
            assert (page.status_code, data["draft"]["id"], data["unknown"]) == (404, "", True)
            assert "Secret" not in page.text
            pages.append(data)
    assert all(data == pages[0] for data in pages)
    for nowhere in ("/forms/poem/", "/forms/gig/"):
        gone = mallory.get(f"{nowhere}{uuid.uuid4()}/nowhere", headers={"Accept": "text/html"})
        assert (gone.status_code, "There is nothing here" in gone.text) == (404, True)


def id_at(moment: datetime) -> str:
    """A draft's id as a device makes it whose clock shows this."""
    milliseconds = int(moment.timestamp() * 1000)
    return str(uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | (uuid.uuid4().int & ((1 << 62) - 1))))


@pytest.mark.parametrize("off", [timedelta(days=-1), timedelta(days=1)])
@pytest.mark.parametrize("asked", [{"kind": "document"}, {"kind": "form", "fields": {"form": "gig"}}])
def test_a_device_with_a_wrong_clock_orders_and_expires_nothing(
    world: World, ada: Person, off: timedelta, asked: dict[str, Any]
) -> None:
    """Only the id bears the device's time: times, order and expiry are the server's."""
    before = ada.draft("Before")
    world.clock.turn(minutes=1)
    at = world.clock()
    named = ada.post("/api/drafts", asked | {"id": id_at(at + off)}).json()
    world.clock.turn(minutes=1)
    after = ada.draft("After")
    for sort in ("-saved_at", "-created_at"):
        listed = ada.get(f"/api/drafts?sort={sort}").json()["items"]
        assert [row["id"] for row in listed] == [after["id"], named["id"], before["id"]], sort
    rows = {row["id"]: row for row in ada.get("/api/drafts").json()["items"]}
    row = rows[named["id"]]
    assert datetime.fromisoformat(row["created_at"]) == datetime.fromisoformat(row["saved_at"]) == at
    expires = None if asked["kind"] == "document" else at + timedelta(days=FORM.expires_days or 0)
    assert row["expires_at"] == (None if expires is None else expires.isoformat().replace("+00:00", "Z"))
