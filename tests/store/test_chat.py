"""Conversations, messages, turns, run logs and the ledger, on both databases."""

import uuid
from datetime import date, datetime, timedelta

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from app.core.drafts import Actor
from app.store import conversations, ledger, turns
from app.store.db import Database
from app.store.drafts import Head, create_stream
from app.store.errors import AlreadyExists, BadCursor, NotFound, StaleWrite
from app.store.tables import Conversation, LedgerEntry, Turn, User
from app.store.turn_beginnings import TurnBeginning, begin_turn
from app.store.turns import RunEvent
from app.store.upkeep.migrate import alembic_config
from app.store.upkeep.verify import verify
from tests.store import rows

SECOND = timedelta(seconds=1)


@pytest.fixture
def session(database: Database):
    with database.transaction() as session:
        yield session


@pytest.fixture
def conversation(session: Session, draft: Head, now: datetime) -> Conversation:
    return rows.create_conversation(
        session, draft_id=draft.id, provider="offline", model="demo", at=now, title="Whales", system_prompt="Be kind."
    )


@pytest.fixture
def turn(session: Session, draft: Head, conversation: Conversation, now: datetime) -> Turn:
    return start(session, draft, conversation, now)


def start(session: Session, draft: Head, conversation: Conversation, now: datetime, **values) -> Turn:
    given = {"mode": "write", "provider": "offline", "model": "demo", "base_seq": 1, "worker_id": "w1"} | values
    return rows.create_turn(
        session, draft_id=draft.id, conversation_id=conversation.id, user_id=draft.owner_id, at=now, **given
    )


# Conversations


def test_a_conversation_starts_with_nothing_spent(session, draft: Head, conversation: Conversation) -> None:
    found = conversations.get_conversation(session, conversation.id)
    assert (found.total_tokens, found.total_cost_nano, found.unpriced) == (0, None, 0)
    assert (found.title, found.system_prompt) == ("Whales", "Be kind.")


def test_conversations_are_listed_newest_first(session, draft: Head, conversation: Conversation, now: datetime) -> None:
    second = rows.create_conversation(session, draft_id=draft.id, provider="p", model="m", at=now + SECOND)
    assert conversations.list_conversations(session, draft.id) == [second, conversation]


@pytest.mark.parametrize(
    "call",
    [
        conversations.get_conversation,
        conversations.get_message,
        turns.get_turn,
    ],
)
def test_what_is_missing_is_not_found(session, call) -> None:
    with pytest.raises(NotFound):
        call(session, uuid.uuid4())


def test_messages_keep_their_order_and_details(session, conversation: Conversation, now: datetime) -> None:
    made = []
    for number in range(5):
        row = rows.add_message(
            session,
            conversation=conversation,
            role="user" if number % 2 == 0 else "assistant",
            content=f"message {number}",
            at=now,
            parent_id=made[-1].id if made else None,
            details={"number": number},
        )
        made.append(row)
    listed = conversations.list_messages(session, conversation.id)
    assert [row.content for row in listed] == [f"message {number}" for number in range(5)]
    assert [row.details for row in listed] == [{"number": number} for number in range(5)]
    assert [row.parent_id for row in listed] == [None, *[row.id for row in made[:-1]]]
    assert conversations.list_messages(session, conversation.id, limit=2) == made[-2:]


def test_an_answer_gets_its_words_and_what_there_is_to_know_of_it(session, draft: Head, now: datetime) -> None:
    conversation = rows.create_conversation(session, draft_id=draft.id, provider="p", model="m", at=now)
    row = rows.add_message(session, conversation=conversation, role="assistant", content="", at=now)
    session.flush()
    conversations.write_answer(session, row.id, content="half a \ud83d", details={"mode": "ask"})
    session.refresh(row)
    assert (row.content, row.details) == ("half a \ufffd", {"mode": "ask"})
    with pytest.raises(NotFound):
        conversations.write_answer(session, uuid.uuid4(), content="", details={})


# Turns


