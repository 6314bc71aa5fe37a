"""The ledger of what models cost: adding rows, and their sums. Rows never change; corrections are further rows."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, cast, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.engine.prepared import Prepared
from app.store.finance.centres import centre_of
from app.store.finance.groups import group_of
from app.store.finance.sums import add_to_sums, sums_of
from app.store.rows import Page, decode_cursor, encode_cursor, forget
from app.store.tables import Conversation, LedgerEntry
from app.store.types import BinaryUuid


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over ledger rows. `tokens` adds all disjoint buckets. `cost_nano` sums the known prices (nano-USD), None where
    no price is known; `unpriced` counts rows whose price is unknown, `rows` all of them."""

    tokens: int
    cost_nano: int | None
    unpriced: int
    rows: int


_TOKENS = (
    col(LedgerEntry.input_tokens)
    + col(LedgerEntry.cache_read_tokens)
    + col(LedgerEntry.cache_write_5m_tokens)
    + col(LedgerEntry.cache_write_1h_tokens)
    + col(LedgerEntry.output_tokens)
)
_SUMS: tuple[Any, ...] = (
    cast(func.coalesce(func.sum(_TOKENS), 0), BigInteger),
    cast(func.sum(col(LedgerEntry.amount_nano)), BigInteger),
    func.count().filter(col(LedgerEntry.amount_nano).is_(None)),
    func.count(),
)


def entry_tokens(entry: LedgerEntry) -> int:
    """All tokens of one row; reasoning is part of the output, so it is not added."""
    return (
        entry.input_tokens
        + entry.cache_read_tokens
        + entry.cache_write_5m_tokens
        + entry.cache_write_1h_tokens
        + entry.output_tokens
    )


_COLUMNS = tuple(LedgerEntry.__table__.c.keys())  # type: ignore[attr-defined]
_INSERT = Prepared(insert(LedgerEntry))


def _add_to_totals(**more: Any) -> Prepared:
    return Prepared(
        update(Conversation)
        .where(col(Conversation.id) == bindparam("conversation_id"))
        .values(
            total_tokens=Conversation.total_tokens + bindparam("tokens", type_=BigInteger()),
            unpriced=Conversation.unpriced + bindparam("more_unpriced", type_=BigInteger()),
            **more,
        )
    )


_known = func.coalesce(col(Conversation.total_cost_nano), 0)
_ADD_PRICED = _add_to_totals(total_cost_nano=_known + bindparam("amount_nano", type_=BigInteger()))
_ADD_UNPRICED = _add_to_totals()


def add_entry(session: Session, entry: LedgerEntry, *, prices_unknown: bool = False) -> LedgerEntry:
    """Writes a row and brings its conversation's totals and all sums up to date in the same unit; `entry` itself says what
    was written and is not kept by the session.

    A row whose price is unknown has `amount_nano` None; one that is free has 0 and status `free`. `prices_unknown`: this
    is the adjustment that gives a price to a row that had none.
    """
    if entry.cost_centre is None and entry.user_id is not None and entry.adjusts_id is None:
        entry.cost_centre = centre_of(session, entry.user_id)
    if entry.group_id is None and entry.user_id is not None and entry.adjusts_id is None:
        entry.group_id = group_of(session, entry.user_id, entry.at.astimezone(UTC).date())
    session.flush()  # what statements past the session rely on
    insert_entry(session, entry)
    sums = sums_of(entry, prices_unknown=prices_unknown)
    add_to_sums(session, entry, sums)
    if entry.conversation_id is not None:
        added: dict[str, Any] = {"tokens": entry_tokens(entry), "more_unpriced": sums.unpriced}
        if entry.amount_nano is None:
            _ADD_UNPRICED.run(session, conversation_id=entry.conversation_id, **added)
        else:
            _ADD_PRICED.run(session, conversation_id=entry.conversation_id, amount_nano=entry.amount_nano, **added)
        forget(session, Conversation, entry.conversation_id)
    return entry


def insert_entry(session: Session, entry: LedgerEntry) -> None:
    """Writes a row alone."""
    _INSERT.run(session, **{name: getattr(entry, name) for name in _COLUMNS})


