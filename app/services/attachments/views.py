"""Attachments and uploads as clients see them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from app.core.attachments.kinds import KINDS
from app.store.tables import AttachmentUpload, MessageAttachment

State = Literal["pending", "clean", "infected", "rejected", "error"]

_IN_PLACE = frozenset(kind.media_type for kind in KINDS if kind.in_place)
_WAITING = "The check could not be made yet; it is tried again."


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message. Only a `clean` one can be fetched; `reason` says for people why another is not.

    `size` in bytes, `sha256` in hex; `width` and `height` in pixels, of pictures. `in_place`: a browser may show it within
    a page, all others are downloads.
    """

    id: UUID
    message_id: UUID
    state: State
    name: str
    size: int
    mime_type: str
    in_place: bool
    width: int | None
    height: int | None
    sha256: str | None
    reason: str | None
    uploader_id: UUID | None
    created_at: datetime


class FetchableAttachment(AttachmentView, frozen=True, kw_only=True):
    """With addresses that are good until `expires_at` (a minute): `url` shows it in place where that is allowed,
    `download_url` never does. Null until it is clean."""

    url: str | None
    download_url: str | None
    expires_at: datetime | None


class AttachmentList(msgspec.Struct, frozen=True):
    items: list[AttachmentView]
    next: str | None = None


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """An upload in parts: of `size` bytes the first `offset` are stored. Parts of `part_bytes` or less are asked for."""

    id: UUID
    message_id: UUID
    name: str
    size: int
    offset: int
    part_bytes: int
    expires_at: datetime


class AcceptedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What may be attached. `scanned`: files also go through a virus scanner; otherwise only their content is checked."""

    most_bytes: int
    most_per_message: int
    part_bytes: int
    suffixes: list[str]
    scanned: bool


def attachment_view(row: MessageAttachment) -> AttachmentView:
    return AttachmentView(**_fields(row))


def fetchable_view(
    row: MessageAttachment, *, url: str | None, download_url: str | None, expires_at: datetime | None
) -> FetchableAttachment:
    return FetchableAttachment(**_fields(row), url=url, download_url=download_url, expires_at=expires_at)


def _fields(row: MessageAttachment) -> dict[str, Any]:
    return {
        "id": row.id,
        "message_id": row.message_id,
        "state": row.state,
        "name": row.filename,
        "size": row.file_size,
        "mime_type": row.mime_type,
        "in_place": shown_in_place(row.mime_type),
        "width": row.width,
        "height": row.height,
        "sha256": row.sha256.hex() if row.sha256 else None,
        "reason": _WAITING if row.state == "error" else row.reason,
        "uploader_id": row.uploader_id,
        "created_at": row.created_at,
    }


def shown_in_place(media_type: str) -> bool:
    """Whether browsers may show it within a page: pictures that cannot run anything."""
    return media_type in _IN_PLACE


def upload_view(row: AttachmentUpload, *, part_bytes: int, expires_at: datetime) -> UploadView:
    return UploadView(
        id=row.id,
        message_id=row.message_id,
        name=row.filename,
        size=row.file_size,
        offset=row.received,
        part_bytes=part_bytes,
        expires_at=expires_at,
    )
