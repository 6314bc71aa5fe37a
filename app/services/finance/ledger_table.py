"""The ledger's rows as a table that is never in memory as a whole: what a reviewer sums up again, row by row."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.finance.reports import CostQuery, Reports, begun, csv_bytes
from app.services.views import usd
from app.store.db import Database
from app.store.finance.entries import Place, entries_after
from app.store.finance.labels import labels
from app.store.finance.reports import Filters

_STORED = (
    "at", "id", "outcome", "status", "adjusts_id", "user_id", "group_id", "cost_centre", "draft_id", "conversation_id",
    "message_id", "version_id", "turn_id", "attempt", "provider", "model", "model_answered", "input_tokens",
    "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens",
    "amount_nano", "price_source", "price_date",
)  # fmt: skip
LEDGER_COLUMNS = (
    *("cost_usd" if name == "amount_nano" else name for name in _STORED), "user", "group", "service_tier",
)  # fmt: skip
"""The columns of the table; those that came later follow people and groups by name. New ones are added behind these."""
_ROWS_AT_ONCE = 2_000

_USER, _GROUP = _STORED.index("user_id"), _STORED.index("group_id")
_AMOUNT = _STORED.index("amount_nano")


class LedgerTable:
    """Use case of taking the ledger's rows home."""

    def __init__(self, db: Database, clock: Clock, reports: Reports) -> None:
        self._db = db
        self._clock = clock
        self._reports = reports

    async def table(self, person: Principal, query: CostQuery) -> AsyncIterator[bytes]:
        """The rows booked until now in a report's period and filters, oldest first, as CSV. Raises `InvalidInput` and
        `StoreUnavailable`, before anything is sent; the pieces that follow the first raise the latter too."""
        _, filters = self._reports.checked(person, query)
        await self._reports.note_export(person, filters, "ledger.exported")
        return await begun(self._pieces(person, filters, self._clock()))

    async def _pieces(self, person: Principal, filters: Filters, until: datetime) -> AsyncIterator[bytes]:
        head: list[Sequence[object]] = [LEDGER_COLUMNS]
        after: Place | None = None
        while True:
            lines, after = await self._db.read(_lines, person.id, filters, until, after)
            if head or lines:
                yield csv_bytes([*head, *lines])
            head = []
            if after is None:
                return


def _lines(
    session: Session, viewer_id: UUID, filters: Filters, until: datetime, after: Place | None
) -> tuple[list[list[object]], Place | None]:
    """One piece, and where the next begins; None at the end."""
    rows = entries_after(session, filters, (*_STORED, "service_tier"), until=until, after=after, limit=_ROWS_AT_ONCE)
    people = labels(session, "user", {row[_USER] for row in rows}, viewer_id=viewer_id)
    groups = labels(session, "group", {row[_GROUP] for row in rows}, viewer_id=viewer_id)
    lines: list[list[object]] = []
    for row in rows:
        line: list[object] = list(row[: len(_STORED)])
        line[0] = row.at.isoformat()
        line[_AMOUNT] = usd(row.amount_nano)
        lines.append([*line, people.get(row.user_id), groups.get(row.group_id), row.service_tier])
    last = rows[-1] if len(rows) == _ROWS_AT_ONCE else None
    return lines, (last.at, last.id) if last is not None else None
