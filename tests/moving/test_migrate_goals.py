"""Old tables into conversations: everything is moved or told, again does nothing, and it can be undone."""

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from app.cli import main
from app.settings import Settings
from app.store import accounts as account_store
from app.store.db import Database
from app.store.drafting.heads import load_head
from app.store.goals.messages import take_back
from app.store.tables import (
    ConversationMessage,
    Goal,
    GoalConversation,
    MessageAttachment,
    MovedRow,
    StoredLeftover,
    User,
)
from app.store.upkeep.verify import verify
from tests.attachments.samples import png
from tests.conftest import TurnableClock
from tests.postgres import new_postgres

ROWS: dict[str, list[dict[str, Any]]] = {
    "profiles": [
        {"id": "s1", "email": "sam@example.org", "full_name": "Sam", "role": "student"},
        {"id": "i1", "email": "Ines@example.org", "full_name": "Ines", "role": "instructor"},
    ],
    "track_goals": [{"id": "g1", "title": "Play the nocturne"}],
    "action_types": [
        {"id": "1", "name": "Practised scales", "category": "practice"},
        {"id": "2", "name": "First concert", "category": "milestone"},
    ],
    "user_daily_notes": [
        {"id": "n1", "user_id": "s1", "goal_id": "g1", "content": "Twelve bars.\r\nSlowly.", "note_date": "2025-03-01",
         "created_at": "2025-03-01T10:00:00Z", "mood": "good"},
        {"id": "n2", "user_id": "s1", "goal_id": "g1", "content": "Twenty bars 🎹", "created_at": "2025-03-02T10:00:00+02:00"},
        {"id": "n3", "user_id": "nobody", "goal_id": "g1", "content": "Whose?", "created_at": "2025-03-02T10:00:00Z"},
        {"id": "n4", "user_id": "s1", "goal_id": "g1", "content": "  ", "created_at": "2025-03-02T10:00:00Z"},
        {"id": "n5", "user_id": "s1", "goal_id": "g1", "content": "When?", "created_at": "not a time"},
        {"id": "n6", "user_id": "s1", "goal_id": "g1", "content": "x" * 100_001, "created_at": "2025-03-02T10:00:00Z"},
    ],
    "daily_note_files": [
        {"id": "f1", "note_id": "n1", "file_name": "take.png", "file_size": "99", "cdn_url": "https://cdn.example/x/abc-take.png?t=1"},
        {"id": "f2", "note_id": "n1", "file_name": "lost.png", "cdn_url": "https://cdn.example/x/lost.png"},
        {"id": "f3", "note_id": "gone", "file_name": "orphan.png", "cdn_url": ""},
    ],
    "user_actions": [
        {"id": "a1", "user_id": "s1", "action_type_id": "1", "goal_id": "g1", "notes": "C major", "created_at": "2025-03-03T10:00:00Z"},
        {"id": "a2", "user_id": "s1", "action_type_id": "2", "goal_id": "g1", "created_at": "2025-03-04T10:00:00Z"},
    ],
    "instructor_goal_responses": [
        {"id": "r1", "instructor_id": "i1", "daily_note_id": "n1", "response_text": "Slower.", "created_at": "2025-03-01T12:00:00Z"},
    ],
    "instructor_response_files": [{"id": "rf1", "response_id": "r1", "filename": "score.txt", "cdn_url": "https://cdn.example/score.txt"}],
    "drafts": [
        {"id": "d1", "user_id": "s1", "type": "daily_note", "title": "", "description": "Unfinished",
         "metadata": json.dumps({"targetDate": "2025-03-05", "goalId": "g1"}), "created_at": "2025-03-05T10:00:00Z"},
        {"id": "d2", "user_id": "s1", "type": "bug_report", "title": "Not ours", "created_at": "2025-03-05T10:00:00Z"},
    ],
}  # fmt: skip
BAD = {"n3", "n4", "n5", "n6", "f2", "f3"}


