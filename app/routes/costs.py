"""HTTP of costs: reports and their tables, prices, budgets, closing months. Groups have a file of their own."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import msgspec
import structlog
from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from app.routes.accounts import PersonRequest
from app.routes.security import administrator, finance, signed_in
from app.services.finance.budgets import BudgetList, Budgets, BudgetView, NewBudget
from app.services.finance.centres import CentreList, Centres
from app.services.finance.ledger_table import LedgerTable
from app.services.finance.measures import Measures, Measuring
from app.services.finance.months import ClosingList, ClosingView, Months
from app.services.finance.price_lists import NewPrice
from app.services.finance.prices import PriceList, Prices, PricesAdded, UnpricedQueue
from app.services.finance.reports import CostQuery, Reports
from app.services.finance.views import CostReport

log = structlog.get_logger()


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
    group_id: FromQuery[str | None] = None,
    currency: FromQuery[str | None] = None,
    limit: FromQuery[int] = 1000,
    offset: FromQuery[int] = 0,
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
        group_id=group_id,
        currency=currency,
        limit=limit,
        offset=offset,
    )


def download(name: str, pieces: AsyncIterator[bytes]) -> Stream:
    """A table of any length. Where reading fails midway the connection breaks off without an end, so that no client takes
    the part for the whole."""

    async def told() -> AsyncIterator[bytes]:
        try:
            async for piece in pieces:
                yield piece
        except Exception:
            log.exception("table broken off", name=name)
            raise

    return Stream(
        told(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


COST_QUERY = {"asked": Provide(asked_costs)}


@get("/api/costs", dependencies=COST_QUERY)
async def cost_report(
    request: PersonRequest, asked: NamedDependency[CostQuery], reports: NamedDependency[Reports]
) -> CostReport:
    """Sums from `from` to `to` (UTC days, both included; by default this month so far), from the most expensive on;
    `limit` and `offset` choose a page of them, `total` is that of all. `currency` shows
    amounts in another currency too, by the newest rate that is not after `to`.

    Everybody sees their own costs; finance and administrators see all.
    """
    return await reports.report(request.user, asked)


@get("/api/costs.csv", dependencies=COST_QUERY, media_type="text/csv")
async def cost_table(
    request: PersonRequest, asked: NamedDependency[CostQuery], reports: NamedDependency[Reports]
) -> Stream:
    """The same report as CSV: all rows, then the total. By draft, chat or version the oldest of these come first."""
    return download("costs.csv", await reports.table(request.user, asked))


@get("/api/ledger.csv", dependencies=COST_QUERY, media_type="text/csv")
async def ledger_table(
    request: PersonRequest, asked: NamedDependency[CostQuery], ledger_rows: NamedDependency[LedgerTable]
) -> Stream:
    """The rows of the ledger behind a report, oldest first, with the same period and filters, as CSV of any length."""
    return download("ledger.csv", await ledger_rows.table(request.user, asked))


@get("/api/costs/measures", dependencies=COST_QUERY)
async def cost_measures(
    request: PersonRequest, asked: NamedDependency[CostQuery], measuring: NamedDependency[Measuring]
) -> Measures:
    """What came of what was spent, with the same period and filters: how many suggestions were accepted."""
    return await measuring.measures(request.user, asked)


@get("/api/costs/unpriced", guards=[finance])
async def unpriced_models(prices: NamedDependency[Prices]) -> UnpricedQueue:
    """Models that were used without a known price, and how much."""
    return await prices.unpriced()


# Prices


class PriceTable(msgspec.Struct, frozen=True):
    csv: str


@get("/api/prices", guards=[administrator])
async def list_prices(prices: NamedDependency[Prices]) -> PriceList:
    """This installation's own prices, in USD per million tokens; they win over the built-in list."""
    return await prices.all()


@get("/api/prices.csv", guards=[administrator], media_type="text/csv")
async def price_table(request: PersonRequest, prices: NamedDependency[Prices]) -> Response[bytes]:
    """The same as CSV."""
    headers = {"Content-Disposition": 'attachment; filename="prices.csv"', "Cache-Control": "no-store"}
    return Response(await prices.table(request.user), media_type="text/csv; charset=utf-8", headers=headers)


