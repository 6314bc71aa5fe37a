"""Owned objects are loaded only through these: a stranger gets the same 404 as for what never existed."""

from uuid import UUID

from sqlmodel import Session

from app.services.errors import Conflict, Missing
from app.store import proposals as proposal_store
from app.store import shares
from app.store import turns as turn_store
from app.store import versions as version_store
from app.store.drafting import heads
from app.store.drafting.heads import Head
from app.store.errors import NotFound
from app.store.proposals import ProposalRow
from app.store.tables import Turn
from app.store.versions import VersionRow


def owned_draft(session: Session, user_id: UUID, draft_id: UUID, *, lock: bool = False) -> Head:
    """The draft, if it is this person's. With `lock`, nobody else changes it until the transaction ends."""
    try:
        return heads.owned_head(session, draft_id, user_id, lock=lock)
    except NotFound as error:
        raise Missing from error


def visible_draft(session: Session, user_id: UUID, draft_id: UUID) -> Head:
    """The draft, if it is this person's or was shared with them."""
    head = heads.load_head(session, draft_id)
    if head is None or (head.owner_id != user_id and shares.role_of(session, draft_id, user_id) is None):
        raise Missing
    return head


def editable_draft(session: Session, user_id: UUID, draft_id: UUID, *, lock: bool = False) -> Head:
    """The draft, if this person may change it. Raises ReadOnly for somebody who may only see it."""
    head = heads.load_head(session, draft_id, lock=lock)
    if head is None:
        raise Missing
    if head.owner_id != user_id:
        shares.require_editor(session, draft_id, user_id)
    return head


def commentable_draft(session: Session, user_id: UUID, draft_id: UUID, *, lock: bool = False) -> Head:
    """The document, if this person may comment on it. Raises ReadOnly for somebody who may only see it, and `Conflict` for
    another kind, and for one in the trash."""
    head = heads.load_head(session, draft_id, lock=lock)
    if head is None:
        raise Missing
    if head.owner_id != user_id:
        shares.require_commenter(session, draft_id, user_id)
    if head.kind != "document":
        raise Conflict("wrong_kind", "Only documents are commented on.")
    require_open(head)
    return head


def open_document(session: Session, user_id: UUID, draft_id: UUID, *, lock: bool = False) -> Head:
    """The same for what changes a document. Raises `Conflict` for another kind, and for one in the trash."""
    head = owned_draft(session, user_id, draft_id, lock=lock)
    if head.kind != "document":
        raise Conflict("wrong_kind", "Only documents have versions and an assistant.")
    require_open(head)
    return head


def require_open(head: Head) -> None:
    """Raises `Conflict` for a draft in the trash, and for one that is submitted or sent."""
    if head.deleted_at is not None or head.state.status != "open":
        raise Conflict("draft_closed", "This draft is in the trash or submitted; put it back first.")


def require_at_rest(session: Session, draft_id: UUID) -> None:
    """Raises `Conflict` while the assistant writes: its result is meant for the line of work it began on.

    Where something is written after this, the draft is locked: turns begin under the same lock.
    """
    if turn_store.writing_turn(session, draft_id) is not None:
        raise Conflict("turn_running", "The assistant is still writing in this draft. Stop it first, or wait for it.")


def text_of(head: Head) -> str:
    """The prose of a document or a message."""
    text: str = head.state.fields["content" if head.kind == "message" else "text"]
    return text


def owned_version(session: Session, user_id: UUID, version_id: UUID) -> VersionRow:
    """The version, if its draft is this person's."""
    try:
        version = version_store.get_version(session, version_id)
    except NotFound as error:
        raise Missing from error
    owned_draft(session, user_id, version.draft_id)
    return version


def owned_turn(session: Session, user_id: UUID, turn_id: UUID) -> Turn:
    """The turn, if its draft is this person's."""
    try:
        turn = turn_store.get_turn(session, turn_id)
    except NotFound as error:
        raise Missing from error
    owned_draft(session, user_id, turn.draft_id)
    return turn


def owned_proposal(session: Session, user_id: UUID, proposal_id: UUID) -> ProposalRow:
    """The proposal, if its draft is this person's."""
    try:
        proposal = proposal_store.get_proposal(session, proposal_id)
    except NotFound as error:
        raise Missing from error
    owned_draft(session, user_id, proposal.draft_id)
    return proposal