def beginning(draft: Head, now: datetime, **values) -> TurnBeginning:
    given = {
        "draft_id": draft.id, "user_id": draft.owner_id, "conversation_id": None, "title": "Whales", "mode": "write",
        "prompt": "Write.", "provider": "offline", "model": "demo", "base_version_id": None, "base_seq": 1,
        "selection": None, "apply": "review", "worker_id": "w1", "estimate": {}, "estimated_input_tokens": 7, "at": now,
    }  # fmt: skip
    return TurnBeginning(**given | values)


def test_a_draft_runs_one_turn_at_a_time(session, draft: Head, now: datetime) -> None:
    first = begin_turn(session, beginning(draft, now))
    assert turns.running_turn(session, draft.id).id == first.turn_id
    again = beginning(
        draft, now + SECOND, conversation_id=first.conversation_id, selection=(2, 5), estimate={"input_tokens": 3}
    )
    with pytest.raises(AlreadyExists) as caught:
        begin_turn(session, again)
    assert caught.value.values == {"field": "turn"}
    turns.finish_turn(session, first.turn_id, state="done", at=now, stop_reason="end")
    session.expire_all()
    assert turns.running_turn(session, draft.id) is None
    second = turns.get_turn(session, begin_turn(session, again).turn_id)
    assert (second.selection_from, second.selection_to, second.estimate) == (2, 5, {"input_tokens": 3})
    assert [row.id for row in turns.list_turns(session, first.conversation_id)] == [first.turn_id, second.id]
    prompt, answer = conversations.list_messages(session, first.conversation_id)[:2]
    assert (prompt.content, answer.content, answer.parent_id) == ("Write.", "", prompt.id)


def test_the_database_refuses_a_second_running_turn(database: Database, draft: Head, now: datetime) -> None:
    with database.transaction() as session:
        row = rows.create_conversation(session, draft_id=draft.id, provider="p", model="m", at=now)
        start(session, draft, row, now)
    with pytest.raises(IntegrityError), database.transaction() as session:
        start(session, draft, row, now)


def test_a_turn_ends_once(session, turn: Turn, now: datetime) -> None:
    turns.finish_turn(session, turn.id, state="stopped", at=now + SECOND, stop_reason="stopped by the writer")
    with pytest.raises(StaleWrite):
        turns.finish_turn(session, turn.id, state="done", at=now + 2 * SECOND)
    session.expire_all()
    found = turns.get_turn(session, turn.id)
    assert (found.state, found.finished_at, found.stop_reason) == ("stopped", now + SECOND, "stopped by the writer")


def test_turns_whose_process_died_are_found(session, turn: Turn, now: datetime) -> None:
    assert turns.abandoned_turns(session, silent_since=now) == []
    assert turns.abandoned_turns(session, silent_since=now, worker_id="w2") == []
    assert turns.abandoned_turns(session, silent_since=now, worker_id="w1") == [turn]
    assert turns.abandoned_turns(session, silent_since=now + SECOND) == [turn]
    turns.heartbeat(session, [turn.id], at=now + 2 * SECOND)
    session.expire_all()
    assert turns.abandoned_turns(session, silent_since=now + SECOND) == []


def test_a_run_log_is_read_on_from_any_place(session, turn: Turn, now: datetime) -> None:
    log = [RunEvent(number, "text", f'{{"delta":"{number}"}}', now) for number in range(1, 6)]
    assert turns.last_run_event(session, turn.id) == 0
    turns.append_run_events(session, {turn.id: log[:2]})
    turns.append_run_events(session, {turn.id: log[2:]})
    assert turns.run_events_after(session, turn.id, 0) == log
    assert turns.run_events_after(session, turn.id, 3) == log[3:]
    assert turns.run_events_after(session, turn.id, 5) == []
    assert turns.last_run_event(session, turn.id) == 5


def test_a_run_log_catches_up_without_doubles_and_without_gaps(session, turn: Turn, now: datetime) -> None:
    log = [RunEvent(number, "text", f'{{"delta":"{number}"}}', now) for number in range(1, 8)]
    turns.catch_up_run_events(session, {turn.id: log[:2]})
    turns.catch_up_run_events(session, {turn.id: log[:4]})
    turns.catch_up_run_events(session, {turn.id: log[1:3]})
    turns.catch_up_run_events(session, {turn.id: log[5:]})
    assert turns.run_events_after(session, turn.id, 0) == log[:4]
    with pytest.raises(NotFound):
        turns.catch_up_run_events(session, {uuid.uuid4(): log})


