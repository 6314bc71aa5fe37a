"""Comparing a provider's export with the ledger, by UTC day and model; what was found is kept with who and when."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import InvalidInput, Missing
from app.services.finance.exports import DayModel, Used, model_name, read_export
from app.services.finance.reports import csv_bytes
from app.services.views import usd
from app.store import audit
from app.store.accounts import get_user
from app.store.db import Database
from app.store.errors import NotFound
from app.store.finance import reconciliations as store
from app.store.finance.reconciliations import Booked
from app.store.tables import Reconciliation

_MOST_PERCENT = Decimal(50)
_SLACK_NANO = 10_000_000
"""Exports round amounts to cents: less than a cent is no difference."""
_LISTED = 50
_COLUMNS = (
    "day", "model", "state", "input_tokens_here", "input_tokens_there", "output_tokens_here", "output_tokens_there",
    "cost_usd_here", "cost_usd_there", "estimated_here", "unpriced_here", "about",
)  # fmt: skip

State = Literal["matched", "differing", "missing_here", "missing_there"]


class NewReconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """`csv` is the provider's export as it is. Tokens and amounts may differ by `tolerance_percent`, a decimal string."""

    provider: str
    csv: str
    file_name: str = ""
    tolerance_percent: str = "1"


class ReconciledLine(msgspec.Struct, frozen=True, kw_only=True):
    """One model on one UTC day, here and at the provider; null where that side says nothing. Input holds all input, also from
    caches. `about` names what differs: input, output, amount."""

    day: date
    model: str
    state: State
    input_tokens_here: int | None
    input_tokens_there: int | None
    output_tokens_here: int | None
    output_tokens_there: int | None
    cost_usd_here: str | None
    cost_usd_there: str | None
    estimated_here: int = 0
    unpriced_here: int = 0
    about: list[str] = []


class ReconciliationSummary(msgspec.Struct, frozen=True, kw_only=True):
    """`from` and `to` are the first and the last day of the export, both included."""

    id: UUID
    provider: str
    file_name: str
    from_: date = msgspec.field(name="from")
    to: date
    tolerance_percent: str
    matched: int
    differing: int
    missing_here: int
    missing_there: int
    created_by: UUID | None
    by: str
    created_at: datetime


class ReconciliationView(ReconciliationSummary, frozen=True, kw_only=True):
    lines: list[ReconciledLine]


class ReconciliationList(msgspec.Struct, frozen=True):
    items: list[ReconciliationSummary]


