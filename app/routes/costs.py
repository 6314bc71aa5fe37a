"""HTTP of costs: reports and their tables, prices, budgets, closing months."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.finance.reports import CostQuery, Reports
from app.services.finance.views import CostReport


async def asked_costs(
    from_: Annotated[str | None, QueryParameter(name="from")] = None,
    to: FromQuery[str | None] = None,
    group_by: FromQuery[str] = "day",
    user_id: FromQuery[str | None] = None,
    draft_id: FromQuery[str | None] = None,
    conversation_id: FromQuery[str | None] = None,
    provider: FromQuery[str | None] = None,
    model: FromQuery[str | None] = None,
    cost_centre: FromQuery[str | None] = None,
    limit: FromQuery[int] = 1000,
) -> CostQuery:
    """Period, grouping and filters, the same for the report, its table and the page."""
    return CostQuery(
        first=from_,
        last=to,
        group_by=group_by or "day",
        user_id=user_id,
        draft_id=draft_id,
        conversation_id=conversation_id,
        provider=provider,
        model=model,
        cost_centre=cost_centre,
        limit=limit,
    )


COST_QUERY = {"asked": Provide(asked_costs)}


@get("/api/costs", dependencies=COST_QUERY)
async def cost_report(
    request: PersonRequest, asked: NamedDependency[CostQuery], reports: NamedDependency[Reports]
) -> CostReport:
    """Sums from `from` to `to` (UTC days, both included; by default this month so far), from the most expensive on.

    Everybody sees their own costs; finance and administrators see all.
    """
    return await reports.report(request.user, asked)


@get("/api/costs.csv", dependencies=COST_QUERY, media_type="text/csv")
async def cost_table(
    request: PersonRequest, asked: NamedDependency[CostQuery], reports: NamedDependency[Reports]
) -> Stream:
    """The same report as CSV: all rows, then the total."""
    lines = await reports.table(request.user, asked)
    return Stream(
        lines,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="costs.csv"', "Cache-Control": "no-store"},
    )


router = Router("/", route_handlers=[cost_report, cost_table], guards=[signed_in], tags=["costs"])
