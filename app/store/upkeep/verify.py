"""Proving that stored data is whole, and rebuilding what follows from the events."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from app.core.chain import GENESIS, ChainLink, verify_chain
from app.core.drafts import FIELDS_EDITED, DraftState, evolve, initial
from app.core.errors import ChainBroken, CoreError
from app.store import submissions
from app.store.drafting.event_log import SNAPSHOT_EVERY, chain_links, draft_ids, write_snapshot
from app.store.drafting.heads import Head, update_head
from app.store.drafting.projections import edits_of, has_row, projection_of, remove_row
from app.store.drafting.summaries import counted_words, summarised
from app.store.errors import StoreError
from app.store.finance.months import changed_months
from app.store.finance.proof import unmarked_versions, wrong_sums
from app.store.ledger import wrong_totals
from app.store.rows import changed_rows
from app.store.submissions import is_kept
from app.store.tables import DraftSnapshot, DraftStream, Version
from app.store.versions import read_text


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it must be. `code`: chain, head, projection, submission, version or ledger; `id` names the draft,
    version or conversation."""

    code: str
    id: uuid.UUID
    message: str


@dataclass(slots=True)
class Report:
    """What was looked at and what was found. `erased` counts drafts whose words were erased, so that only their chain
    could be checked."""

    drafts: int = 0
    events: int = 0
    versions: int = 0
    erased: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(slots=True)
class _Replay:
    """A draft as its events tell it, link by link."""

    stream: DraftStream
    head: Head
    edited_at: datetime | None = None
    erased: bool = False

    @classmethod
    def of(cls, stream: DraftStream) -> "_Replay":
        blank = Head(
            id=stream.id,
            owner_id=stream.owner_id,
            hash=GENESIS,
            title="",
            excerpt="",
            words=0,
            completion=0,
            autosaves=0,
            manual_saves=stream.manual_saves,
            saved_at=stream.created_at,
            created_at=stream.created_at,
            deleted_at=None,
            expires_at=None,
            state=initial(stream.kind),
        )
        return cls(stream, blank)

    def follow(self, link: ChainLink) -> DraftState:
        """Raises CoreError for an event that does not fit the ones before it."""
        self.erased = self.erased or link.payload is None
        if self.erased:
            return self.head.state
        state = evolve(self.head.state, link.type, link.payload)
        saved = 1 if link.n is not None and link.type == FIELDS_EDITED else 0
        edits = edits_of(state.kind)
        if edits is not None:
            self.edited_at = edits.follow(self.edited_at, before=self.head.state.fields, after=state.fields, at=link.at)
        head = summarised(self.head, state, words=0, at=link.at, types=[link.type])
        self.head = msgspec.structs.replace(head, hash=link.hash, autosaves=head.autosaves + saved)
        return state

    def finished(self) -> Head:
        return msgspec.structs.replace(self.head, words=counted_words(self.head.state))


def verify(session: Session) -> Report:
    """Checks every chain, head, projection, version and conversation total. Reads everything: minutes, not seconds, on
    a large database."""
    report = Report()
    for draft_id in draft_ids(session):
        _verify_draft(session, draft_id, report)
    for version_id in session.scalars(select(col(Version.id)).order_by(col(Version.id))).all():
        report.versions += 1
        try:
            read_text(session, version_id)
        except StoreError as error:
            report.problems.append(Problem("version", version_id, error.message))
    for wrong in wrong_totals(session):
        message = f"The totals kept are {wrong.kept}, but the rows sum to {wrong.summed}."
        report.problems.append(Problem("ledger", wrong.conversation_id, message))
    report.problems += cost_problems(session)
    return report


def cost_problems(session: Session) -> list[Problem]:
    """Sums that are not those of their rows, and closed months that are not what was closed."""
    sums = [
        Problem(
            "cost_sum", wrong.id, f"{wrong.grain} {wrong.start}: kept {wrong.kept}, the rows sum to {wrong.summed}."
        )
        for wrong in wrong_sums(session)
    ]
    sums += [
        Problem("cost_sum", version_id, "Several sums of this version are each kept as its only one.")
        for version_id in unmarked_versions(session)
    ]
    months = [
        Problem(
            "closed_month", changed.closing_id, f"The rows of {changed.month:%Y-%m} are not those that were closed."
        )
        for changed in changed_months(session)
    ]
    return sums + months


