"""A keystroke in a long document changes few pages of a SQLite file, and none of it shows in the text."""

import sqlite3
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.drafts import Actor
from app.store.accounts import create_user
from app.store.db import Database
from app.store.drafting.room import room_behind
from app.store.drafts import create_stream, load_draft, receive_command
from app.store.tables import Draft, User
from tests.store.conftest import NOW

FRAME = 24 + 4096
LENGTH = 20_000


@given(text=st.text(max_size=9_000), title=st.text(max_size=255))
def test_the_bytes_of_a_row_grow_in_steps(text: str, title: str) -> None:
    room = room_behind(text, title)
    step = 4096 if len(text.encode()) > 8192 else 512
    assert (len(text.encode()) + len(title.encode()) + room - 64) % step == 0
    assert 64 <= room < 64 + step


class Page:
    """A page that types into a document of 20,000 characters, and counts what SQLite writes."""

    def __init__(self, database: Database, path: Path, *, text: str) -> None:
        self.database, self.wal, self.text = database, Path(f"{path}-wal"), text
        self.n = 0
        with database.transaction() as session:
            self.user = create_user(session, email="typist@example.org", name="T", roles=["writer"], at=NOW).id
            fields = {"title": "Long", "text": text}
            self.id = create_stream(
                session, kind="document", owner_id=self.user, actor=Actor("user", self.user), at=NOW, fields=fields
            ).id

    def type(self, words: str, at: int) -> int:
        """The number of pages one keystroke changes."""
        self.n += 1
        changes = [part for part in (at, [0, words], len(self.text) - at) if part]
        before = self.frames()
        with self.database.transaction() as session:
            receive_command(
                session,
                draft_id=self.id,
                user_id=self.user,
                json={"replica": "p", "n": self.n, "base_seq": self.n, "ops": [{"field": "text", "changes": changes}]},
                actor=Actor("user", self.user),
                at=NOW + timedelta(seconds=self.n),
            )
        self.text = self.text[:at] + words + self.text[at:]
        return self.frames() - before

    def frames(self) -> int:
        return self.wal.stat().st_size // FRAME


@pytest.fixture
def page(tmp_path: Path):
    path = tmp_path / "draftloom.db"
    database = Database.open(path)
    keeper = sqlite3.connect(path)  # The last connection to close would empty the log.
    keeper.execute("SELECT 1 FROM users").fetchone()
    keeper.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield Page(database, path, text="word " * (LENGTH // 5))
    keeper.close()
    database.engine.dispose()


def test_typing_at_the_end_leaves_the_pages_before_it_alone(page: Page) -> None:
    page.type("first ", len(page.text))
    written = [page.type("on ", len(page.text)) for _ in range(10)]
    # The head, the event and its two indexes, the row's beginning and the end of its text.
    assert max(written) <= 7
    with page.database.transaction() as session:
        assert load_draft(session, page.id).state.fields["text"] == page.text


def test_a_text_that_outgrows_its_room_gets_more(page: Page) -> None:
    for _ in range(6):
        page.type("x" * 1_000 + "é ", len(page.text) // 2)
    assert page.type("a", 3) > 0
    with page.database.transaction() as session:
        assert load_draft(session, page.id).state.fields["text"] == page.text


def test_postgresql_keeps_no_room(database: Database, writer: User, actor: Actor) -> None:
    with database.transaction() as session:
        head = create_stream(
            session, kind="document", owner_id=writer.id, actor=actor, at=NOW, fields={"text": "A few words."}
        )
        row = session.get_one(Draft, uuid.UUID(str(head.id)))
        assert (row.room is None) == (database.dialect == "postgresql")
        assert not any(row.room or b"")
