"""HTTP of comparing providers' exports with the ledger."""

from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.routes.accounts import PersonRequest
from app.routes.security import finance, signed_in
from app.services.finance.reconciliations import (
    NewReconciliation,
    ReconciliationList,
    Reconciliations,
    ReconciliationView,
)


@get("/api/costs/reconciliations", guards=[finance])
async def list_reconciliations(reconciliations: NamedDependency[Reconciliations]) -> ReconciliationList:
    """The last comparisons, newest first, without their lines."""
    return await reconciliations.all()


@post("/api/costs/reconciliations", guards=[finance])
async def add_reconciliation(
    data: JSONBody[NewReconciliation], request: PersonRequest, reconciliations: NamedDependency[Reconciliations]
) -> ReconciliationView:
    """Compare a provider's CSV export (usage, cost, or both) with the ledger, by UTC day and model, and keep the result."""
    return await reconciliations.add(request.user, data)


@get("/api/costs/reconciliations/{reconciliation_id:uuid}", guards=[finance])
async def read_reconciliation(
    reconciliation_id: FromPath[UUID], reconciliations: NamedDependency[Reconciliations]
) -> ReconciliationView:
    """One comparison with its lines, those that need a look first."""
    return await reconciliations.one(reconciliation_id)


@get("/api/costs/reconciliations/{reconciliation_id:uuid}/csv", guards=[finance], media_type="text/csv")
async def reconciliation_table(
    reconciliation_id: FromPath[UUID], request: PersonRequest, reconciliations: NamedDependency[Reconciliations]
) -> Response[bytes]:
    """The same as CSV."""
    headers = {"Content-Disposition": 'attachment; filename="reconciliation.csv"', "Cache-Control": "no-store"}
    table = await reconciliations.table(request.user, reconciliation_id)
    return Response(table, media_type="text/csv; charset=utf-8", headers=headers)


router = Router(
    "/",
    route_handlers=[list_reconciliations, add_reconciliation, read_reconciliation, reconciliation_table],
    guards=[signed_in],
    tags=["costs"],
)
