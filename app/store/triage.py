"""Submissions as they are dealt with: numbered, found, assigned, moved from state to state."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select, text
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.text.terms import Query, terms_of
from app.store.errors import NotFound
from app.store.rows import Page, decode_cursor, encode_cursor
from app.store.tables import Submission, SubmissionTicket, User

_MOST_SEARCHED = 100_000
"""Characters of a submission that it is found by: a long log pasted into it need not be searched to its end."""
_NUMBERING = 7_310_014

_Author, _Assignee = aliased(User), aliased(User)


class Ticketed(NamedTuple):
    """A submission with all that is shown of it. The people are missing when their accounts are gone."""

    submission: Submission
    ticket: SubmissionTicket
    author: User | None
    assignee: User | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which submissions a list shows; None where it does not matter. `number` finds the one that goes by it."""

    author_id: uuid.UUID | None = None
    kind: str | None = None
    state: str | None = None
    assignee_id: uuid.UUID | None = None
    query: Query | None = None
    number: int | None = None


def open_ticket(session: Session, submission: Submission) -> SubmissionTicket:
    """The next number for a new submission; one that has a ticket keeps it, with the words it holds now."""
    terms = _terms(submission.title, submission.fields)
    row = session.get(SubmissionTicket, submission.id)
    if row is None:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _NUMBERING})
        number = (session.scalar(select(func.max(SubmissionTicket.number))) or 0) + 1
        row = SubmissionTicket(submission_id=submission.id, number=number, updated_at=submission.submitted_at)
        session.add(row)
    row.terms = terms
    session.flush()
    return row


def get_ticketed(session: Session, submission_id: uuid.UUID, *, lock: bool = False) -> Ticketed:
    """Raises NotFound."""
    statement = _shown().where(col(Submission.id) == submission_id)
    if lock:
        statement = statement.with_for_update(of=Submission)
    found = session.execute(statement).first()
    if found is None:
        raise NotFound("submission")
    return Ticketed(*found)


def list_ticketed(session: Session, wanted: Wanted, *, cursor: str | None, limit: int) -> Page[Ticketed]:
    """Newest first. Raises BadCursor."""
    statement = _shown().where(*_conditions(wanted)).order_by(col(SubmissionTicket.number).desc()).limit(limit + 1)
    if cursor is not None:
        (number,) = decode_cursor(cursor, int)
        statement = statement.where(col(SubmissionTicket.number) < number)
    rows = [Ticketed(*row) for row in session.execute(statement)]
    items = rows[:limit]
    return Page(items, encode_cursor(items[-1].ticket.number) if len(rows) > limit else None)


def counts_by_state(session: Session, wanted: Wanted) -> dict[str, int]:
    """How many there are in each state; the state that is wanted does not matter."""
    rows = session.execute(
        select(col(Submission.state), func.count())
        .join(SubmissionTicket, col(SubmissionTicket.submission_id) == col(Submission.id))
        .where(*_conditions(wanted, of_state=False))
        .group_by(col(Submission.state))
    )
    return {state: count for state, count in rows}


def change_ticketed(
    session: Session, found: Ticketed, *, at: datetime, values: Mapping[str, Any], assignee_id: uuid.UUID | None
) -> Ticketed:
    """`values` are new columns of the submission, which is locked; `assignee_id` who deals with it from now on."""
    for name, value in values.items():
        setattr(found.submission, name, value)
    found.ticket.assignee_id = assignee_id
    found.ticket.updated_at = at
    session.flush()
    return get_ticketed(session, found.submission.id)


def _shown() -> Select[Submission, SubmissionTicket, User, User]:
    return (
        select(Submission, SubmissionTicket, _Author, _Assignee)
        .join(SubmissionTicket, col(SubmissionTicket.submission_id) == col(Submission.id))
        .outerjoin(_Author, col(_Author.id) == col(Submission.user_id))
        .outerjoin(_Assignee, col(_Assignee.id) == col(SubmissionTicket.assignee_id))
    )


def _conditions(wanted: Wanted, *, of_state: bool = True) -> Iterator[ColumnElement[bool]]:
    if wanted.author_id is not None:
        yield col(Submission.user_id) == wanted.author_id
    if wanted.kind is not None:
        yield col(Submission.kind) == wanted.kind
    if wanted.state is not None and of_state:
        yield col(Submission.state) == wanted.state
    if wanted.assignee_id is not None:
        yield col(SubmissionTicket.assignee_id) == wanted.assignee_id
    if wanted.number is not None:
        yield col(SubmissionTicket.number) == wanted.number
    elif wanted.query is not None:
        *whole, last = wanted.query.terms
        # Terms hold letters and digits only, so nothing in them means anything to LIKE.
        for term in whole:
            yield col(SubmissionTicket.terms).like(f"% {term} %")
        yield col(SubmissionTicket.terms).like(f"% {last}%" if wanted.query.prefix else f"% {last} %")


def _terms(title: str, fields: Mapping[str, Any]) -> str:
    words = "\n".join([title, *_strings(fields)])[:_MOST_SEARCHED]
    return f" {' '.join(terms_of(words))} "


def _strings(value: Any) -> Iterator[str]:
    """Every string somewhere inside a JSON value."""
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _strings(inner)
        case list():
            for inner in value:
                yield from _strings(inner)
