"""Use cases of attachments: sent, listed, fetched, deleted.

Permissions are the message's: its sender attaches, whoever sees the message sees its files. A file is stored first and
its row committed after, so a crash leaves a file without a row, which the sweeper finds, and never the other way round.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from app.core.attachments.kinds import SUFFIXES
from app.core.attachments.names import cleaned_name
from app.services.accounts import Principal
from app.services.attachments import units
from app.services.attachments.intake import Intake, checked_kind, looked_at
from app.services.attachments.policy import MOST_PER_MESSAGE, PART_BYTES
from app.services.attachments.receiving import FormFile, Measured, too_large
from app.services.attachments.signing import Signer
from app.services.attachments.storage import FILES, NotStored, new_key
from app.services.attachments.views import (
    AcceptedFiles,
    AttachmentList,
    AttachmentView,
    FetchableAttachment,
    attachment_view,
    fetchable_view,
    shown_in_place,
)
from app.services.errors import InvalidInput, Missing, NotAllowed
from app.store import attachments as store
from app.store.errors import NotFound

_FORM_BYTES = 64 << 10
"""What a form may have besides the file."""


@dataclass(frozen=True, slots=True)
class Served:
    """A file that may be given out now. `etag` changes with the content."""

    name: str
    media_type: str
    size: int
    etag: str
    in_place: bool
    storage_key: str


class Attachments:
    """Each use case raises `Missing` for what this person does not see."""

    def __init__(self, intake: Intake, signer: Signer, *, scanned: bool) -> None:
        self._intake = intake
        self._db = intake.db
        self._clock = intake.clock
        self._storage = intake.storage
        self._signer = signer
        self._scanned = scanned

    def accepted(self) -> AcceptedFiles:
        return AcceptedFiles(
            most_bytes=self._intake.policy.most_bytes,
            most_per_message=MOST_PER_MESSAGE,
            part_bytes=PART_BYTES,
            suffixes=list(SUFFIXES),
            scanned=self._scanned,
        )

    async def attach(
        self,
        person: Principal,
        message_id: UUID,
        body: AsyncIterator[bytes],
        *,
        boundary: str | None,
        length: int | None,
    ) -> AttachmentView:
        """Takes the file of a multipart form as it comes in. `length`: of the whole body, where the sender says it.

        Raises `TooLarge`, `InvalidInput`, `Conflict`, `StorageUnavailable`, `ConnectionCut`; then nothing is left of it.
        """
        await self._db.read(units.attachable, person, message_id)
        if not boundary:
            raise InvalidInput("file", "Send a file as multipart/form-data, in the field `file`.")
        most = self._intake.policy.most_bytes
        if length is not None and length > most + _FORM_BYTES:
            raise too_large(most, length)
        file = await FormFile.of(body, boundary)
        name = cleaned_name(file.name)
        measured = Measured(file.chunks(), most)
        key = new_key(FILES)
        async with self._intake.kept_if_all_goes_well(key):
            await self._storage.write(key, looked_at(measured, name))
            kind = checked_kind(name, bytes(measured.head))
            row = units.new_row(
                key, person, message_id, name=name, original=file.name, size=measured.size, kind=kind, at=self._clock()
            )
            saved = await self._db.write(units.attach, person, row)
        return await self._intake.taken_in(saved)

    async def list(self, person: Principal, message_id: UUID) -> AttachmentList:
        rows = await self._db.read(units.visible_attachments, person, message_id)
        return AttachmentList([attachment_view(row) for row in rows])

    async def fetchable(self, person: Principal, attachment_id: UUID) -> FetchableAttachment:
        """With addresses once it is clean."""
        row = await self._db.read(units.visible_attachment, person, attachment_id)
        if row.state != "clean":
            return fetchable_view(row, url=None, download_url=None, expires_at=None)
        at = self._clock()
        url, ends = self._signer.address(attachment_id, at=at)
        download_url, _ = self._signer.address(attachment_id, at=at, download=True)
        return fetchable_view(row, url=url, download_url=download_url, expires_at=ends)

    async def served(self, attachment_id: UUID, *, expires: int, download: bool, signature: str) -> Served:
        """What a signed address stands for. Raises `NotAllowed` (`bad_signature`) for one that is forged or over."""
        if not self._signer.holds(
            attachment_id, expires=expires, download=download, signature=signature, at=self._clock()
        ):
            raise NotAllowed("bad_signature", "This address is no longer valid. Open the file from its message again.")
        try:
            row = await self._db.read(store.served_attachment, attachment_id)
        except NotFound as error:
            raise Missing from error
        etag = row.sha256.hex() if row.sha256 else ""
        in_place = shown_in_place(row.mime_type) and not download
        return Served(row.filename, row.mime_type, row.file_size, etag, in_place, row.storage_key)

    async def content(self, file: Served, start: int, end: int) -> AsyncIterator[bytes]:
        """Its bytes from `start` up to `end`, the first of which are read before this returns, so that a store that fails
        is told in time. Raises `StorageUnavailable`."""
        chunks = self._storage.read(file.storage_key, start, end)
        try:
            first = await anext(chunks, b"")
        except NotStored as error:
            raise Missing from error

        async def all_of_it() -> AsyncIterator[bytes]:
            yield first
            async for chunk in chunks:
                yield chunk

        return all_of_it()

    async def delete(self, person: Principal, attachment_id: UUID) -> None:
        """The sender's alone."""
        message_id = await self._db.write(units.detach, person, attachment_id, self._clock())
        self._intake.wake()
        await self._intake.changed(message_id)
