"""Branches: name a line of work, switch to it, take its name away. Versions never go, and nothing is rewound."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.core.lines import lines
from app.core.text.changes import ChangeSet
from app.core.text.diff import diff_changes
from app.services.access import open_document, owned_draft, owned_version, require_at_rest, text_of
from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.entering import enter_text
from app.services.errors import Conflict, InvalidInput, Missing
from app.services.fanout import Fanout
from app.services.tree_views import Branches as BranchList
from app.services.tree_views import BranchView, Switched, TreeView
from app.services.versions import checkpoint_unit, version_view
from app.services.views import VersionName, usd
from app.store import branches as branch_store
from app.store import versions as version_store
from app.store.branches import BranchRow
from app.store.db import Database
from app.store.drafting.heads import Head
from app.store.errors import NotFound
from app.store.versions import VersionRow

FIRST_BRANCH = "Main"
"""The line a draft is on gets this name when a second one is named."""
_MOST_UNNAMED = 200
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class _Way:
    """The way from the text of event `seq` to a branch's tip."""

    seq: int
    tip_id: UUID
    text: str
    changes: ChangeSet


class Branches:
    """Use cases of branches."""

    def __init__(self, db: Database, clock: Clock, fanout: Fanout) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout

    async def list(self, person: Principal, draft_id: UUID) -> BranchList:
        """The lines of work of a draft, named and left behind, with what each cost."""

        def query(session: Session) -> BranchList:
            owned_draft(session, person.id, draft_id)
            return _branch_list(session, draft_id)

        return await self._db.read(query)

    async def tree(self, person: Principal, draft_id: UUID) -> TreeView:
        """The shape of the whole tree, small enough to draw 100,000 versions."""

        def query(session: Session) -> TreeView:
            owned_draft(session, person.id, draft_id)
            tree = branch_store.read_tree(session, draft_id)
            rows = branch_store.list_branches(session, draft_id)
            tips = branch_store.named_versions(session, draft_id, ids={row.tip_version_id for row in rows})
            numbers = {tip.id: tip.number for tip in tips}
            current = version_store.current_version(session, draft_id)
            return TreeView(
                tree.parents,
                tree.merged,
                {row.name: numbers[row.tip_version_id] for row in rows},
                current.number if current else None,
            )

        return await self._db.read(query)

    async def create(self, person: Principal, draft_id: UUID, version_id: UUID, name: str) -> BranchView:
        """Name a line of work that starts at a version. The line the draft is on gets a name too, if it has none.

        Raises `InvalidInput` for another draft's version, `Conflict` for a name that is taken.
        """
        name = checked_line("name", name, most=120, least=1)
        at = self._clock()

        def unit(session: Session) -> BranchView:
            head = open_document(session, person.id, draft_id, lock=True)
            version = version_of(session, person.id, head, version_id)
            _name_first_line(session, draft_id, at=at)
            _require_free(session, draft_id, name)
            row = branch_store.add_branch(session, draft_id, name=name, start_id=version.id, tip_id=version.id, at=at)
            return _view_of(session, row)

        return await self._db.write(unit)

    async def change(
        self, person: Principal, draft_id: UUID, branch_id: UUID, *, name: str | None, favourite: bool | None
    ) -> BranchView:
        """Rename a branch or mark it as a favourite."""
        if name is not None:
            name = checked_line("name", name, most=120, least=1)

        def unit(session: Session) -> BranchView:
            open_document(session, person.id, draft_id, lock=True)
            branch = _branch(session, draft_id, branch_id)
            if name is not None and name != branch.name:
                _require_free(session, draft_id, name)
            return _view_of(session, branch_store.change_branch(session, branch, name=name, favourite=favourite))

        return await self._db.write(unit)

    async def delete(self, person: Principal, draft_id: UUID, branch_id: UUID) -> None:
        """Take a branch's name away. Raises `Conflict` for the one the draft is on."""

        def unit(session: Session) -> None:
            open_document(session, person.id, draft_id, lock=True)
            branch = _branch(session, draft_id, branch_id)
            if branch.current:
                raise Conflict("branch_in_use", "The draft is on this branch. Switch to another one first.")
            branch_store.delete_branch(session, branch.id)

        await self._db.write(unit)

    async def switch(self, person: Principal, draft_id: UUID, branch_id: UUID) -> Switched:
        """Go on with another branch. What stood in the draft becomes a version of the branch it was on.

        Raises `Conflict`: `turn_running` while the assistant writes, whose result belongs to the branch it began on.
        """
        for _ in range(_ATTEMPTS):
            text, way = await self._db.read(self._way, person, draft_id, branch_id)
            changes = await asyncio.to_thread(diff_changes, text, way.text)
            arrived = await self._db.write(
                self._arrive, person, draft_id, branch_id, _Way(way.seq, way.tip_id, way.text, changes)
            )
            if arrived is not None:
                self._fanout.publish(draft_id, arrived.seq)
                return arrived
        raise Conflict("draft_moved", "The draft is being changed at the moment. Try again.")

    def _way(self, session: Session, person: Principal, draft_id: UUID, branch_id: UUID) -> tuple[str, _Way]:
        head = open_document(session, person.id, draft_id)
        branch = _branch(session, draft_id, branch_id)
        require_at_rest(session, draft_id)
        text = version_store.read_text(session, branch.tip_version_id)
        return text_of(head), _Way(head.seq, branch.tip_version_id, text, ChangeSet.identity(0))

    def _arrive(
        self, session: Session, person: Principal, draft_id: UUID, branch_id: UUID, way: _Way
    ) -> Switched | None:
        """None when the draft or the branch moved since the way was found."""
        at = self._clock()
        head = open_document(session, person.id, draft_id, lock=True)
        require_at_rest(session, draft_id)
        branch = _branch(session, draft_id, branch_id)
        if head.seq != way.seq or branch.tip_version_id != way.tip_id:
            return None
        kept, _ = checkpoint_unit(session, head, at=at)
        if branch.current:
            # The words of this branch are what stands here: there is nowhere to go.
            return Switched(branch.id, version_view(kept or _tip(session, branch)), head.seq)
        branch_store.make_current(session, branch)
        head = enter_text(session, head, way.changes, person=person, at=at)
        version_store.set_current(session, draft_id, branch.tip_version_id)
        return Switched(branch.id, version_view(_tip(session, branch)), head.seq)


