"""Reports: what models cost in a period, grouped and filtered. People see their own; finance and administrators all,
but never a title or a word of somebody else's draft."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import InvalidInput
from app.services.finance.branch_costs import branch_rows
from app.services.finance.rates import Conversion, checked_currency, conversion, converted
from app.services.finance.views import CostReport, CostRow, cost_row
from app.store import audit
from app.store.db import Database
from app.store.finance import reports as report_store
from app.store.finance.by_version import dearest_versions
from app.store.finance.labels import labels
from app.store.finance.reports import GROUPS, Filters, GroupBy, Key
from app.store.finance.sums import Sums
from app.store.finance.walks import WALKED, sums_after, sums_without

SEES_ALL = frozenset({"finance", "admin"})
COLUMNS = (
    "key", "label", "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
    "output_tokens", "reasoning_tokens", "cost_usd", "unpriced", "estimated", "attempts", "adjustments",
)  # fmt: skip
_MOST_ROWS = 10_000
_MOST_OFFSET = 1_000_000
_MOST_DAYS = 3700
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_ROWS_AT_ONCE = 2_000
_NOBODY = {
    "user": "Nobody", "draft": "No draft", "conversation": "No chat", "version": "No version",
    "cost_centre": "No cost centre", "group": "No group",
}  # fmt: skip
_GONE = {"user": "A deleted account", "draft": "A deleted draft", "conversation": "A deleted chat",
         "version": "A deleted version", "group": "A deleted group"}  # fmt: skip


__all__ = ["COLUMNS", "GROUPS", "CostQuery", "Reports", "begun", "csv_bytes", "sees_all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostQuery:
    """What was asked, unchecked, as text. Nothing and an empty text (a form's field left blank) both mean: any."""

    first: str | None = None
    last: str | None = None
    group_by: str = "day"
    user_id: str | None = None
    draft_id: str | None = None
    conversation_id: str | None = None
    provider: str | None = None
    model: str | None = None
    cost_centre: str | None = None
    group_id: str | None = None
    currency: str | None = None
    limit: int = 1000
    offset: int = 0


def sees_all(person: Principal) -> bool:
    """Whether this person reviews everybody's costs."""
    return bool(SEES_ALL & set(person.roles))


class Reports:
    """Use cases of reading costs."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def report(self, person: Principal, query: CostQuery) -> CostReport:
        """Raises `InvalidInput`. Somebody else's id gives an empty report, as one that never existed."""
        group_by, filters = self.checked(person, query)
        limit, offset = max(1, min(query.limit, _MOST_ROWS)), max(0, min(query.offset, _MOST_OFFSET))
        currency = checked_currency(query.currency) if query.currency else None

        def read(session: Session) -> CostReport:
            rows, total, more = _page(session, person, group_by, filters, limit, offset)
            shown, [whole], rate = _converted(session, filters, currency, rows, [total])
            return CostReport(
                from_=filters.first,
                to=filters.last,
                group_by=group_by,
                rows=shown,
                total=whole,
                more=more,
                conversion=rate,
            )

        return await self._db.read(read)

    async def table(self, person: Principal, query: CostQuery) -> AsyncIterator[bytes]:
        """The same as CSV, all rows, the total last; by draft, chat or version in the order in which those were made, since
        there can be more than memory holds. The first piece is read before anything is sent: what it raises is answered.
        Raises `InvalidInput` and `StoreUnavailable`; so do the pieces that follow.
        """
        group_by, filters = self.checked(person, query)
        currency = checked_currency(query.currency) if query.currency else None
        if group_by in WALKED:
            rows = self._walked(person, group_by, filters)
        else:
            rows = self._at_once(person, group_by, filters)
        rate = await self._db.read(conversion, currency, filters.last, None) if currency else None
        await self.note_export(person, filters, "costs.exported")
        return await begun(_pieces(rows, rate))

    async def note_export(self, person: Principal, filters: Filters, action: str) -> None:
        """Who takes home what others spent is in the audit log before the first byte is sent."""
        if sees_all(person):
            details = {"from": filters.first.isoformat(), "to": filters.last.isoformat()}
            await self._db.write(audit.record, action=action, at=self._clock(), actor_id=person.id, details=details)

    async def _at_once(self, person: Principal, group_by: GroupBy, filters: Filters) -> AsyncIterator[list[CostRow]]:
        def read(session: Session) -> list[CostRow]:
            return [*_all(session, person, group_by, filters), _total(session, filters)]

        yield await self._db.read(read)

    async def _walked(self, person: Principal, group_by: GroupBy, filters: Filters) -> AsyncIterator[list[CostRow]]:
        """The total is that of the rows that were read: what is booked meanwhile is in both or in neither."""
        total, after = Sums(), None
        while True:
            found, after = await self._db.read(_walk, person, group_by, filters, after)
            for _, sums in found:
                total.add(sums)
            yield [row for row, _ in found]
            if after is None:
                break
        without = await self._db.read(sums_without, group_by, filters)
        last = [] if without is None else [_row(group_by, None, without, {})]
        total.add(without or Sums())
        yield [*last, cost_row(None, "Total", total)]

    def checked(self, person: Principal, query: CostQuery) -> tuple[GroupBy, Filters]:
        """The query in the store's words, narrowed to what this person may see."""
        if query.group_by not in GROUPS:
            raise InvalidInput("group_by", f"Group by one of {', '.join(GROUPS)}.")
        if query.group_by == "branch" and not query.draft_id:
            raise InvalidInput("draft_id", "Branches are those of one draft: say which.")
        today = self._clock().date()
        last = _day("to", query.last, end=True) or max(today, _day("from", query.first) or today)
        first = _day("from", query.first) or last.replace(day=1)
        if first > last:
            raise InvalidInput("to", "The period ends before it begins.")
        if (last - first).days > _MOST_DAYS:
            raise InvalidInput("from", "A report spans ten years at most.")
        user_id = _id("user_id", query.user_id)
        if not sees_all(person):
            # Another's rows are not this person's to see: nothing is booked to both.
            user_id = person.id if user_id in (None, person.id) else UUID(int=0)
        return query.group_by, Filters(
            first=first,
            last=last,
            user_id=user_id,
            draft_id=_id("draft_id", query.draft_id),
            conversation_id=_id("conversation_id", query.conversation_id),
            provider=_name("provider", query.provider),
            model=_name("model", query.model),
            cost_centre=_name("cost_centre", query.cost_centre),
            group_id=_id("group_id", query.group_id),
            open_end=last == today,
        )


def _converted(
    session: Session, filters: Filters, currency: str | None, rows: list[CostRow], totals: list[CostRow]
) -> tuple[list[CostRow], list[CostRow], Conversion | None]:
    """The same with amounts in another currency, if one is asked for, by the newest rate not after the last day."""
    if currency is None:
        return rows, totals, None
    found = conversion(session, currency, filters.last, None)

    whole = [_in_currency(row, found) for row in totals]
    return (
        [_in_currency(row, found) for row in rows],
        whole,
        msgspec.structs.replace(found, cost=whole[0].cost_converted),
    )


def _in_currency(row: CostRow, rate: Conversion) -> CostRow:
    return msgspec.structs.replace(row, cost_converted=converted(row.cost_usd, rate.rate))


def _page(
    session: Session, person: Principal, group_by: GroupBy, filters: Filters, limit: int, offset: int
) -> tuple[list[CostRow], CostRow, int]:
    """One page of rows, the total of all, and how many rows are left: the newest times, or the most expensive keys."""
    total = _total(session, filters)
    if group_by == "branch":
        rows = _all(session, person, group_by, filters)
        return rows[offset : offset + limit], total, max(0, len(rows) - offset - limit)
    if group_by in ("day", "month"):
        rows = _all(session, person, group_by, filters)
        shown = rows[max(0, len(rows) - offset - limit) : len(rows) - offset]
        return shown, total, max(0, len(rows) - offset - limit)
    if group_by == "version":
        found, count = dearest_versions(session, filters, limit=limit, offset=offset)
    else:
        found, count = report_store.dearest(session, group_by, filters, limit=limit, offset=offset)
    names = labels(session, group_by, [key for key, _sums in found], viewer_id=person.id)
    rows = [_row(group_by, key, sums, names) for key, sums in found]
    return rows, total, max(0, count - offset - len(found))


def _total(session: Session, filters: Filters) -> CostRow:
    return cost_row(None, "Total", report_store.total(session, filters))


def _all(session: Session, person: Principal, group_by: GroupBy, filters: Filters) -> list[CostRow]:
    """The rows in their order."""
    if group_by == "branch":
        return sorted(branch_rows(session, filters, viewer_id=person.id), key=_order(group_by))
    read = report_store.report(session, group_by, filters)
    names = labels(session, group_by, read, viewer_id=person.id)
    return sorted((_row(group_by, key, sums, names) for key, sums in read.items()), key=_order(group_by))


def _walk(
    session: Session, person: Principal, group_by: GroupBy, filters: Filters, after: UUID | None
) -> tuple[list[tuple[CostRow, Sums]], UUID | None]:
    """The next rows of a walk with their sums, and where it goes on."""
    found, last = sums_after(session, group_by, filters, after=after, limit=_ROWS_AT_ONCE)
    names = labels(session, group_by, [key for key, _sums in found], viewer_id=person.id)
    return [(_row(group_by, key, sums, names), sums) for key, sums in found], last


def _row(group_by: GroupBy, key: Key, sums: Sums, names: dict[Key, str]) -> CostRow:
    if key is None:
        return cost_row(None, _NOBODY.get(group_by, "Unknown"), sums)
    text = key.isoformat() if isinstance(key, date) else str(key)
    if group_by == "month":
        text = text[:7]
    return cost_row(text, names.get(key) or _GONE.get(group_by) or text, sums)


def _order(group_by: GroupBy) -> Callable[[CostRow], Any]:
    """Times in their order, everything else from the most expensive on."""
    if group_by in ("day", "month"):
        return lambda row: row.key
    return lambda row: (-float(row.cost_usd or 0), -row.unpriced, -row.tokens, row.label, row.key or "")


def _id(field: str, value: str | None) -> UUID | None:
    if not value:
        return None
    try:
        return UUID(value)
    except ValueError as error:
        raise InvalidInput(field, "This is not an id.") from error


def _name(field: str, value: str | None) -> str | None:
    return (checked_line(field, value, most=200) or None) if value else None


def _day(field: str, value: str | None, *, end: bool = False) -> date | None:
    """A UTC day from `2026-03-31` or from a moment; a period that ends at midnight does not hold the day that begins."""
    if not value:
        return None
    try:
        if len(value) == 10:
            day = date.fromisoformat(value)
        else:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise InvalidInput(field, "Say which time zone, such as Z; or give a day, such as 2026-03-31.")
            moment = (moment - moment.utcoffset()).replace(tzinfo=None)  # type: ignore[operator]
            day = (moment - timedelta(microseconds=1)).date() if end else moment.date()
    except (ValueError, OverflowError) as error:
        raise InvalidInput(field, "This is not a day, such as 2026-03-31.") from error
    if not 2000 <= day.year <= 2999:
        raise InvalidInput(field, "The year is one from 2000 to 2999.")
    return day


# CSV


async def _pieces(rows: AsyncIterator[list[CostRow]], rate: Conversion | None) -> AsyncIterator[bytes]:
    """The header, then the rows. Labels that a spreadsheet would run as a formula start with an apostrophe."""
    names = (*COLUMNS, "cost_converted") if rate else COLUMNS
    head: list[Iterable[object]] = [(*COLUMNS, f"cost_{rate.currency.lower()}") if rate else COLUMNS]
    async for some in rows:
        shown = [_in_currency(row, rate) for row in some] if rate else some
        yield csv_bytes([*head, *([getattr(row, name) for name in names] for row in shown)])
        head = []


async def begun(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces, the first of which was made already: where that fails, nothing has been sent yet."""
    first = await anext(pieces)

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    return all_of_them()


def csv_bytes(lines: Iterable[Iterable[object]]) -> bytes:
    """Lines of cells as CSV with CRLF, as RFC 4180 has it."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([_cell(value) for value in line] for line in lines)
    return written.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return "'" + value
    return "" if value is None else value


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit() and text.isascii()
