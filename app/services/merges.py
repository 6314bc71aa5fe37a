"""Merging a version into the draft: three-way by words, with conflicts shown, or single changes picked.

The comparing runs in a thread and outside of transactions; before anything is written the draft must stand where it did.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.text.changes import ChangeSet
from app.core.text.diff import Hunk, diff_changes, diff_words
from app.core.text.threeway import Merged, merge_texts, pick_hunks
from app.core.text.utf16 import normalise_text, utf16_slicer
from app.services.access import open_document, require_at_rest, text_of
from app.services.accounts import Principal
from app.services.branches import version_of
from app.services.clock import Clock
from app.services.entering import enter_text
from app.services.errors import Conflict, InvalidInput
from app.services.fanout import Fanout
from app.services.tree_views import MergeConflictView, MergePreview
from app.services.versions import checkpoint_unit, version_view
from app.services.views import HunkView, Restored, VersionName
from app.store import branches as branch_store
from app.store import versions as version_store
from app.store.db import Database
from app.store.versions import VersionRow

_ATTEMPTS = 4


class Resolution(msgspec.Struct, frozen=True):
    """A person's answer to the conflict of this index: the whole passage."""

    index: int
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeOrder:
    """What to bring in: all of a version, or the `hunks` of its comparison with the text.

    With `seq` the draft must still stand there, so that indexes mean what the person saw.
    """

    version_id: UUID
    hunks: Sequence[int] | None = None
    resolutions: Sequence[Resolution] = ()
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class _Ground:
    """The three texts of a merge, and where the draft stood."""

    seq: int
    base: VersionRow | None
    version: VersionRow
    base_text: str
    mine: str
    theirs: str


@dataclass(frozen=True, slots=True)
class _Result:
    text: str
    changes: ChangeSet
    label: str
    merged: bool


class Merges:
    """Use cases of merging."""

    def __init__(self, db: Database, clock: Clock, fanout: Fanout) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout

    async def preview(self, person: Principal, draft_id: UUID, version_id: UUID) -> MergePreview:
        """What merging a version would change, and what it would ask."""
        ground = await self._db.read(self._ground, person, draft_id, version_id)
        return await asyncio.to_thread(_preview, ground)

    async def merge(self, person: Principal, draft_id: UUID, order: MergeOrder) -> Restored:
        """Bring a version, or single changes of it, into the draft as a new version.

        Raises `Conflict`: `merge_conflicts` with what is undecided, `nothing_to_merge`, `draft_moved`, `turn_running`
        while the assistant writes, whose result is meant for the text before; `InvalidInput` for a version of another draft, the current one itself, and indexes that mean nothing.
        """
        for _ in range(_ATTEMPTS):
            ground = await self._db.read(self._ground_at_rest, person, draft_id, order.version_id)
            if order.seq is not None and order.seq != ground.seq:
                break
            result = await asyncio.to_thread(_computed, ground, order)
            merged = await self._db.write(self._write, person, draft_id, ground, result)
            if merged is not None:
                self._fanout.publish(draft_id, merged.seq)
                return merged
        raise Conflict("draft_moved", "The draft has changed since. Look at the merge again.")

    def _ground_at_rest(self, session: Session, person: Principal, draft_id: UUID, version_id: UUID) -> _Ground:
        ground = self._ground(session, person, draft_id, version_id)
        require_at_rest(session, draft_id)
        return ground

    def _ground(self, session: Session, person: Principal, draft_id: UUID, version_id: UUID) -> _Ground:
        head = open_document(session, person.id, draft_id)
        version = version_of(session, person.id, head, version_id)
        current = version_store.current_version(session, draft_id)
        if current is not None and current.id == version.id:
            raise InvalidInput(
                "version_id", "This is the current version; it cannot be merged into itself.", "merge_itself"
            )
        base_id = None
        if current is not None:
            base_id = branch_store.common_ancestor(
                session, draft_id, (current.id, current.number), (version.id, version.number)
            )
        base = version_store.get_version(session, base_id) if base_id else None
        return _Ground(
            head.seq,
            base,
            version,
            version_store.read_text(session, base.id) if base else "",
            text_of(head),
            version_store.read_text(session, version.id),
        )

    def _write(
        self, session: Session, person: Principal, draft_id: UUID, ground: _Ground, result: _Result
    ) -> Restored | None:
        """None when the draft moved since its ground was read."""
        at = self._clock()
        head = open_document(session, person.id, draft_id, lock=True)
        require_at_rest(session, draft_id)
        if head.seq != ground.seq:
            return None
        mine, _ = checkpoint_unit(session, head, at=at)
        head = enter_text(session, head, result.changes, person=person, at=at)
        version = version_store.add_version(
            session,
            draft_id,
            text=result.text,
            seq=head.seq,
            source="user",
            author_id=person.id,
            parent_id=mine.id if mine else None,
            merged_from_id=ground.version.id if result.merged else None,
            changes=result.changes if mine else None,
            label=result.label,
            words=head.words,
            at=at,
        )
        return Restored(version_view(version), head.seq)


