"""Submissions: what drafts that end by being handed in leave behind. Written in the transaction that ends the draft."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from app.core.drafts import DRAFT_SUBMITTED, DraftState, EventBody
from app.core.errors import DraftClosed
from app.core.kinds import FORM, OnSubmit, kind_named
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head
from app.store.drafts import append_bodies
from app.store.tables import Submission


def is_kept(state: DraftState) -> bool:
    """Whether a draft in this state has left a submission."""
    return state.status == "submitted" and kind_named(state.kind).on_submit is OnSubmit.SUBMISSION


def submit(session: Session, head: Head, *, origin: Origin) -> Head:
    """Ends an open draft, which is locked, and keeps what it says as a submission; the head after that.

    A draft that was submitted before stays as it is. Raises DraftClosed for one in the trash.
    """
    if head.state.status == "submitted":
        return head
    if head.state.status != "open":
        raise DraftClosed(head.state.status)
    after, _ = append_bodies(session, head, [EventBody(DRAFT_SUBMITTED, {})], origin=origin, manual_saves=1)
    session.add(_submission(after))
    session.flush()
    return after


def find(session: Session, submission_id: uuid.UUID) -> Submission | None:
    """A submission by its id, which is that of its draft, without asking whose it is."""
    return session.get(Submission, submission_id)


def agrees(session: Session, head: Head) -> bool:
    """Whether the submission is there and says what the log of its draft says."""
    kept = session.get(Submission, head.id)
    return kept is not None and (kept.seq, kept.head_hash, kept.fields) == (
        head.seq,
        head.hash,
        submitted_fields(head.state),
    )


def restore(session: Session, head: Head) -> None:
    """Writes what the log says into the submission; how it was dealt with stays."""
    kept = session.get(Submission, head.id)
    if kept is None:
        session.add(_submission(head))
    else:
        kept.title, kept.fields = head.title, submitted_fields(head.state)
        kept.seq, kept.head_hash = head.seq, head.hash
    session.flush()


def submitted_fields(state: DraftState) -> dict[str, Any]:
    """What the person filled in. A form's own fields go by their plain names."""
    if state.kind != "form":
        return dict(state.fields)
    return plain_names({name: value for name, value in state.fields.items() if name not in FORM.fields})


def plain_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A form's own fields without the prefix that says how they change; prose wins where two names meet."""
    return {name.partition(".")[2]: fields[name] for name in sorted(fields)}


def _submission(head: Head) -> Submission:
    fields = head.state.fields
    form = head.kind == "form"
    return Submission(
        id=head.id,
        kind=head.kind,
        form=fields["form"] if form else None,
        user_id=head.owner_id,
        subject_id=uuid.UUID(fields["subject"]) if form and fields["subject"] else None,
        title=head.title,
        fields=submitted_fields(head.state),
        seq=head.seq,
        head_hash=head.hash,
        submitted_at=head.saved_at,
    )


__all__ = ["agrees", "find", "is_kept", "plain_names", "restore", "submit", "submitted_fields"]
