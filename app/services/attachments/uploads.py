"""Uploads in parts, which go on where they stopped: begin, send parts with their offset, finish.

Every part is an object of its own in the store, so that any worker may take the next one; finishing joins them.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session

from app.core.attachments.kinds import HEAD_BYTES, FileKind
from app.core.attachments.names import cleaned_name, original_name
from app.services.accounts import Principal
from app.services.attachments import units
from app.services.attachments.intake import Intake, checked_kind, looked_at
from app.services.attachments.policy import PART_BYTES
from app.services.attachments.receiving import ConnectionCut, Measured, too_large
from app.services.attachments.storage import FILES, PARTS, NotStored, StorageUnavailable, new_key
from app.services.attachments.units import OffsetMismatch
from app.services.attachments.views import AttachmentView, UploadView, attachment_view, upload_view
from app.services.errors import InvalidInput
from app.store import attachments as store
from app.store.tables import AttachmentUpload

UPLOAD_KEPT = timedelta(hours=24)
"""An upload nothing was sent for this long is thrown away."""


class Uploads:
    """Use cases of uploads. Each raises `Missing` for what is not this person's."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._db = intake.db
        self._clock = intake.clock
        self._storage = intake.storage

    async def begin(self, person: Principal, message_id: UUID, *, name: str, size: int) -> UploadView:
        """Raises `TooLarge`, `InvalidInput`, `Conflict`."""
        most = self._intake.policy.most_bytes
        if size <= 0:
            raise InvalidInput("size", "This file is empty.", "empty_file")
        if size > most:
            raise too_large(most, size)
        at = self._clock()
        row = AttachmentUpload(
            message_id=message_id,
            uploader_id=person.id,
            filename=cleaned_name(name),
            original_filename=original_name(name),
            file_size=size,
            created_at=at,
            updated_at=at,
        )
        return _view(await self._db.write(units.begin, person, row))

    async def state(self, person: Principal, upload_id: UUID) -> UploadView:
        """How far it is."""
        return _view(await self._db.read(units.own_upload, person, upload_id))

    async def receive(
        self, person: Principal, upload_id: UUID, body: AsyncIterator[bytes], *, offset: int | None
    ) -> UploadView:
        """Stores what comes, which continues at `offset`. What had come when a connection is cut is kept.

        Raises `OffsetMismatch` (which says where to go on), `InvalidInput`, `TooLarge`, `StorageUnavailable`.
        """
        upload = await self._db.read(units.own_upload, person, upload_id)
        if offset is None:
            raise InvalidInput("Upload-Offset", "Say in the header Upload-Offset which byte this part begins with.")
        if upload.received != offset:
            raise OffsetMismatch(upload.received)
        measured = Measured(body, upload.file_size - offset)
        chunks = looked_at(measured, upload.filename) if offset == 0 else measured.all()
        cut: list[ConnectionCut] = []
        key = new_key(PARTS)
        async with self._intake.kept_if_all_goes_well(key):
            await self._storage.write(key, _until_cut(chunks, cut))
            if measured.size:
                at = self._clock()
                upload = await self._db.write(units.go_on, person, upload_id, offset, key, measured.size, at)
        if not measured.size:
            await self._intake.throw_away(key)
        if cut:
            raise cut[0]
        return _view(upload)

    async def finish(self, person: Principal, upload_id: UUID) -> AttachmentView:
        """Makes an attachment of an upload that is complete; asked again, answers the same.

        Raises `Conflict` (`upload_incomplete`), `InvalidInput` for a content that is not accepted, after which nothing is
        left of it, and `StorageUnavailable`, after which it can be asked again.
        """
        made = await self._db.read(units.finished, person, upload_id)
        if made is not None:
            return attachment_view(made)
        upload, keys = await self._db.read(units.complete_upload, person, upload_id)
        try:
            kind = await self._kind(keys, upload.filename)
        except InvalidInput:
            await self.cancel(person, upload_id)
            raise
        key = keys[0] if len(keys) == 1 else new_key(FILES)
        row = units.new_row(
            key, person, upload.message_id, name=upload.filename, original=upload.original_filename,
            size=upload.file_size, kind=kind, at=self._clock(),
        )  # fmt: skip
        row.id = upload_id
        if len(keys) == 1:
            return await self._intake.taken_in(await self._db.write(units.finish, person, row))
        async with self._intake.kept_if_all_goes_well(key):
            try:
                joined = await self._storage.join(keys, key)
            except NotStored as error:
                raise StorageUnavailable from error
            if joined != upload.file_size:
                raise StorageUnavailable
            saved = await self._db.write(units.finish, person, row)
        if saved.storage_key != key:
            await self._intake.throw_away(key)
        return await self._intake.taken_in(saved)

    async def cancel(self, person: Principal, upload_id: UUID) -> None:
        def unit(session: Session) -> None:
            units.own_upload(session, person, upload_id, lock=True)
            store.delete_upload(session, upload_id)

        await self._db.write(unit)
        self._intake.wake()

    async def _kind(self, keys: list[str], name: str) -> FileKind:
        head = b""
        for key in keys:
            if len(head) < HEAD_BYTES:
                async for chunk in self._storage.read(key, 0, HEAD_BYTES):
                    head += chunk
        return checked_kind(name, head[:HEAD_BYTES])


def _view(row: AttachmentUpload) -> UploadView:
    return upload_view(row, part_bytes=PART_BYTES, expires_at=row.updated_at + UPLOAD_KEPT)


async def _until_cut(chunks: AsyncIterator[bytes], cut: list[ConnectionCut]) -> AsyncIterator[bytes]:
    """Ends where the connection does, and notes that."""
    try:
        async for chunk in chunks:
            yield chunk
    except ConnectionCut as error:
        cut.append(error)
