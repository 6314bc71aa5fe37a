"""What all ways in share: the store, what is accepted, and that nothing stays of what did not become an attachment."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from app.core.attachments.kinds import HEAD_BYTES, FileKind, Refused, kind_of
from app.services.attachments.policy import Policy
from app.services.attachments.receiving import Measured
from app.services.attachments.storage import Storage, StorageUnavailable
from app.services.attachments.views import AttachmentView, attachment_view
from app.services.clock import Clock
from app.services.errors import InvalidInput
from app.store.db import Database
from app.store.tables import MessageAttachment

Changed = Callable[[UUID], Awaitable[None]]
"""Told the id of a message whose attachments changed, after the commit."""


@dataclass(frozen=True, slots=True)
class Intake:
    """`wake`: there is a file to check or to delete. `changed`: others may see a difference."""

    db: Database
    clock: Clock
    storage: Storage
    policy: Policy
    wake: Callable[[], None]
    changed: Changed

    async def taken_in(self, row: MessageAttachment) -> AttachmentView:
        """To be called when it is committed."""
        self.wake()
        await self.changed(row.message_id)
        return attachment_view(row)

    @asynccontextmanager
    async def kept_if_all_goes_well(self, key: str) -> AsyncIterator[None]:
        """A file stored under the key in here is thrown away if anything goes wrong before the end."""
        try:
            yield
        except BaseException:
            await self.throw_away(key)
            raise

    async def throw_away(self, key: str) -> None:
        """What this fails to delete the sweeper finds."""
        with suppress(StorageUnavailable):
            await self.storage.delete(key)


def checked_kind(name: str, head: bytes) -> FileKind:
    """Raises `InvalidInput` with the code of the refusal."""
    try:
        return kind_of(name, head)
    except Refused as refusal:
        raise InvalidInput("file", refusal.message, refusal.code) from refusal


async def looked_at(measured: Measured, name: str) -> AsyncIterator[bytes]:
    """Passes on what is a kind of file that is accepted; ends as soon as its first bytes say that it is not."""
    looked = False
    async for chunk in measured.all():
        if not looked and len(measured.head) >= HEAD_BYTES:
            checked_kind(name, bytes(measured.head))
            looked = True
        yield chunk
