"""What the page of costs shows: the report that was asked for, its chart, the forecast, and what filters offer."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.costs import Costs
from app.services.finance.budgets import Budgets, BudgetView
from app.services.finance.centres import Centres, PersonCentre
from app.services.finance.chart import Chart, chart
from app.services.finance.groups import GroupList, Groups
from app.services.finance.months import ClosingView, Months
from app.services.finance.price_lists import PriceView
from app.services.finance.prices import Prices, UnpricedModel
from app.services.finance.rates import Rates, RateView
from app.services.finance.reconciliations import Reconciliations, ReconciliationSummary
from app.services.finance.reports import CostQuery, Reports, sees_all
from app.services.finance.views import CostReport
from app.services.views import LedgerRow, usd
from app.store.accounts import list_users
from app.store.db import Database
from app.store.finance import reports as report_store
from app.store.finance.labels import labels
from app.store.finance.reports import Filters, GroupBy
from app.store.tables import CostSum

_MOST_DAYS_DRAWN = 92
_ATTEMPTS_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPage:
    """`choices` are the values filters offer; `named` what the ids among the filters are called."""

    report: CostReport
    chart: Chart | None
    today: date
    everybody: bool
    forecast_usd: str | None
    budgets: list[BudgetView]
    models: list[str]
    people: list[tuple[str, str]]
    named: dict[str, str]
    attempts: list[LedgerRow]
    unpriced: list[UnpricedModel]
    closings: list[ClosingView]
    closable: list[str]
    tightest: BudgetView | None
    """The budget with a hard limit that is used up the most."""
    centres: list[PersonCentre]
    groups: GroupList
    reconciliations: list[ReconciliationSummary]
    providers: list[str]
    rates: list[RateView]
    prices: list[PriceView]
    price_warnings: list[str]


class Overview:
    """The one use case of the page."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        reports: Reports,
        budgets: Budgets,
        prices: Prices,
        months: Months,
        centres: Centres,
        groups: Groups,
        reconciliations: Reconciliations,
        rates: Rates,
        costs: Costs,
    ) -> None:
        self._db = db
        self._clock = clock
        self._reports = reports
        self._budgets = budgets
        self._prices = prices
        self._months = months
        self._centres = centres
        self._groups = groups
        self._reconciliations = reconciliations
        self._rates = rates
        self._costs = costs

    async def page(self, person: Principal, query: CostQuery) -> CostPage:
        """Raises `InvalidInput`."""
        _, filters = self._reports.checked(person, query)
        report = await self._reports.report(person, query)
        today = self._clock().date()
        everybody = sees_all(person)
        budgets = (await self._budgets.all(person)).items
        drawn, models, people, named = await self._db.read(_read, person, filters, _daily(budgets, filters, everybody))
        attempts: list[LedgerRow] = []
        if filters.conversation_id is not None:
            attempts = (
                await self._costs.rows(
                    person,
                    conversation_id=filters.conversation_id,
                    first=filters.first,
                    last=filters.last,
                    limit=_ATTEMPTS_SHOWN,
                )
            ).items
        closings = (await self._months.all()).items if everybody else []
        prices = await self._prices.all() if person.is_admin else None
        return CostPage(
            report=report,
            chart=drawn,
            today=today,
            everybody=everybody,
            forecast_usd=_forecast(report, today),
            budgets=budgets,
            tightest=max(
                (budget for budget in budgets if budget.left_usd is not None),
                key=lambda budget: budget.used_percent,
                default=None,
            ),
            models=models,
            people=people,
            named=named,
            attempts=attempts,
            unpriced=(await self._prices.unpriced()).items if everybody else [],
            closings=closings,
            closable=_closable(closings, today) if everybody else [],
            centres=(await self._centres.all()).items if everybody else [],
            groups=await self._groups.all() if everybody else GroupList([], []),
            reconciliations=(await self._reconciliations.all()).items if everybody else [],
            providers=await self._reconciliations.providers() if everybody else [],
            rates=(await self._rates.all()).items,
            prices=prices.items if prices else [],
            price_warnings=prices.warnings if prices else [],
        )


def _read(
    session: Session, person: Principal, filters: Filters, budget_nano: int | None
) -> tuple[Chart | None, list[str], list[tuple[str, str]], dict[str, str]]:
    months = (filters.last - filters.first).days >= _MOST_DAYS_DRAWN
    amounts = report_store.amounts_over_time(session, filters, months=months)
    drawn = chart(amounts, filters.first, filters.last, months=months, budget_nano=None if months else budget_nano)
    own = [] if sees_all(person) else [col(CostSum.user_id) == person.id]
    used = select(col(CostSum.model)).where(col(CostSum.grain) == "people", *own).group_by(col(CostSum.model))
    models = sorted(session.scalars(used.order_by(func.count().desc()).limit(200)))
    people = []
    if sees_all(person):
        people = [(str(user.id), user.name or user.email) for user in list_users(session)]
    named: dict[str, str] = {}
    kinds: tuple[tuple[GroupBy, UUID | None], ...] = (
        ("draft", filters.draft_id), ("conversation", filters.conversation_id), ("group", filters.group_id),
    )  # fmt: skip
    for kind, id_ in kinds:
        if id_ is not None:
            found = labels(session, kind, [id_], viewer_id=person.id)
            named[kind] = found.get(id_, f"A deleted {'chat' if kind == 'conversation' else kind}")
    return drawn, models, people, named


def _daily(budgets: list[BudgetView], filters: Filters, everybody: bool) -> int | None:
    """The daily limit the chart is compared with: the one of what it shows as a whole."""
    scope = "group" if filters.group_id else "installation" if everybody and filters.user_id is None else "user"
    for budget in budgets:
        subject = budget.user_id if budget.scope == "user" else budget.group_id
        wanted = filters.user_id if scope == "user" else filters.group_id
        fits = budget.scope == scope and subject == wanted
        limit = budget.hard_usd or budget.soft_usd
        if fits and budget.period == "day" and limit is not None and filters.model is None and filters.draft_id is None:
            return round(float(limit) * 1e9)
    return None


def _forecast(report: CostReport, today: date) -> str | None:
    """This month's cost if it goes on as it did so far; only for a report of this month."""
    days = monthrange(today.year, today.month)[1]
    this_month = report.from_ == today.replace(day=1) and today <= report.to <= today.replace(day=days)
    if not this_month or report.total.cost_usd is None:
        return None
    return usd(round(float(report.total.cost_usd) * 1e9 * days / today.day))


def _closable(closings: list[ClosingView], today: date) -> list[str]:
    """The last months that are over and not closed, newest first."""
    closed = {closing.month for closing in closings if closing.reopened_at is None}
    found, first = [], today.replace(day=1)
    for _ in range(3):
        first = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
        if first.isoformat()[:7] not in closed:
            found.append(first.isoformat()[:7])
    return found
