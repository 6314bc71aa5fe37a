"""Expiry through HTTP: what goes into the trash and when, what is kept, what is erased and what stays."""

from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli import main
from app.core.expiry import ExpiryRules
from app.services.expiry import Swept
from app.settings import InvalidSetting, Settings, settings_from
from app.store.db import Database
from app.store.drafting import expiry as store
from app.store.tables import metadata
from app.store.upkeep.verify import rebuild, verify
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_proposals import SING, TEXT, propose
from tests.api.test_turns import follow, start
from tests.conftest import Person, TurnableClock, World

DOCUMENTS_TOO = ExpiryRules().with_days({"document": 30})


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """An installation whose administrator lets documents expire too."""
    object.__setattr__(settings, "expiry", DOCUMENTS_TOO)
    return settings


def sweep(world: World) -> Swept:
    swept: Swept = world.client.blocking_portal.call(world.client.app.state.expiry.sweep)
    return swept


def of(person: Person, draft: dict[str, Any]) -> Any:
    return person.get(f"/api/drafts/{draft['id']}")


def test_a_draft_nobody_changes_goes_into_the_trash_and_can_be_recovered(
    world: World, ada: Person, clock: TurnableClock
) -> None:
    draft = ada.draft("Left alone")
    clock.turn(days=20)
    busy = ada.draft("Busy")
    clock.turn(days=11)
    assert sweep(world) == Swept(expired=1, erased=0)
    found = of(ada, draft).json()
    assert (found["status"], found["text"]) == ("discarded", "Left alone")
    assert [row["id"] for row in ada.get("/api/drafts").json()["items"]] == [busy["id"]]
    [row] = ada.get("/api/drafts?trash=true").json()["items"]
    assert (row["id"], row["edited_by"]) == (draft["id"], "system")
    events = ada.get(f"/api/drafts/{draft['id']}/events").json()["items"]
    assert (events[-1]["type"], events[-1]["actor"]["kind"]) == ("draft.expired", "system")
    recovered = ada.post(f"/api/drafts/{draft['id']}/recover").json()
    assert (recovered["status"], recovered["text"], recovered["deleted_at"]) == ("open", "Left alone", None)
    assert sweep(world) == Swept(0, 0)


def test_a_list_says_when_a_draft_expires_and_when_it_is_erased(ada: Person, clock: TurnableClock) -> None:
    draft = ada.draft("x")
    days = timedelta(days=30)
    [row] = ada.get("/api/drafts").json()["items"]
    assert row["expires_at"] == of(ada, draft).json()["expires_at"] == iso(clock.now + days)
    clock.turn(days=1)
    ada.delete(f"/api/drafts/{draft['id']}")
    [row] = ada.get("/api/drafts?trash=true").json()["items"]
    assert row["expires_at"] == iso(clock.now + days)


def iso(at: Any) -> str:
    return str(at.isoformat()).replace("+00:00", "Z")


def test_keeping_a_draft_lets_its_time_begin_anew(world: World, ada: Person, clock: TurnableClock) -> None:
    draft = ada.draft("x")
    clock.turn(days=29)
    kept = ada.post(f"/api/drafts/{draft['id']}/keep")
    assert kept.json() == {"expires_at": iso(clock.now + timedelta(days=30))}
    clock.turn(days=2)
    assert sweep(world) == Swept(0, 0)
    clock.turn(days=28)
    assert sweep(world) == Swept(1, 0)
    refused = ada.post(f"/api/drafts/{draft['id']}/keep")
    assert (refused.status_code, refused.json()["code"]) == (409, "draft_closed")


def test_a_command_to_an_expired_draft_is_refused_and_works_after_recovery(
    world: World, ada: Person, clock: TurnableClock
) -> None:
    draft = ada.draft("abc")
    clock.turn(days=31)
    sweep(world)
    late = {"replica": "phone", "n": 1, "base_seq": 1, "ops": [{"field": "text", "changes": [3, [0, "d"]]}]}
    refused = ada.post(f"/api/drafts/{draft['id']}/commands", late)
    assert (refused.status_code, refused.json()["code"]) == (409, "draft_closed")
    ada.post(f"/api/drafts/{draft['id']}/recover")
    assert ada.post(f"/api/drafts/{draft['id']}/commands", late).status_code == 200
    assert of(ada, draft).json()["text"] == "abcd"


def words_of_everything(world: World) -> dict[str, str]:
    """Every row of every table as text, by table."""
    db = Database.open(world.settings.database, migrate_schema=False)
    try:
        with db.transaction() as session:
            names = [*metadata.tables, "search_entries", "search_queue"]
            return {name: str(session.execute(text(f"SELECT * FROM {name}")).all()) for name in names}
    finally:
        db.engine.dispose()


