"""What the database itself holds of submissions and webhooks, whatever a program does."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from app.core.drafts import Actor
from app.store import submissions, webhooks
from app.store.accounts import delete_user
from app.store.db import Database
from app.store.drafting.event_log import Origin
from app.store.drafts import create_stream
from app.store.tables import Submission, SubmissionTicket, User, Webhook, WebhookDelivery, metadata
from app.store.webhooks import Outcome

tables = metadata.tables
LEASE = timedelta(seconds=60)


def refused(database: Database, statement: Any) -> None:
    with pytest.raises(DBAPIError), database.transaction() as session:
        session.execute(statement)


@pytest.fixture
def submission(database: Database, writer: User, actor: Actor, now: datetime) -> uuid.UUID:
    """A report that was handed in."""
    fields = {"title": "T", "description": "D"}
    with database.transaction() as session:
        head = create_stream(session, kind="bug_report", owner_id=writer.id, actor=actor, at=now, fields=fields)
        submissions.submit(session, head, origin=Origin(actor, now, ""))
    return head.id


@pytest.fixture
def hook(database: Database, now: datetime) -> Webhook:
    with database.transaction() as session:
        return webhooks.add_webhook(
            session, url="https://example.org", secret_encrypted=b"x", created_at=now, updated_at=now
        )


def test_two_submissions_never_have_one_number(
    database: Database, submission: uuid.UUID, writer: User, actor: Actor, now: datetime
) -> None:
    with database.transaction() as session:
        head = create_stream(
            session,
            kind="bug_report",
            owner_id=writer.id,
            actor=actor,
            at=now,
            fields={"title": "T", "description": "D"},
        )
        submissions.submit(session, head, origin=Origin(actor, now, ""))
    second = tables["submission_tickets"].c.number == 2
    refused(database, update(SubmissionTicket).where(second).values(number=1))
    refused(database, update(SubmissionTicket).where(second).values(number=0))


def test_a_submission_outlives_the_account_of_its_author(
    database: Database, submission: uuid.UUID, writer: User
) -> None:
    with database.transaction() as session:
        delete_user(session, writer.id)
    with database.transaction() as session:
        kept = session.get(Submission, submission)
        assert kept is not None
        assert (kept.user_id, kept.fields["description"]) == (None, "D")
        assert session.get(SubmissionTicket, submission) is not None


def test_a_submission_is_owed_to_a_webhook_once(
    database: Database, submission: uuid.UUID, hook: Webhook, now: datetime
) -> None:
    with database.transaction() as session:
        assert webhooks.owe_submission(session, submission, kind="bug_report", tries=3, at=now) == 1
    with pytest.raises(DBAPIError), database.transaction() as session:
        webhooks.owe_submission(session, submission, kind="bug_report", tries=3, at=now)


@pytest.mark.parametrize(
    "wrong",
    [{"state": "lost"}, {"event": "poem"}, {"event": "submission.created"}, {"state": "delivered"}, {"tries_left": -1}],
)
def test_a_delivery_is_in_a_state_there_is(
    database: Database, hook: Webhook, now: datetime, wrong: dict[str, Any]
) -> None:
    row = {
        "id": uuid.uuid4(), "webhook_id": hook.id, "submission_id": None, "event": "ping", "state": "waiting",
        "attempts": 0, "tries_left": 1, "due_at": now, "created_at": now, "finished_at": None,
    }  # fmt: skip
    refused(database, insert(tables["webhook_deliveries"]).values(**(row | wrong)))


def test_a_try_is_noted_before_it_is_made_and_belongs_to_one_sender(
    database: Database, submission: uuid.UUID, hook: Webhook, now: datetime
) -> None:
    with database.transaction() as session:
        webhooks.owe_submission(session, submission, kind="bug_report", tries=3, at=now)
    with database.transaction() as session:
        (claimed,) = webhooks.claim_due(session, at=now, lease=LEASE, busy=(), limit=8)
    with database.transaction() as session:
        assert webhooks.claim_due(session, at=now + LEASE / 2, lease=LEASE, busy=(), limit=8) == []
        (attempts,) = webhooks.attempts_of(session, [claimed.delivery_id]).values()
        assert [attempt.problem for attempt in attempts] == ["interrupted"]
    with database.transaction() as session:
        (again,) = webhooks.claim_due(session, at=now + 2 * LEASE, lease=LEASE, busy=(), limit=8)
        assert (again.delivery_id, again.number) == (claimed.delivery_id, 2)
        # The first sender was only slow: what it says late counts, but it takes nothing from the second.
        webhooks.note_outcome(session, claimed, Outcome(500, None, 9), at=now + 2 * LEASE, again_at=None)
        assert session.scalars(select(WebhookDelivery.state)).one() == "waiting"
        webhooks.note_outcome(session, again, Outcome(204, None, 9), at=now + 2 * LEASE, again_at=None)
        assert session.scalars(select(WebhookDelivery.state)).one() == "delivered"


def test_what_is_owed_goes_with_its_webhook(
    database: Database, submission: uuid.UUID, hook: Webhook, now: datetime
) -> None:
    with database.transaction() as session:
        webhooks.owe_submission(session, submission, kind="bug_report", tries=3, at=now)
        webhooks.claim_due(session, at=now, lease=LEASE, busy=(), limit=8)
    with database.transaction() as session:
        session.execute(delete(Webhook))
    with database.transaction() as session:
        assert session.scalars(select(WebhookDelivery.id)).all() == []


def test_a_delivery_whose_last_try_was_broken_off_is_given_up(database: Database, hook: Webhook, now: datetime) -> None:
    with database.transaction() as session:
        webhooks.owe(session, hook.id, event="ping", submission_id=None, tries=1, at=now)
        assert len(webhooks.claim_due(session, at=now, lease=LEASE, busy=(), limit=8)) == 1
    with database.transaction() as session:
        assert webhooks.claim_due(session, at=now + 2 * LEASE, lease=LEASE, busy=(), limit=8) == []
        assert session.scalars(select(WebhookDelivery.state)).one() == "failed"
