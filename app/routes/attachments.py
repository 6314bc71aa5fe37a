"""HTTP of attachments: sent in one request or in parts, listed, given out under signed addresses."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, head, post, put
from litestar.di import NamedDependency
from litestar.exceptions import InternalServerException
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_204_NO_CONTENT,
    HTTP_206_PARTIAL_CONTENT,
    HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE,
)
from multipart import parse_options_header

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.attachments.attachments import Attachments, Served
from app.services.attachments.receiving import ConnectionCut
from app.services.attachments.uploads import Uploads
from app.services.attachments.views import (
    AcceptedFiles,
    AttachmentList,
    AttachmentView,
    FetchableAttachment,
    UploadView,
)

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_LONGEST_NUMBER = 15
_AS_DOWNLOAD = "application/octet-stream"
_NEVER_AS_THEMSELVES = ("text/html", "image/svg+xml", "application/xml")
"""Kinds a browser would run, even downloads of which get no type it acts on."""


class NewUpload(msgspec.Struct, frozen=True):
    name: str
    size: int


@get("/api/attachments/accepted")
async def accepted_files(attachments: NamedDependency[Attachments]) -> AcceptedFiles:
    """What may be attached: the largest size, the endings of names, whether a virus scanner looks at it."""
    return attachments.accepted()


@post("/api/messages/{message_id:uuid}/attachments", request_max_body_size=None)
async def attach(
    message_id: FromPath[UUID], request: PersonRequest, attachments: NamedDependency[Attachments]
) -> AttachmentView:
    """Attach a file to a message of one's own, sent as the multipart field `file`. It is `pending` until it was checked."""
    content_type, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get("boundary") if content_type == "multipart/form-data" else None
    return await attachments.attach(
        request.user, message_id, _body(request), boundary=boundary, length=request.content_length
    )


@get("/api/messages/{message_id:uuid}/attachments")
async def list_attachments(
    message_id: FromPath[UUID], request: PersonRequest, attachments: NamedDependency[Attachments]
) -> AttachmentList:
    """The files of a message, in the order they came."""
    return await attachments.list(request.user, message_id)


@get("/api/attachments/{attachment_id:uuid}")
async def read_attachment(
    attachment_id: FromPath[UUID], request: PersonRequest, attachments: NamedDependency[Attachments]
) -> Response[FetchableAttachment]:
    """The attachment; once it is `clean`, with signed addresses that are good for a minute."""
    found = await attachments.fetchable(request.user, attachment_id)
    return Response(found, headers={"Cache-Control": "no-store"})


@delete("/api/attachments/{attachment_id:uuid}", status_code=HTTP_204_NO_CONTENT)
async def delete_attachment(
    attachment_id: FromPath[UUID], request: PersonRequest, attachments: NamedDependency[Attachments]
) -> None:
    """Take a file off a message; nothing is left of it."""
    await attachments.delete(request.user, attachment_id)


# Uploads in parts


@post("/api/messages/{message_id:uuid}/uploads")
async def begin_upload(
    message_id: FromPath[UUID], data: JSONBody[NewUpload], request: PersonRequest, uploads: NamedDependency[Uploads]
) -> UploadView:
    """Begin an upload in parts, which goes on where it stopped: `size` in bytes."""
    return await uploads.begin(request.user, message_id, name=data.name, size=data.size)


@get("/api/uploads/{upload_id:uuid}")
async def read_upload(
    upload_id: FromPath[UUID], request: PersonRequest, uploads: NamedDependency[Uploads]
) -> Response[UploadView]:
    """How many bytes have arrived; also in the header `Upload-Offset`."""
    return _told(await uploads.state(request.user, upload_id))


@head("/api/uploads/{upload_id:uuid}")
async def ask_upload(
    upload_id: FromPath[UUID], request: PersonRequest, uploads: NamedDependency[Uploads]
) -> Response[None]:
    """How many bytes have arrived, in the header `Upload-Offset`."""
    told = _told(await uploads.state(request.user, upload_id))
    return Response(None, headers=told.headers)


