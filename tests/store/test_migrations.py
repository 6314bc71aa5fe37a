"""The migrations make exactly what the tables say, on both databases, and can be taken back."""

import random
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from app.core.drafts import Actor
from app.store.accounts import create_user
from app.store.comments import begin_thread, say
from app.store.db import Database
from app.store.drafts import Head, create_stream
from app.store.finance.budgets import add_budget, delete_budget, list_budgets
from app.store.finance.groups import save_group
from app.store.finance.proof import unmarked_versions, wrong_sums
from app.store.goals.conversations import add_conversation, add_goal
from app.store.goals.messages import begin
from app.store.shares import Role, give
from app.store.tables import ChatPlace, DraftStream, GoalConversation, Turn, TurnEvent, User, metadata
from app.store.upkeep.migrate import alembic_config, current_revision, newest_revision
from tests.store.ledger_rows import book, kept_sums
from tests.store.rows import add_message, create_conversation, create_turn


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "empty.db")
    return request.getfixturevalue("empty_postgres")


@pytest.fixture
def empty_database(empty_address: str):
    database = Database.open(empty_address, migrate_schema=False)
    yield database
    database.engine.dispose()


def test_opening_brings_an_empty_database_to_the_newest_revision(empty_address: str) -> None:
    database = Database.open(empty_address)
    with database.engine.connect() as connection:
        assert current_revision(connection) == newest_revision()
        assert set(metadata.tables) <= set(sa.inspect(connection).get_table_names())
    database.engine.dispose()


def test_the_newest_revision_is_the_end_of_the_steps_and_the_only_one() -> None:
    steps = ScriptDirectory.from_config(alembic_config())
    assert steps.get_heads() == [newest_revision()]
    assert all(Path(step.path).name.startswith(f"{step.revision}_") for step in steps.walk_revisions())


def test_opening_twice_changes_nothing(empty_address: str) -> None:
    for _ in range(2):
        database = Database.open(empty_address)
        with database.engine.connect() as connection:
            assert current_revision(connection) == newest_revision()
        database.engine.dispose()


def test_alembic_finds_no_difference_between_tables_and_migrations(database: Database) -> None:
    with database.engine.connect() as connection:
        command.check(alembic_config(connection))


def test_every_check_of_the_tables_is_in_the_database(database: Database) -> None:
    with database.engine.connect() as connection:
        inspector = sa.inspect(connection)
        for table in metadata.sorted_tables:
            declared = {str(check.name) for check in table.constraints if isinstance(check, sa.CheckConstraint)}
            found = {check["name"] for check in inspector.get_check_constraints(table.name)}
            assert found == declared, table.name


def test_every_constraint_and_index_has_a_name(database: Database) -> None:
    for table in metadata.sorted_tables:
        assert all(constraint.name for constraint in table.constraints), table.name
        assert all(index.name for index in table.indexes), table.name


def test_migrations_can_be_taken_back_and_made_again(empty_database: Database) -> None:
    empty_database.migrate()
    with empty_database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    empty_database.migrate()
    with empty_database.engine.connect() as connection:
        assert current_revision(connection) == newest_revision()


def test_going_back_never_drops_a_limit_unnoticed(empty_database: Database) -> None:
    empty_database.migrate()
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with empty_database.transaction() as session:
        group = save_group(session, "Press", by=uuid.uuid4(), at=at)
        limits = {"period": "month", "soft_nano": None, "hard_nano": 5, "created_by": None, "created_at": at}
        kept = add_budget(session, scope="installation", **limits, user_id=None, group_id=None, conversation_id=None)
        lost = add_budget(session, scope="group", **limits, user_id=None, group_id=group.id, conversation_id=None)

    def go_back() -> None:
        with empty_database.engine.begin() as connection:
            command.downgrade(alembic_config(connection), "0010")

    with pytest.raises(RuntimeError, match="1 budget of groups cannot be kept"):
        go_back()
    with empty_database.transaction() as session:
        assert current_revision(session.connection()) == newest_revision()
        assert {row.id for row in list_budgets(session)} == {kept.id, lost.id}
        delete_budget(session, lost.id)
    go_back()
    with empty_database.engine.connect() as connection:
        assert current_revision(connection) == "0010"
        assert connection.execute(sa.text("SELECT scope, hard_nano FROM budgets")).all() == [("installation", 5)]
    empty_database.migrate()


