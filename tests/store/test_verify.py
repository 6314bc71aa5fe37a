"""`verify` notices every kind of damage, and `rebuild` restores what the events say. On both databases."""

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import func, select, text

from app.core.drafts import Actor
from app.core.errors import ChainBroken
from app.store.db import Database
from app.store.drafts import Head, discard, load_draft, receive_command
from app.store.tables import DraftSnapshot, User
from app.store.upkeep.verify import rebuild, verify
from app.store.versions import add_version
from tests.store.rows import tamper


@pytest.fixture
def history(database: Database, draft: Head, writer: User, actor: Actor, now: datetime) -> Head:
    """A draft with a few commands, an open conflict and a version."""
    with database.transaction() as session:
        for n in range(1, 6):
            json = {
                "replica": "page",
                "n": n,
                "base_seq": n,
                "ops": [{"field": "text", "changes": [[0, f"word{n} "], 21 + 6 * (n - 1)]}],
            }
            receive_command(session, draft_id=draft.id, user_id=writer.id, json=json, actor=actor, at=now)
        for replica, title in (("one", "Mine"), ("two", "Theirs")):
            json = {"replica": replica, "n": 1, "base_seq": 6, "ops": [{"field": "title", "set": title}]}
            receive_command(session, draft_id=draft.id, user_id=writer.id, json=json, actor=actor, at=now)
        add_version(session, draft.id, text="The text.", seq=6, source="user", at=now)
        return load_draft(session, draft.id)


def problems(database: Database) -> list[tuple[str, str]]:
    with database.transaction() as session:
        return [(problem.code, problem.message) for problem in verify(session).problems]


def test_sound_data_verifies(database: Database, history: Head) -> None:
    with database.transaction() as session:
        report = verify(session)
    assert report.ok
    assert (report.drafts, report.events, report.versions, report.erased) == (1, history.seq, 1, 0)


UPDATE, DELETE = ("draft_events", "draft_events_update"), ("draft_events", "draft_events_delete")


@pytest.mark.parametrize(
    "statement, triggers, code",
    [
        ("UPDATE draft_events SET payload = replace(payload, 'word3', 'WORD3') WHERE seq = 4", [UPDATE], "chain"),
        ("UPDATE draft_events SET actor_kind = 'model' WHERE seq = 4", [UPDATE], "chain"),
        ("UPDATE draft_events SET n = 77 WHERE seq = 4", [UPDATE], "chain"),
        ("DELETE FROM draft_events WHERE seq = 4", [DELETE], "chain"),
        ("DELETE FROM draft_events WHERE seq = 9", [DELETE], "head"),
        ("UPDATE draft_streams SET seq = 3", [], "head"),
        ("UPDATE draft_streams SET words = 1", [], "head"),
        ("UPDATE draft_streams SET title = 'Forged'", [], "head"),
        ("UPDATE draft_streams SET conflicts = NULL", [], "head"),
        ("UPDATE draft_streams SET status = 'submitted'", [], "head"),
        ("UPDATE drafts SET text = 'Forged.'", [], "projection"),
        ("UPDATE drafts SET title = 'Forged'", [], "projection"),
    ],
)
def test_damage_is_noticed(
    database: Database, history: Head, statement: str, triggers: list[tuple[str, str]], code: str
) -> None:
    tamper(database, statement, *triggers)
    assert code in [found for found, _ in problems(database)]


def test_a_damaged_version_is_noticed(database: Database, history: Head) -> None:
    zeros = "zeroblob(32)" if database.dialect == "sqlite" else "'\\x00'"
    tamper(database, f"UPDATE versions SET hash = {zeros}", ("versions", "versions_update"))
    assert [code for code, _ in problems(database)] == ["version"]


def test_erased_words_leave_the_chain_whole(database: Database, history: Head) -> None:
    with database.transaction() as session:
        session.execute(text("UPDATE draft_events SET payload = NULL WHERE seq = 3"))
        report = verify(session)
        assert report.ok
        assert report.erased == 1
        assert rebuild(session) == 0


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE drafts SET text = 'Forged.', title = 'Forged', description = NULL",
        "UPDATE draft_streams SET words = 0, title = '', excerpt = '', conflicts = NULL, seq = 1, autosaves = 0",
        "UPDATE draft_snapshots SET state = 'x'",
    ],
)
def test_rebuilding_restores_what_the_events_say(
    database: Database, history: Head, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.upkeep.verify.SNAPSHOT_EVERY", 4)
    with database.transaction() as session:
        assert rebuild(session) == 1
        assert session.scalar(select(func.count()).select_from(DraftSnapshot)) == 2
    tamper(database, damage if database.dialect == "sqlite" else damage.replace("'x'", "'\\x78'"))
    with database.transaction() as session:
        assert rebuild(session) == 1
    with database.transaction() as session:
        assert load_draft(session, history.id) == history
        assert verify(session).ok


def test_a_discarded_draft_is_rebuilt_as_discarded(
    database: Database, history: Head, writer: User, actor: Actor, now: datetime
) -> None:
    with database.transaction() as session:
        head = discard(session, draft_id=history.id, user_id=writer.id, actor=actor, at=now)
    tamper(database, "UPDATE draft_streams SET deleted_at = NULL, status = 'open'")
    with database.transaction() as session:
        rebuild(session)
    with database.transaction() as session:
        assert load_draft(session, history.id) == head


def test_nothing_is_rebuilt_from_a_damaged_log(database: Database, history: Head) -> None:
    tamper(database, "UPDATE draft_events SET device = 'x', n = 9 WHERE seq = 4", UPDATE)
    with pytest.raises(ChainBroken) as caught, database.transaction() as session:
        rebuild(session)
    assert caught.value.seq == 4


def test_a_rebuilt_draft_is_not_overwritten_by_what_a_server_remembers(
    database_address: str, history: Head, writer: User, actor: Actor, now: datetime, database: Database
) -> None:
    async def main() -> None:
        server = Database.open(database_address, migrate_schema=False)

        async def send(n: int, base_seq: int) -> Head:
            json = {"replica": "r", "n": n, "base_seq": base_seq, "ops": [{"field": "title", "set": f"Title {n}"}]}
            appended = await server.write(
                receive_command, draft_id=history.id, user_id=writer.id, json=json, actor=actor, at=now
            )
            return appended.head

        tamper(database, "UPDATE drafts SET text = 'Forged.'")
        head = await send(1, history.seq)
        assert head.state.fields["text"] == "Forged."
        with database.transaction() as session:
            rebuild(session)
        head = await send(2, head.seq)
        assert head.state.fields["text"] == history.state.fields["text"]
        await server.close()

    asyncio.run(main())
    assert problems(database) == []
