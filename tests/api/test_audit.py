"""The audit log as administrators read it: what is in it, how it is found, and that nobody else sees it."""

import csv
import io
import re
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import main
from app.services.audit_words import KINDS, Told, kind_of, sentence
from app.settings import ROOT
from app.store import audit
from app.store.db import Database
from tests.conftest import Person, TurnableClock, World

PASSWORD = "correct horse battery"


@pytest.fixture
def root(world: World) -> Person:
    return world.person("root", "admin")


@pytest.fixture
def database(world: World) -> Iterator[Database]:
    db = Database.open(world.settings.database, migrate_schema=False)
    yield db
    db.engine.dispose()


def told(root: Person, **filters: Any) -> list[str]:
    answer = root.get("/api/audit", params=filters)
    assert answer.status_code == 200, answer.text
    return [entry["sentence"] for entry in answer.json()["items"]]


def signed_in(world: World, root: Person, ada: Person) -> dict[str, str]:
    """Ada with a password of her own and a session; the headers her page sends."""
    link = root.post(f"/api/users/{ada.id}/link").json()["link"]
    answer = world.client.post("/api/welcome", json={"token": link.rpartition("/")[2], "password": PASSWORD})
    return {"X-CSRF-Token": answer.json()["csrf_token"]}


def test_every_act_that_is_recorded_has_words_and_a_kind() -> None:
    recorded = set()
    for path in (ROOT / "app").rglob("*.py"):
        source = path.read_text()
        if path.name in ("audit_words.py", "audit.py"):
            continue
        recorded |= set(re.findall(r'action="([a-z_]+(?:\.[a-z_]+)?)"', source))
        recorded |= set(re.findall(r'"((?:user|group|data|costs|ledger)\.[a-z_]+ed)"', source))
    assert len(recorded) > 35
    unsaid = {action for action in recorded if action in sentence(action, Told("Root", "Ada", False, {}))}
    assert unsaid == set()
    assert {kind_of(action) for action in recorded} == set(KINDS)


def test_signing_in_and_out_and_failing_to_is_told(world: World, root: Person, ada: Person) -> None:
    headers = signed_in(world, root, ada)
    world.client.post("/api/sign-out", headers=headers)
    world.client.cookies.clear()
    for email, password in ((ada.email, "not my password"), ("nobody@example.org", PASSWORD), (ada.email, PASSWORD)):
        world.client.post("/api/sign-in", json={"email": email, "password": password})
    assert told(root, kind="signing_in") == [
        "Ada signed in with a password, from testclient.",
        "Somebody tried to sign in as nobody@example.org which has no account, from testclient.",
        "Somebody tried to sign in as ada@example.org with a wrong password, from testclient.",
        "Ada signed out.",
        "Ada signed in with a one-time link, from testclient.",
        "Ada used a one-time link and chose a password.",
        "Root made a one-time link for Ada.",
    ]
    assert PASSWORD not in root.get("/api/audit").text