def test_a_failing_migration_leaves_nothing_behind(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def upgrade_half_way(config: object, _revision: str) -> None:
        config.attributes["connection"].execute(sa.text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", upgrade_half_way)
    with pytest.raises(RuntimeError, match="power cut"):
        empty_database.migrate()
    with empty_database.engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []


def _chat_of(session: Session, draft_id: uuid.UUID, at: datetime) -> Turn:
    """A conversation with a finished turn and all that hangs on it, and one message of each role."""
    conversation = create_conversation(session, draft_id=draft_id, provider="p", model="m", at=at)
    prompt = add_message(session, conversation=conversation, role="user", content="Slower?", at=at)
    answer = add_message(
        session, conversation=conversation, role="assistant", content="Yes.", parent_id=prompt.id, at=at
    )
    turn = create_turn(
        session, draft_id=draft_id, conversation_id=conversation.id, mode="ask", base_seq=1, provider="p", model="m",
        prompt_message_id=prompt.id, answer_message_id=answer.id, at=at,
    )  # fmt: skip
    answer.turn_id = turn.id
    session.add(ChatPlace(conversation_id=conversation.id, message_id=answer.id))
    session.add(TurnEvent(turn_id=turn.id, n=1, type="text", at=at, data="{}"))
    session.flush()
    return turn


_OF_A_CHAT = ("ai_conversations", "chat_messages", "chat_places", "turns", "turn_events")


def _rows_of_chats(session: Session) -> dict[str, list[Any]]:
    return {name: sorted(map(str, session.execute(sa.select(metadata.tables[name])).all())) for name in _OF_A_CHAT}


def _rules(database: Database) -> dict[str, Any]:
    """Indexes, checks, unique constraints and triggers of chats, which no change of a reference may lose."""
    with database.engine.connect() as connection:
        inspector = sa.inspect(connection)
        found: dict[str, Any] = {
            name: [
                sorted(map(str, kind(name)))
                for kind in (inspector.get_check_constraints, inspector.get_unique_constraints)
            ]
            for name in _OF_A_CHAT
        }
        rules = (
            ("SELECT sql FROM sqlite_master WHERE type IN ('trigger', 'index') AND sql IS NOT NULL",)
            if connection.dialect.name == "sqlite"
            else (
                "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
                "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()",
            )
        )
        for rule in rules:
            found[rule] = sorted(
                text for text in connection.scalars(sa.text(rule)) if any(name in text for name in _OF_A_CHAT)
            )
    return found


def test_chats_of_documents_survive_that_messages_may_have_some(
    database: Database, draft: Head, writer: User, now: datetime
) -> None:
    with database.transaction() as session:
        _chat_of(session, draft.id, now)
        kept = _rows_of_chats(session)
    rules = _rules(database)
    with database.transaction() as session:
        teacher = create_user(session, email="teacher@example.org", name="Teacher", roles=["instructor"], at=now)
        goal = add_goal(session, student_id=writer.id, title="Play", created_by=writer.id, at=now)
        talk, _ = add_conversation(session, student_id=writer.id, instructor_id=teacher.id, goal_id=goal.id, at=now)
        note = begin(
            session, conversation_id=talk.id, sender_id=writer.id, message_type="daily_note", content="Bar", at=now
        )
        _chat_of(session, note.id, now)
    for revision in ("0017", "head"):
        with database.engine.begin() as connection:
            config = alembic_config(connection)
            (command.downgrade if revision == "0017" else command.upgrade)(config, revision)
        with database.transaction() as session:
            assert _rows_of_chats(session) == kept
        assert _rules(database) == rules
    with database.transaction() as session:
        turn = _chat_of(session, note.id, now)
        assert len(_rows_of_chats(session)["turns"]) == 2
    stranger = sa.update(Turn).where(col(Turn.id) == turn.id).values(draft_id=draft.id)
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.execute(stranger)
    with database.transaction() as session:
        session.execute(sa.delete(GoalConversation))
        session.flush()
        assert _rows_of_chats(session) == kept
        session.execute(sa.delete(DraftStream).where(col(DraftStream.id) == draft.id))
        assert all(rows == [] for rows in _rows_of_chats(session).values())


def test_sums_survive_that_those_of_versions_are_kept_apart(empty_database: Database) -> None:
    empty_database.migrate()
    with empty_database.transaction() as session:
        book(session, random.Random(3))
    with empty_database.transaction() as session:
        kept = kept_sums(session)
    with empty_database.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0021")
        assert "version_sums" not in sa.inspect(connection).get_table_names()
        of_versions = sa.text("SELECT sum(amount_nano), sum(attempts) FROM cost_sums WHERE grain = 'version'")
        of_rows = sa.text(
            "SELECT sum(amount_nano), count(*) - count(adjusts_id) FROM ledger_entries WHERE version_id IS NOT NULL"
        )
        assert connection.execute(of_versions).one() == connection.execute(of_rows).one()
    empty_database.migrate()
    with empty_database.transaction() as session:
        assert wrong_sums(session) == []
        assert unmarked_versions(session) == []
        assert kept_sums(session) == kept


def test_shares_are_kept_when_commenters_come_and_go(empty_database: Database) -> None:
    def to(revision: str) -> None:
        with empty_database.engine.begin() as connection:
            step = command.upgrade if revision == "head" else command.downgrade
            step(alembic_config(connection), revision)

    def roles() -> list[str]:
        with empty_database.engine.connect() as connection:
            return list(connection.scalars(sa.text("SELECT role FROM draft_shares ORDER BY role")))

    at = datetime(2026, 3, 2, tzinfo=UTC)
    to("head")
    with empty_database.transaction() as session:
        people = [create_user(session, email=f"{name}@x", name=name, roles=[], at=at) for name in ("a", "b", "c", "d")]
        owner = people[0].id
        fields = {"title": "", "text": "Boats"}
        head = create_stream(session, kind="document", owner_id=owner, actor=Actor("user", owner), at=at, fields=fields)
        given: tuple[Role, ...] = ("viewer", "commenter", "editor")
        for person, role in zip(people[1:], given, strict=True):
            give(session, head.id, person.id, role, at=at)
        thread = begin_thread(session, draft_id=head.id, seq=1, place=(0, 5), quote="Boats", by=owner, at=at)
        say(session, thread, body="Which?", by=owner, at=at)
    to("0024")
    assert roles() == ["editor", "viewer", "viewer"]
    with pytest.raises(DBAPIError), empty_database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE draft_shares SET role = 'commenter'"))
    to("head")
    assert roles() == ["editor", "viewer", "viewer"]
    with empty_database.engine.begin() as connection:
        assert {index["name"] for index in sa.inspect(connection).get_indexes("draft_shares")} == {
            "ix_draft_shares_user_id"
        }
        connection.execute(sa.text("UPDATE draft_shares SET role = 'commenter' WHERE role = 'editor'"))
        command.check(alembic_config(connection))
