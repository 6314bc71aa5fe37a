"""HTTP of analytics, for administrators: usage by day, as JSON and as a page."""

from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from app.routes.accounts import PersonRequest
from app.routes.pages import PageContext
from app.routes.security import administrator
from app.services.analytics import Analytics, Usage
from app.services.errors import InvalidInput

First = Annotated[date | None, QueryParameter(name="from")]
Last = Annotated[date | None, QueryParameter(name="to")]


@get("/api/analytics")
async def usage(analytics: NamedDependency[Analytics], first: First = None, last: Last = None) -> Usage:
    """Saves, conflicts, errors and latency by day, and drafts by kind. Counts only: no draft and no person is named."""
    return await analytics.usage(first, last)


@get("/analytics", include_in_schema=False)
async def analytics_page(
    request: PersonRequest,
    analytics: NamedDependency[Analytics],
    page: NamedDependency[PageContext],
    first: First = None,
    last: Last = None,
) -> Template:
    problem = ""
    try:
        shown = await analytics.usage(first, last)
    except InvalidInput as error:
        problem = f"{error.values['errors'][0]['message']} These are the last 30 days instead."
        shown = await analytics.usage()
    return Template("analytics.html", context=page(request, usage=shown, problem=problem))


router = Router("/", route_handlers=[usage, analytics_page], guards=[administrator], tags=["operating"])
