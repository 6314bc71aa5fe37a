"""The ledger's rows in the order of their time, piece by piece: for tables longer than memory."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import literal, select, tuple_
from sqlmodel import Session, col
from sqlmodel.sql.sqltypes import UTCDateTime

from app.store.finance.reports import Filters
from app.store.finance.sums import midnight
from app.store.tables import LedgerEntry
from app.store.types import BinaryUuid

Place = tuple[datetime, uuid.UUID]
"""Where a row is in the order: its time, then its id."""


def entries_after(
    session: Session, filters: Filters, columns: Sequence[str], *, until: datetime, after: Place | None, limit: int
) -> list[Any]:
    """So many rows behind a place, oldest first, with these columns; none that is later than `until` (included)."""
    at, id_ = col(LedgerEntry.at), col(LedgerEntry.id)
    first, end = midnight(filters.first), midnight(filters.last + timedelta(days=1))
    # The bound on the time alone is what the index on it can begin at.
    conditions = [at >= (after[0] if after else first), at < end, at <= until, *filters.conditions(LedgerEntry)]
    if after is not None:
        place = tuple_(literal(after[0], UTCDateTime()), literal(after[1], BinaryUuid()))
        conditions.append(tuple_(at, id_) > place)
    chosen = [col(getattr(LedgerEntry, name)) for name in columns]
    return list(session.execute(select(*chosen).where(*conditions).order_by(at, id_).limit(limit)))
