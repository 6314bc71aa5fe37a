"""A draft's costs by the lines of its tree of versions, as its list of branches has them."""

from collections.abc import Iterator
from uuid import UUID

from sqlmodel import Session

from app.core.lines import lines
from app.services.finance.views import CostRow, cost_row
from app.store import branches as branch_store
from app.store.finance.by_version import by_number
from app.store.finance.labels import is_owner
from app.store.finance.reports import Filters
from app.store.finance.sums import Sums


def branch_rows(session: Session, filters: Filters, *, viewer_id: UUID) -> Iterator[CostRow]:
    """Lines that cost something: a named one by its branch's id, any other by its tip's. A branch's name is for the draft's
    owner alone. What made no version, or one that is gone, is in a row without a key."""
    assert filters.draft_id is not None
    sums = by_number(session, filters)
    if None in sums:
        yield cost_row(None, "No branch", sums.pop(None))
    if not sums:
        return
    tree = branch_store.read_tree(session, filters.draft_id)
    branches = branch_store.list_branches(session, filters.draft_id)
    ends = branch_store.named_versions(session, filters.draft_id, ids={row.tip_version_id for row in branches})
    numbers = {tip.id: tip.number for tip in ends}
    named, unnamed = lines(tree.parents, [numbers[row.tip_version_id] for row in branches])
    own = is_owner(session, filters.draft_id, viewer_id)
    for branch, line in zip(branches, named, strict=True):
        if spent := _spent(sums, line):
            name = branch.name if own else _up_to(numbers[branch.tip_version_id])
            yield cost_row(str(branch.id), name, spent)
    left = [(tip, spent) for tip, line in unnamed if (spent := _spent(sums, line))]
    found = branch_store.named_versions(session, filters.draft_id, numbers={tip for tip, _ in left})
    tips = {version.number: version.id for version in found}
    for tip, spent in left:
        yield cost_row(str(tips[tip]), _up_to(tip), spent)


def _up_to(tip: int) -> str:
    return f"A branch up to version {tip}"


def _spent(sums: dict[int | None, Sums], line: list[int]) -> Sums | None:
    """None where nothing was booked to any version of the line."""
    booked = [sums[number] for number in line if number in sums]
    if not booked:
        return None
    spent = Sums()
    for each in booked:
        spent.add(each)
    return spent