def test_an_entry_of_a_run_log_is_written_once(database: Database, draft: Head, now: datetime) -> None:
    with database.transaction() as session:
        row = rows.create_conversation(session, draft_id=draft.id, provider="p", model="m", at=now)
        turn = start(session, draft, row, now)
        turns.append_run_events(session, {turn.id: [RunEvent(1, "text", "{}", now)]})
    with pytest.raises(IntegrityError), database.transaction() as session:
        turns.append_run_events(session, {turn.id: [RunEvent(1, "other", "{}", now)]})


def test_attempts_are_noted_before_they_are_made(session, turn: Turn, now: datetime) -> None:
    for number in (1, 2):
        turns.start_attempt(
            session, turn_id=turn.id, attempt=number, provider="p", model="m", at=now, estimated_input_tokens=7
        )
    session.expire_all()
    first, second = turns.list_attempts(session, turn.id)
    assert (first.attempt, first.answered_model, first.estimated_input_tokens) == (1, None, 7)
    assert second.attempt == 2


def test_turn_message_and_version_may_refer_to_each_other_in_any_order(
    database: Database, draft: Head, now: datetime
) -> None:
    turn_id = uuid.uuid4()
    with database.transaction() as session:
        row = rows.create_conversation(session, draft_id=draft.id, provider="p", model="m", at=now)
        prompt = rows.add_message(session, conversation=row, role="user", content="x", at=now, turn_id=turn_id)
        start(session, draft, row, now, id=turn_id, prompt_message_id=prompt.id)
    with pytest.raises(DBAPIError), database.transaction() as session:
        conversations.get_message(session, prompt.id).turn_id = uuid.uuid4()


# The ledger


def entry(conversation: Conversation | None, turn: Turn | None, now: datetime, **values) -> LedgerEntry:
    given = {
        "at": now,
        "provider": "p",
        "model": "m",
        "outcome": "done",
        "status": "reported",
        "input_tokens": 1,
        "cache_read_tokens": 20,
        "cache_write_5m_tokens": 300,
        "cache_write_1h_tokens": 4000,
        "output_tokens": 50_000,
        "reasoning_tokens": 40_000,
        "amount_nano": 7,
    } | values
    if conversation is not None:
        given |= {"conversation_id": conversation.id, "draft_id": conversation.draft_id}
    if turn is not None:
        given["turn_id"] = turn.id
    return LedgerEntry(**given)


def test_totals_are_the_sums_of_the_rows(
    database: Database, session, draft: Head, conversation: Conversation, turn: Turn, now: datetime
) -> None:
    ledger.add_entry(session, entry(conversation, turn, now, attempt=1, amount_nano=5_000_000_000_000_000))
    ledger.add_entry(session, entry(conversation, turn, now, attempt=2, amount_nano=None, status="unknown"))
    ledger.add_entry(session, entry(conversation, None, now, amount_nano=0, status="free", output_tokens=0))
    ledger.add_entry(session, entry(None, None, now))
    session.expire_all()
    found = conversations.get_conversation(session, conversation.id)
    spent = (found.total_tokens, found.total_cost_nano, found.unpriced)
    assert spent == (2 * 54_321 + 4_321, 5_000_000_000_000_000, 1)
    assert ledger.wrong_totals(session) == []


def test_an_unknown_price_is_never_zero(session, conversation: Conversation, turn: Turn, now: datetime) -> None:
    ledger.add_entry(session, entry(conversation, turn, now, amount_nano=None, status="unknown"))
    session.expire_all()
    assert conversations.get_conversation(session, conversation.id).total_cost_nano is None
    assert ledger.wrong_totals(session) == []


def test_a_wrong_total_is_found(session, conversation: Conversation, now: datetime) -> None:
    ledger.add_entry(session, entry(conversation, None, now))
    session.execute(text("UPDATE ai_conversations SET total_cost_nano = 8"))
    [wrong] = ledger.wrong_totals(session)
    assert (wrong.conversation_id, wrong.kept.cost_nano, wrong.summed.cost_nano) == (conversation.id, 8, 7)
    assert [problem.code for problem in verify(session).problems] == ["ledger"]


