"""Messages as drafts: nobody sees them before they are published, and what was published stays. On both databases."""

import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from app.core.drafts import Actor
from app.core.errors import DraftClosed, InvalidValue
from app.store.accounts import create_user
from app.store.db import Database
from app.store.drafts import Head, create_stream, discard, load_draft, receive_command
from app.store.errors import NotFound
from app.store.goals.conversations import add_conversation, add_goal
from app.store.goals.messages import begin, open_draft, publish, take_back
from app.store.tables import ConversationMessage, DraftStream, GoalConversation, MessageAttachment, User, metadata
from app.store.upkeep.verify import rebuild, verify
from tests.store.rows import tamper


@pytest.fixture
def instructor(database: Database, now: datetime) -> User:
    with database.transaction() as session:
        return create_user(session, email="teacher@example.org", name="Teacher", roles=["instructor"], at=now)


@pytest.fixture
def conversation(database: Database, writer: User, instructor: User, now: datetime) -> GoalConversation:
    with database.transaction() as session:
        goal = add_goal(session, student_id=writer.id, title="Play the piece", created_by=writer.id, at=now)
        return add_conversation(session, student_id=writer.id, instructor_id=instructor.id, goal_id=goal.id, at=now)[0]


def note(session: Session, conversation: GoalConversation, sender: User, now: datetime, **values) -> Head:
    return begin(
        session, conversation_id=conversation.id, sender_id=sender.id, message_type="daily_note", at=now, **values
    )


def row(session: Session, head: Head) -> ConversationMessage:
    session.expire_all()
    found = session.get(ConversationMessage, head.id)
    assert found is not None
    return found


def change(session: Session, head: Head, sender: User, at: datetime, n: int, *ops) -> None:
    command = {"replica": "page", "n": n, "base_seq": load_draft(session, head.id).seq, "ops": list(ops)}
    receive_command(session, draft_id=head.id, user_id=sender.id, json=command, actor=head_actor(sender), at=at)


def head_actor(sender: User) -> Actor:
    return Actor("user", sender.id)


def test_a_message_is_a_draft_until_it_is_published(
    database: Database, conversation: GoalConversation, writer: User, now: datetime
) -> None:
    later = now + timedelta(hours=1)
    with database.transaction() as session:
        head = note(session, conversation, writer, now, content="Twelve bars today.")
        drafted = row(session, head)
        assert (drafted.is_draft, drafted.position, drafted.changed_seq) == (True, None, None)
        published = publish(session, head, at=later)
        message = row(session, head)
        assert (message.is_draft, message.position, message.changed_seq) == (False, 1, 1)
        assert (message.created_at, message.edited_at) == (later, None)
        assert published.state.status == "submitted"
        assert published.expires_at is None
        assert publish(session, published, at=later + timedelta(days=1)) == published


def test_changes_of_a_published_message_move_its_conversation_on(
    database: Database, conversation: GoalConversation, writer: User, now: datetime
) -> None:
    later = now + timedelta(hours=1)
    with database.transaction() as session:
        head = publish(session, note(session, conversation, writer, now, content="Twelve bars."), at=now)
        change(session, head, writer, later, 1, {"field": "content", "replace": "Twenty bars."})
        message = row(session, head)
        assert (message.content, message.position, message.changed_seq, message.edited_at) == (
            "Twenty bars.", 1, 2, later,
        )  # fmt: skip
        change(session, head, writer, later, 2, {"field": "target_date", "set": "2026-03-01"})
        assert row(session, head).changed_seq == 3
        gone = take_back(session, load_draft(session, head.id), at=later)
        assert row(session, head).deleted_at == later
        assert take_back(session, gone, at=later) == gone
        take_back(session, gone, back=False, at=later)
        message = row(session, head)
        assert (message.deleted_at, message.content, message.changed_seq) == (None, "Twenty bars.", 5)


