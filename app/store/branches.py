"""Branches: names in the tree of versions, the one a draft is on, and the shape of the whole tree."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.store.errors import NotFound
from app.store.rows import changed_rows
from app.store.tables import Branch, LedgerEntry, Version

_NUMBERS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A named line of work; see `tables.Branch`."""

    id: uuid.UUID
    draft_id: uuid.UUID
    name: str
    start_version_id: uuid.UUID
    tip_version_id: uuid.UUID
    current: bool
    favourite: bool
    created_at: datetime


_COLUMNS = (
    col(Branch.id),
    col(Branch.draft_id),
    col(Branch.name),
    col(Branch.start_version_id),
    col(Branch.tip_version_id),
    col(Branch.current),
    col(Branch.favourite),
    col(Branch.created_at),
)


def list_branches(session: Session, draft_id: uuid.UUID) -> list[BranchRow]:
    """A draft's branches, oldest first."""
    rows = session.execute(
        select(*_COLUMNS).where(col(Branch.draft_id) == draft_id).order_by(col(Branch.created_at), col(Branch.id))
    )
    return [BranchRow(*row) for row in rows]


def get_branch(session: Session, draft_id: uuid.UUID, branch_id: uuid.UUID) -> BranchRow:
    """Raises NotFound, also for another draft's."""
    row = session.execute(
        select(*_COLUMNS).where(col(Branch.id) == branch_id, col(Branch.draft_id) == draft_id)
    ).first()
    if row is None:
        raise NotFound("branch")
    return BranchRow(*row)


def add_branch(
    session: Session,
    draft_id: uuid.UUID,
    *,
    name: str,
    start_id: uuid.UUID,
    tip_id: uuid.UUID,
    at: datetime,
    current: bool = False,
) -> BranchRow:
    """Names a line of work. The database refuses a name twice and another draft's version."""
    branch = Branch(
        draft_id=draft_id, name=name, start_version_id=start_id, tip_version_id=tip_id, current=current, created_at=at
    )
    session.add(branch)
    session.flush()
    return get_branch(session, draft_id, branch.id)


def change_branch(
    session: Session, branch: BranchRow, *, name: str | None = None, favourite: bool | None = None
) -> BranchRow:
    """Renames or marks a branch; None leaves a value as it is."""
    values = {key: value for key, value in (("name", name), ("favourite", favourite)) if value is not None}
    if values:
        changed_rows(session, update(Branch).where(col(Branch.id) == branch.id).values(**values))
    return get_branch(session, branch.draft_id, branch.id)


def make_current(session: Session, branch: BranchRow) -> None:
    """The draft is on this branch from now on."""
    changed_rows(
        session,
        update(Branch).where(col(Branch.draft_id) == branch.draft_id, col(Branch.current)).values(current=False),
    )
    changed_rows(session, update(Branch).where(col(Branch.id) == branch.id).values(current=True))


def delete_branch(session: Session, branch_id: uuid.UUID) -> None:
    """Takes the name away; the versions stay."""
    changed_rows(session, delete(Branch).where(col(Branch.id) == branch_id))


# The tree


@dataclass(frozen=True, slots=True)
class Tree:
    """The shape of a draft's tree: of version `n`, entry `n - 1` of `parents` holds its parent's number, 0 for none;
    `merged` has the number of the version merged into it, where there is one."""

    parents: list[int]
    merged: dict[int, int]


def read_tree(session: Session, draft_id: uuid.UUID) -> Tree:
    """The whole shape, by numbers alone: making objects of 100,000 ids takes ten times as long as reading them."""
    parent = aliased(Version)
    rows = session.execute(
        select(col(Version.number), func.coalesce(col(parent.number), 0))
        .outerjoin(parent, col(parent.id) == col(Version.parent_id))
        .where(col(Version.draft_id) == draft_id)
        .order_by(col(Version.number))
    )
    parents = [above for _number, above in rows]
    merged = session.execute(
        select(col(Version.number), col(parent.number))
        .join(parent, col(parent.id) == col(Version.merged_from_id))
        .where(col(Version.draft_id) == draft_id, col(Version.merged_from_id).is_not(None))
        .order_by(col(Version.number))
    )
    return Tree(parents, {number: other for number, other in merged})


@dataclass(frozen=True, slots=True)
class Named:
    """A version as it is pointed to."""

    id: uuid.UUID
    number: int
    label: str | None


def named_versions(
    session: Session, draft_id: uuid.UUID, *, numbers: Collection[int] = (), ids: Collection[uuid.UUID] = ()
) -> list[Named]:
    """The versions of these numbers or ids."""
    rows = session.execute(
        select(col(Version.id), col(Version.number), col(Version.label)).where(
            col(Version.draft_id) == draft_id, or_(col(Version.number).in_(numbers), col(Version.id).in_(ids))
        )
    )
    return [Named(*row) for row in rows]


def costs_by_number(session: Session, draft_id: uuid.UUID) -> dict[int, tuple[int, int]]:
    """Of the versions that cost something: the known prices (nano-USD) and how many attempts have none."""
    rows = session.execute(
        select(
            col(Version.number),
            func.coalesce(func.sum(col(LedgerEntry.amount_nano)), 0),
            func.count().filter(col(LedgerEntry.amount_nano).is_(None)),
        )
        .join(Version, col(Version.id) == col(LedgerEntry.version_id))
        .where(col(LedgerEntry.draft_id) == draft_id)
        .group_by(col(Version.number))
    )
    return {number: (int(total), unpriced) for number, total, unpriced in rows}


def common_ancestor(
    session: Session, draft_id: uuid.UUID, one: tuple[uuid.UUID, int], other: tuple[uuid.UUID, int]
) -> uuid.UUID | None:
    """The newest version that both (id, number) come from, merges included; one of them may be it. None if there is
    none. A parent's number is always smaller, so the tree is read downwards from the newer one and no further."""
    if one[0] == other[0]:
        return one[0]
    reached = {one[0]: 1, other[0]: 2}
    below = max(one[1], other[1]) + 1
    while below > 1:
        rows = session.execute(
            select(col(Version.id), col(Version.parent_id), col(Version.merged_from_id), col(Version.number))
            .where(col(Version.draft_id) == draft_id, col(Version.number) < below)
            .order_by(col(Version.number).desc())
            .limit(_NUMBERS_AT_ONCE)
        ).all()
        if not rows:
            return None
        for version_id, parent, merged, number in rows:
            below = number
            sides = reached.pop(version_id, 0)
            if sides == 3:
                found: uuid.UUID = version_id
                return found
            for above in (parent, merged):
                if sides and above is not None:
                    reached[above] = reached.get(above, 0) | sides
    return None
