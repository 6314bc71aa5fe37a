"""From rows of a conversation to what is answered: who sees which part of a message, and its Markdown as safe HTML."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from uuid import UUID

from sqlmodel import Session

from app.core.messages import MAY_SEND
from app.services.accounts import Principal
from app.services.goals.access import part_in
from app.services.goals.views import (
    GoalConversationView,
    GoalMessage,
    GoalName,
    GoalPerson,
    MessageAttachmentView,
    MessageDraft,
    ReceiptView,
    ReplyPreview,
)
from app.services.markdown import render_markdown
from app.store.goals.pages import (
    AttachmentRow,
    ConversationPage,
    MessageRow,
    OwnDraft,
    Place,
    Receipt,
    Replies,
    attached_to,
    reply_counts,
)

_SHORT = 4_000
_NO_REPLIES = ReplyPreview()

_rendered = lru_cache(4_096)(render_markdown)
"""A page of 50 messages is read far more often than written: rendering was nine tenths of its time. The texts kept are
short, 16 MB at most."""


def html_of(content: str) -> str:
    return _rendered(content) if len(content) <= _SHORT else render_markdown(content)


class Shown:
    """Messages of one conversation as one person sees them."""

    def __init__(
        self,
        person: Principal,
        place: Place,
        attachments: Mapping[UUID, Sequence[AttachmentRow]],
        replies: Mapping[UUID, Replies],
    ) -> None:
        self._person = person
        self._place = place
        self._attachments = attachments
        self._replies = replies

    def message(self, row: MessageRow) -> GoalMessage:
        gone = row.deleted_at is not None
        replies = self._replies.get(row.id)
        return GoalMessage(
            id=row.id,
            conversation_id=row.conversation_id,
            position=row.position,
            changed_seq=row.changed_seq,
            sender=GoalPerson(row.sender_id, self._name(row)),
            sender_part="student" if row.sender_id == self._place.student_id else "instructor",
            mine=row.sender_id == self._person.id,
            message_type=row.message_type,
            content="" if gone else row.content,
            html="" if gone else html_of(row.content),
            metadata={} if gone else row.metadata,
            reply_to_id=row.reply_to_id,
            target_date=row.target_date,
            created_at=row.created_at,
            edited_at=row.edited_at,
            deleted_at=row.deleted_at,
            attachments=[] if gone else self._files(row),
            replies=_NO_REPLIES if replies is None else self._preview(replies),
        )

    def _name(self, row: MessageRow) -> str:
        """As the place has it now, for who still takes part: rows may be those read before."""
        if row.sender_id == self._place.student_id:
            return self._place.student_name
        if row.sender_id == self._place.instructor_id:
            return self._place.instructor_name or row.sender_name
        return row.sender_name

    def _preview(self, replies: Replies) -> ReplyPreview:
        return ReplyPreview(count=replies.count, latest=[self.message(reply) for reply in replies.latest])

    def _files(self, row: MessageRow) -> list[MessageAttachmentView]:
        own = row.sender_id == self._person.id
        return [
            attachment_view(file)
            for file in self._attachments.get(row.id, ())
            # That a file was refused is its sender's business alone.
            if own or file.state in ("clean", "pending")
        ]


def attachment_view(file: AttachmentRow) -> MessageAttachmentView:
    return MessageAttachmentView(
        id=file.id,
        name=file.filename,
        mime_type=file.mime_type,
        size=file.file_size,
        state=file.state,
        reason=file.reason,
        width=file.width,
        height=file.height,
        created_at=file.created_at,
    )


def receipt_view(receipt: Receipt) -> ReceiptView:
    return ReceiptView(GoalPerson(receipt.user_id, receipt.name), receipt.position, receipt.read_at)


def draft_of(draft: OwnDraft) -> MessageDraft:
    return MessageDraft(
        id=draft.id,
        seq=draft.seq,
        message_type=draft.message_type,
        content=draft.content,
        reply_to_id=draft.reply_to_id,
        target_date=draft.target_date,
        saved_at=draft.saved_at,
    )


def goal_of(place: Place) -> GoalName | None:
    if place.goal_id is None:
        return None
    return GoalName(
        place.goal_id,
        place.goal_title or "",
        place.goal_progress or 0,
        place.goal_due,
        place.goal_description or "",
        place.goal_status or "active",
    )


def instructor_of(place: Place) -> GoalPerson | None:
    return None if place.instructor_id is None else GoalPerson(place.instructor_id, place.instructor_name or "")


def messages_of(person: Principal, page: ConversationPage) -> list[GoalMessage]:
    """The messages of a page as this person sees them."""
    shown = Shown(person, page.place, page.attachments, page.replies)
    return [shown.message(row) for row in page.messages]


def conversation_view(
    person: Principal, page: ConversationPage, messages: list[GoalMessage], *, upwards: bool = True
) -> GoalConversationView:
    """`upwards`: the page is gone on with by what comes before it, and not by what comes after."""
    place = page.place
    edge = 0 if upwards else -1
    part = part_in(place, person)
    return GoalConversationView(
        id=place.id,
        status=place.status,
        seq=place.seq,
        goal=goal_of(place),
        student=GoalPerson(place.student_id, place.student_name),
        instructor=instructor_of(place),
        part=part,
        may_send=list(MAY_SEND[part]) if place.status == "active" else [],
        read_position=place.read_position,
        messages=messages,
        next=str(page.messages[edge].position) if page.more else None,
        receipts=[receipt_view(receipt) for receipt in page.receipts],
        drafts=[draft_of(draft) for draft in page.drafts],
        created_at=place.created_at,
        updated_at=place.updated_at,
    )


def shown_with_files(session: Session, person: Principal, place: Place, rows: list[MessageRow]) -> list[GoalMessage]:
    """Messages read without a page around them: with their files, and with how many replies they have."""
    ids = [row.id for row in rows]
    counts = reply_counts(session, ids)
    replies = {id_: Replies(count, []) for id_, count in counts.items()}
    shown = Shown(person, place, attached_to(session, ids), replies)
    return [shown.message(row) for row in rows]