def entries_of_turn(session: Session, turn_id: uuid.UUID) -> list[LedgerEntry]:
    """The rows of one turn, in order of attempt."""
    return list(
        session.scalars(
            select(LedgerEntry)
            .where(col(LedgerEntry.turn_id) == turn_id)
            .order_by(col(LedgerEntry.attempt), col(LedgerEntry.id))
        )
    )


def entries_of_conversation(session: Session, conversation_id: uuid.UUID) -> list[LedgerEntry]:
    """The rows of one conversation, in order of time."""
    return list(
        session.scalars(
            select(LedgerEntry)
            .where(col(LedgerEntry.conversation_id) == conversation_id)
            .order_by(col(LedgerEntry.at), col(LedgerEntry.id))
        )
    )


def list_entries(
    session: Session,
    *,
    user_id: uuid.UUID | None = None,
    draft_id: uuid.UUID | None = None,
    conversation_id: uuid.UUID | None = None,
    turn_id: uuid.UUID | None = None,
    from_: datetime | None = None,
    to: datetime | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[LedgerEntry]:
    """Rows, newest first; `from_` is included, `to` is not. Raises BadCursor."""
    conditions: list[ColumnElement[bool]] = []
    if user_id is not None:
        conditions.append(col(LedgerEntry.user_id) == user_id)
    if draft_id is not None:
        conditions.append(col(LedgerEntry.draft_id) == draft_id)
    if conversation_id is not None:
        conditions.append(col(LedgerEntry.conversation_id) == conversation_id)
    if turn_id is not None:
        conditions.append(col(LedgerEntry.turn_id) == turn_id)
    if from_ is not None:
        conditions.append(col(LedgerEntry.at) >= from_)
    if to is not None:
        conditions.append(col(LedgerEntry.at) < to)
    if cursor is not None:
        at, last_id = decode_cursor(cursor, datetime, uuid.UUID)
        last = tuple_(literal(at, UTCDateTime()), literal(last_id, BinaryUuid()))
        conditions.append(tuple_(col(LedgerEntry.at), col(LedgerEntry.id)) < last)
    rows = session.scalars(
        select(LedgerEntry)
        .where(*conditions)
        .order_by(col(LedgerEntry.at).desc(), col(LedgerEntry.id).desc())
        .limit(limit + 1)
    ).all()
    items = list(rows[:limit])
    return Page(items, encode_cursor(items[-1].at, items[-1].id) if len(rows) > limit else None)


@dataclass(frozen=True, slots=True)
class WrongTotal:
    """A conversation whose kept totals are not the sum of its rows."""

    conversation_id: uuid.UUID
    kept: Totals
    summed: Totals


def wrong_totals(session: Session) -> list[WrongTotal]:
    """Compares every conversation with its rows. An empty list is what should come out."""
    tokens, cost, unknown, rows = _SUMS
    original = aliased(LedgerEntry)
    unpriced = unknown - func.count(original.id)  # type: ignore[arg-type]
    sums = (
        select(
            col(LedgerEntry.conversation_id).label("id"),
            tokens.label("tokens"),
            cost.label("cost"),
            unpriced.label("unpriced"),
            rows.label("rows"),
        )
        .outerjoin(
            original,
            (original.id == col(LedgerEntry.adjusts_id)) & original.amount_nano.is_(None),  # type: ignore[union-attr]
        )
        .where(col(LedgerEntry.conversation_id).is_not(None))
        .group_by(col(LedgerEntry.conversation_id))
        .subquery()
    )
    tokens_summed = func.coalesce(sums.c.tokens, 0)
    unpriced_summed = func.coalesce(sums.c.unpriced, 0)
    found = session.execute(
        select(
            col(Conversation.id),
            col(Conversation.total_tokens),
            col(Conversation.total_cost_nano),
            col(Conversation.unpriced),
            tokens_summed,
            sums.c.cost,
            unpriced_summed,
            func.coalesce(sums.c.rows, 0),
        )
        .outerjoin(sums, sums.c.id == col(Conversation.id))
        .where(
            or_(
                col(Conversation.total_tokens) != tokens_summed,
                col(Conversation.total_cost_nano).is_distinct_from(sums.c.cost),
                col(Conversation.unpriced) != unpriced_summed,
            )
        )
    )
    return [
        WrongTotal(id_, Totals(tokens, cost, unpriced, count), Totals(summed, summed_cost, summed_unpriced, count))
        for id_, tokens, cost, unpriced, summed, summed_cost, summed_unpriced, count in found
    ]
