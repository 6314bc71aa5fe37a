"""Versions: browse the tree, make checkpoints, name, restore, compare. Nothing is ever rewound."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.core.drafts import Actor, ReplaceOp, edit
from app.core.text.diff import diff_words
from app.core.text.unified import unified
from app.core.text.utf16 import utf16_slice
from app.services.access import open_document, owned_draft, owned_version, require_at_rest, text_of
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput
from app.services.fanout import Fanout
from app.services.views import ActorView, Comparison, HunkView, Page, Restored, VersionView, usd
from app.store import branches as branch_store
from app.store import drafts as draft_store
from app.store import proposals as proposal_store
from app.store import versions as version_store
from app.store.db import Database, expect_slow
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head
from app.store.proposals import ProposalRow
from app.store.turn_beginnings import current_text_hash
from app.store.versions import VersionFilter, VersionRow

_MOST_PER_PAGE = 500
_QUICK_TEXT_CHARACTERS = 30_000
"""A version of a text up to this long is made in about a millisecond, comparison with its parent included."""


class Versions:
    """Use cases of versions."""

    def __init__(self, db: Database, clock: Clock, fanout: Fanout) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout

    async def list(
        self,
        person: Principal,
        draft_id: UUID,
        *,
        cursor: str | None = None,
        limit: int = 100,
        named: bool = False,
        author: UUID | None = None,
        model: str | None = None,
        before: int | None = None,
    ) -> Page[VersionView]:
        """The versions of a draft, newest first, with the branches that end at them.

        Only the named ones, those a person or a model wrote, or those whose number is below `before`, where asked.
        """
        only = VersionFilter(named=named, author_id=author, model=model, before=before)

        def query(session: Session) -> Page[VersionView]:
            owned_draft(session, person.id, draft_id)
            return listed_versions(
                session, draft_id, cursor=cursor, limit=max(1, min(limit, _MOST_PER_PAGE)), only=only
            )

        return await self._db.read(query)

    async def get(self, person: Principal, version_id: UUID) -> VersionView:
        """One version with its text."""

        def query(session: Session) -> VersionView:
            row = owned_version(session, person.id, version_id)
            return version_view(row, version_store.read_text(session, version_id))

        return await self._db.read(query)

    async def label(self, person: Principal, version_id: UUID, label: str | None) -> VersionView:
        """Name a version, or with None or blanks take its name away."""
        label = _checked_label(label)

        def unit(session: Session) -> VersionView:
            owned_version(session, person.id, version_id)
            return version_view(version_store.set_label(session, version_id, label))

        return await self._db.write(unit)

    async def checkpoint(
        self, person: Principal, draft_id: UUID, *, label: str | None = None
    ) -> tuple[VersionView, bool]:
        """Make the text as it stands a version, and whether one was made: unchanged text keeps the current one."""
        label = _checked_label(label)
        at = self._clock()

        def unit(session: Session) -> tuple[VersionView, bool]:
            head = open_document(session, person.id, draft_id, lock=True)
            version, made = checkpoint_unit(session, head, at=at)
            if version is None:
                raise Conflict("nothing_to_keep", "There is no text yet.")
            if label is not None and label != version.label:
                version = version_store.set_label(session, version.id, label)
            return version_view(version), made

        return await self._db.write(unit)

    async def compare(self, person: Principal, a: UUID, b: UUID) -> Comparison:
        """What changed from one version to another of the same draft, by words."""
        _, _, text_a, text_b = await self._pair(person, a, b)
        # Long texts take a moment, which the event loop has not.
        return await asyncio.to_thread(_compared, text_a, text_b)

    async def unified(self, person: Principal, a: UUID, b: UUID) -> str:
        """The same as a unified diff."""
        first, second, text_a, text_b = await self._pair(person, a, b)
        return unified(text_a, text_b, f"version {first.number}", f"version {second.number}")

    async def restore(self, person: Principal, draft_id: UUID, version_id: UUID) -> Restored:
        """Bring a version's text back as a new version whose parent is the restored one's text holder.

        What stood in the draft becomes a version first, so that restoring loses nothing either. Raises `Conflict`:
        `turn_running` while the assistant writes.
        """
        at = self._clock()

        def unit(session: Session) -> Restored:
            head = open_document(session, person.id, draft_id, lock=True)
            restored = owned_version(session, person.id, version_id)
            if restored.draft_id != draft_id:
                raise InvalidInput("version_id", "This version belongs to another draft.", "other_draft")
            require_at_rest(session, draft_id)
            checkpoint_unit(session, head, at=at)
            text = version_store.read_text(session, version_id)
            if text != text_of(head):
                body = edit(head.state, [ReplaceOp("text", text)])
                head, _ = draft_store.append_bodies(
                    session, head, [body], origin=Origin(Actor("user", person.id), at), manual_saves=1
                )
            version = version_store.add_version(
                session,
                draft_id,
                text=text,
                seq=head.seq,
                source="user",
                author_id=person.id,
                parent_id=version_id,
                label=f"Restored from version {restored.number}",
                at=at,
            )
            return Restored(version_view(version), head.seq)

        result = await self._db.write(unit)
        self._fanout.publish(draft_id, result.seq)
        return result

    async def _pair(self, person: Principal, a: UUID, b: UUID) -> tuple[VersionRow, VersionRow, str, str]:
        def query(session: Session) -> tuple[VersionRow, VersionRow, str, str]:
            first, second = owned_version(session, person.id, a), owned_version(session, person.id, b)
            if first.draft_id != second.draft_id:
                raise InvalidInput("b", "Two versions of the same draft are compared.", "other_draft")
            return first, second, version_store.read_text(session, a), version_store.read_text(session, b)

        return await self._db.read(query)


def checkpoint_unit(session: Session, head: Head, *, at: datetime) -> tuple[VersionRow | None, bool]:
    """Make a version of what was typed since the current one, and one below it of what was accepted before that.

    `head` is locked. Returns the version that holds the text (None for an empty draft without versions) and whether it
    is new.
    """
    current = version_store.current_version(session, head.id)
    text = text_of(head)
    if current is None and not text:
        return None, False
    if current is not None and current.hash == hashlib.sha256(text.encode()).digest():
        return current, False
    waiting = proposal_store.accepted_without_version(session, head.id, after=current.seq if current else 0)
    if waiting:
        accepted = version_of_accepted(session, head, waiting, at=at)
        if accepted.hash == hashlib.sha256(text.encode()).digest():
            return accepted, True
    version = version_store.add_version(
        session, head.id, text=text, seq=head.seq, source="user", author_id=head.owner_id, words=head.words, at=at
    )
    return version, True


def version_of_accepted(session: Session, head: Head, rows: Sequence[ProposalRow], *, at: datetime) -> VersionRow:
    """The version of suggestions that were accepted one by one and wait for theirs (`rows`): all of one turn and person.

    It has the text as it was after the last of them, so that what was typed since is not taken for the model's.
    """
    last = rows[-1]
    seq = last.decided_seq or head.seq
    text = text_of(head) if seq == head.seq else draft_store.state_at(session, head.id, seq).fields["text"]
    version = version_store.add_version(
        session, head.id, text=text, seq=seq, source="ai_edit", author_id=last.decided_by, model=last.model,
        turn_id=last.turn_id, at=at,
    )  # fmt: skip
    proposal_store.note_version(session, [row.id for row in rows], version.id)
    return version


def base_of(session: Session, head: Head, *, at: datetime) -> UUID | None:
    """The version that holds the draft's text, made if need be; None for an empty draft without versions."""
    current = current_text_hash(session, head.id)
    if current is not None and current[1] == hashlib.sha256(text_of(head).encode()).digest():
        return current[0]
    if current is None and not text_of(head):
        return None
    if len(text_of(head)) > _QUICK_TEXT_CHARACTERS:
        expect_slow(session)
    version, _ = checkpoint_unit(session, head, at=at)
    return version.id if version is not None else None


