"""Sums of the ledger: kept up to date row by row, read by reports, proven against the rows."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.tables import CostSum, LedgerEntry

GRAINS = ("day", "person", "month")
_COUNTED = (
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens", "amount_nano", "priced", "unpriced", "estimated", "attempts", "adjustments",
)  # fmt: skip
_NAMED = ("user_id", "draft_id", "conversation_id", "provider", "model", "cost_centre")
_LEFT_OUT = {"day": (), "person": ("draft_id", "conversation_id"), "month": ("conversation_id",)}


@dataclass(slots=True)
class Sums:
    """Sums over ledger rows, in the words of `CostSum`. Adding keeps "no price is known" apart from 0."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    amount_nano: int = 0
    priced: int = 0
    unpriced: int = 0
    estimated: int = 0
    attempts: int = 0
    adjustments: int = 0

    @property
    def cost_nano(self) -> int | None:
        """The known part of the cost; None where nothing is known."""
        return self.amount_nano if self.priced else None

    def add(self, other: "Sums") -> None:
        for name in _COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


assert tuple(item.name for item in fields(Sums)) == _COUNTED


def _upsert(insert: Any) -> Prepared:
    columns = ("grain", "start", "id", *_NAMED, *_COUNTED)
    statement = insert(CostSum).values({name: bindparam(name) for name in columns})
    table = CostSum.__table__  # type: ignore[attr-defined]
    added = {name: table.c[name] + statement.excluded[name] for name in _COUNTED}
    return Prepared(statement.on_conflict_do_update(index_elements=["grain", "start", "id"], set_=added))


_UPSERT = {"sqlite": _upsert(sqlite.insert), "postgresql": _upsert(postgresql.insert)}


def sums_of(entry: LedgerEntry, *, prices_unknown: bool = False) -> Sums:
    """What one row adds. `prices_unknown`: it is the adjustment that gives a price to a row that had none."""
    adjusts = entry.adjusts_id is not None
    return Sums(
        entry.input_tokens,
        entry.cache_read_tokens,
        entry.cache_write_5m_tokens,
        entry.cache_write_1h_tokens,
        entry.output_tokens,
        entry.reasoning_tokens,
        entry.amount_nano or 0,
        int(entry.amount_nano is not None),
        int(entry.amount_nano is None) - int(prices_unknown),
        int(entry.status == "estimated" and not adjusts),
        int(not adjusts),
        int(adjusts),
    )


@dataclass(frozen=True, slots=True)
class SumKey:
    """Where a row is added in one grain."""

    grain: str
    start: date
    id: uuid.UUID
    names: dict[str, Any] = field(hash=False, compare=False)


def keys_of(entry: LedgerEntry) -> Iterator[SumKey]:
    """The places of a row, one in each grain, in the order they are written in (the same for all, so none waits in a circle)."""
    day = entry.at.astimezone(UTC).date()
    for grain in GRAINS:
        names = {name: None if name in _LEFT_OUT[grain] else getattr(entry, name) for name in _NAMED}
        key = "\0".join("" if value is None else f"={value}" for value in names.values())
        digest = hashlib.blake2b(key.encode(), digest_size=16).digest()
        yield SumKey(grain, day.replace(day=1) if grain == "month" else day, uuid.UUID(bytes=digest), names)


def add_to_sums(session: Session, entry: LedgerEntry, sums: Sums) -> None:
    """Adds what a row says to its sums. Costs a look-up by key and one changed page for each grain."""
    assert session.bind is not None
    upsert = _UPSERT[session.bind.dialect.name]
    counted = {name: getattr(sums, name) for name in _COUNTED}
    for key in keys_of(entry):
        upsert.run(session, grain=key.grain, start=key.start, id=key.id, **key.names, **counted)


# Proof


@dataclass(frozen=True, slots=True)
class WrongSum:
    """A sum that is not what its rows say."""

    grain: str
    start: date
    id: uuid.UUID
    kept: Sums
    summed: Sums


def all_rows(session: Session) -> Iterator[tuple[LedgerEntry, bool]]:
    """Every ledger row, and whether it is the adjustment that prices a row without a price."""
    original = aliased(LedgerEntry)
    rows = session.execute(
        select(LedgerEntry, original.id.is_not(None))  # type: ignore[attr-defined]
        .outerjoin(
            original,
            (original.id == col(LedgerEntry.adjusts_id)) & original.amount_nano.is_(None),  # type: ignore[union-attr]
        )
        .execution_options(yield_per=1000)
    )
    for entry, priced in rows:
        yield entry, bool(priced)


def wrong_sums(session: Session) -> list[WrongSum]:
    """Adds up all rows anew and compares. An empty list is what should come out."""
    summed: defaultdict[SumKey, Sums] = defaultdict(Sums)
    for entry, prices_unknown in all_rows(session):
        for key in keys_of(entry):
            summed[key].add(sums_of(entry, prices_unknown=prices_unknown))
        session.expunge(entry)
    kept: dict[SumKey, Sums] = {}
    for row in session.scalars(select(CostSum)):
        kept[SumKey(row.grain, row.start, row.id, {})] = Sums(*(getattr(row, name) for name in _COUNTED))
    nothing = Sums()
    return [
        WrongSum(key.grain, key.start, key.id, kept.get(key, nothing), summed.get(key, nothing))
        for key in sorted(set(summed) | set(kept), key=lambda key: (key.grain, key.start, key.id))
        if kept.get(key, nothing) != summed.get(key, nothing)
    ]


def midnight(day: date) -> datetime:
    """The first moment of a day: all days are UTC days."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
