"""Submissions: administrators see and deal with all of them, everybody else sees their own and what became of them."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlmodel import Session

from app.core.text.terms import query_of
from app.services.accounts import Principal
from app.services.checks import checked_cursor
from app.services.clock import Clock
from app.services.errors import InvalidInput, Missing, NotAllowed
from app.services.finance.reports import csv_bytes
from app.services.webhooks import KINDS
from app.store import accounts as account_store
from app.store import audit
from app.store import triage as triage_store
from app.store.db import Database
from app.store.errors import NotFound
from app.store.tables import User
from app.store.triage import Ticketed, Wanted

STATES = ("new", "triaged", "closed")
_MOST_PER_PAGE = 100
_MOST_NOTE = 4_000
_MOST_EXCERPT = 240
_EXPORTED_AT_ONCE = 200
_MOST_IN_A_CELL = 32_000
"""Characters; spreadsheets take no more."""
CSV_COLUMNS = (
    "number", "kind", "state", "title", "author", "assignee", "severity", "area", "submitted_at", "updated_at", "note",
    "description", "id",
)  # fmt: skip


class SubmissionPerson(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class SubmissionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`number` is what it goes by. `author` is null once the account is gone."""

    id: UUID
    number: int
    kind: str
    form: str | None
    title: str
    state: str
    excerpt: str
    severity: str | None
    area: str | None
    author: SubmissionPerson | None
    assignee: SubmissionPerson | None
    submitted_at: datetime
    updated_at: datetime


class SubmissionView(SubmissionSummary, frozen=True, kw_only=True):
    """`fields` are what was filled in; `note` is the answer of those who deal with it, for the author to see."""

    fields: dict[str, Any]
    note: str


class SubmissionList(msgspec.Struct, frozen=True, kw_only=True):
    """`counts`: how many of each state, whatever state the list is of."""

    items: list[SubmissionSummary]
    counts: dict[str, int]
    next: str | None = None


class SubmissionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is; `assignee: null` leaves it to nobody."""

    state: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    assignee: UUID | UnsetType | None = UNSET


class SubmissionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a list. `mine`: only the caller's own; `assignee`: `me`, or an administrator's id."""

    kind: str | None = None
    state: str | None = None
    q: str = ""
    mine: bool = False
    assignee: str | None = None


class Submissions:
    """Use cases of submissions."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def list(
        self, person: Principal, asked: SubmissionQuery, *, cursor: str | None = None, limit: int = 50
    ) -> SubmissionList:
        """Newest first. Raises `InvalidInput` and `BadCursor`."""
        wanted, cursor = _wanted(person, asked), checked_cursor(cursor)

        def query(session: Session) -> SubmissionList:
            page = triage_store.list_ticketed(session, wanted, cursor=cursor, limit=max(1, min(limit, _MOST_PER_PAGE)))
            found = triage_store.counts_by_state(session, wanted)
            counts = {state: found.get(state, 0) for state in STATES}
            return SubmissionList(items=[_summary(one) for one in page.items], counts=counts, next=page.next)

        return await self._db.read(query)

    async def get(self, person: Principal, submission_id: UUID) -> SubmissionView:
        """Raises `Missing`, also for somebody else's."""
        return await self._db.read(lambda session: _view(_seen(session, person, submission_id)))

    async def change(self, by: Principal, submission_id: UUID, change: SubmissionChange) -> SubmissionView:
        """Raises `Missing`, `NotAllowed` for the author who is no administrator, and `InvalidInput`."""
        values = _checked(change)
        now = self._clock()

        def unit(session: Session) -> SubmissionView:
            found = _seen(session, by, submission_id, lock=True)
            if not by.is_admin:
                raise NotAllowed("administrator_only", "Only an administrator may change a submission.")
            assignee_id = found.ticket.assignee_id
            if change.assignee is not UNSET:
                assignee_id = _administrator(session, change.assignee)
            changed = [name for name, value in values.items() if value != getattr(found.submission, name)]
            if assignee_id != found.ticket.assignee_id:
                changed.append("assignee")
            if not changed:
                return _view(found)
            details: dict[str, Any] = {"changed": changed}
            if "state" in changed:
                details |= {"from": found.submission.state, "to": values["state"]}
            audit.record(
                session,
                at=now,
                actor_id=by.id,
                action="submission.changed",
                target=str(submission_id),
                details=details,
            )
            return _view(triage_store.change_ticketed(session, found, at=now, values=values, assignee_id=assignee_id))

        return await self._db.write(unit)

    async def administrators(self) -> Sequence[SubmissionPerson]:
        """Those a submission can be assigned to."""
        users = await self._db.read(account_store.list_users)
        return [_person(user) for user in users if "admin" in user.roles and user.disabled_at is None]

    async def table(self, person: Principal, asked: SubmissionQuery) -> AsyncIterator[bytes]:
        """The whole list as CSV, in pieces, the names of the columns first. Raises `InvalidInput` before any of it."""
        wanted = _wanted(person, asked)

        async def pieces() -> AsyncIterator[bytes]:
            yield csv_bytes([CSV_COLUMNS])
            cursor: str | None = None
            while True:
                lines, cursor = await self._db.read(_lines, wanted, cursor)
                yield csv_bytes(lines)
                if cursor is None:
                    return

        if person.is_admin:
            await self._db.write(audit.record, action="submissions.exported", at=self._clock(), actor_id=person.id)
        return pieces()