class Reconciliations:
    """Use cases of reconciling."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def all(self) -> ReconciliationList:
        """The newest ones, without their lines."""

        def query(session: Session) -> ReconciliationList:
            rows = store.list_reconciliations(session, _LISTED)
            return ReconciliationList([ReconciliationSummary(**_summary(session, row)) for row in rows])

        return await self._db.read(query)

    async def providers(self) -> list[str]:
        """Whose exports can be compared."""
        return await self._db.read(store.known_providers)

    async def add(self, by: Principal, new: NewReconciliation) -> ReconciliationView:
        """Raises `InvalidInput`; then nothing is kept."""
        now = self._clock()
        provider = checked_line("provider", new.provider, least=1, most=50)
        file_name = checked_line("file_name", new.file_name, most=200)
        tolerance = _percent(new.tolerance_percent)
        there = await asyncio.to_thread(read_export, new.csv, provider)
        first, last = min(day for day, _ in there), max(day for day, _ in there)
        here = await self._db.read(store.booked, provider, first, last)
        if not here and provider not in await self.providers():
            raise InvalidInput("provider", "Nothing was ever booked for this provider.")
        lines = await asyncio.to_thread(compared, here, there, tolerance)
        counted = Counter(line.state for line in lines)

        def unit(session: Session) -> ReconciliationView:
            row = store.add_reconciliation(
                session,
                provider=provider,
                file_name=file_name,
                first=first,
                last=last,
                tolerance_percent=format(tolerance, "f"),
                matched=counted["matched"],
                differing=counted["differing"],
                missing_here=counted["missing_here"],
                missing_there=counted["missing_there"],
                lines=msgspec.to_builtins(lines),
                created_by=by.id,
                created_at=now,
            )
            audit.record(
                session, at=now, actor_id=by.id, action="costs.reconciled", target=f"{provider} {first} {last}",
                details={str(state): count for state, count in counted.items()},
            )  # fmt: skip
            return _view(session, row)

        return await self._db.write(unit)

    async def one(self, reconciliation_id: UUID) -> ReconciliationView:
        """Raises `Missing`."""

        def query(session: Session) -> ReconciliationView:
            return _view(session, store.get_reconciliation(session, reconciliation_id))

        try:
            return await self._db.read(query)
        except NotFound as error:
            raise Missing from error

    async def table(self, by: Principal, reconciliation_id: UUID) -> bytes:
        """Its lines as CSV. Raises `Missing`."""
        found = await self.one(reconciliation_id)
        lines, target = found.lines, f"{found.provider} {found.from_} {found.to}"
        await self._db.write(
            audit.record, action="reconciliation.exported", at=self._clock(), actor_id=by.id, target=target
        )
        cells = [[_cell(getattr(line, name)) for name in _COLUMNS] for line in lines]
        return csv_bytes([_COLUMNS, *cells])


def compared(here: Sequence[Booked], there: Mapping[DayModel, Used], percent: Decimal) -> list[ReconciledLine]:
    """Line by line, those that need a look first."""
    ours: dict[DayModel, list[Booked]] = {}
    for row in here:
        ours.setdefault((row.day, model_name(row.model)), []).append(row)
    lines = [_line(key, ours.get(key, []), there.get(key), percent) for key in set(ours) | set(there)]
    order: tuple[State, ...] = ("missing_here", "missing_there", "differing", "matched")
    return sorted(lines, key=lambda line: (order.index(line.state), line.day, line.model))


def _line(key: DayModel, rows: Sequence[Booked], there: Used | None, percent: Decimal) -> ReconciledLine:
    priced = bool(rows) and any(row.amount_nano or not row.unpriced for row in rows)
    here = Used(
        sum(row.input_tokens for row in rows),
        sum(row.output_tokens for row in rows),
        sum(row.amount_nano for row in rows) if priced else None,
    )
    theirs = there or Used()
    about: list[str] = []
    if rows and there is not None:
        pairs = (
            ("input", here.input_tokens, there.input_tokens, 0),
            ("output", here.output_tokens, there.output_tokens, 0),
            ("amount", here.amount_nano or 0, there.amount_nano, _SLACK_NANO),
        )
        about = [
            name for name, mine, other, slack in pairs if other is not None and _differ(mine, other, slack, percent)
        ]
    state: State = "missing_here" if not rows else "missing_there" if there is None else "matched"
    return ReconciledLine(
        day=key[0],
        model=key[1],
        state="differing" if about else state,
        input_tokens_here=here.input_tokens if rows else None,
        input_tokens_there=theirs.input_tokens,
        output_tokens_here=here.output_tokens if rows else None,
        output_tokens_there=theirs.output_tokens,
        cost_usd_here=usd(here.amount_nano) if rows else None,
        cost_usd_there=usd(theirs.amount_nano),
        estimated_here=sum(row.estimated for row in rows),
        unpriced_here=sum(row.unpriced for row in rows),
        about=about,
    )


def _differ(mine: int | None, other: int, slack: int, percent: Decimal) -> bool:
    gap = abs((mine or 0) - other)
    return gap > slack and gap * 100 > percent * max(abs(mine or 0), abs(other))


def _percent(text: str) -> Decimal:
    try:
        percent = Decimal(text.strip() or "1")
    except InvalidOperation as error:
        raise InvalidInput("tolerance_percent", "This is a number of percent, such as 1.") from error
    if not percent.is_finite() or not 0 <= percent <= _MOST_PERCENT or percent != round(percent, 3):
        raise InvalidInput("tolerance_percent", "The tolerance is from 0 to 50 %.")
    return percent


def _summary(session: Session, row: Reconciliation) -> dict[str, Any]:
    try:
        user = get_user(session, row.created_by) if row.created_by else None
    except NotFound:
        user = None
    return {
        "id": row.id, "provider": row.provider, "file_name": row.file_name, "from_": row.first, "to": row.last,
        "tolerance_percent": row.tolerance_percent, "matched": row.matched, "differing": row.differing,
        "missing_here": row.missing_here, "missing_there": row.missing_there, "created_by": row.created_by,
        "by": (user.name or user.email) if user else "A deleted account", "created_at": row.created_at,
    }  # fmt: skip


def _view(session: Session, row: Reconciliation) -> ReconciliationView:
    lines = [msgspec.convert(line, ReconciledLine) for line in row.lines]
    return ReconciliationView(**_summary(session, row), lines=lines)


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(value)
    return value.isoformat() if isinstance(value, date) else value