def _preview(ground: _Ground) -> MergePreview:
    hunks = diff_words(ground.mine, ground.theirs)
    merged = merge_texts(ground.base_text, ground.mine, ground.theirs)
    at_mine, at_theirs = utf16_slicer(ground.mine), utf16_slicer(ground.theirs)
    return MergePreview(
        seq=ground.seq,
        base=_name(ground.base) if ground.base else None,
        version=_name(ground.version),
        hunks=[HunkView(hunk.kind, hunk.a, hunk.b, at_mine(*hunk.a), at_theirs(*hunk.b)) for hunk in hunks],
        conflicts=_conflict_views(merged),
        changes=merged.changed,
    )


def _computed(ground: _Ground, order: MergeOrder) -> _Result:
    if order.hunks is not None:
        if order.resolutions:
            raise InvalidInput("resolutions", "Single changes have no conflicts to resolve.")
        return _result(ground, _picked(ground, order.hunks), picked=len(set(order.hunks)))
    merged = _merged(ground, order.resolutions)
    if merged.text is None:
        raise Conflict(
            "merge_conflicts",
            "Some passages were changed on both sides. Decide each of them.",
            conflicts=msgspec.to_builtins(_conflict_views(merged)),
            seq=ground.seq,
        )
    return _result(ground, merged.text, picked=0)


def _merged(ground: _Ground, resolutions: Sequence[Resolution]) -> Merged:
    values = {resolution.index: normalise_text(resolution.value) for resolution in resolutions}
    if len(values) < len(resolutions):
        raise InvalidInput("resolutions", "A conflict is resolved once.")
    try:
        return merge_texts(ground.base_text, ground.mine, ground.theirs, values)
    except IndexError as error:
        raise InvalidInput("resolutions", "There is no conflict with this index.") from error


def _picked(ground: _Ground, chosen: Sequence[int]) -> str:
    hunks: tuple[Hunk, ...] = diff_words(ground.mine, ground.theirs)
    if not chosen or not all(0 <= index < len(hunks) and hunks[index].kind != "same" for index in chosen):
        raise InvalidInput("hunks", "Choose changes of the comparison by their index.")
    return pick_hunks(ground.mine, ground.theirs, hunks, set(chosen))


def _result(ground: _Ground, text: str, *, picked: int) -> _Result:
    if text == ground.mine:
        raise Conflict("nothing_to_merge", "The text has all of this already.")
    number = ground.version.number
    label = f"Merged version {number}"
    if picked:
        label = f"{picked} {'change' if picked == 1 else 'changes'} picked from version {number}"
    return _Result(text, diff_changes(ground.mine, text), label, not picked)


def _conflict_views(merged: Merged) -> list[MergeConflictView]:
    return [
        MergeConflictView(index, conflict.base, conflict.mine, conflict.theirs, conflict.from_, conflict.to)
        for index, conflict in enumerate(merged.conflicts)
    ]


def _name(version: VersionRow) -> VersionName:
    return VersionName(version.id, version.number, version.label)