def test_a_disabled_account_that_proves_itself_is_told_apart(world: World, root: Person, ada: Person) -> None:
    signed_in(world, root, ada)
    world.client.cookies.clear()
    root.patch(f"/api/users/{ada.id}", {"disabled": True})
    answer = world.client.post("/api/sign-in", json={"email": ada.email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    assert told(root)[0] == (
        "Somebody tried to sign in as ada@example.org with the right password, but the account is disabled, from testclient."
    )


def test_what_administrators_do_to_people_is_told_in_full(world: World, root: Person) -> None:
    made = root.post("/api/users", {"email": "bo@example.org", "name": "Bo", "roles": ["writer"]}).json()["user"]
    root.patch(f"/api/users/{made['id']}", {"roles": ["writer", "finance"], "disabled": True, "name": "Bo B."})
    root.patch(f"/api/users/{made['id']}", {"roles": ["writer", "finance"], "disabled": True})
    assert sorted(told(root, kind="people")) == [
        "Root changed the name of Bo B. from Bo to Bo B..",
        "Root changed the roles of Bo B. from writer to writer, finance.",
        "Root disabled the account of Bo B..",
        "Root made an account for bo@example.org as writer.",
    ]


def test_own_changes_and_tokens_are_told(world: World, root: Person, ada: Person) -> None:
    headers = signed_in(world, root, ada)
    own = {"name": "Ada L.", "password": "another long password", "current_password": PASSWORD}
    assert world.client.patch("/api/me", json=own, headers=headers).status_code == 200
    token = ada.post("/api/tokens", {"name": "script"}).json()
    ada.delete(f"/api/tokens/{token['id']}")
    assert ada.delete(f"/api/tokens/{token['id']}").status_code == 404
    found = told(root)[:4]
    assert found[:2] == ["Ada L. revoked the API token “script”.", "Ada L. made the API token “script”."]
    assert set(found[2:]) == {"Ada L. changed their password.", "Ada L. changed their name from Ada to Ada L.."}
    assert token["token"] not in root.get("/api/audit").text


def test_keys_and_secrets_are_never_in_it(root: Person) -> None:
    root.put("/api/settings/providers/anthropic", {"api_key": "sk-very-secret"})
    root.put("/api/settings/providers/anthropic", {"api_key": "sk-more-secret", "enabled": False})
    root.put("/api/settings/providers/anthropic", {"api_key": None})
    root.delete("/api/settings/providers/anthropic")
    hook = root.post("/api/settings/webhooks", {"url": "https://hooks.example.org/T0/secret-path", "label": "Chat"})
    root.delete(f"/api/settings/webhooks/{hook.json()['webhook']['id']}")
    assert told(root) == [
        "Root removed the webhook to hooks.example.org: Chat.",
        "Root added the webhook to hooks.example.org: Chat.",
        "Root removed the settings of the provider anthropic.",
        "Root set up the provider anthropic and removed its key.",
        "Root changed enabled of the provider anthropic and replaced its key.",
        "Root set up the provider anthropic and entered its key.",
    ]
    text = root.get("/api/audit").text + root.get("/api/audit.csv").text
    for secret in ("sk-", "secret-path", hook.json()["secret"]):
        assert secret not in text


def test_money_is_told_with_its_limits(root: Person, ada: Person) -> None:
    root.post("/api/budgets", {"scope": "user", "user_id": ada.id, "period": "month", "soft_usd": "4", "hard_usd": "5"})
    group = root.post("/api/costs/groups", {"name": "Harbour"}).json()
    root.post("/api/budgets", {"scope": "group", "group_id": group["id"], "period": "day", "hard_usd": "1"})
    root.put(f"/api/costs/groups/people/{ada.id}", {"group_id": group["id"]})
    root.put(f"/api/costs/centres/{ada.id}", {"cost_centre": "4711"})
    root.get("/api/costs.csv", params={"from": "2026-02-01", "to": "2026-02-28"})
    root.get("/api/ledger.csv", params={"from": "2026-02-01", "to": "2026-02-28"})
    ada.get("/api/costs.csv")
    found = told(root)
    assert found[0] == "Root exported the rows of the ledger of 2026-02-01 to 2026-02-28."
    assert found[1] == "Root exported the report of costs of 2026-02-01 to 2026-02-28."
    assert "Root set the cost centre of Ada to 4711." in found
    assert "Root set the budget of Group Harbour for a day: a limit at $1." in found
    assert "Root set the budget of Ada for a month: a warning at $4 and a limit at $5." in found
    assert not [line for line in found if line.startswith("Ada exported")]


def test_who_lets_whom_read_is_told_without_a_title(root: Person, ada: Person, mallory: Person) -> None:
    draft = ada.draft("Secret words", title="Secret title")["id"]
    ada.put(f"/api/drafts/{draft}/shares", {"email": mallory.email, "role": "commenter"})
    link = ada.post(f"/api/drafts/{draft}/links", {"name": "Secret name", "days": 7}).json()
    ada.delete(f"/api/drafts/{draft}/links/{link['id']}")
    ada.delete(f"/api/drafts/{draft}/shares/{mallory.id}")
    assert told(root, kind="sharing") == [
        "Ada stopped sharing a draft with Mallory.",
        "Ada ended a link to a document.",
        "Ada made a link that opens a document to anybody, until 2026-03-09T09:00+00:00.",
        "Ada shared a document with Mallory as commenter.",
    ]
    assert told(root, person=mallory.id) == [
        "Ada stopped sharing a draft with Mallory.", "Ada shared a document with Mallory as commenter.",
    ]  # fmt: skip
    text = root.get("/api/audit").text
    assert "Secret" not in text
    assert link["link"].rpartition("/")[2] not in text


def test_it_is_filtered_by_person_kind_and_days_and_paged(
    world: World, root: Person, ada: Person, clock: TurnableClock
) -> None:
    for number in range(3):
        ada.post("/api/tokens", {"name": f"of ada {number}"})
    clock.turn(days=1)
    root.post("/api/tokens", {"name": "of root"})
    root.patch(f"/api/users/{ada.id}", {"disabled": True})
    assert len(told(root)) == 5
    assert len(told(root, person=ada.id)) == 4
    assert told(root, person=root.id, kind="tokens") == ["Root made the API token “of root”."]
    assert len(told(root, to="2026-03-02")) == 3
    assert len(told(root, **{"from": "2026-03-03"})) == 2
    assert told(root, **{"from": "2026-03-04"}) == []
    first = root.get("/api/audit", params={"limit": 2}).json()
    second = root.get("/api/audit", params={"limit": 2, "cursor": first["next"]}).json()
    third = root.get("/api/audit", params={"limit": 2, "cursor": second["next"]}).json()
    assert third["next"] is None
    assert len({entry["id"] for page in (first, second, third) for entry in page["items"]}) == 5


@pytest.mark.parametrize(
    "query, status, field",
    [
        ({"kind": "gossip"}, 422, "kind"),
        ({"person": "me"}, 422, "person"),
        ({"from": "yesterday"}, 422, "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, 422, "to"),
        ({"to": "9999-12-31"}, 422, "to"),
        ({"cursor": "nonsense"}, 400, None),
    ],
)
def test_filters_that_cannot_be_used_are_refused(
    root: Person, query: dict[str, str], status: int, field: str | None
) -> None:
    for path in ("/api/audit", "/api/audit.csv"):
        if path.endswith("csv") and "cursor" in query:
            continue
        answer = root.get(path, params=query)
        assert answer.status_code == status
        if field is not None:
            assert answer.json()["errors"][0]["field"] == field


def test_the_table_has_every_row_and_names_itself_first(root: Person, database: Database) -> None:
    with database.transaction() as session:
        for number in range(1_203):
            audit.record(
                session, action="month.reopened", at=datetime(2026, 3, 1, tzinfo=UTC), target="2026-02",
                details={"reason": f"=SUM({number})"},
            )  # fmt: skip
    answer = root.get("/api/audit.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 1_204
    assert rows[0]["action"] == "audit.exported"
    assert rows[0]["actor"] == "Root"
    assert rows[1]["sentence"] == "The operator reopened the month 2026-02: =SUM(1202)."
    assert len({row["id"] for row in rows}) == 1_204


def test_entries_outlive_the_people_they_name(root: Person, ada: Person, database: Database) -> None:
    with database.transaction() as session:
        at = datetime(2026, 3, 1, tzinfo=UTC)
        audit.record(session, action="user.changed", at=at, actor_id=None, target=str(uuid.UUID(int=0)))
        audit.record(session, action="something.old", at=at, target="x")
    assert told(root) == ["The operator: something.old x.", "The operator changed the account of a deleted account."]


def test_only_administrators_read_it(world: World, ada: Person) -> None:
    finance = world.person("fin", "finance")
    for person in (ada, finance):
        for path in ("/api/audit", "/api/audit.csv", "/audit"):
            assert person.get(path).status_code == 403


def test_the_page_shows_days_filters_and_what_cannot_be_used(root: Person, ada: Person) -> None:
    for number in range(60):
        ada.post("/api/tokens", {"name": f"<b>{number}</b>"})
    page = root.get("/audit", headers={"Accept": "text/html"}).text
    assert "Ada made the API token “&lt;b&gt;59&lt;/b&gt;”." in page
    assert "Monday, 2 March 2026" in page
    older = re.search(r'href="(/audit\?cursor=[^"]+)" rel="next"', page)
    assert older is not None
    last = root.get(older[1]).text
    assert "&lt;b&gt;0&lt;/b&gt;" in last
    assert 'rel="next"' not in last
    assert "Nothing that was recorded fits" in root.get("/audit?kind=money").text
    wrong = root.get("/audit?from=soon")
    assert wrong.status_code == 200
    assert "This is not a day" in wrong.text


def test_backups_and_restores_are_told(tmp_path: Path, migrated_sqlite: Path) -> None:
    there, here, file = tmp_path / "there", tmp_path / "here", tmp_path / "monday.zip"
    there.mkdir()
    shutil.copy(migrated_sqlite, there / "draftloom.db")
    for data, command in ((there, "backup"), (here, "restore"), (here, "rebuild")):
        environment = {"DRAFTLOOM_DATA": str(data), "DRAFTLOOM_DATABASE_URL": ""}
        done = CliRunner().invoke(main, [command, str(file)][: 1 if command == "rebuild" else 2], env=environment)
        assert done.exit_code == 0, done.output
    for data, expected in ((there, ["data.backed_up"]), (here, ["drafts.rebuilt", "data.restored"])):
        db = Database.open(data / "draftloom.db", migrate_schema=False)
        with db.transaction() as session:
            assert [row.action for row in audit.list_entries(session).items] == expected
        db.engine.dispose()
