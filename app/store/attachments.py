"""Attachments of messages, the uploads they come from, and stored files that nothing refers to any more."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlmodel import Session, col

from app.store.drafting.message_projection import next_seq
from app.store.errors import NotFound
from app.store.goals.pages import read_place
from app.store.rows import changed_rows
from app.store.tables import (
    AttachmentPart,
    AttachmentUpload,
    ConversationMessage,
    DraftStream,
    GoalConversation,
    MessageAttachment,
    StoredLeftover,
)

# Messages


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """What decides who may do what with a message's attachments. `open`: its conversation takes changes."""

    id: uuid.UUID
    conversation_id: uuid.UUID
    sender_id: uuid.UUID
    is_draft: bool
    open: bool


def message_place(
    session: Session, message_id: uuid.UUID, person_id: uuid.UUID, *, everything: bool = False, lock: bool = False
) -> MessagePlace:
    """The message, if this person sees it: a draft is its sender's, one taken back or thrown away is nobody's, any other is
    for those who take part in the conversation (for everybody with `everything`). Raises NotFound."""
    statement = (
        select(
            col(ConversationMessage.conversation_id),
            col(ConversationMessage.sender_id),
            col(ConversationMessage.is_draft),
            col(GoalConversation.status),
        )
        .join(GoalConversation, col(GoalConversation.id) == col(ConversationMessage.conversation_id))
        .join(DraftStream, col(DraftStream.id) == col(ConversationMessage.id))
        .where(
            col(ConversationMessage.id) == message_id,
            col(ConversationMessage.deleted_at).is_(None),
            col(DraftStream.deleted_at).is_(None),
        )
    )
    if lock:
        statement = statement.with_for_update(of=DraftStream)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound("message")
    conversation_id, sender_id, is_draft, status = row
    seen_by_all = everything and not is_draft
    if is_draft and sender_id != person_id:
        raise NotFound("message")
    if read_place(session, conversation_id, person_id, everything=seen_by_all) is None:
        raise NotFound("message")
    return MessagePlace(message_id, conversation_id, sender_id, is_draft, status == "active")