def version_of(session: Session, user_id: UUID, head: Head, version_id: UUID) -> VersionRow:
    """A version of this very draft. Raises `Missing` for an unknown one, `InvalidInput` for another draft's."""
    version = owned_version(session, user_id, version_id)
    if version.draft_id != head.id:
        raise InvalidInput("version_id", "This version belongs to another draft.", "other_draft")
    return version


def _tip(session: Session, branch: BranchRow) -> VersionRow:
    return version_store.get_version(session, branch.tip_version_id)


def _branch(session: Session, draft_id: UUID, branch_id: UUID) -> BranchRow:
    try:
        return branch_store.get_branch(session, draft_id, branch_id)
    except NotFound as error:
        raise Missing from error


def _require_free(session: Session, draft_id: UUID, name: str) -> None:
    if any(branch.name.casefold() == name.casefold() for branch in branch_store.list_branches(session, draft_id)):
        raise Conflict("name_taken", "Another branch of this draft has this name.")


def _name_first_line(session: Session, draft_id: UUID, *, at: datetime) -> None:
    """Without a name for the line a draft leaves, there would be no way back to it."""
    current = version_store.current_version(session, draft_id)
    branches = branch_store.list_branches(session, draft_id)
    if current is None or any(branch.current for branch in branches):
        return
    branch_store.add_branch(
        session, draft_id, name=FIRST_BRANCH, start_id=current.id, tip_id=current.id, at=at, current=True
    )


# Lines of the tree


def _view_of(session: Session, row: BranchRow) -> BranchView:
    return next(view for view in _branch_list(session, row.draft_id).items if view.id == row.id)


def _branch_list(session: Session, draft_id: UUID) -> BranchList:
    tree = branch_store.read_tree(session, draft_id)
    costs = branch_store.costs_by_number(session, draft_id)
    rows = branch_store.list_branches(session, draft_id)
    current = version_store.current_version(session, draft_id)
    ends = {row.tip_version_id for row in rows} | {row.start_version_id for row in rows}
    found = branch_store.named_versions(session, draft_id, ids=ends)
    numbers = {version.id: version.number for version in found}
    named, unnamed = lines(tree.parents, [numbers[row.tip_version_id] for row in rows])
    at_once = unnamed[:_MOST_UNNAMED]
    found += branch_store.named_versions(session, draft_id, numbers={tip for tip, _line in at_once})
    names = {version.number: VersionName(version.id, version.number, version.label) for version in found}

    def view(row: BranchRow | None, tip: int, line: list[int]) -> BranchView:
        paid = [costs[number] for number in line if number in costs]
        return BranchView(
            id=row.id if row else None,
            name=row.name if row else None,
            start=names[numbers[row.start_version_id]] if row else None,
            tip=names[tip],
            current=row.current if row else current is not None and current.number == tip,
            favourite=row.favourite if row else False,
            versions=len(line),
            cost_usd=usd(sum(known for known, _unpriced in paid)),
            unpriced=sum(unpriced for _known, unpriced in paid),
            created_at=row.created_at if row else None,
        )

    return BranchList(
        [view(row, numbers[row.tip_version_id], line) for row, line in zip(rows, named, strict=True)],
        [view(None, tip, line) for tip, line in at_once],
        len(unnamed),
    )
