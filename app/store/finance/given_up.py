"""What was spent on versions that were given up: neither the draft's current version nor a favourite branch came from them."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, LargeBinary, Text, bindparam, cast, func, select, union
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.lines import runs_left
from app.store.engine.prepared import Prepared
from app.store.finance.by_version import within, within_values
from app.store.finance.reports import Filters, grouped_sums
from app.store.tables import Branch, Draft, Version, VersionSum

_DRAFTS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The known part in nano-USD, and how many attempts have no price."""

    amount_nano: int
    unpriced: int


@dataclass(slots=True)
class _Shape:
    """A draft's tree in the words of `runs_left`."""

    count: int = 0
    breaks: dict[int, int] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    tips: list[int] = field(default_factory=list)


def given_up(session: Session, filters: Filters) -> GivenUp:
    """The sums of those versions, in a number of statements that does not grow with the drafts (but one more round for every
    10,000 of them). A draft that was deleted has no tree any more, and none of its costs count."""
    amount = unpriced = 0
    parted = _parted(session, filters)
    for start in range(0, len(parted), _DRAFTS_AT_ONCE):
        shapes = _shapes(session, parted[start : start + _DRAFTS_AT_ONCE])
        left = _Runs(list(shapes))
        for place, shape in enumerate(shapes.values()):
            runs = runs_left(shape.count, shape.breaks, shape.merged, shape.tips)
            left.runs.extend((place, first, last) for first, last in runs)
        known, unknown = _booked(session, filters, left)
        amount += known
        unpriced += unknown
    return GivenUp(amount, unpriced)


def _parted(session: Session, filters: Filters) -> list[uuid.UUID]:
    """Drafts booked to in the period that can have such versions: their line parts somewhere, or was gone back on. Most have
    neither, and their trees are not read."""
    spent, values = grouped_sums("draft", filters, ("attempts",))
    booked = spent.subquery()
    drafts = select(booked.c.key).where(booked.c.key.is_not(None))
    of_draft, parent = col(Version.draft_id), col(Version.parent_id)
    forks = select(of_draft).where(of_draft.in_(drafts)).group_by(of_draft, parent).having(func.count() > 1)
    current = aliased(Version)
    behind = (
        select(col(Draft.id))
        .join(current, col(current.id) == col(Draft.current_version_id))
        .where(
            col(Draft.id).in_(drafts),
            select(1).where(of_draft == col(Draft.id), col(Version.number) > col(current.number)).exists(),
        )
    )
    return list(session.scalars(union(forks, behind), values))


def _shapes(session: Session, drafts: Sequence[uuid.UUID]) -> dict[uuid.UUID, _Shape]:
    """The trees of these drafts. Only the versions that do not follow the one before are read."""
    shapes = {draft_id: _Shape() for draft_id in drafts}
    of_draft, number = col(Version.draft_id), col(Version.number)
    parent, other = aliased(Version), aliased(Version)
    # Both sides say the draft: their index of draft and id is smaller than that of ids.
    above = (col(parent.draft_id) == of_draft) & (col(parent.id) == col(Version.parent_id))
    breaks = (
        select(of_draft, number, col(parent.number))
        .outerjoin(parent, above)
        .where(of_draft.in_(drafts), col(parent.id).is_(None) | (col(parent.number) != number - 1))
    )
    for draft_id, at, before in session.execute(breaks):
        shapes[draft_id].breaks[at] = before or 0
    merges = (
        select(of_draft, number, col(other.number))
        .join(other, (col(other.draft_id) == of_draft) & (col(other.id) == col(Version.merged_from_id)))
        .where(of_draft.in_(drafts), col(Version.merged_from_id).is_not(None))
    )
    for draft_id, at, merged in session.execute(merges):
        shapes[draft_id].merged[at] = merged
    for draft_id, count in session.execute(
        select(of_draft, func.max(number)).where(of_draft.in_(drafts)).group_by(of_draft)
    ):
        shapes[draft_id].count = count
    favourites = select(col(Branch.tip_version_id)).where(col(Branch.draft_id).in_(drafts), col(Branch.favourite))
    current = select(col(Draft.current_version_id)).where(
        col(Draft.id).in_(drafts), col(Draft.current_version_id).is_not(None)
    )
    tips = select(of_draft, number).where(col(Version.id).in_(union(favourites, current)))
    for draft_id, at in session.execute(tips):
        shapes[draft_id].tips.append(at)
    return shapes


@dataclass(frozen=True, slots=True)
class _Runs:
    """Versions of these drafts: the place of one of them, and the first and the last number of a run of its versions."""

    drafts: list[uuid.UUID]
    runs: list[tuple[int, int, int]] = field(default_factory=list)


def _booked(session: Session, filters: Filters, left: _Runs) -> tuple[int, int]:
    """Known costs and attempts without a price of these versions. There are thousands of runs, of some ten versions each: the
    database adds them up, since reading what was booked to each version took longer than all the rest."""
    assert session.bind is not None
    if not left.runs:
        return 0, 0
    if session.bind.dialect.name == "sqlite":
        drafts = b"".join([draft_id.bytes for draft_id in left.drafts])
        values: dict[str, Any] = {"drafts": drafts, "runs": json.dumps(left.runs)}
    else:
        places, firsts, lasts = zip(*left.runs, strict=True)
        values = {"drafts": [left.drafts[place] for place in places], "firsts": list(firsts), "lasts": list(lasts)}
    [(amount, unpriced)] = _booked_statement(session.bind.dialect.name, filters.named).all(
        session, **within_values(filters), **values
    )
    return amount, unpriced


@lru_cache(maxsize=64)
def _booked_statement(dialect: str, named: frozenset[str]) -> Prepared:
    draft_id, first, last = _runs_on_sqlite() if dialect == "sqlite" else _runs_on_postgresql()
    sums = [func.coalesce(func.sum(column), 0) for column in (VersionSum.amount_nano, VersionSum.unpriced)]
    return Prepared(
        select(*(cast(each, BigInteger) for each in sums))
        .select_from(Version)
        .join(VersionSum, col(VersionSum.version_id) == col(Version.id))
        .where(col(Version.draft_id) == draft_id, col(Version.number).between(first, last), *within(named, known=True)),
        planned_anew=True,
    )


def _runs_on_sqlite() -> tuple[Any, Any, Any]:
    """The draft, first and last number of each run: the runs are a list in JSON, the drafts' ids follow each other."""
    run = func.json_each(bindparam("runs", type_=Text())).table_valued("value").c.value
    place = cast(func.json_extract(run, "$[0]"), Integer)
    draft_id = func.substr(bindparam("drafts", type_=LargeBinary()), 16 * place + 1, 16)
    return draft_id, func.json_extract(run, "$[1]"), func.json_extract(run, "$[2]")


def _runs_on_postgresql() -> tuple[Any, Any, Any]:
    """The same as three arrays."""
    ids, numbers = postgresql.ARRAY(postgresql.UUID(as_uuid=True)), postgresql.ARRAY(Integer())
    arrays = [bindparam("drafts", type_=ids), *(bindparam(name, type_=numbers) for name in ("firsts", "lasts"))]
    runs = func.unnest(*arrays).table_valued("draft_id", "first", "last", name="runs").render_derived()
    return runs.c.draft_id, runs.c.first, runs.c.last
