"""What was spent on versions that were given up: neither the draft's current version nor a favourite branch came from them."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import func, select, union
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.lines import ancestry
from app.store.branches import read_tree
from app.store.finance.by_version import by_number
from app.store.finance.reports import Filters, grouped_sums
from app.store.finance.sums import Sums
from app.store.tables import Branch, Draft, Version


def given_up(session: Session, filters: Filters) -> Sums:
    """The sums of those versions. A draft that was deleted has no tree any more, and none of its costs count."""
    found = Sums()
    for draft_id in list(_parted(session, filters)):
        tree = read_tree(session, draft_id)
        kept = ancestry(tree.parents, tree.merged, _tips(session, draft_id))
        for number, sums in by_number(session, replace(filters, draft_id=draft_id)).items():
            if number is not None and number not in kept:
                found.add(sums)
    return found


def _parted(session: Session, filters: Filters) -> Iterator[uuid.UUID]:
    """Drafts booked to in the period that can have such versions: their line parts somewhere, or was gone back on. Most have
    neither, and their trees are not read."""
    booked = grouped_sums("draft", filters).subquery()
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
    yield from session.scalars(union(forks, behind))


def _tips(session: Session, draft_id: uuid.UUID) -> list[int]:
    """The numbers of the current version and of the tips of favourite branches."""
    favourites = select(col(Branch.tip_version_id)).where(col(Branch.draft_id) == draft_id, col(Branch.favourite))
    current = select(col(Draft.current_version_id)).where(col(Draft.id) == draft_id)
    tips = col(Version.id).in_(favourites) | col(Version.id).in_(current)
    return list(session.scalars(select(col(Version.number)).where(col(Version.draft_id) == draft_id, tips)))