def test_what_is_fixed_cannot_be_changed_by_a_command(
    database: Database, conversation: GoalConversation, writer: User, now: datetime
) -> None:
    with database.transaction() as session:
        head = note(session, conversation, writer, now, content="x")
        for field, value in (
            ("conversation", str(uuid.uuid4())), ("reply_to", str(head.id)),
            ("published", {"position": 7, "at": "2026-01-01"}), ("withdrawn", "2026-01-01"),
        ):  # fmt: skip
            with pytest.raises(InvalidValue):
                change(session, head, writer, now, 1, {"field": field, "set": value})
        change(session, head, writer, now, 1, {"field": "message_type", "set": "activity"})
        publish(session, load_draft(session, head.id), at=now)
        with pytest.raises(InvalidValue):
            change(session, head, writer, now, 2, {"field": "message_type", "set": "daily_note"})
    fields = {"conversation": str(conversation.id), "published": {"position": 1, "at": "2026-01-01"}}
    with pytest.raises(InvalidValue), database.transaction() as session:
        create_stream(session, kind="message", owner_id=writer.id, actor=head_actor(writer), at=now, fields=fields)


def test_a_message_without_a_conversation_is_refused(database: Database, writer: User, now: datetime) -> None:
    with pytest.raises(InvalidValue), database.transaction() as session:
        create_stream(session, kind="message", owner_id=writer.id, actor=head_actor(writer), at=now)


def test_a_published_message_is_not_thrown_into_the_trash(
    database: Database, conversation: GoalConversation, writer: User, now: datetime
) -> None:
    with database.transaction() as session:
        head = publish(session, note(session, conversation, writer, now, content="x"), at=now)
        with pytest.raises(DraftClosed):
            discard(session, draft_id=head.id, user_id=writer.id, actor=head_actor(writer), at=now)
        draft = note(session, conversation, writer, now, content="y")
        discard(session, draft_id=draft.id, user_id=writer.id, actor=head_actor(writer), at=now)
        assert open_draft(session, conversation.id, writer.id, reply_to_id=None) is None


def test_who_left_the_conversation_no_longer_changes_what_they_said_in_it(
    database: Database, conversation: GoalConversation, instructor: User, now: datetime
) -> None:
    with database.transaction() as session:
        said = publish(session, note(session, conversation, instructor, now, content="Slower."), at=now)
        draft = note(session, conversation, instructor, now, content="And")
        session.get_one(GoalConversation, conversation.id).instructor_id = None
        session.flush()
        with pytest.raises(NotFound):
            change(session, said, instructor, now, 1, {"field": "content", "replace": "Faster."})
        change(session, draft, instructor, now, 1, {"field": "content", "replace": "And softer."})


def test_messages_verify_and_are_rebuilt_from_their_events(
    database: Database, conversation: GoalConversation, writer: User, now: datetime
) -> None:
    with database.transaction() as session:
        first = publish(session, note(session, conversation, writer, now, content="One"), at=now)
        second = publish(
            session, note(session, conversation, writer, now, content="Two", reply_to_id=first.id, metadata={"a": [1]}),
            at=now,
        )  # fmt: skip
        note(session, conversation, writer, now, content="Three")
        take_back(session, second, at=now)
        assert verify(session).problems == []
        session.execute(update(ConversationMessage).where(ConversationMessage.id == second.id).values(content="Forged"))
        assert [problem.code for problem in verify(session).problems] == ["projection"]
        rebuild(session)
        assert verify(session).problems == []
        assert row(session, second).content == "Two"