@post("/api/prices", guards=[administrator])
async def add_price(data: JSONBody[NewPrice], request: PersonRequest, prices: NamedDependency[Prices]) -> PricesAdded:
    """Keep a price. Attempts of those days that had none get it by an adjustment; what was priced stays as it is."""
    return await prices.add(request.user, data)


@post("/api/prices/import", guards=[administrator])
async def read_prices(
    data: JSONBody[PriceTable], request: PersonRequest, prices: NamedDependency[Prices]
) -> PricesAdded:
    """Keep all prices of a CSV table (columns as in `/api/prices.csv`), or none where one is wrong."""
    return await prices.read_table(request.user, data.csv)


@delete("/api/prices/{price_id:uuid}", guards=[administrator])
async def remove_price(price_id: FromPath[UUID], request: PersonRequest, prices: NamedDependency[Prices]) -> None:
    """Forget a price; what was booked by it stays booked."""
    await prices.remove(request.user, price_id)


# Budgets


@get("/api/budgets")
async def list_budgets(request: PersonRequest, budgets: NamedDependency[Budgets]) -> BudgetList:
    """All budgets for finance and administrators; for others their own."""
    return await budgets.all(request.user)


@post("/api/budgets", guards=[administrator])
async def add_budget(
    data: JSONBody[NewBudget], request: PersonRequest, budgets: NamedDependency[Budgets]
) -> BudgetView:
    """Limit what may be spent in a UTC day or month by everybody, a group, one person, or in one conversation."""
    return await budgets.add(request.user, data)


@delete("/api/budgets/{budget_id:uuid}", guards=[administrator])
async def remove_budget(budget_id: FromPath[UUID], request: PersonRequest, budgets: NamedDependency[Budgets]) -> None:
    """Remove a budget; turns that run keep running."""
    await budgets.remove(request.user, budget_id)


# Cost centres


class CentreChange(msgspec.Struct, frozen=True):
    cost_centre: str | None = None


@get("/api/costs/centres", guards=[finance])
async def list_centres(centres: NamedDependency[Centres]) -> CentreList:
    """People and the cost centre their attempts are booked to."""
    return await centres.all()


@put("/api/costs/centres/{user_id:uuid}", guards=[finance])
async def set_centre(
    user_id: FromPath[UUID], data: JSONBody[CentreChange], request: PersonRequest, centres: NamedDependency[Centres]
) -> CentreList:
    """Book a person's attempts to this cost centre from now on; null takes it away."""
    return await centres.put(request.user, user_id, data.cost_centre)


# Months


class Closing(msgspec.Struct, frozen=True):
    accept_unpriced: bool = False


class Reopening(msgspec.Struct, frozen=True):
    reason: str = ""


@get("/api/costs/months", guards=[finance])
async def list_closings(months: NamedDependency[Months]) -> ClosingList:
    """The months that were closed, also those that were reopened."""
    return await months.all()


@post("/api/costs/months/{month:str}/close", guards=[finance])
async def close_month(
    month: FromPath[str], data: JSONBody[Closing], request: PersonRequest, months: NamedDependency[Months]
) -> ClosingView:
    """Close a month that is over: no row can be added to it any more."""
    return await months.close(request.user, month, accept_unpriced=data.accept_unpriced)


@post("/api/costs/months/{month:str}/reopen", guards=[finance], status_code=200)
async def reopen_month(
    month: FromPath[str], data: JSONBody[Reopening], request: PersonRequest, months: NamedDependency[Months]
) -> ClosingView:
    """Open a closed month again; the reason goes into the audit log."""
    return await months.reopen(request.user, month, reason=data.reason)


router = Router(
    "/",
    route_handlers=[
        cost_report, cost_table, ledger_table, cost_measures, unpriced_models, list_prices, price_table, add_price, read_prices, remove_price,
        list_budgets, add_budget, remove_budget, list_closings, close_month, reopen_month, list_centres, set_centre,
    ],
    guards=[signed_in],
    tags=["costs"],
)  # fmt: skip