def test_a_row_keeps_everything_that_was_said(session, conversation: Conversation, turn: Turn, now: datetime) -> None:
    row = ledger.add_entry(
        session,
        entry(
            conversation,
            turn,
            now,
            attempt=1,
            requests={"web_search": 2},
            raw_usage={"input_tokens": 1, "extra": [None]},
            price_source="genai-prices",
            price_date=date(2026, 2, 28),
            model_answered="m-2026",
            first_text_ms=120,
            duration_ms=900,
        ),
    )
    session.expire_all()
    [found] = ledger.entries_of_turn(session, turn.id)
    assert found.id == row.id
    assert (found.requests, found.raw_usage) == ({"web_search": 2}, {"input_tokens": 1, "extra": [None]})
    assert (found.price_date, found.model_answered, found.duration_ms) == (date(2026, 2, 28), "m-2026", 900)
    assert ledger.entry_tokens(found) == 54_321
    assert ledger.entries_of_conversation(session, conversation.id) == [found]


def test_rows_are_listed_newest_first_by_person_and_time(session, writer: User, now: datetime) -> None:
    other = uuid.uuid4()
    for number in range(6):
        who = writer.id if number % 2 == 0 else other
        ledger.add_entry(session, entry(None, None, now + number * SECOND, user_id=who, attempt=number))

    def listed(**filters) -> list[int]:
        found, cursor = [], None
        while True:
            page = ledger.list_entries(session, cursor=cursor, limit=2, **filters)
            found += [row.attempt for row in page.items]
            if (cursor := page.next) is None:
                return found

    assert listed() == [5, 4, 3, 2, 1, 0]
    assert listed(user_id=writer.id) == [4, 2, 0]
    assert listed(from_=now + SECOND, to=now + 4 * SECOND) == [3, 2, 1]
    assert listed(draft_id=uuid.uuid4()) == []
    with pytest.raises(BadCursor):
        ledger.list_entries(session, cursor="x")


@pytest.mark.parametrize(
    "values", [{"status": "guessed"}, {"outcome": "lost"}, {"adjusts_id": uuid.uuid4()}, {"outcome": "adjustment"}]
)
def test_malformed_rows_are_refused(database: Database, now: datetime, values: dict) -> None:
    with pytest.raises(DBAPIError), database.transaction() as session:
        ledger.add_entry(session, entry(None, None, now, **values))


def test_a_conversation_belongs_to_a_document(database: Database, writer: User, actor: Actor, now: datetime) -> None:
    with pytest.raises(DBAPIError), database.transaction() as session:
        rows.create_conversation(session, draft_id=uuid.uuid4(), provider="p", model="m", at=now)
    with database.transaction() as session:
        head = create_stream(session, kind="document", owner_id=writer.id, actor=actor, at=now)
        rows.create_conversation(session, draft_id=head.id, provider="p", model="m", at=now)


def test_prompts_of_older_chats_hang_on_the_answer_above_them(database: Database, draft: Head, now: datetime) -> None:
    with database.transaction() as session:
        talks = [
            rows.create_conversation(session, draft_id=draft.id, provider="p", model="m", at=now) for _ in range(2)
        ]
        written = []
        for minute in range(3):
            for talk in talks:
                at = now + timedelta(minutes=minute)
                prompt = rows.add_message(session, conversation=talk, role="user", content="?", at=at)
                answer = rows.add_message(
                    session, conversation=talk, role="assistant", content="!", at=at, parent_id=prompt.id
                )
                written.append((talk.id, prompt.id, answer.id))
        with database.engine.connect() as connection:
            script = ScriptDirectory.from_config(alembic_config(connection)).get_revision("0009")
        session.execute(text(script.module.CHAIN))
    with database.transaction() as session:
        for talk in talks:
            turns = [(prompt, answer) for talk_id, prompt, answer in written if talk_id == talk.id]
            messages = {message.id: message for message in conversations.list_messages(session, talk.id)}
            parents = [messages[prompt].parent_id for prompt, _ in turns]
            assert parents == [None, *(answer for _, answer in turns[:-1])]