def test_when_a_message_was_edited_is_rebuilt_from_its_events(
    database: Database, conversation: GoalConversation, writer: User, now: datetime
) -> None:
    times = [now + timedelta(hours=hours) for hours in range(6)]
    words = {"field": "content", "replace": "Twelve bars"}
    with database.transaction() as session:
        edited, untouched = (note(session, conversation, writer, now, content="Twelve") for _ in range(2))
        for head in (edited, untouched):
            change(session, head, writer, times[1], 1, words)
            publish(session, load_draft(session, head.id), at=times[2])
        change(session, edited, writer, times[3], 2, words | {"replace": "Twenty bars"})
        change(session, edited, writer, times[4], 3, {"field": "target_date", "set": "2026-03-01"})
        take_back(session, load_draft(session, edited.id), at=times[5])
        told = [row(session, head).edited_at for head in (edited, untouched)]
        assert told == [times[3], None]
        assert verify(session).ok
    for damage, *trigger in (
        ("DELETE FROM conversation_messages", ("conversation_messages", "conversation_messages_gone")),
        ("UPDATE conversation_messages SET edited_at = NULL",),
        ("UPDATE conversation_messages SET edited_at = created_at",),
        ("UPDATE conversation_messages SET content = 'Forged'",),
    ):
        tamper(database, damage, *trigger)
        with database.transaction() as session:
            assert "projection" in {problem.code for problem in verify(session).problems}
            assert rebuild(session) == 2
            assert [row(session, head).edited_at for head in (edited, untouched)] == told
            assert row(session, edited).content == "Twenty bars"
            assert verify(session).problems == []


# Rules of the database


def refused(database: Database, statement) -> None:
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.execute(statement)


def test_the_database_keeps_the_rules_of_messages(
    database: Database, conversation: GoalConversation, writer: User, instructor: User, now: datetime
) -> None:
    table = metadata.tables["conversation_messages"]
    with database.transaction() as session:
        other = add_conversation(session, student_id=writer.id, instructor_id=None, goal_id=None, at=now)[0]
        there = publish(session, note(session, other, writer, now, content="There"), at=now)
        here = publish(session, note(session, conversation, writer, now, content="Here"), at=now)
        second = publish(session, note(session, conversation, writer, now, content="Second"), at=now)
    own = table.update().where(table.c.id == here.id)
    refused(database, own.values(message_type="poem"))
    refused(database, own.values(reply_to_id=there.id))
    refused(database, own.values(reply_to_id=here.id))
    refused(database, own.values(is_draft=True, position=None, changed_seq=None))
    refused(database, own.values(is_draft=True))
    refused(database, own.values(position=2))
    refused(database, own.values(conversation_id=other.id))
    refused(database, own.values(sender_id=instructor.id))
    refused(database, own.values(conversation_id=uuid.uuid4()))
    refused(database, table.update().where(table.c.id == second.id).values(position=None))
    conversations = metadata.tables["goal_conversations"]
    refused(database, conversations.update().values(instructor_id=writer.id))
    with database.transaction() as session:
        goal = add_goal(session, student_id=instructor.id, title="Mine", created_by=instructor.id, at=now)
    refused(database, conversations.update().where(conversations.c.id == other.id).values(goal_id=goal.id))
    refused(database, metadata.tables["goals"].update().values(progress=101))


def test_a_file_is_clean_only_once_it_is_whole(
    database: Database, conversation: GoalConversation, writer: User, now: datetime
) -> None:
    with database.transaction() as session:
        head = note(session, conversation, writer, now)
        file = MessageAttachment(
            message_id=head.id, uploader_id=writer.id, filename="a.png", original_filename="a.png", file_size=3,
            mime_type="image/png", storage_key="k", created_at=now,
        )  # fmt: skip
        session.add(file)
    files = metadata.tables["message_attachments"]
    refused(database, files.update().values(state="clean"))
    refused(database, files.update().values(state="fine"))


def test_a_conversation_goes_with_its_messages_and_their_logs(
    database: Database, conversation: GoalConversation, writer: User, instructor: User, now: datetime
) -> None:
    with database.transaction() as session:
        first = publish(session, note(session, conversation, writer, now, content="One"), at=now)
        publish(session, note(session, conversation, instructor, now, content="Two", reply_to_id=first.id), at=now)
    with database.transaction() as session:
        session.execute(delete(GoalConversation))
    with database.transaction() as session:
        assert session.scalars(select(ConversationMessage)).all() == []
        assert session.scalars(select(DraftStream)).all() == []
        assert session.scalar(text("SELECT count(*) FROM draft_events")) == 0