def _verify_draft(session: Session, draft_id: uuid.UUID, report: Report) -> None:
    stream = session.get(DraftStream, draft_id)
    if stream is None:
        return  # Deleted while we looked.
    report.drafts += 1
    replay = _Replay.of(stream)

    def counted() -> Any:
        for link in chain_links(session, draft_id):
            report.events += 1
            replay.follow(link)
            yield link

    try:
        seq, hash_ = verify_chain(counted())
    except ChainBroken as error:
        report.problems.append(Problem("chain", draft_id, error.message))
        return
    except CoreError as error:
        report.problems.append(Problem("chain", draft_id, f"The events do not fit each other: {error.message}"))
        return
    if (seq, hash_) != (stream.seq, stream.head_hash):
        message = f"The head says {stream.seq} events, the log has {seq}, or its hash is another."
        report.problems.append(Problem("head", draft_id, message))
    if replay.erased:
        report.erased += 1
    else:
        report.problems += _differences(session, stream, replay)


def _differences(session: Session, stream: DraftStream, replay: _Replay) -> list[Problem]:
    head = replay.finished()
    expected = {
        "status": head.state.status,
        "conflicts": [conflict.to_payload() for conflict in head.state.conflicts] or None,
        "title": head.title,
        "excerpt": head.excerpt,
        "words": head.words,
        "completion": head.completion,
        "autosaves": head.autosaves,
        "deleted_at": head.deleted_at,
    }
    wrong = [name for name, value in expected.items() if getattr(stream, name) != value]
    found = [Problem("head", stream.id, f"The events say otherwise about: {', '.join(wrong)}.")] if wrong else []
    fields = projection_of(stream.kind).load(session, stream.id)
    expected_fields = dict(head.state.fields) if has_row(stream.kind, head.state.status) else None
    edits = edits_of(stream.kind)
    is_edit_known = edits is None or edits.load(session, stream.id) == replay.edited_at
    if fields != expected_fields or not is_edit_known:
        lost = "is missing" if fields is None else "is not what its events say"
        found.append(Problem("projection", stream.id, f"The draft's own row {lost}; rebuild restores it."))
    if is_kept(head.state) and not submissions.agrees(session, head):
        found.append(
            Problem("submission", stream.id, "What was submitted is missing or is another; rebuild restores it.")
        )
    return found


def rebuild(session: Session) -> int:
    """Replaces every head, projection and snapshot by what the events say; returns how many drafts that was.

    Drafts with erased words keep what they have. Raises ChainBroken, and changes nothing, where a log is damaged.
    """
    return sum(_rebuild_draft(session, draft_id) for draft_id in draft_ids(session))


def _rebuild_row(session: Session, head: Head, edited_at: datetime | None) -> None:
    """The row in the table of the draft's kind, and what it was submitted as."""
    projection = projection_of(head.kind)
    there = projection.load(session, head.id) is not None
    if has_row(head.kind, head.state.status):
        if not there:
            fields = head.state.fields
            projection.insert(session, head.id, owner_id=head.owner_id, fields=fields, at=head.created_at)
        projection.save(session, head.id, fields=head.state.fields, at=head.saved_at)
        # Saving took what differed from the events for an edit.
        edits = edits_of(head.kind)
        if edits is not None:
            edits.restore(session, head.id, edited_at)
    elif there:
        remove_row(session, head.kind, head.id)
    if is_kept(head.state):
        submissions.restore(session, head)


def _rebuild_draft(session: Session, draft_id: uuid.UUID) -> bool:
    stream = session.get(DraftStream, draft_id, with_for_update=True)
    if stream is None:
        return False
    replay = _Replay.of(stream)
    snapshots: list[DraftState] = []

    def followed() -> Any:
        for link in chain_links(session, draft_id):
            state = replay.follow(link)
            if state.seq and state.seq % SNAPSHOT_EVERY == 0 and not replay.erased:
                snapshots.append(state)
            yield link

    verify_chain(followed())
    if replay.erased:
        return False
    head = replay.finished()
    update_head(session, head)
    changed_rows(
        session,
        update(DraftStream).where(col(DraftStream.id) == draft_id).values(rebuilds=DraftStream.rebuilds + 1),
    )
    _rebuild_row(session, head, replay.edited_at)
    changed_rows(session, delete(DraftSnapshot).where(col(DraftSnapshot.draft_id) == draft_id))
    for state in snapshots:
        write_snapshot(session, draft_id, state)
    session.expunge(stream)
    return True