def test_after_its_time_in_the_trash_every_word_is_gone_and_the_chain_and_the_ledger_stay(
    world: World, ada: Person, clock: TurnableClock, scripted: ScriptedProvider, mallory: Person
) -> None:
    draft = ada.draft(TEXT + "Zanzibar", title="Zanzibar")
    other = ada.draft("Untouched", title="Other")
    scripted.enqueue(Reply("Zanzibar answer"))
    turn = start(ada, draft, "ask", prompt="Zanzibar?")
    follow(ada, turn)
    propose(ada, scripted, draft, SING, prompt="Zanzibar!")
    version = ada.post(f"/api/drafts/{draft['id']}/versions", {"label": "Zanzibar"}).json()
    ada.post(f"/api/drafts/{draft['id']}/branches", {"version_id": version["id"], "name": "Zanzibar"})
    ada.post(f"/api/drafts/{draft['id']}/locks", {"from": 0, "to": 5})
    ada.post(f"/api/drafts/{draft['id']}/references", {"title": "Zanzibar", "text": "Zanzibar"})
    ada.post(f"/api/drafts/{draft['id']}/comments", {"from": 0, "to": 5, "body": "Zanzibar"})
    ada.post(f"/api/drafts/{draft['id']}/links", {"name": "Zanzibar"})
    costs = ada.get("/api/costs?group_by=model&from=2026-03-01&to=2026-03-31").json()["total"]
    ada.delete(f"/api/drafts/{draft['id']}")
    clock.turn(days=29)
    ada.post(f"/api/drafts/{other['id']}/keep")
    assert sweep(world) == Swept(0, 0)
    clock.turn(days=2)
    assert sweep(world) == Swept(expired=0, erased=1)

    assert of(ada, draft).status_code == 404
    for answer in (
        ada.post(f"/api/drafts/{draft['id']}/recover"),
        ada.get(f"/api/drafts/{draft['id']}/versions"),
        ada.get(f"/api/versions/{version['id']}"),
        ada.get(f"/api/turns/{turn['id']}"),
        ada.delete(f"/api/drafts/{draft['id']}"),
    ):
        assert answer.status_code == 404
    assert ada.get("/api/drafts?trash=true").json()["items"] == []
    assert ada.get("/api/search?q=Zanzibar").json()["items"] == []
    left = {name: rows for name, rows in words_of_everything(world).items() if "anzibar" in rows or "They" in rows}
    assert list(left) == []
    assert ada.get("/api/costs?group_by=model&from=2026-03-01&to=2026-03-31").json()["total"] == costs
    assert len(ada.get("/api/ledger").json()["items"]) >= 2
    assert of(ada, other).json()["text"] == "Untouched"

    db = Database.open(world.settings.database, migrate_schema=False)
    try:
        with db.transaction() as session:
            report = verify(session)
            assert (report.problems, report.erased) == ([], 1)
            rebuild(session)
            assert verify(session).ok
    finally:
        db.engine.dispose()


def test_a_service_that_stopped_in_the_middle_goes_on_where_it_was(
    world: World, ada: Person, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = ada.draft("Some words")
    for n in range(1, 6):
        change = {"field": "text", "replace": f"Some words {n}"}
        ada.post(f"/api/drafts/{draft['id']}/commands", {"replica": "p", "n": n, "base_seq": n, "ops": [change]})
        ada.post(f"/api/drafts/{draft['id']}/versions", {})
    ada.delete(f"/api/drafts/{draft['id']}")
    clock.turn(days=31)
    monkeypatch.setattr(store, "_ROWS_AT_ONCE", 1)
    monkeypatch.setattr("app.services.expiry._PIECE_SECONDS", 0.0)

    def broken(session: Any, draft_id: Any) -> int:
        raise RuntimeError("the machine was switched off")

    with monkeypatch.context() as stopping:
        stopping.setattr(store, "_STEPS", {**store._STEPS, "versions": broken})
        with pytest.raises(RuntimeError):
            sweep(world)
    assert of(ada, draft).status_code == 404
    assert sweep(world) == Swept(0, 1)
    assert "Some words" not in str(words_of_everything(world))


def test_the_command_line_counts_first_and_then_does_it(
    world: World, ada: Person, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = ada.draft("x")
    monkeypatch.setattr("app.cli.system_clock", lambda: clock.now + timedelta(days=31))
    environment = {
        "DRAFTLOOM_DATA": str(world.settings.data),
        "DRAFTLOOM_DATABASE_URL": world.settings.database_url,
        "DRAFTLOOM_EXPIRY": "document=30",
    }
    only_counted = CliRunner().invoke(main, ["expire", "--dry-run"], env=environment)
    assert (only_counted.exit_code, only_counted.output.strip()) == (
        0,
        "Would move 1 drafts into the trash and erase 0.",
    )
    assert of(ada, draft).json()["status"] == "open"
    done = CliRunner().invoke(main, ["expire"], env=environment)
    assert (done.exit_code, done.output.strip()) == (0, "Moved 1 drafts into the trash and erased 0.")
    assert of(ada, draft).json()["status"] == "discarded"


@pytest.mark.parametrize("given", ["document", "document=0", "novel=3", "document=soon", "form=-1", "form=99999"])
def test_a_rule_that_cannot_be_used_stops_the_start(given: str) -> None:
    with pytest.raises(InvalidSetting, match="DRAFTLOOM_EXPIRY"):
        settings_from({"DRAFTLOOM_EXPIRY": given})


def test_documents_never_expire_unless_somebody_says_so() -> None:
    assert settings_from({}).expiry.days["document"] is None
    assert settings_from({"DRAFTLOOM_EXPIRY": "document=365, form = never"}).expiry.days == {
        **ExpiryRules().days,
        "document": 365,
        "form": None,
    }
