"""A message that somebody still writes, as the assistant may help with it: who may ask, and what the model is shown.

The model sees what the person sees who asks: the goal, the latest published messages, their own draft. Never the drafts of
others. Its answer goes into the chat of the draft alone; taking words over and sending them stays with the person.
"""

from uuid import UUID

from sqlmodel import Session

from app.services.access import open_document, owned_draft, require_open
from app.services.accounts import Principal
from app.services.assistant.requests import Said, Talk
from app.services.errors import Conflict
from app.services.goals.access import joined_place, part_in
from app.store.drafting.heads import Head
from app.store.goals import pages
from app.store.goals.pages import MessageRow, Place

_LATEST = 40
"""So many of the latest changes of a conversation are looked at; the token budget of the request cuts further."""


def open_to_assistant(session: Session, person: Principal, draft_id: UUID, *, lock: bool = False) -> Head:
    """A draft that a turn may begin on: an open document, or a message not sent yet by who takes part in its conversation.

    Raises `Missing` and `Conflict`.
    """
    head = owned_draft(session, person.id, draft_id, lock=lock)
    if head.kind != "message":
        return open_document(session, person.id, draft_id, lock=lock)
    require_open(head)
    _place_of(session, person, head)
    return head


def talk_around(session: Session, person: Principal, head: Head) -> Talk:
    """The conversation a message is written for, without what was taken back. Raises `Missing` and `Conflict`."""
    place = _place_of(session, person, head)
    rows = pages.read_changes(session, place.id, after=max(0, place.seq - _LATEST), limit=_LATEST)
    answered = head.state.fields["reply_to"]
    root = None if answered is None else pages.read_message(session, UUID(answered))
    shown = {row.id: row for row in (*rows, *([root] if root is not None else ())) if row.deleted_at is None}
    return Talk(
        goal=place.goal_title or "",
        description=place.goal_description or "",
        writer=part_in(place, person),
        messages=tuple(_said(place, row) for row in sorted(shown.values(), key=lambda row: row.position)),
        answered=None if root is None or root.id not in shown else _said(place, root),
    )


def _place_of(session: Session, person: Principal, head: Head) -> Place:
    conversation = head.state.fields["conversation"]
    if conversation is None:
        raise Conflict("no_conversation", "This message belongs to no conversation yet.")
    return joined_place(session, person, UUID(conversation))


def _said(place: Place, row: MessageRow) -> Said:
    return Said("student" if row.sender_id == place.student_id else "instructor", row.sender_name, row.content)
