"""HTTP of search."""

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.search import Found, Search
from app.services.views import Page


@get("/api/search")
async def search_texts(
    request: PersonRequest,
    search: NamedDependency[Search],
    q: FromQuery[str] = "",
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 20,
) -> Page[Found]:
    """The caller's drafts, versions and chat messages that hold all words of `q`, with the passages they are found in."""
    return await search.search(request.user, q, cursor=cursor, limit=limit)


router = Router("/", route_handlers=[search_texts], guards=[signed_in], tags=["search"])
