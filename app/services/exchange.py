"""Files in and out of drafts: import makes a draft, export writes a draft or a version as a file."""

import asyncio
import re
from collections.abc import Callable
from typing import Literal, TypeVar, assert_never
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.kinds import DOCUMENT
from app.services.access import owned_draft, owned_version, text_of
from app.services.accounts import Principal
from app.services.drafts import Drafts
from app.services.errors import Conflict, ServiceError
from app.services.files.document import begins_with_title
from app.services.files.html_writing import html_of
from app.services.files.processes import GaveUp, run_apart
from app.services.files.reading import read_file
from app.services.views import DraftView
from app.store import versions as version_store
from app.store.db import Database

Format = Literal["md", "html", "docx", "pdf"]
T = TypeVar("T")

MEDIA_TYPES: dict[Format, str] = {
    "md": "text/markdown",
    "html": "text/html",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
_SECONDS = 60
_AT_ONCE = 2
"""Files read or written at the same time: each is a process that wants a processor."""
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
_LONGEST_NAME = 100


class ExportFailed(ServiceError):
    status = 503


class File(msgspec.Struct, frozen=True):
    """A file as it is downloaded."""

    name: str
    media_type: str
    content: bytes


class _Source(msgspec.Struct, frozen=True):
    title: str
    text: str


class Exchange:
    """Use cases of files."""

    def __init__(self, db: Database, drafts: Drafts) -> None:
        self._db = db
        self._drafts = drafts
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def import_file(self, person: Principal, name: str, data: bytes, *, device: str = "") -> DraftView:
        """A new document with the text of a file. Raises what `read_file` raises."""
        found = await self._apart(lambda: read_file(name, data))
        title = found.title[: DOCUMENT.fields["title"].limit]
        return await self._drafts.create(person, title=title, text=found.text, device=device)

    async def export_draft(self, person: Principal, draft_id: UUID, format_: Format) -> File:
        """The document as it stands. Raises `Missing`, or `Conflict` for drafts that are no documents."""

        def query(session: Session) -> _Source:
            head = owned_draft(session, person.id, draft_id)
            if head.kind != "document":
                raise Conflict("wrong_kind", "Only documents are exported as files.")
            return _Source(head.title, text_of(head))

        source = await self._db.read(query)
        return await self._written(source, source.title or "Untitled", format_)

    async def export_version(self, person: Principal, version_id: UUID, format_: Format) -> File:
        """A version's text, under its draft's title. Raises `Missing`."""

        def query(session: Session) -> tuple[_Source, str]:
            version = owned_version(session, person.id, version_id)
            head = owned_draft(session, person.id, version.draft_id)
            name = f"{head.title or 'Untitled'} - version {version.number}"
            return _Source(head.title, version_store.read_text(session, version_id)), name

        source, name = await self._db.read(query)
        return await self._written(source, name, format_)

    async def _written(self, source: _Source, name: str, format_: Format) -> File:
        try:
            content = await self._apart(lambda: _content(source, format_))
        except GaveUp as error:
            raise ExportFailed(
                "export_failed", "This text could not be written as a file. Export it as Markdown."
            ) from error
        return File(f"{_file_name(name)}.{format_}", MEDIA_TYPES[format_], content)

    async def _apart(self, work: Callable[[], T]) -> T:
        async with self._places:
            return await asyncio.to_thread(work)


def _content(source: _Source, format_: Format) -> bytes:
    match format_:
        case "md":
            return source.text.encode()
        case "html":
            shown = bool(source.title) and not begins_with_title(source.text, source.title)
            return html_of(source.title, source.text, show_title=shown)
        case "docx" | "pdf":
            return run_apart("exporting", format_, msgspec.json.encode(source), seconds=_SECONDS)
        case _:
            assert_never(format_)


def _file_name(title: str) -> str:
    """A title as a name every file system takes."""
    name = " ".join(_NOT_IN_NAMES.sub(" ", title).split())[:_LONGEST_NAME].strip(" .")
    return name or "Untitled"
