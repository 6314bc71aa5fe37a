"""Webhooks, the calls owed to them, and every try. A try is claimed by writing it down before anything is sent."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from app.store.errors import NotFound, StaleWrite
from app.store.rows import Page, changed_rows, decode_cursor, encode_cursor
from app.store.tables import Webhook, WebhookAttempt, WebhookDelivery

INTERRUPTED = "interrupted"


def add_webhook(session: Session, **values: Any) -> Webhook:
    row = Webhook(**values)
    session.add(row)
    session.flush()
    return row


def get_webhook(session: Session, webhook_id: uuid.UUID) -> Webhook:
    """Raises NotFound."""
    row = session.get(Webhook, webhook_id)
    if row is None:
        raise NotFound("webhook")
    return row


def list_webhooks(session: Session) -> list[Webhook]:
    """All of them, oldest first."""
    return list(session.scalars(select(Webhook).order_by(col(Webhook.id))))


def change_webhook(session: Session, webhook_id: uuid.UUID, *, at: datetime, **values: Any) -> Webhook:
    """Raises NotFound."""
    row = get_webhook(session, webhook_id)
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at = at
    session.flush()
    return row


def delete_webhook(session: Session, webhook_id: uuid.UUID) -> None:
    """With everything that was owed to it. Raises NotFound."""
    if not changed_rows(session, delete(Webhook).where(col(Webhook.id) == webhook_id)):
        raise NotFound("webhook")


# What is owed


def owe(
    session: Session, webhook_id: uuid.UUID, *, event: str, submission_id: uuid.UUID | None, tries: int, at: datetime
) -> WebhookDelivery:
    """A call to be made as soon as possible."""
    row = WebhookDelivery(
        webhook_id=webhook_id, submission_id=submission_id, event=event, tries_left=tries, due_at=at, created_at=at
    )
    session.add(row)
    session.flush()
    return row


def owe_submission(session: Session, submission_id: uuid.UUID, *, kind: str, tries: int, at: datetime) -> int:
    """A call to every webhook that is on and wants this kind; how many."""
    wanted = [row for row in list_webhooks(session) if row.enabled and (not row.kinds or kind in row.kinds)]
    for row in wanted:
        owe(session, row.id, event="submission.created", submission_id=submission_id, tries=tries, at=at)
    return len(wanted)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A try that has begun: whom to call, about what, and under which number the outcome is noted."""

    delivery_id: uuid.UUID
    number: int
    event: str
    submission_id: uuid.UUID | None
    webhook: Webhook
    tries_left: int


