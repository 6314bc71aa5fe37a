"""What a device without a network relies on when it is back: drafts it named itself, the shell, being installable."""

import uuid

import pytest
from sqlalchemy import text

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
