"""HTTP of the groups costs are summed and limited by."""

from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.routes.accounts import PersonRequest
from app.routes.security import administrator, finance, signed_in
from app.services.finance.groups import GroupList, GroupPerson, Groups, GroupView


class GroupName(msgspec.Struct, frozen=True):
    name: str = ""


class GroupChange(msgspec.Struct, frozen=True):
    """`since`: a UTC day, today if it is left out."""

    group_id: UUID | None = None
    since: str | None = None


@get("/api/costs/groups", guards=[finance])
async def list_groups(groups: NamedDependency[Groups]) -> GroupList:
    """Groups, and everybody with the group they are in today and those that are planned."""
    return await groups.all()


@post("/api/costs/groups", guards=[administrator])
async def add_group(data: JSONBody[GroupName], request: PersonRequest, groups: NamedDependency[Groups]) -> GroupView:
    """Make a group of people whose costs are summed and can be limited together."""
    return await groups.save(request.user, data.name)


@patch("/api/costs/groups/{group_id:uuid}", guards=[administrator])
async def rename_group(
    group_id: FromPath[UUID], data: JSONBody[GroupName], request: PersonRequest, groups: NamedDependency[Groups]
) -> GroupView:
    """Give a group another name, also in what is booked."""
    return await groups.save(request.user, data.name, group_id=group_id)


@delete("/api/costs/groups/{group_id:uuid}", guards=[administrator])
async def remove_group(group_id: FromPath[UUID], request: PersonRequest, groups: NamedDependency[Groups]) -> None:
    """Remove a group and its budgets; what is booked to it stays so."""
    await groups.remove(request.user, group_id)


@put("/api/costs/groups/people/{user_id:uuid}", guards=[administrator])
async def set_group(
    user_id: FromPath[UUID], data: JSONBody[GroupChange], request: PersonRequest, groups: NamedDependency[Groups]
) -> GroupPerson:
    """Book a person's attempts to this group from a day on; null takes the person out of groups."""
    return await groups.put(request.user, user_id, data.group_id, since=data.since)


router = Router(
    "/",
    route_handlers=[list_groups, add_group, rename_group, remove_group, set_group],
    guards=[signed_in],
    tags=["costs"],
)