@put("/api/uploads/{upload_id:uuid}", request_max_body_size=None)
async def send_part(
    upload_id: FromPath[UUID], request: PersonRequest, uploads: NamedDependency[Uploads]
) -> Response[UploadView]:
    """Send the bytes from `Upload-Offset` (a header) on, as many as wanted, as the plain body."""
    offset = request.headers.get("upload-offset", "")
    readable = offset.isascii() and offset.isdigit() and len(offset) <= _LONGEST_NUMBER
    known = int(offset) if readable else None
    return _told(await uploads.receive(request.user, upload_id, _body(request), offset=known))


@post("/api/uploads/{upload_id:uuid}/finish")
async def finish_upload(
    upload_id: FromPath[UUID], request: PersonRequest, uploads: NamedDependency[Uploads]
) -> AttachmentView:
    """Make an attachment of an upload whose bytes have all arrived; it keeps the upload's id."""
    return await uploads.finish(request.user, upload_id)


@delete("/api/uploads/{upload_id:uuid}", status_code=HTTP_204_NO_CONTENT)
async def cancel_upload(upload_id: FromPath[UUID], request: PersonRequest, uploads: NamedDependency[Uploads]) -> None:
    """Give an upload up; nothing is left of it."""
    await uploads.cancel(request.user, upload_id)


# Giving out


@get("/api/attachments/{attachment_id:uuid}/content")
async def serve_content(
    attachment_id: FromPath[UUID],
    expires: FromQuery[int],
    signature: FromQuery[str],
    request: Request[Any, Any, Any],
    attachments: NamedDependency[Attachments],
    download: FromQuery[int] = 0,
) -> Response[Any]:
    """The bytes, under an address that `GET /api/attachments/{id}` gave. Takes one `Range`."""
    file = await attachments.served(attachment_id, expires=expires, download=bool(download), signature=signature)
    wanted = _wanted_range(request.headers.get("range", ""), request.headers.get("if-range", ""), file)
    if wanted is None:
        headers = {"Content-Range": f"bytes */{file.size}"}
        return Response(b"", status_code=HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    start, end = wanted
    headers = _headers(file) | {"Content-Length": str(end - start)}
    whole = (start, end) == (0, file.size)
    if not whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return Stream(
        await attachments.content(file, start, end),
        status_code=HTTP_200_OK if whole else HTTP_206_PARTIAL_CONTENT,
        media_type=_AS_DOWNLOAD if file.media_type in _NEVER_AS_THEMSELVES else file.media_type,
        headers=headers,
    )


def _headers(file: Served) -> dict[str, str]:
    """Whatever a file holds, a browser shows it as what we say or saves it, and runs nothing in it."""
    plain = file.name.encode("ascii", "replace").decode().replace("?", "_").replace("%", "_").replace('"', "_")
    kind = "inline" if file.in_place else "attachment"
    return {
        "Content-Disposition": f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, max-age=60",
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.etag}"',
    }


def _wanted_range(header: str, if_range: str, file: Served) -> tuple[int, int] | None:
    """First byte and the one after the last; all of them where no single range is asked for; None for one outside."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or found[1] == found[2] == "" or (if_range and if_range != f'"{file.etag}"'):
        return 0, file.size
    first, last = (part[:_LONGEST_NUMBER] for part in found.groups())
    if not first:
        count = min(int(last), file.size)
        return (file.size - count, file.size) if count else None
    start, end = int(first), min(int(last) + 1, file.size) if last else file.size
    return (start, end) if start < end else None


def _told(view: UploadView) -> Response[UploadView]:
    return Response(
        view, status_code=HTTP_200_OK, headers={"Upload-Offset": str(view.offset), "Cache-Control": "no-store"}
    )


async def _body(request: PersonRequest) -> AsyncIterator[bytes]:
    """What comes in. Raises `ConnectionCut` where it ends too early."""
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except InternalServerException as error:
        raise ConnectionCut from error


guarded = Router(
    "/",
    route_handlers=[
        accepted_files, attach, list_attachments, read_attachment, delete_attachment, begin_upload, read_upload,
        ask_upload, send_part, finish_upload, cancel_upload,
    ],
    guards=[signed_in],
    tags=["attachments"],
)  # fmt: skip
router = Router("/", route_handlers=[guarded, serve_content], tags=["attachments"])
