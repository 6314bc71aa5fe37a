"""The move of form drafts from the old system: exported rows on the command line, and what browsers kept."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.settings import Settings
from app.store.db import Database
from app.store.upkeep.verify import verify
from tests.api.test_kinds import SUBJECT, begin
from tests.conftest import Person, World

ROW = {
    "id": "5b0c7f0e-0000-4000-8000-000000000001", "user_id": "old-ada", "gig_id": None,
    "form_data": {"title": "Old harbour", "description": "Long ago, by the sea.", "compType": "TFP", "lookingFor": ["model"]},
    "current_step": "basic", "completed_steps": ["basic"], "last_saved_at": "2025-09-30T10:00:00Z",
}  # fmt: skip


@pytest.fixture
def moved(world: World, ada: Person, settings: Settings, tmp_path: Path) -> Any:
    """Runs the command on rows; Ada's old id is known."""
    people = tmp_path / "people.csv"
    people.write_text(f"user_id,email\nold-ada,{ada.email}\n")
    environment = {"DRAFTLOOM_DATA": str(settings.data), "DRAFTLOOM_SECRET": "test secret"}
    if settings.database_url:
        environment["DRAFTLOOM_DATABASE_URL"] = settings.database_url

    def run(rows: list[dict[str, Any]], *options: str, name: str = "gig_drafts.json") -> Result:
        file = tmp_path / name
        file.write_text(json.dumps(rows))
        return CliRunner().invoke(
            main, ["import-drafts", str(file), "--people", str(people), *options], env=environment
        )

    return run


def drafts(person: Person, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.get("/api/drafts", params={"kind": "form", **query}).json()["items"]
    return items


def test_a_row_becomes_a_draft_with_every_answer(moved: Any, ada: Person, world: World) -> None:
    assert moved([ROW], "--dry-run").output == "Would be: 1 moved.\n"
    assert drafts(ada) == []
    assert moved([ROW]).output == "Done: 1 moved.\n"
    [summary] = drafts(ada)
    fields = ada.get(f"/api/drafts/{summary['id']}").json()["fields"]
    assert fields["data.title"] == "Old harbour"
    assert fields["text.description"] == "Long ago, by the sea."
    assert fields["data.looking_for"] == ["model"]
    assert fields["data.compType"] == "TFP"
    assert (fields["current_step"], fields["completed_steps"]) == ("basics", ["basics"])
    assert ada.get(f"/api/drafts/{summary['id']}/form").json()["unknown"] == ["data.compType"]
    again = moved([ROW])
    assert (again.output, again.exit_code) == ("Done: 1 there.\n", 0)
    db = Database.open(world.settings.database, migrate_schema=False)
    try:
        with db.transaction() as session:
            assert verify(session).problems == []
    finally:
        db.engine.dispose()


def test_of_several_drafts_of_the_same_the_last_saved_stays_open(moved: Any, ada: Person) -> None:
    older = ROW | {"id": "older", "last_saved_at": "2025-01-01T10:00:00Z", "form_data": {"title": "Older"}}
    assert moved([older, ROW]).output == "Done: 1 moved, 1 trashed.\n"
    assert [draft["title"] for draft in drafts(ada)] == ["Old harbour"]
    assert [draft["title"] for draft in drafts(ada, trash=True)] == ["Older"]


def test_a_csv_export_and_campaigns(ada: Person, world: World, settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "campaign_drafts-2025.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "user_id", "email", "title", "form_data", "current_step", "completed_steps"])
        writer.writerow(["c-1", "x", ada.email, "Spring", '{"summary": "Read more"}', "2", "{basics}"])
    environment = {"DRAFTLOOM_DATA": str(settings.data)}
    if settings.database_url:
        environment["DRAFTLOOM_DATABASE_URL"] = settings.database_url
    result = CliRunner().invoke(main, ["import-drafts", str(file)], env=environment)
    assert result.output == "Done: 1 moved.\n"
    [summary] = drafts(ada)
    fields = ada.get(f"/api/drafts/{summary['id']}").json()["fields"]
    assert (fields["form"], fields["data.title"], fields["text.summary"]) == ("campaign", "Spring", "Read more")
    assert (fields["current_step"], fields["completed_steps"]) == ("audience", ["basics"])


@pytest.mark.parametrize(
    "change, why",
    [
        ({"user_id": "nobody"}, "user_id: Nobody here is nobody"),
        ({"email": "no@example.org"}, "email: Nobody here has the address"),
        ({"id": None}, "id: The row has no id."),
        ({"form_data": [1]}, "form_data: This does not hold what it should."),
        ({"form_data": {"title": "x" * 70_000}}, "data.title: Must be at most 65536 characters long."),
    ],
)
def test_a_row_that_cannot_be_moved_is_named_and_stops_no_other(
    moved: Any, ada: Person, change: dict[str, Any], why: str
) -> None:
    result = moved([ROW | change, ROW])
    assert result.exit_code == 1
    assert f"row 1: {why}" in result.stderr
    assert "1 left out, 1 moved" in result.output
    assert len(drafts(ada)) == 1


def test_a_file_that_is_no_export_is_refused(moved: Any, tmp_path: Path) -> None:
    result = moved([1, 2])
    assert result.exit_code == 1
    assert "is not a JSON or CSV export" in result.output
    assert "There is no form of this name" in moved([], name="poems.json").output


def test_a_draft_a_browser_kept_is_taken_over_once(ada: Person, mallory: Person) -> None:
    old = {"source": "gig-create-draft", "data": {"title": "In the browser", "currentStep": "schedule", "mood": "calm"}}
    first = ada.post("/api/forms/gig/moved", old)
    again = ada.post("/api/forms/gig/moved", old)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    fields = first.json()["fields"]
    assert (fields["data.title"], fields["data.mood"], fields["current_step"]) == ("In the browser", "calm", "schedule")
    other = ada.post("/api/forms/gig/moved", old | {"data": {"title": "Another"}})
    assert (other.status_code, other.json()["code"]) == (409, "already_open")
    about = ada.post("/api/forms/gig/moved", {"source": f"gig-edit-{SUBJECT}", "data": {"title": "Edited"}})
    assert about.json()["fields"]["subject"] == SUBJECT
    assert mallory.post("/api/forms/gig/moved", old).json()["id"] != first.json()["id"]


@pytest.mark.parametrize("source", ["campaign-create-draft", "gig-edit-", "token"])
def test_other_things_in_a_browser_are_no_drafts(ada: Person, source: str) -> None:
    assert ada.post("/api/forms/gig/moved", {"source": source, "data": {}}).status_code == 422
    assert begin(ada, "form", {"form": "gig"}).status_code == 201
