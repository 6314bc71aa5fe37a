"""Sums of the ledger: which there are, and how a row is added to them. Their proof is in `proof.py`."""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import bindparam, null
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.tables import CostSum, LedgerEntry

COUNTED = (
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens", "amount_nano", "priced", "unpriced", "estimated", "attempts", "adjustments",
)  # fmt: skip
NAMED = (
    "user_id", "draft_id", "conversation_id", "version_id", "group_id", "provider", "model", "cost_centre",
)  # fmt: skip
_SHARED = ("group_id", "provider", "model", "cost_centre")
_PERSON = ("user_id", *_SHARED)
_CHAT = ("user_id", "draft_id", "conversation_id", *_SHARED)
GRAINS: dict[str, tuple[str, ...]] = {
    "day": _CHAT,
    "person": _PERSON,
    "total": _SHARED,
    "month": _CHAT,
    "people": _PERSON,
    "version": NAMED,
    "loose": _PERSON,
}
"""What each grain tells apart, beside its start. A row that made a version is in `version`, any other in `loose`, and each is
in all others. Rows are added in this order, the same for all, so none waits in a circle."""
MONTHLY = frozenset({"month", "people", "version", "loose"})
"""Grains whose start is the first of a month; the others' is a day."""
NO_VERSION = col(CostSum.version_id).is_(None)
"""Said with every question to another grain than `version`: indexes of those leave the many sums of versions out."""
_STRIPES = 4
"""On PostgreSQL everybody who books waits at the sum of the whole day; so there are a few, which readers add up."""


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
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


assert tuple(item.name for item in fields(Sums)) == COUNTED


def _upsert(insert: Any) -> Prepared:
    """One statement for all grains of a row."""
    table = CostSum.__table__  # type: ignore[attr-defined]

    def bound(column: str, name: str) -> Any:
        return bindparam(name, type_=table.c[column].type)

    rows = []
    for grain, names in GRAINS.items():
        if grain == "loose":
            continue  # its place is that of `version`
        start, last = ("month" if grain in MONTHLY else "day"), grain == "version"
        row: dict[str, Any] = {
            "grain": bound("grain", "last_grain") if last else grain,
            "start": bound("start", start),
            "id": bound("id", "id_of_last" if last else f"id_of_{grain}"),
        }
        row |= {name: bound(name, f"last_{name}" if last else name) if name in names else null() for name in NAMED}
        rows.append(row | {name: bound(name, name) for name in COUNTED})
    statement = insert(CostSum).values(rows)
    added = {name: table.c[name] + statement.excluded[name] for name in COUNTED}
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


def sum_key(grain: str, start: date, names: dict[str, Any], *, stripe: int = 0) -> SumKey:
    """The place of a sum; `names` has at least what the grain tells apart."""
    apart = GRAINS[grain]
    kept = {name: names[name] if name in apart else None for name in NAMED}
    key = "\0".join("" if value is None else f"={value}" for value in kept.values())
    if grain == "total" and stripe:
        key += f"\0{stripe}"
    return SumKey(grain, start, uuid.UUID(bytes=hashlib.blake2b(key.encode(), digest_size=16).digest()), kept)


def keys_of(entry: LedgerEntry) -> Iterator[SumKey]:
    """The places of a row: one in each grain that has it."""
    day = entry.at.astimezone(UTC).date()
    names = {name: getattr(entry, name) for name in NAMED}
    stripe = 0 if entry.user_id is None else entry.user_id.int % _STRIPES
    left_out = "version" if entry.version_id is None else "loose"
    for grain in GRAINS:
        if grain != left_out:
            yield sum_key(grain, day.replace(day=1) if grain in MONTHLY else day, names, stripe=stripe)


def add_to_sums(session: Session, entry: LedgerEntry, sums: Sums) -> None:
    """Adds what a row says to its sums, in one statement."""
    assert session.bind is not None
    day = entry.at.astimezone(UTC).date()
    values: dict[str, Any] = {"day": day, "month": day.replace(day=1)} | {name: getattr(sums, name) for name in COUNTED}
    ids: dict[str, Any] = {}
    for key in keys_of(entry):
        if key.grain in ("version", "loose"):
            ids |= {"last_grain": key.grain, "id_of_last": key.id}
            values |= {f"last_{name}": value for name, value in key.names.items()}
        else:
            ids[f"id_of_{key.grain}"] = key.id
    values |= {name: getattr(entry, name) for name in NAMED} | ids
    _UPSERT[session.bind.dialect.name].run(session, **values)


def midnight(day: date) -> datetime:
    """The first moment of a day: all days are UTC days."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
