"""HTTP of versions: the tree, checkpoints, labels, restore, compare."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.checks import checked_cursor
from app.services.versions import Versions
from app.services.views import Comparison, Page, Restored, VersionView


class Checkpoint(msgspec.Struct, frozen=True):
    label: str | None = None


class Label(msgspec.Struct, frozen=True):
    label: str | None


class Chosen(msgspec.Struct, frozen=True):
    version_id: UUID


@get("/api/drafts/{draft_id:uuid}/versions")
async def list_versions(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    versions: NamedDependency[Versions],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 100,
    named: FromQuery[bool] = False,
    author: FromQuery[UUID | None] = None,
    model: FromQuery[str | None] = None,
    before: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
) -> Page[VersionView]:
    """The versions of a draft, newest first, each with its parent and what it cost.

    All, or the named ones, those one person or one model wrote, and those before a number.
    """
    return await versions.list(
        request.user,
        draft_id,
        cursor=checked_cursor(cursor),
        limit=limit,
        named=named,
        author=author,
        model=model,
        before=before,
    )


@post("/api/drafts/{draft_id:uuid}/versions")
async def create_checkpoint(
    draft_id: FromPath[UUID],
    data: JSONBody[Checkpoint],
    request: PersonRequest,
    versions: NamedDependency[Versions],
) -> Response[VersionView]:
    """Make the text as it is a version; when it is the current one already, that one (200)."""
    version, made = await versions.checkpoint(request.user, draft_id, label=data.label)
    return Response(version, status_code=201 if made else 200)


@get("/api/versions/{version_id:uuid}")
async def get_version(
    version_id: FromPath[UUID], request: PersonRequest, versions: NamedDependency[Versions]
) -> VersionView:
    """One version with its text."""
    return await versions.get(request.user, version_id)


@patch("/api/versions/{version_id:uuid}")
async def label_version(
    version_id: FromPath[UUID], data: JSONBody[Label], request: PersonRequest, versions: NamedDependency[Versions]
) -> VersionView:
    """Name a version, or take its name away."""
    return await versions.label(request.user, version_id, data.label)


@get("/api/versions/{a:uuid}/compare/{b:uuid}")
async def compare_versions(
    a: FromPath[UUID],
    b: FromPath[UUID],
    request: PersonRequest,
    versions: NamedDependency[Versions],
    format: FromQuery[Literal["hunks", "unified"]] = "hunks",
) -> Comparison | Response[str]:
    """What changed from version `a` to version `b` of the same draft, by words."""
    if format == "unified":
        return Response(await versions.unified(request.user, a, b), media_type="text/plain; charset=utf-8")
    return await versions.compare(request.user, a, b)


@post("/api/drafts/{draft_id:uuid}/restore", status_code=200)
async def restore_version(
    draft_id: FromPath[UUID], data: JSONBody[Chosen], request: PersonRequest, versions: NamedDependency[Versions]
) -> Restored:
    """Bring a version's text back as a new version; what stood there becomes a version first."""
    return await versions.restore(request.user, draft_id, data.version_id)


router = Router(
    "/",
    route_handlers=[
        list_versions, create_checkpoint, get_version, label_version, compare_versions, restore_version,
    ],
    guards=[signed_in],
    tags=["versions"],
)  # fmt: skip
