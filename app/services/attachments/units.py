"""Who may do what with the files of a message, and the transactions that do it. Plain units of a Session."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.core.attachments.kinds import FileKind
from app.core.attachments.names import original_name
from app.services.accounts import Principal
from app.services.attachments.policy import MOST_OPEN_UPLOADS, MOST_PER_MESSAGE
from app.services.errors import Conflict, Missing
from app.store import attachments as store
from app.store.errors import NotFound
from app.store.tables import AttachmentUpload, MessageAttachment

SHOWN_TO_OTHERS = ("clean", "pending")


class OffsetMismatch(Conflict):
    def __init__(self, offset: int) -> None:
        super().__init__("offset_mismatch", f"The next byte that is needed is number {offset}.", offset=offset)


def visible(session: Session, person: Principal, message_id: UUID, *, lock: bool = False) -> store.MessagePlace:
    """The message, if this person sees it. Raises `Missing`."""
    try:
        return store.message_place(session, message_id, person.id, everything=person.is_admin, lock=lock)
    except NotFound as error:
        raise Missing from error


def attachable(session: Session, person: Principal, message_id: UUID, *, lock: bool = False) -> store.MessagePlace:
    """The message, if this person may change what hangs on it. Raises `Missing`, `Conflict` where it takes no changes."""
    place = visible(session, person, message_id, lock=lock)
    if place.sender_id != person.id:
        raise Missing
    if not place.open:
        raise Conflict("conversation_archived", "This conversation is archived; it takes no files.")
    return place


def visible_attachment(session: Session, person: Principal, attachment_id: UUID) -> MessageAttachment:
    """Raises `Missing`. That a file was refused is its sender's business alone."""
    try:
        row = store.get_attachment(session, attachment_id)
    except NotFound as error:
        raise Missing from error
    if visible(session, person, row.message_id).sender_id != person.id and row.state not in SHOWN_TO_OTHERS:
        raise Missing
    return row


def visible_attachments(session: Session, person: Principal, message_id: UUID) -> list[MessageAttachment]:
    """Those of a message that this person sees, in the order they came. Raises `Missing`."""
    own = visible(session, person, message_id).sender_id == person.id
    return [row for row in store.list_attachments(session, message_id) if own or row.state in SHOWN_TO_OTHERS]


def own_upload(session: Session, person: Principal, upload_id: UUID, *, lock: bool = False) -> AttachmentUpload:
    """Raises `Missing`, and `Conflict` where its message takes no files any more."""
    try:
        upload = store.get_upload(session, upload_id, lock=lock)
    except NotFound as error:
        raise Missing from error
    if upload.uploader_id != person.id:
        raise Missing
    attachable(session, person, upload.message_id)
    return upload


def attach(session: Session, person: Principal, row: MessageAttachment) -> MessageAttachment:
    attachable(session, person, row.message_id, lock=True)
    _room_for_one(session, row.message_id)
    store.add_attachment(session, row)
    store.show_change(session, row.message_id, at=row.created_at)
    return row


def detach(session: Session, person: Principal, attachment_id: UUID, at: datetime) -> UUID:
    """The message it hung on."""
    row = visible_attachment(session, person, attachment_id)
    message_id = row.message_id
    attachable(session, person, message_id, lock=True)
    store.delete_attachment(session, attachment_id)
    store.show_change(session, message_id, at=at)
    return message_id


def begin(session: Session, person: Principal, row: AttachmentUpload) -> AttachmentUpload:
    attachable(session, person, row.message_id, lock=True)
    _room_for_one(session, row.message_id)
    if store.count_uploads(session, person.id) >= MOST_OPEN_UPLOADS:
        raise Conflict("too_many_uploads", f"At most {MOST_OPEN_UPLOADS} uploads can be open at a time.")
    return store.add_upload(session, row)


def go_on(
    session: Session, person: Principal, upload_id: UUID, offset: int, key: str, length: int, at: datetime
) -> AttachmentUpload:
    """Appends a stored part. Raises `OffsetMismatch` where another one came first."""
    upload = own_upload(session, person, upload_id, lock=True)
    if upload.received != offset:
        raise OffsetMismatch(upload.received)
    store.add_part(session, upload, storage_key=key, length=length, at=at)
    return upload


def finished(session: Session, person: Principal, upload_id: UUID) -> MessageAttachment | None:
    """What an upload has already become."""
    row = store.find_attachment(session, upload_id)
    if row is not None:
        attachable(session, person, row.message_id)
    return row


def complete_upload(session: Session, person: Principal, upload_id: UUID) -> tuple[AttachmentUpload, list[str]]:
    """With the keys of its parts in order. Raises `Conflict` while bytes are missing."""
    upload = own_upload(session, person, upload_id)
    if upload.received < upload.file_size:
        raise Conflict(
            "upload_incomplete",
            f"Of {upload.file_size} bytes {upload.received} have arrived.",
            offset=upload.received,
        )
    return upload, store.part_keys(session, upload_id)


def finish(session: Session, person: Principal, row: MessageAttachment) -> MessageAttachment:
    """The attachment instead of the upload of the same id; the one that is there already, if somebody was faster."""
    made = finished(session, person, row.id)
    if made is not None:
        return made
    own_upload(session, person, row.id, lock=True)
    store.delete_upload(session, row.id, keep_file=row.storage_key)
    store.add_attachment(session, row)
    store.show_change(session, row.message_id, at=row.created_at)
    return row


def new_row(
    key: str, person: Principal, message_id: UUID, *, name: str, original: str, size: int, kind: FileKind, at: datetime
) -> MessageAttachment:
    return MessageAttachment(
        message_id=message_id,
        uploader_id=person.id,
        filename=name,
        original_filename=original_name(original),
        file_size=size,
        mime_type=kind.media_type,
        storage_key=key,
        created_at=at,
    )


def _room_for_one(session: Session, message_id: UUID) -> None:
    if store.count_files(session, message_id) >= MOST_PER_MESSAGE:
        raise Conflict("too_many_attachments", f"A message has at most {MOST_PER_MESSAGE} attachments.")
