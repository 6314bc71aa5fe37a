"""What becomes of submitted reports: numbered, listed, found, dealt with; and webhooks that hear of them."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.store import audit
from app.store.db import Database
from app.store.tables import SubmissionTicket
from app.store.upkeep import verify as verification
from tests.api.test_webhooks import add, deliver, deliveries
from tests.conftest import Person, TurnableClock, World
from tests.hook_server import HookServer, hook_server

HOOKS = "/api/settings/webhooks"


@pytest.fixture
def receiver() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


@pytest.fixture
def root(world: World) -> Person:
    return world.person("root", "admin")


def report(person: Person, title: str, description: str = "It broke.", kind: str = "bug_report", **facts: Any) -> str:
    """A submitted report; its id."""
    fields = {"title": title, "description": description, "metadata": facts}
    draft = person.post("/api/drafts", {"kind": kind, "fields": fields})
    assert draft.status_code == 201, draft.text
    answer = person.post(f"/api/drafts/{draft.json()['id']}/submit")
    assert answer.status_code == 200, answer.text
    submission_id: str = draft.json()["id"]
    return submission_id


def listed(person: Person, query: str = "") -> list[str]:
    answer = person.get(f"/api/submissions{query}")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


def test_a_submitted_report_has_a_number_and_is_seen_by_its_author_and_administrators(
    ada: Person, mallory: Person, root: Person
) -> None:
    first = report(ada, "The first", severity="high", area="Editor")
    second = report(mallory, "The second", kind="feature_request")
    assert ada.get(f"/api/submissions/{first}").json()["number"] == 1
    assert mallory.get(f"/api/submissions/{second}").json()["number"] == 2
    assert (listed(ada), listed(mallory), listed(root)) == (["The first"], ["The second"], ["The second", "The first"])
    assert mallory.get(f"/api/submissions/{first}").status_code == 404
    seen = root.get(f"/api/submissions/{first}").json()
    assert (seen["author"]["name"], seen["severity"], seen["area"]) == ("Ada", "high", "Editor")
    assert seen["fields"]["description"] == "It broke."
    assert ada.get("/api/drafts?kind=bug_report").json()["items"] == []


def test_submitting_twice_is_one_submission_and_one_call(
    world: World, ada: Person, root: Person, receiver: HookServer
) -> None:
    hook = add(root, receiver.url())
    submission = report(ada, "Once")
    assert ada.post(f"/api/drafts/{submission}/submit").status_code == 200
    deliver(world)
    assert listed(root) == ["Once"]
    assert len(deliveries(root, hook)) == 1
    assert len(receiver.heard) == 1
    told = json.loads(receiver.wait().body)
    assert (told["event"], told["submission"]["number"]) == ("submission.created", 1)
    assert told["submission"]["author"] == {"id": ada.id, "name": "Ada", "email": ada.email}
    assert told["submission"]["fields"]["description"] == "It broke."
    assert told["submission"]["url"] == f"{world.settings.url}/submissions/{submission}"


def test_an_incomplete_report_is_refused_with_its_fields_and_stays_a_draft(ada: Person, root: Person) -> None:
    draft = ada.post("/api/drafts", {"kind": "bug_report", "fields": {"title": "  "}}).json()
    answer = ada.post(f"/api/drafts/{draft['id']}/submit")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert [error["field"] for error in answer.json()["errors"]] == ["title", "description"]
    assert ada.get(f"/api/drafts/{draft['id']}").json()["status"] == "open"
    assert listed(root) == []


def test_a_description_of_a_mebibyte_is_kept_whole_and_found_by_its_beginning(
    world: World, ada: Person, root: Person, receiver: HookServer
) -> None:
    add(root, receiver.url())
    description = "Zebras everywhere. " + "log line 0123456789\n" * 52_429
    submission = report(ada, "Long", description)
    assert root.get(f"/api/submissions/{submission}").json()["fields"]["description"] == description
    assert listed(root, "?q=zebras") == ["Long"]
    deliver(world)
    assert json.loads(receiver.wait().body)["submission"]["fields"]["description"] == description


def test_submissions_are_found_by_words_number_kind_and_state(ada: Person, root: Person) -> None:
    submission = report(ada, "Crème brûlée burns", "Flames in the kitchen", area="Oven")
    report(ada, "More sugar", "Please", kind="feature_request")
    assert listed(root, "?q=creme+kitch") == ["Crème brûlée burns"]
    assert listed(root, "?q=oven") == ["Crème brûlée burns"]
    assert listed(root, "?q=creme+sugar") == []
    assert listed(root, "?q=%25") == ["More sugar", "Crème brûlée burns"]
    assert listed(root, "?q=%232") == listed(root, "?q=2") == ["More sugar"]
    assert listed(root, "?kind=feature_request") == ["More sugar"]
    assert root.patch(f"/api/submissions/{submission}", {"state": "triaged"}).status_code == 200
    assert listed(root, "?state=triaged") == ["Crème brûlée burns"]
    assert root.get("/api/submissions?state=new").json()["counts"] == {"new": 1, "triaged": 1, "closed": 0}
    for wrong in ("kind=poem", "state=lost", "assignee=nobody"):
        assert root.get(f"/api/submissions?{wrong}").status_code == 422
    assert root.get("/api/submissions?cursor=nonsense").status_code == 400


def test_the_list_goes_on_where_it_stopped(ada: Person, root: Person) -> None:
    for number in range(5):
        report(ada, f"Report {number}")
    first = root.get("/api/submissions?limit=2").json()
    second = root.get(f"/api/submissions?limit=2&cursor={first['next']}").json()
    third = root.get(f"/api/submissions?limit=2&cursor={second['next']}").json()
    titles = [item["title"] for page in (first, second, third) for item in page["items"]]
    assert (titles, third["next"]) == ([f"Report {number}" for number in (4, 3, 2, 1, 0)], None)


def test_an_administrator_deals_with_a_submission_and_the_author_sees_it(
    world: World, ada: Person, root: Person, clock: TurnableClock
) -> None:
    submission = report(ada, "Slow")
    clock.turn(minutes=5)
    change = {"state": "closed", "note": "Fixed in the next version.", "assignee": root.id}
    changed = root.patch(f"/api/submissions/{submission}", change)
    assert changed.status_code == 200, changed.text
    seen = ada.get(f"/api/submissions/{submission}").json()
    assert (seen["state"], seen["note"], seen["assignee"]["name"]) == ("closed", "Fixed in the next version.", "Root")
    assert seen["updated_at"] > seen["submitted_at"]
    assert listed(root, "?assignee=me") == ["Slow"]
    assert root.patch(f"/api/submissions/{submission}", {"assignee": None}).json()["assignee"] is None
    assert seen["note"] == root.get(f"/api/submissions/{submission}").json()["note"]


@pytest.mark.parametrize(
    "change, field",
    [({"state": "lost"}, "state"), ({"note": "x" * 4_001}, "note"), ({"assignee": str(uuid4())}, "assignee")],
)
def test_a_change_that_cannot_be_kept_changes_nothing(
    ada: Person, root: Person, change: dict[str, Any], field: str
) -> None:
    submission = report(ada, "Slow")
    answer = root.patch(f"/api/submissions/{submission}", {"state": "closed"} | change)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert root.get(f"/api/submissions/{submission}").json()["state"] == "new"


def test_only_administrators_deal_with_submissions(ada: Person, mallory: Person, root: Person) -> None:
    submission = report(ada, "Mine")
    assert mallory.patch(f"/api/submissions/{submission}", {"state": "closed"}).status_code == 404
    own = ada.patch(f"/api/submissions/{submission}", {"state": "closed"})
    assert (own.status_code, own.json()["code"]) == (403, "administrator_only")
    refused = root.patch(f"/api/submissions/{submission}", {"assignee": ada.id})
    assert refused.status_code == 422


def test_the_table_holds_what_the_list_shows_and_no_formulas(ada: Person, mallory: Person, root: Person) -> None:
    report(ada, '=HYPERLINK("http://evil.example")', "Words, with a comma\nand a line", severity="low")
    report(mallory, "Other")
    answer = root.get("/api/submissions.csv?q=comma")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["number"], row["author"], row["severity"]) for row in rows] == [("1", "Ada", "low")]
    assert rows[0]["title"].startswith("'=")
    assert rows[0]["description"] == "Words, with a comma\nand a line"
    assert len(list(csv.DictReader(io.StringIO(mallory.get("/api/submissions.csv").text)))) == 1


def test_a_draft_that_its_page_named_is_made_once(ada: Person, mallory: Person) -> None:
    name = str(uuid4())
    order = {"id": name, "kind": "bug_report", "fields": {"title": "Once"}}
    first, again = ada.post("/api/drafts", order), ada.post("/api/drafts", order)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"] == name
    assert ada.post("/api/drafts", order | {"kind": "feature_request"}).json()["code"] == "id_taken"
    assert mallory.post("/api/drafts", order).json()["code"] == "id_taken"


def test_a_call_that_fails_is_tried_again_later_and_then_given_up(
    world: World, ada: Person, root: Person, receiver: HookServer, clock: TurnableClock
) -> None:
    hook = add(root, receiver.url())
    receiver.answers.extend([500] * 8)
    submission = report(ada, "Unlucky")
    deliver(world)
    for tries in range(1, 8):
        (owed,) = deliveries(root, hook)
        assert (owed["state"], len(owed["attempts"]), owed["tries_left"]) == ("waiting", tries, 8 - tries)
        deliver(world)
        assert len(receiver.heard) == tries, "not before it is due"
        clock.turn(hours=14)
        deliver(world)
    (given_up,) = deliveries(root, hook)
    assert (given_up["state"], [a["status"] for a in given_up["attempts"]]) == ("failed", [500] * 8)
    again = root.post(f"{HOOKS}/{hook['id']}/deliveries/{given_up['id']}/resend")
    assert again.status_code == 202
    deliver(world)
    (delivered,) = deliveries(root, hook, "?state=delivered")
    assert (delivered["id"], len(delivered["attempts"])) == (given_up["id"], 9)
    assert json.loads(receiver.heard[-1].body)["submission"]["id"] == submission


def test_webhooks_hear_only_of_the_kinds_they_want_and_wait_while_they_are_off(
    world: World, ada: Person, root: Person, receiver: HookServer
) -> None:
    hook = add(root, receiver.url(), kinds=["feature_request"])
    report(ada, "Bug")
    report(ada, "Wish", kind="feature_request")
    deliver(world)
    assert len(receiver.heard) == 1
    assert json.loads(receiver.heard[0].body)["submission"]["title"] == "Wish"
    receiver.answers.append(500)
    report(ada, "Another wish", kind="feature_request")
    deliver(world)
    assert root.patch(f"{HOOKS}/{hook['id']}", {"enabled": False}).status_code == 200
    world.clock.turn(days=1)
    deliver(world)
    report(ada, "Unheard", kind="feature_request")
    assert len(receiver.heard) == 2
    root.patch(f"{HOOKS}/{hook['id']}", {"enabled": True})
    deliver(world)
    assert [json.loads(heard.body)["submission"]["title"] for heard in receiver.heard[2:]] == ["Another wish"]


def test_a_receiver_that_is_gone_for_good_is_not_asked_again(
    world: World, ada: Person, root: Person, receiver: HookServer
) -> None:
    hook = add(root, receiver.url())
    receiver.answers.append(410)
    report(ada, "Late")
    deliver(world)
    assert [(row["state"], len(row["attempts"])) for row in deliveries(root, hook)] == [("failed", 1)]


def test_what_was_done_with_a_submission_is_in_the_audit_log(world: World, ada: Person, root: Person) -> None:
    submission = report(ada, "Slow")
    root.patch(f"/api/submissions/{submission}", {"state": "closed", "note": "Secret words"})
    root.patch(f"/api/submissions/{submission}", {"state": "closed", "note": "Secret words"})
    db = Database.open(world.settings.database, migrate_schema=False)
    with db.transaction() as session:
        noted = [row for row in audit.list_entries(session).items if row.action == "submission.changed"]
    db.engine.dispose()
    assert [(str(row.actor_id), row.target) for row in noted] == [(root.id, submission)], "a change that is none is not"
    assert noted[0].details == {"changed": ["state", "note"], "from": "new", "to": "closed"}


def test_rebuilding_keeps_numbers_and_how_submissions_were_dealt_with(world: World, ada: Person, root: Person) -> None:
    submission = report(ada, "Zebra")
    report(ada, "Other")
    root.patch(f"/api/submissions/{submission}", {"state": "triaged", "assignee": root.id})
    before = root.get(f"/api/submissions/{submission}").json()
    db = Database.open(world.settings.database, migrate_schema=False)
    with db.transaction() as session:
        session.execute(update(SubmissionTicket).values(terms=""))
        verification.rebuild(session)
    db.engine.dispose()
    assert root.get(f"/api/submissions/{submission}").json() == before
    assert listed(root, "?q=zebra") == ["Zebra"]
