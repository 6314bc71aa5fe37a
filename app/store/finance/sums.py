"""Sums of the ledger: which there are, and how a row is added to them. Their proof is in `proof.py`."""

import hashlib
import uuid
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import bindparam, literal, null, select, true, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.tables import CostSum, LedgerEntry, VersionSum

COUNTED = (
    "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens",
    "reasoning_tokens", "amount_nano", "priced", "unpriced", "estimated", "attempts", "adjustments",
)  # fmt: skip
NAMED = (
    "user_id", "draft_id", "conversation_id", "version_id", "group_id", "provider", "model", "cost_centre",
)  # fmt: skip
_SHARED = ("group_id", "provider", "model", "cost_centre")
_OWN = ("user_id", "draft_id", "conversation_id")
_PERSON = ("user_id", *_SHARED)
_CHAT = (*_OWN, *_SHARED)
GRAINS: dict[str, tuple[str, ...]] = {
    "day": _CHAT,
    "person": _PERSON,
    "total": _SHARED,
    "month": _CHAT,
    "people": _PERSON,
    "loose_day": _PERSON,
    "loose": _PERSON,
    "version": NAMED,
}
"""What each grain tells apart, beside its start. A row that made a version is in `version`, any other in `loose_day` and `loose`,
and each is in all others. `version` has a table of its own (`VersionSum`); the others are kept in one (`CostSum`), to which a row is
added in this order, the same for all, so none waits in a circle."""
MONTHLY = frozenset({"month", "people", "loose"})
"""Grains whose start is the first of a month; the others' is a day."""
_LOOSE = ("loose_day", "loose")
_PLACES = {
    True: tuple(grain for grain in GRAINS if grain != "version"),
    False: tuple(grain for grain in GRAINS if grain not in _LOOSE),
}
"""The grains a row is in, by whether it made no version."""
_ID_PARAMETERS = {loose: [(grain, f"id_of_{grain}") for grain in grains] for loose, grains in _PLACES.items()}
_STRIPES = 4
"""On PostgreSQL everybody who books waits at the sum of the whole day; so there are a few, which readers add up."""


@dataclass(slots=True)
class Sums:
    """Sums over ledger rows, in the words of `Counted`. Adding keeps "no price is known" apart from 0."""

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


_TABLE, _VERSIONS = CostSum.__table__, VersionSum.__table__  # type: ignore[attr-defined]


def _bound(table: Any, column: str, name: str | None = None) -> Any:
    return bindparam(name or column, type_=table.c[column].type)


def _adding(table: Any, statement: Any) -> Any:
    """The same, adding to what is there."""
    added = {name: table.c[name] + statement.excluded[name] for name in COUNTED}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=added)


def _upsert(insert: Any, *, loose: bool) -> Prepared:
    """One statement for all grains of a row, or of one that made no version. What is counted is said once: psycopg takes a
    statement of more than 4,096 characters apart anew each time."""
    places = []
    for grain in _PLACES[loose]:
        if grain == "version":
            continue  # in a table of its own
        names = GRAINS[grain]
        start = _bound(_TABLE, "start", "month" if grain in MONTHLY else "day")
        own = [
            literal(grain).label("grain"),
            start.label("start"),
            _bound(_TABLE, "id", f"id_of_{grain}").label("id"),
        ]
        own += [(_bound(_TABLE, name) if name in names else null()).label(name) for name in _OWN]
        places.append(select(*own))
    place = union_all(*places).subquery("place")
    rest = (*_SHARED, *COUNTED)
    rows = select(*place.c, *(_bound(_TABLE, name).label(name) for name in rest)).where(true())
    statement = insert(CostSum).from_select(["grain", "start", "id", *_OWN, *rest], rows)
    return Prepared(_adding(_TABLE, statement))


def _version_upsert(insert: Any) -> Prepared:
    """The statement for the sum of a version, which finds out whether it is a further one."""
    day, id_ = _bound(_VERSIONS, "start", "day"), _bound(_VERSIONS, "id", "id_of_version")
    other = aliased(VersionSum)
    another = (
        select(1)
        .where(
            col(other.version_id) == _bound(_VERSIONS, "version_id"), ~((col(other.start) == day) & (other.id == id_))
        )
        .exists()
    )
    row = {"start": day, "id": id_, "month": _bound(_VERSIONS, "month"), "further": another}
    row |= {name: _bound(_VERSIONS, name) for name in (*NAMED, *COUNTED)}
    return Prepared(_adding(_VERSIONS, insert(VersionSum).values(row)))


_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_UPSERT = {(name, loose): _upsert(insert, loose=loose) for name, insert in _INSERT.items() for loose in (True, False)}
_VERSION_UPSERT = {name: _version_upsert(insert) for name, insert in _INSERT.items()}


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


def sum_key(grain: str, start: date, names: dict[str, Any]) -> SumKey:
    """The place of a sum; `names` has at least what the grain tells apart."""
    apart = GRAINS[grain]
    kept = {name: names[name] if name in apart else None for name in NAMED}
    return SumKey(grain, start, _id_of(grain, [_part(value) for value in kept.values()]), kept)


def _part(value: Any) -> str:
    return "" if value is None else f"={value}"


_KEPT = {grain: tuple(name in apart for name in NAMED) for grain, apart in GRAINS.items()}


def _id_of(grain: str, parts: list[str], *, stripe: int = 0) -> uuid.UUID:
    """The digest of the names that the grain tells apart, all of which are given as parts of the key."""
    key = "\0".join([part if kept else "" for part, kept in zip(parts, _KEPT[grain], strict=True)])
    if grain == "total" and stripe:
        key += f"\0{stripe}"
    return uuid.UUID(bytes=hashlib.blake2b(key.encode(), digest_size=16).digest())


def add_to_sums(session: Session, entry: LedgerEntry, sums: Sums) -> None:
    """Adds what a row says to its sums: in one statement, and one more where it made a version."""
    assert session.bind is not None
    dialect, day = session.bind.dialect.name, entry.at.astimezone(UTC).date()
    values: dict[str, Any] = {"day": day, "month": day.replace(day=1)} | {name: getattr(sums, name) for name in COUNTED}
    values |= {name: getattr(entry, name) for name in NAMED}
    parts = [_part(values[name]) for name in NAMED]
    stripe = 0 if entry.user_id is None else entry.user_id.int % _STRIPES
    known: dict[tuple[bool, ...], uuid.UUID] = {}
    for grain, parameter in _ID_PARAMETERS[entry.version_id is None]:
        # Grains by day and by month tell the same apart: one digest for both.
        kept = _KEPT[grain]
        if kept not in known:
            known[kept] = _id_of(grain, parts, stripe=stripe)
        values[parameter] = known[kept]
    _UPSERT[dialect, entry.version_id is None].run(session, **values)
    if entry.version_id is not None:
        _VERSION_UPSERT[dialect].run(session, **values)


def midnight(day: date) -> datetime:
    """The first moment of a day: all days are UTC days."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
