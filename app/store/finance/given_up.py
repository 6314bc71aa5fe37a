"""What was spent on versions that were given up: neither the draft's current version nor a favourite branch came from them."""

import uuid
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, union
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.lines import runs_left
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
        some = parted[start : start + _DRAFTS_AT_ONCE]
        nothing: list[int] = []
        left: dict[uuid.UUID | None, list[int]] = {
            draft_id: [
                number for run in runs_left(shape.count, shape.breaks, shape.merged, shape.tips) for number in run
            ]
            for draft_id, shape in _shapes(session, some).items()
        }
        for draft_id, number, known, unknown in _booked(session, filters, some):
            # Beginnings and ends of runs alternate, in order: within a run an odd number of them is at or before `number`.
            bounds = left.get(draft_id, nothing)
            place = bisect_right(bounds, number)
            if place % 2 or (place and bounds[place - 1] == number):
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
    before = func.lag(col(Version.id)).over(partition_by=of_draft, order_by=number)
    versions = (
        select(of_draft, number, col(Version.parent_id), col(Version.merged_from_id), before.label("before"))
        .where(of_draft.in_(drafts))
        .subquery()
    )
    parent, other = aliased(Version), aliased(Version)
    follows = versions.c.parent_id.is_not_distinct_from(versions.c.before)
    rows = session.execute(
        select(versions.c.draft_id, versions.c.number, col(parent.number), col(other.number), follows)
        .outerjoin(parent, col(parent.id) == versions.c.parent_id)
        .outerjoin(other, col(other.id) == versions.c.merged_from_id)
        .where(~follows | versions.c.merged_from_id.is_not(None) | (versions.c.number == 1))
    )
    for draft_id, at, above, merged, in_order in rows:
        if not in_order or at == 1:
            shapes[draft_id].breaks[at] = above or 0
        if merged is not None:
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


def _booked(
    session: Session, filters: Filters, drafts: Sequence[uuid.UUID]
) -> Iterator[tuple[uuid.UUID | None, int, int, int]]:
    """Draft, number of the version, known costs and attempts without a price, a version possibly several times."""
    statement = (
        select(col(Version.draft_id), col(Version.number), col(VersionSum.amount_nano), col(VersionSum.unpriced))
        .join(VersionSum, col(VersionSum.version_id) == col(Version.id))
        .where(col(Version.draft_id).in_(drafts), *within(filters.named))
    )
    for row in session.execute(statement, within_values(filters)):
        yield row[0], row[1], row[2], row[3]