def listed_versions(
    session: Session, draft_id: UUID, *, cursor: str | None, limit: int, only: VersionFilter
) -> Page[VersionView]:
    """One page of versions with the branches that end at them."""
    page = version_store.list_versions(session, draft_id, cursor=cursor, limit=limit, only=only)
    tips: defaultdict[UUID, list[str]] = defaultdict(list)
    for branch in branch_store.list_branches(session, draft_id):
        tips[branch.tip_version_id].append(branch.name)
    return Page([version_view(row, branches=tips.get(row.id)) for row in page.items], page.next)


def version_view(row: VersionRow, text: str | None = None, *, branches: list[str] | None = None) -> VersionView:
    """A version as the API shows it; who wrote it is the person, or the model in the person's name."""
    machine = row.source in ("ai_generation", "ai_edit")
    return VersionView(
        id=row.id,
        draft_id=row.draft_id,
        number=row.number,
        parent_id=row.parent_id,
        merged_from_id=row.merged_from_id,
        source=row.source,
        author=ActorView(
            "model" if machine else "user", row.author_id, (row.model if machine else row.author_name) or ""
        ),
        model=row.model,
        turn_id=row.turn_id,
        label=row.label,
        words=row.words,
        words_delta=row.words_delta,
        cost_usd=usd(row.cost_nano) if not row.unpriced else None,
        seq=row.seq,
        created_at=row.created_at,
        current=row.current,
        branches=branches or [],
        text=text,
    )


def _compared(a: str, b: str) -> Comparison:
    return Comparison(
        [
            HunkView(hunk.kind, hunk.a, hunk.b, utf16_slice(a, *hunk.a), utf16_slice(b, *hunk.b))
            for hunk in diff_words(a, b)
        ]
    )


def _checked_label(label: str | None) -> str | None:
    label = (label or "").strip()
    if len(label) > 200:
        raise InvalidInput("label", "A name has at most 200 characters.")
    return label or None