def claim_due(
    session: Session, *, at: datetime, lease: timedelta, busy: Collection[uuid.UUID], limit: int
) -> list[Claimed]:
    """Begins tries that are due, at most one for each webhook and none for those in `busy`; each is noted as interrupted
    until its outcome is. If that never comes, others may begin the next one after `lease`."""
    place = func.row_number().over(partition_by=col(WebhookDelivery.webhook_id), order_by=col(WebhookDelivery.id))
    due = (
        select(col(WebhookDelivery.id), place.label("place"))
        .join(Webhook, col(Webhook.id) == col(WebhookDelivery.webhook_id))
        .where(
            col(WebhookDelivery.state) == "waiting",
            col(WebhookDelivery.due_at) <= at,
            col(WebhookDelivery.webhook_id).not_in(list(busy)),
            col(Webhook.enabled),
        )
        .subquery()
    )
    first = select(due.c.id).where(due.c.place == 1).limit(limit)
    # Looked at again under the lock: another process may have begun the same one meanwhile.
    rows = session.scalars(
        select(WebhookDelivery)
        .where(
            col(WebhookDelivery.id).in_(first),
            col(WebhookDelivery.state) == "waiting",
            col(WebhookDelivery.due_at) <= at,
        )
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        if row.tries_left == 0:  # The process that made its last try is gone.
            row.state, row.finished_at = "failed", at
    return [_claim(session, row, at=at, lease=lease) for row in rows if row.tries_left > 0]


def _claim(session: Session, row: WebhookDelivery, *, at: datetime, lease: timedelta) -> Claimed:
    row.attempts += 1
    row.tries_left -= 1
    row.due_at = at + lease
    session.add(WebhookAttempt(delivery_id=row.id, number=row.attempts, at=at, problem=INTERRUPTED))
    session.flush()
    webhook = get_webhook(session, row.webhook_id)
    return Claimed(row.id, row.attempts, row.event, row.submission_id, webhook, row.tries_left)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended: `status` that was answered, or `problem` that kept it from an answer."""

    status: int | None
    problem: str | None
    duration_ms: int

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def note_outcome(
    session: Session, claimed: Claimed, outcome: Outcome, *, at: datetime, again_at: datetime | None
) -> None:
    """Writes down how a try ended, and when the next one is due; None gives the delivery up. A delivery that was removed
    meanwhile, or begun anew because this try was taken for dead, keeps what it has."""
    session.execute(
        update(WebhookAttempt)
        .where(col(WebhookAttempt.delivery_id) == claimed.delivery_id, col(WebhookAttempt.number) == claimed.number)
        .values(status=outcome.status, problem=outcome.problem, duration_ms=outcome.duration_ms)
    )
    row = session.get(WebhookDelivery, claimed.delivery_id, with_for_update=True)
    if row is None or row.state != "waiting":
        return
    if outcome.delivered or (again_at is None and row.attempts == claimed.number):
        row.state = "delivered" if outcome.delivered else "failed"
        row.finished_at = at
    elif row.attempts == claimed.number and again_at is not None:
        row.due_at = again_at
    session.flush()


def next_due(session: Session) -> datetime | None:
    """When the next try is due, None when nothing is owed."""
    return session.scalar(
        select(func.min(WebhookDelivery.due_at))
        .join(Webhook, col(Webhook.id) == col(WebhookDelivery.webhook_id))
        .where(col(WebhookDelivery.state) == "waiting", col(Webhook.enabled))
    )


def send_again(
    session: Session, webhook_id: uuid.UUID, delivery_id: uuid.UUID, *, tries: int, at: datetime
) -> WebhookDelivery:
    """A finished delivery is owed once more; one that waits is tried at once. Raises NotFound, or StaleWrite while a try
    runs."""
    row = session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if row is None or row.webhook_id != webhook_id:
        raise NotFound("delivery")
    last = session.get(WebhookAttempt, (row.id, row.attempts))
    if row.state == "waiting" and last is not None and last.problem == INTERRUPTED and row.due_at > at:
        raise StaleWrite("This delivery is being tried just now.")
    row.state, row.finished_at, row.tries_left, row.due_at = "waiting", None, tries, at
    session.flush()
    return row


def list_deliveries(
    session: Session, webhook_id: uuid.UUID, *, state: str | None, cursor: str | None, limit: int
) -> Page[WebhookDelivery]:
    """Newest first. Raises BadCursor."""
    statement = select(WebhookDelivery).where(col(WebhookDelivery.webhook_id) == webhook_id)
    if state is not None:
        statement = statement.where(col(WebhookDelivery.state) == state)
    if cursor is not None:
        (last_id,) = decode_cursor(cursor, uuid.UUID)
        statement = statement.where(col(WebhookDelivery.id) < last_id)
    rows = session.scalars(statement.order_by(col(WebhookDelivery.id).desc()).limit(limit + 1)).all()
    items = list(rows[:limit])
    return Page(items, encode_cursor(items[-1].id) if len(rows) > limit else None)


def attempts_of(session: Session, delivery_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[WebhookAttempt]]:
    """The tries of these deliveries, first to last."""
    rows = session.scalars(
        select(WebhookAttempt)
        .where(col(WebhookAttempt.delivery_id).in_(delivery_ids))
        .order_by(col(WebhookAttempt.delivery_id), col(WebhookAttempt.number))
    )
    found: dict[uuid.UUID, list[WebhookAttempt]] = {}
    for row in rows:
        found.setdefault(row.delivery_id, []).append(row)
    return found


def last_deliveries(session: Session) -> dict[uuid.UUID, WebhookDelivery]:
    """The newest delivery of every webhook."""
    newest = select(
        col(WebhookDelivery.id),
        func.row_number()
        .over(partition_by=col(WebhookDelivery.webhook_id), order_by=col(WebhookDelivery.id).desc())
        .label("place"),
    ).subquery()
    rows = session.scalars(
        select(WebhookDelivery).where(col(WebhookDelivery.id).in_(select(newest.c.id).where(newest.c.place == 1)))
    )
    return {row.webhook_id: row for row in rows}


def forget_finished(session: Session, *, before: datetime) -> int:
    """Drops what was delivered or given up long ago; how much."""
    return changed_rows(
        session,
        delete(WebhookDelivery).where(
            col(WebhookDelivery.state) != "waiting", col(WebhookDelivery.finished_at) < before
        ),
    )