def payload_of(base_url: str, session: Session, submission_id: UUID) -> dict[str, Any] | None:
    """What webhooks are told about a submission."""
    try:
        found = triage_store.get_ticketed(session, submission_id)
    except NotFound:
        return None
    view: dict[str, Any] = msgspec.to_builtins(_view(found))
    if found.author is not None:
        view["author"]["email"] = found.author.email
    return view | {"url": f"{base_url}/submissions/{submission_id}"}


def _seen(session: Session, person: Principal, submission_id: UUID, *, lock: bool = False) -> Ticketed:
    """The submission, if this person may see it."""
    try:
        found = triage_store.get_ticketed(session, submission_id, lock=lock)
    except NotFound as error:
        raise Missing from error
    if not person.is_admin and found.submission.user_id != person.id:
        raise Missing
    return found


def _wanted(person: Principal, asked: SubmissionQuery) -> Wanted:
    if asked.kind is not None and asked.kind not in KINDS:
        raise InvalidInput("kind", f"Kinds are {', '.join(KINDS)}.")
    if asked.state is not None and asked.state not in STATES:
        raise InvalidInput("state", f"States are {', '.join(STATES)}.")
    typed = asked.q.strip()
    digits = typed.removeprefix("#")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
    return Wanted(
        author_id=person.id if asked.mine or not person.is_admin else None,
        kind=asked.kind,
        state=asked.state,
        assignee_id=_assignee(person, asked.assignee),
        query=query_of(typed),
        number=number,
    )


def _assignee(person: Principal, asked: str | None) -> UUID | None:
    if not asked:
        return None
    try:
        return person.id if asked == "me" else UUID(asked)
    except ValueError as error:
        raise InvalidInput("assignee", "This is `me`, or the id of an administrator.") from error


def _checked(change: SubmissionChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.state is not UNSET:
        if change.state not in STATES:
            raise InvalidInput("state", f"States are {', '.join(STATES)}.")
        values["state"] = change.state
    if change.note is not UNSET:
        note = change.note.replace("\r\n", "\n").strip()
        if len(note) > _MOST_NOTE or "\0" in note:
            raise InvalidInput("note", f"A note has at most {_MOST_NOTE} characters.")
        values["note"] = note
    return values


def _administrator(session: Session, user_id: UUID | UnsetType | None) -> UUID | None:
    if user_id is None or isinstance(user_id, UnsetType):
        return None
    try:
        user = account_store.get_user(session, user_id)
    except NotFound as error:
        raise InvalidInput("assignee", "There is no such administrator.") from error
    if "admin" not in user.roles or user.disabled_at is not None:
        raise InvalidInput("assignee", "There is no such administrator.")
    return user.id


def _person(user: User) -> SubmissionPerson:
    return SubmissionPerson(user.id, user.name or user.email)


def _summary_values(one: Ticketed) -> dict[str, Any]:
    submission, ticket = one.submission, one.ticket
    details = submission.fields.get("metadata")
    facts = details if isinstance(details, dict) else {}
    return {
        "id": submission.id,
        "number": ticket.number,
        "kind": submission.kind,
        "form": submission.form,
        "title": submission.title,
        "state": submission.state,
        "excerpt": _excerpt(submission.fields),
        "severity": _word(facts.get("severity")),
        "area": _word(facts.get("area")),
        "author": _person(one.author) if one.author is not None else None,
        "assignee": _person(one.assignee) if one.assignee is not None else None,
        "submitted_at": submission.submitted_at,
        "updated_at": ticket.updated_at,
    }


def _summary(one: Ticketed) -> SubmissionSummary:
    return SubmissionSummary(**_summary_values(one))


def _view(one: Ticketed) -> SubmissionView:
    return SubmissionView(**_summary_values(one), fields=one.submission.fields, note=one.submission.note)


def _excerpt(fields: dict[str, Any]) -> str:
    text = fields.get("description")
    beginning = text[: 4 * _MOST_EXCERPT] if isinstance(text, str) else ""
    return " ".join(beginning.split())[:_MOST_EXCERPT]


def _word(value: object) -> str | None:
    return value[:100] if isinstance(value, str) and value else None


def _lines(session: Session, wanted: Wanted, cursor: str | None) -> tuple[list[list[object]], str | None]:
    page = triage_store.list_ticketed(session, wanted, cursor=cursor, limit=_EXPORTED_AT_ONCE)
    return [_line(one) for one in page.items], page.next


def _line(one: Ticketed) -> list[object]:
    values = _summary_values(one)
    values |= {name: values[name].name if values[name] is not None else "" for name in ("author", "assignee")}
    values |= {name: values[name].isoformat().replace("+00:00", "Z") for name in ("submitted_at", "updated_at")}
    description = str(one.submission.fields.get("description", ""))[:_MOST_IN_A_CELL]
    values |= {"note": one.submission.note, "description": description}
    return [values[name] for name in CSV_COLUMNS]
