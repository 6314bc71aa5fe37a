"""HTTP of exchange rates."""

from uuid import UUID

from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.routes.accounts import PersonRequest
from app.routes.security import administrator, finance, signed_in
from app.services.finance.rates import NewRate, RateList, Rates, RateView


@get("/api/costs/rates", guards=[finance])
async def list_rates(rates: NamedDependency[Rates]) -> RateList:
    """What a US dollar was worth in other currencies, by day."""
    return await rates.all()


@post("/api/costs/rates", guards=[administrator])
async def add_rate(data: JSONBody[NewRate], request: PersonRequest, rates: NamedDependency[Rates]) -> RateView:
    """Keep a rate of a day. Reports that end on that day or later can show amounts in this currency."""
    return await rates.add(request.user, data)


@delete("/api/costs/rates/{rate_id:uuid}", guards=[administrator])
async def remove_rate(rate_id: FromPath[UUID], request: PersonRequest, rates: NamedDependency[Rates]) -> None:
    """Forget a rate; what a closed month kept stays there."""
    await rates.remove(request.user, rate_id)


router = Router("/", route_handlers=[list_rates, add_rate, remove_rate], guards=[signed_in], tags=["costs"])