def message_of(session: Session, message_id: uuid.UUID) -> tuple[uuid.UUID, bool]:
    """The conversation of a message that exists, and whether it is a draft. Raises NotFound."""
    row = session.execute(
        select(col(ConversationMessage.conversation_id), col(ConversationMessage.is_draft)).where(
            col(ConversationMessage.id) == message_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound("message")
    return row[0], bool(row[1])


def show_change(session: Session, message_id: uuid.UUID, *, at: datetime) -> None:
    """Lets those who have the conversation open read this message again, if it is published."""
    conversation_id, is_draft = message_of(session, message_id)
    if is_draft:
        return
    seq = next_seq(session, conversation_id, at=at)
    session.execute(
        update(ConversationMessage).where(col(ConversationMessage.id) == message_id).values(changed_seq=seq)
    )


# Attachments


def get_attachment(session: Session, attachment_id: uuid.UUID) -> MessageAttachment:
    """Raises NotFound."""
    row = session.get(MessageAttachment, attachment_id)
    if row is None:
        raise NotFound("attachment")
    return row


def find_attachment(session: Session, attachment_id: uuid.UUID) -> MessageAttachment | None:
    return session.get(MessageAttachment, attachment_id)


def served_attachment(session: Session, attachment_id: uuid.UUID) -> MessageAttachment:
    """One that may be fetched now: clean, of a message that is there. Raises NotFound."""
    row = session.scalars(
        select(MessageAttachment)
        .join(ConversationMessage, col(ConversationMessage.id) == col(MessageAttachment.message_id))
        .join(DraftStream, col(DraftStream.id) == col(ConversationMessage.id))
        .where(
            col(MessageAttachment.id) == attachment_id,
            col(MessageAttachment.state) == "clean",
            col(ConversationMessage.deleted_at).is_(None),
            col(DraftStream.deleted_at).is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotFound("attachment")
    return row


def list_attachments(session: Session, message_id: uuid.UUID) -> list[MessageAttachment]:
    """In the order they came."""
    of_message = select(MessageAttachment).where(col(MessageAttachment.message_id) == message_id)
    return list(session.scalars(of_message.order_by(col(MessageAttachment.id))))


def count_files(session: Session, message_id: uuid.UUID) -> int:
    """Attachments and uploads of a message together."""
    total = 0
    for table in (MessageAttachment, AttachmentUpload):
        counted = select(func.count()).select_from(table).where(table.message_id == message_id)  # type: ignore[arg-type]
        total += session.scalar(counted) or 0
    return total


def add_attachment(session: Session, row: MessageAttachment) -> MessageAttachment:
    session.add(row)
    session.flush()
    return row


def delete_attachment(session: Session, attachment_id: uuid.UUID) -> None:
    """Its file is left over from then on."""
    session.execute(delete(MessageAttachment).where(col(MessageAttachment.id) == attachment_id))


# Checking


def due_checks(session: Session, *, at: datetime, limit: int) -> list[uuid.UUID]:
    """Attachments nobody has checked yet and nobody is checking, oldest first."""
    waiting = select(col(MessageAttachment.id)).where(col(MessageAttachment.state).in_(("pending", "error")), _due(at))
    return list(session.scalars(waiting.order_by(col(MessageAttachment.created_at)).limit(limit)))


def claim_check(
    session: Session, attachment_id: uuid.UUID, *, at: datetime, until: datetime
) -> MessageAttachment | None:
    """The attachment, which nobody else takes before `until`; None if somebody was faster."""
    claimed = changed_rows(
        session,
        update(MessageAttachment)
        .where(
            col(MessageAttachment.id) == attachment_id, col(MessageAttachment.state).in_(("pending", "error")), _due(at)
        )
        .values(check_after=until, attempts=col(MessageAttachment.attempts) + 1),
    )
    if not claimed:
        return None
    return session.get(MessageAttachment, attachment_id, populate_existing=True)


def release_check(session: Session, attachment_id: uuid.UUID | None = None) -> None:
    """Gives up the claim on one that has no verdict yet, or on all of them."""
    statement = update(MessageAttachment).where(col(MessageAttachment.state) == "pending")
    if attachment_id is not None:
        statement = statement.where(col(MessageAttachment.id) == attachment_id)
    session.execute(statement.values(check_after=None))


def _due(at: datetime) -> ColumnElement[bool]:
    return or_(col(MessageAttachment.check_after).is_(None), col(MessageAttachment.check_after) <= at)


def leave_over(session: Session, storage_key: str) -> None:
    """A stored file that is to be deleted."""
    if session.get(StoredLeftover, storage_key) is None:
        session.add(StoredLeftover(storage_key=storage_key))
        session.flush()


# Uploads


def add_upload(session: Session, row: AttachmentUpload) -> AttachmentUpload:
    session.add(row)
    session.flush()
    return row


def get_upload(session: Session, upload_id: uuid.UUID, *, lock: bool = False) -> AttachmentUpload:
    """Raises NotFound."""
    row = session.get(AttachmentUpload, upload_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound("upload")
    return row


def count_uploads(session: Session, uploader_id: uuid.UUID) -> int:
    mine = select(func.count()).select_from(AttachmentUpload).where(col(AttachmentUpload.uploader_id) == uploader_id)
    return session.scalar(mine) or 0


def add_part(session: Session, upload: AttachmentUpload, *, storage_key: str, length: int, at: datetime) -> None:
    """Appends a stored part to a locked upload."""
    session.execute(
        insert(AttachmentPart).values(
            upload_id=upload.id, start=upload.received, length=length, storage_key=storage_key
        )
    )
    upload.received += length
    upload.updated_at = at
    session.add(upload)
    session.flush()


def part_keys(session: Session, upload_id: uuid.UUID) -> list[str]:
    """In the order of their bytes."""
    parts = select(col(AttachmentPart.storage_key)).where(col(AttachmentPart.upload_id) == upload_id)
    return list(session.scalars(parts.order_by(col(AttachmentPart.start))))


def delete_upload(session: Session, upload_id: uuid.UUID, *, keep_file: str | None = None) -> None:
    """Its parts are left over, but for `keep_file`, which became something else."""
    if keep_file is not None:
        session.execute(delete(AttachmentPart).where(col(AttachmentPart.storage_key) == keep_file))
        session.execute(delete(StoredLeftover).where(col(StoredLeftover.storage_key) == keep_file))
    session.execute(delete(AttachmentPart).where(col(AttachmentPart.upload_id) == upload_id))
    session.execute(delete(AttachmentUpload).where(col(AttachmentUpload.id) == upload_id))


def delete_stale_uploads(session: Session, *, before: datetime) -> int:
    """Uploads nothing was sent for since then; how many."""
    stale = list(session.scalars(select(col(AttachmentUpload.id)).where(col(AttachmentUpload.updated_at) < before)))
    for upload_id in stale:
        delete_upload(session, upload_id)
    return len(stale)


# Files left over


def leftovers(session: Session, *, limit: int) -> list[str]:
    return list(session.scalars(select(col(StoredLeftover.storage_key)).limit(limit)))


def forget_leftovers(session: Session, keys: Sequence[str]) -> None:
    """Their files are deleted."""
    session.execute(delete(StoredLeftover).where(col(StoredLeftover.storage_key).in_(keys)))


def known_keys(session: Session, keys: Iterable[str]) -> set[str]:
    """Those that a row refers to."""
    wanted = list(keys)
    known: set[str] = set()
    for column in (MessageAttachment.storage_key, AttachmentPart.storage_key, StoredLeftover.storage_key):
        known |= set(session.scalars(select(col(column)).where(col(column).in_(wanted))))
    return known


def kept_files(session: Session, *, after: uuid.UUID | None, limit: int) -> list[MessageAttachment]:
    """Attachments whose file must be there, by id; for checking them against the store."""
    statement = select(MessageAttachment).where(col(MessageAttachment.state).in_(("pending", "clean", "error")))
    if after is not None:
        statement = statement.where(col(MessageAttachment.id) > after)
    return list(session.scalars(statement.order_by(col(MessageAttachment.id)).limit(limit)))