def as_csv(folder: Path) -> str:
    folder.mkdir()
    for table, rows in ROWS.items():
        with (folder / f"{table}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, sorted({name for row in rows for name in row}))
            writer.writeheader()
            writer.writerows(rows)
    return str(folder)


def as_json(folder: Path) -> str:
    folder.mkdir()
    for table, rows in ROWS.items():
        (folder / f"{table}.json").write_text(json.dumps(rows))
    return str(folder)


def as_database(folder: Path) -> str:
    folder.mkdir()
    connection = sqlite3.connect(folder / "old.db")
    for table, rows in ROWS.items():
        names = sorted({name for row in rows for name in row})
        connection.execute(f"CREATE TABLE {table} ({', '.join(names)})")
        for row in rows:
            connection.execute(
                f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", [row.get(name) for name in names]
            )
    connection.commit()
    connection.close()
    return f"sqlite:///{folder / 'old.db'}"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "abc-take.png").write_bytes(png())
    (folder / "score.txt").write_bytes(b"Score")
    return folder


@contextmanager
def session_of(settings: Settings) -> Iterator[Any]:
    db = Database.open(settings.database)
    try:
        with db.transaction() as session:
            yield session
    finally:
        db.engine.dispose()


def run(settings: Settings, *arguments: str) -> Result:
    environment = {"DRAFTLOOM_DATA": str(settings.data), "DRAFTLOOM_DATABASE_URL": settings.database_url}
    return CliRunner().invoke(main, ["migrate-goals", *arguments], env=environment, catch_exceptions=False)


def counted(settings: Settings) -> dict[str, int]:
    with session_of(settings) as session:
        tables = (ConversationMessage, GoalConversation, Goal, MessageAttachment, MovedRow, User)
        return {table.__name__: session.scalar(select(func.count()).select_from(table)) for table in tables}


@pytest.mark.parametrize("made", [as_csv, as_json, as_database])
def test_everything_is_moved_or_told(settings: Settings, tmp_path: Path, files: Path, made: Any) -> None:
    result = run(settings, made(tmp_path / "old"), "--create-people", "--files", str(files))
    assert result.exit_code == 0, result.output
    assert "Counts and checksums agree." in result.output
    told = {line.split()[3].rstrip(":") for line in result.output.splitlines() if line.startswith("not moved:")}
    assert told == BAD
    with session_of(settings) as session:
        messages = session.scalars(select(ConversationMessage).order_by(ConversationMessage.created_at)).all()
        assert [(message.message_type, message.content, message.is_draft) for message in messages] == [
            ("daily_note", "Twelve bars.\nSlowly.", False),
            ("instructor_response", "Slower.", False),
            ("daily_note", "Twenty bars 🎹", False),
            ("activity", "Practised scales\n\nC major", False),
            ("milestone", "First concert", False),
            ("daily_note", "Unfinished", True),
        ]
        note, response, second = messages[:3]
        assert (note.position, str(note.target_date)) == (1, "2025-03-01")
        assert note.message_metadata["row"]["mood"] == "good"
        assert [file["id"] for file in note.message_metadata["files"]] == ["f1", "f2"]
        assert response.reply_to_id == note.id
        assert second.created_at.isoformat() == "2025-03-02T08:00:00+00:00"
        assert str(messages[-1].target_date) == "2025-03-05"
        conversation = session.scalars(select(GoalConversation)).one()
        people = {user.id: user.email for user in session.scalars(select(User))}
        assert (people[conversation.student_id], people[conversation.instructor_id]) == (
            "sam@example.org", "ines@example.org",
        )  # fmt: skip
        assert session.scalars(select(Goal)).one().title == "Play the nocturne"
        attached = session.scalars(select(MessageAttachment).order_by(MessageAttachment.filename)).all()
        assert [(file.filename, file.state, file.file_size) for file in attached] == [
            ("score.txt", "pending", 5), ("take.png", "pending", len(png())),
        ]  # fmt: skip
        assert verify(session).ok


