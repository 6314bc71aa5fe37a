"""HTTP of files: import a file as a draft, export a draft or version as a file."""

from urllib.parse import quote
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.errors import InvalidInput
from app.services.exchange import Exchange, File, Format
from app.services.views import DraftView


@post("/api/drafts/import")
async def import_draft(request: PersonRequest, exchange: NamedDependency[Exchange]) -> DraftView:
    """Make a draft of a file sent as the multipart field `file`: Markdown, text, Word (docx), HTML or PDF."""
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        raise InvalidInput("file", "Send a file as multipart/form-data, in the field `file`.")
    device = request.headers.get("x-device", "")[:200]
    return await exchange.import_file(request.user, file.filename, await file.read(), device=device)


@get("/api/drafts/{draft_id:uuid}/export")
async def export_draft(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    exchange: NamedDependency[Exchange],
    format: FromQuery[Format] = "md",
) -> Response[bytes]:
    """The draft as a file: `format` is `md`, `html`, `docx` or `pdf`."""
    return _download(await exchange.export_draft(request.user, draft_id, format))


@get("/api/versions/{version_id:uuid}/export")
async def export_version(
    version_id: FromPath[UUID],
    request: PersonRequest,
    exchange: NamedDependency[Exchange],
    format: FromQuery[Format] = "md",
) -> Response[bytes]:
    """The version as a file: `format` is `md`, `html`, `docx` or `pdf`."""
    return _download(await exchange.export_version(request.user, version_id, format))


def _download(file: File) -> Response[bytes]:
    """Named by RFC 6266: plain ASCII for old programs, UTF-8 for the others."""
    plain = file.name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(file.content, media_type=file.media_type, headers=headers)


router = Router("/", route_handlers=[import_draft, export_draft, export_version], guards=[signed_in], tags=["files"])
