"""HTTP of the tree of versions: branches, its shape, merges, who wrote what."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.authorship import Authorship
from app.services.branches import Branches
from app.services.merges import MergeOrder, Merges, Resolution
from app.services.tree_views import Blame, BranchView, MergePreview, Switched, TreeView
from app.services.tree_views import Branches as BranchList
from app.services.views import Restored


class NewBranch(msgspec.Struct, frozen=True):
    version_id: UUID
    name: str


class BranchChange(msgspec.Struct, frozen=True):
    name: str | None = None
    favourite: bool | None = None


class MergeBody(msgspec.Struct, frozen=True):
    """`seq`: the draft's position that the preview showed; indexes hold for that one only."""

    version_id: UUID
    hunks: list[int] | None = None
    resolutions: list[Resolution] = []
    seq: int | None = None


@get("/api/drafts/{draft_id:uuid}/branches")
async def list_branches(
    draft_id: FromPath[UUID], request: PersonRequest, branches: NamedDependency[Branches]
) -> BranchList:
    """The lines of work of a draft, named and left behind, each with what it cost."""
    return await branches.list(request.user, draft_id)


@post("/api/drafts/{draft_id:uuid}/branches")
async def create_branch(
    draft_id: FromPath[UUID], data: JSONBody[NewBranch], request: PersonRequest, branches: NamedDependency[Branches]
) -> BranchView:
    """Name a line of work that starts at a version."""
    return await branches.create(request.user, draft_id, data.version_id, data.name)


@patch("/api/drafts/{draft_id:uuid}/branches/{branch_id:uuid}")
async def change_branch(
    draft_id: FromPath[UUID],
    branch_id: FromPath[UUID],
    data: JSONBody[BranchChange],
    request: PersonRequest,
    branches: NamedDependency[Branches],
) -> BranchView:
    """Rename a branch, or mark it as a favourite."""
    return await branches.change(request.user, draft_id, branch_id, name=data.name, favourite=data.favourite)


@delete("/api/drafts/{draft_id:uuid}/branches/{branch_id:uuid}")
async def delete_branch(
    draft_id: FromPath[UUID], branch_id: FromPath[UUID], request: PersonRequest, branches: NamedDependency[Branches]
) -> None:
    """Take a branch's name away; its versions stay."""
    await branches.delete(request.user, draft_id, branch_id)


@post("/api/drafts/{draft_id:uuid}/branches/{branch_id:uuid}/switch", status_code=200)
async def switch_branch(
    draft_id: FromPath[UUID], branch_id: FromPath[UUID], request: PersonRequest, branches: NamedDependency[Branches]
) -> Switched:
    """Go on with another branch; what stands in the draft becomes a version first."""
    return await branches.switch(request.user, draft_id, branch_id)


@get("/api/drafts/{draft_id:uuid}/tree")
async def version_tree(
    draft_id: FromPath[UUID], request: PersonRequest, branches: NamedDependency[Branches]
) -> TreeView:
    """The shape of the whole tree of versions, by numbers."""
    return await branches.tree(request.user, draft_id)


@get("/api/drafts/{draft_id:uuid}/merge/preview")
async def preview_merge(
    draft_id: FromPath[UUID], version_id: FromQuery[UUID], request: PersonRequest, merges: NamedDependency[Merges]
) -> MergePreview:
    """What merging a version would change, and what it would ask."""
    return await merges.preview(request.user, draft_id, version_id)


@post("/api/drafts/{draft_id:uuid}/merge", status_code=200)
async def merge_version(
    draft_id: FromPath[UUID], data: JSONBody[MergeBody], request: PersonRequest, merges: NamedDependency[Merges]
) -> Restored:
    """Bring a version, or single changes of it, into the draft; what has to be decided is answered with 409."""
    order = MergeOrder(version_id=data.version_id, hunks=data.hunks, resolutions=data.resolutions, seq=data.seq)
    return await merges.merge(request.user, draft_id, order)


@get("/api/versions/{version_id:uuid}/blame")
async def blame_version(
    version_id: FromPath[UUID],
    request: PersonRequest,
    authorship: NamedDependency[Authorship],
    start: Annotated[int | None, QueryParameter(name="from", ge=0)] = None,
    end: Annotated[int | None, QueryParameter(name="to", ge=0)] = None,
) -> Blame:
    """Who wrote the words between two places of a version, and in which version they came."""
    return await authorship.blame(request.user, version_id, from_=start, to=end)


router = Router(
    "/",
    route_handlers=[
        list_branches, create_branch, change_branch, delete_branch, switch_branch, version_tree, preview_merge,
        merge_version, blame_version,
    ],
    guards=[signed_in],
    tags=["versions"],
)  # fmt: skip