def test_a_dry_run_changes_nothing(settings: Settings, tmp_path: Path, files: Path) -> None:
    result = run(settings, as_json(tmp_path / "old"), "--create-people", "--files", str(files), "--dry-run")
    assert result.exit_code == 0
    assert "user_daily_notes: 6 read, 2 moved, 0 there already, 4 not moved" in result.output
    assert set(counted(settings).values()) == {0}
    assert not [path for path in (settings.data / "attachments").rglob("*") if path.is_file()]


def test_moving_again_does_nothing_twice_and_tells_what_changed(
    settings: Settings, tmp_path: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--create-people", "--files", str(files))
    assert run(settings, as_json(tmp_path / "old"), *options).exit_code == 0
    before = counted(settings)
    again = run(settings, str(tmp_path / "old"), *options)
    assert "user_daily_notes: 6 read, 0 moved, 2 there already, 4 not moved" in again.output
    assert counted(settings) == before
    assert len([path for path in (settings.data / "attachments").rglob("*") if path.is_file()]) == 2
    rows = [dict(row) for row in ROWS["user_daily_notes"]]
    rows[1]["content"] = "Twenty-one bars"
    rows.append({**rows[1], "id": "n7", "content": "New since"})
    (tmp_path / "old" / "user_daily_notes.json").write_text(json.dumps(rows))
    changed = run(settings, str(tmp_path / "old"), *options)
    assert "changed in the source since it was moved: user_daily_notes n2" in changed.output
    assert counted(settings)["ConversationMessage"] == before["ConversationMessage"] + 1


def test_undoing_leaves_nothing_but_what_people_added(settings: Settings, tmp_path: Path, files: Path) -> None:
    folder = as_json(tmp_path / "old")
    run(settings, folder, "--create-people", "--files", str(files))
    undone = run(settings, folder, "--undo")
    assert "Removed 6 messages." in undone.output
    assert set(counted(settings).values()) == {0}
    with session_of(settings) as session:
        assert len(session.scalars(select(StoredLeftover)).all()) == 2


def test_undoing_keeps_a_message_that_was_changed_since(
    settings: Settings, tmp_path: Path, clock: TurnableClock
) -> None:
    folder = as_json(tmp_path / "old")
    run(settings, folder, "--create-people")
    with session_of(settings) as session:
        message = session.scalars(
            select(ConversationMessage).where(ConversationMessage.content == "First concert")
        ).one()
        take_back(session, load_head(session, message.id, lock=True), at=clock())
    undone = run(settings, folder, "--undo")
    assert "kept user_actions a2" in undone.output
    left = counted(settings)
    assert (left["ConversationMessage"], left["GoalConversation"], left["Goal"]) == (1, 1, 1)


def test_people_are_found_by_address_and_missing_ones_are_told(
    settings: Settings, tmp_path: Path, clock: TurnableClock
) -> None:
    with session_of(settings) as session:
        account_store.create_user(session, email="sam@example.org", name="Sam", roles=["student"], at=clock())
    result = run(settings, as_json(tmp_path / "old"))
    assert result.exit_code == 0, result.output
    assert "there is no account for the person i1" in result.output
    assert counted(settings)["User"] == 1


def test_a_source_that_cannot_be_read_is_told(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "user_daily_notes.json").write_text("{")
    for source in (str(tmp_path / "broken"), str(tmp_path / "nothing"), f"sqlite:///{tmp_path}/none/none.db", "x://y"):
        result = CliRunner().invoke(
            main, ["migrate-goals", source], env={"DRAFTLOOM_DATA": str(settings.data), "DRAFTLOOM_DATABASE_URL": ""}
        )
        assert result.exit_code == 1
        assert "Traceback" not in result.output


OLD_SYSTEM = """
CREATE TABLE profiles (id uuid PRIMARY KEY, email text, full_name text, role text);
CREATE TABLE track_goals (id uuid PRIMARY KEY, title text);
CREATE TABLE action_types (id serial PRIMARY KEY, name text, is_milestone boolean);
CREATE TABLE user_daily_notes (id uuid PRIMARY KEY, user_id uuid, goal_id uuid, content text, note_date date,
    created_at timestamptz, mood numeric(3, 1), tags text[]);
CREATE TABLE user_actions (id bigserial PRIMARY KEY, user_id uuid, action_type_id int, goal_id uuid, notes text,
    created_at timestamp);
CREATE TABLE instructor_goal_responses (id uuid PRIMARY KEY, instructor_id uuid, daily_note_id uuid, response_text text,
    created_at timestamptz);
CREATE TABLE drafts (id uuid PRIMARY KEY, user_id uuid, type varchar(30), title text, description text, metadata jsonb,
    created_at timestamptz);
INSERT INTO profiles VALUES ('00000000-0000-0000-0000-0000000000a1', 'sam@example.org', 'Sam', 'student'),
    ('00000000-0000-0000-0000-0000000000a2', 'ines@example.org', 'Ines', 'instructor');
INSERT INTO track_goals VALUES ('00000000-0000-0000-0000-0000000000b1', 'Play the nocturne');
INSERT INTO action_types VALUES (1, 'Practised scales', false), (2, 'A recital', true);
INSERT INTO user_daily_notes VALUES ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-0000000000a1',
    '00000000-0000-0000-0000-0000000000b1', E'Twelve bars.\r\nSlowly. 🎹', '2025-03-01', '2025-03-01 12:00+02', 7.5, '{calm,early}');
INSERT INTO user_actions VALUES (1, '00000000-0000-0000-0000-0000000000a1', 1, '00000000-0000-0000-0000-0000000000b1',
    'C major', '2025-03-02 10:00'), (2, '00000000-0000-0000-0000-0000000000a1', 2, '00000000-0000-0000-0000-0000000000b1',
    NULL, '2025-03-03 10:00');
INSERT INTO instructor_goal_responses VALUES ('00000000-0000-0000-0000-0000000000d1',
    '00000000-0000-0000-0000-0000000000a2', '00000000-0000-0000-0000-0000000000c1', 'Slower.', '2025-03-01 10:30+00');
INSERT INTO drafts VALUES ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-0000000000a1', 'daily_note', '',
    'Unfinished', '{"targetDate": "2025-03-05", "goalId": "00000000-0000-0000-0000-0000000000b1"}', '2025-03-05 10:00+00');
"""
"""The old tables with the types a PostgreSQL has for them."""


@pytest.mark.postgres
def test_the_old_tables_are_read_from_postgresql_with_its_own_types(settings: Settings, postgres_folder: Path) -> None:
    with contextmanager(new_postgres)(postgres_folder) as address:
        with psycopg.connect(address) as connection:
            connection.execute(OLD_SYSTEM)
        first = run(settings, address, "--create-people")
        assert first.exit_code == 0, first.output
        assert "Counts and checksums agree." in first.output
        assert "not moved:" not in first.output
        with session_of(settings) as session:
            messages = session.scalars(select(ConversationMessage).order_by(ConversationMessage.created_at)).all()
            assert [(m.message_type, m.content, m.created_at.isoformat(), m.is_draft) for m in messages] == [
                ("daily_note", "Twelve bars.\nSlowly. 🎹", "2025-03-01T10:00:00+00:00", False),
                ("instructor_response", "Slower.", "2025-03-01T10:30:00+00:00", False),
                ("activity", "Practised scales\n\nC major", "2025-03-02T10:00:00+00:00", False),
                ("milestone", "A recital", "2025-03-03T10:00:00+00:00", False),
                ("daily_note", "Unfinished", "2025-03-05T10:00:00+00:00", True),
            ]
            note, draft = messages[0], messages[-1]
            assert str(note.target_date) == "2025-03-01"
            assert str(draft.target_date) == "2025-03-05"
            assert note.message_metadata["row"]["mood"] == "7.5"
            assert note.message_metadata["row"]["tags"] == ["calm", "early"]
        before = counted(settings)
        again = run(settings, address, "--create-people")
        assert again.exit_code == 0, again.output
        assert counted(settings) == before
        undone = run(settings, address, "--undo")
        assert undone.exit_code == 0, undone.output
        assert counted(settings)["ConversationMessage"] == 0
