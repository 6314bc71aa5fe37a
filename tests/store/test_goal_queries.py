"""The statements a conversation is read with go by their indexes on both databases, asked of the databases themselves."""

import uuid
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.store.accounts import create_user
from app.store.db import Database
from app.store.engine.prepared import Prepared
from app.store.goals import page_statements as statements
from app.store.goals.conversations import add_conversation
from app.store.goals.messages import begin, publish
from app.store.tables import User

ANY = uuid.uuid4()
BY_PLACE = "uq_conversation_messages_conversation_id_position"


def plan(session: Session, statement: Prepared, **values: Any) -> str:
    """How the database would answer, in its own words, index names and all."""
    compiled = statement._for(session)
    driver = session.connection().connection.driver_connection
    word = "EXPLAIN QUERY PLAN" if compiled.dialect.name == "sqlite" else "EXPLAIN"
    if compiled.dialect.name != "sqlite":
        # A few rows are read faster without an index; the question is whether one could be used.
        driver.execute("SET LOCAL enable_seqscan = off")
    rows = driver.execute(f"{word} {compiled.text}", compiled.parameters(values)).fetchall()
    return "\n".join(str(row) for row in rows)


@pytest.fixture
def talk(database: Database, writer: User, now: datetime) -> uuid.UUID:
    with database.transaction() as session:
        teacher = create_user(session, email="t@example.org", name="T", roles=["instructor"], at=now)
        found = None
        for _ in range(3):
            found, _new = add_conversation(
                session, student_id=writer.id, instructor_id=teacher.id, goal_id=None, at=now
            )
            for number in range(40):
                head = begin(
                    session, conversation_id=found.id, sender_id=writer.id, message_type="daily_note",
                    content=str(number), at=now,
                )  # fmt: skip
                if number % 20:
                    publish(session, head, at=now)
        assert found is not None
        session.execute(text("ANALYZE"))
        return found.id


@pytest.mark.parametrize(
    "statement, values, index",
    [
        (statements.PAGE, {"before": 10, "rows": 50}, BY_PLACE),
        (statements.CHANGED, {"after": 1, "rows": 50}, "ix_conversation_messages_conversation_id_changed_seq"),
        (
            statements.PAGE_OF_DAYS,
            {
                "before": 10, "rows": 50, "first": date(2026, 3, 1), "last": date(2026, 3, 2),
                "since": datetime(2026, 3, 1).astimezone(), "until": datetime(2026, 3, 2).astimezone(),
            },
            "conversation_messages",
        ),
        (statements.THREAD, {"root_id": ANY, "after": 0, "rows": 50}, "ix_conversation_messages_reply_thread"),
        (statements.LATEST_REPLIES, {"first": 1, "last": 50}, "ix_conversation_messages_reply_thread"),
        (statements.ATTACHED_TO_PAGE, {"first": 1, "last": 50}, "ix_message_attachments_message_id"),
        (statements.DRAFTS, {"person_id": ANY}, "ix_conversation_messages_drafts"),
        (statements.RECEIPTS, {}, "message_reads"),
    ],
)  # fmt: skip
def test_a_statement_goes_by_its_index(
    database: Database, talk: uuid.UUID, writer: User, statement: Prepared, values: dict[str, Any], index: str
) -> None:
    if "person_id" in values:
        values = values | {"person_id": writer.id}
    with database.transaction() as session:
        found = plan(session, statement, conversation_id=talk, **values)
    if database.dialect == "sqlite":
        # What a constraint made has no name of ours there.
        named = {
            BY_PLACE: "sqlite_autoindex_conversation_messages",
            "pk_message_reads": "sqlite_autoindex_message_reads",
        }
        index = named.get(index, index)
        assert "SCAN conversation_messages" not in found
        assert "SCAN message_attachments" not in found
    else:
        assert "Seq Scan on" not in found
    assert index in found, found
