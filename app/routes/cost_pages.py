"""The page of costs: filters are its address, so that a view can be kept, sent and gone back to."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Template

from app.routes.accounts import PersonRequest
from app.routes.costs import COST_QUERY
from app.routes.pages import PageContext
from app.routes.security import signed_in
from app.services.errors import InvalidInput
from app.services.finance.overview import CostPage, Overview
from app.services.finance.reports import GROUPS, CostQuery
from app.services.views import usd

_NAMES = ("user_id", "draft_id", "conversation_id", "provider", "model", "cost_centre", "group_id", "currency")
_ROWS_A_PAGE = 50
_GROUP_NAMES = {"cost_centre": "cost centre", "conversation": "chat", "user": "person"}


@get("/costs", guards=[signed_in], dependencies=COST_QUERY, include_in_schema=False)
async def costs_page(
    request: PersonRequest,
    asked: NamedDependency[CostQuery],
    overview: NamedDependency[Overview],
    page: NamedDependency[PageContext],
) -> Template:
    problem = ""
    asked = replace(asked, limit=_ROWS_A_PAGE)
    try:
        shown = await overview.page(request.user, asked)
    except InvalidInput as error:
        first = error.values["errors"][0]
        problem = f"{first['field']}: {first['message']} This is the current month instead."
        asked = CostQuery(limit=_ROWS_A_PAGE)
        shown = await overview.page(request.user, asked)
    links = _Links(replace(asked, first=shown.report.from_.isoformat(), last=shown.report.to.isoformat()))
    return Template(
        "costs.html",
        context=page(
            request,
            shown=shown,
            asked=asked,
            problem=problem,
            links=links,
            groups=[(name, _GROUP_NAMES.get(name, name)) for name in GROUPS if _offered(name, asked, shown)],
            presets=_presets(links, shown),
            more=links.to(offset=asked.offset + _ROWS_A_PAGE) if shown.report.more else None,
            before=links.to(offset=max(0, asked.offset - _ROWS_A_PAGE)) if asked.offset else None,
            money=money,
            nano_money=lambda amount: money(usd(amount)),
            other_money=lambda amount: money(amount).replace("$", ""),
            short=short,
            tool_name=lambda tool: tool.removesuffix("_requests").replace("_", " ").capitalize(),
        ),
    )


def _offered(group: str, asked: CostQuery, shown: CostPage) -> bool:
    """People are told apart by those who see all, branches within one draft."""
    return (group != "user" or shown.everybody) and (group != "branch" or bool(asked.draft_id))


class _Links:
    """Addresses of this page with other filters."""

    def __init__(self, asked: CostQuery) -> None:
        self._asked = asked

    def to(self, *, path: str = "/costs", **change: Any) -> str:
        """The same view with something changed; None takes a filter away."""
        asked = replace(self._asked, **({"offset": 0} | change))
        values = {"from": asked.first, "to": asked.last, "group_by": asked.group_by}
        values |= {name: getattr(asked, name) for name in _NAMES} | {"offset": asked.offset}
        return f"{path}?{urlencode({name: value for name, value in values.items() if value})}"

    def table(self) -> str:
        return self.to(path="/api/costs.csv")

    def rows(self) -> str:
        return self.to(path="/api/ledger.csv")

    def into(self, key: str | None) -> str | None:
        """One step further into a row: a total's days, a day's drafts, a draft's chats, a chat's attempts."""
        if key is None:
            return None
        match self._asked.group_by:
            case "day":
                return self.to(first=key, last=key, group_by="draft")
            case "month":
                first = date.fromisoformat(f"{key}-01")
                last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
                return self.to(first=str(first), last=str(last), group_by="day")
            case "user" | "group" as name:
                return self.to(**{f"{name}_id": key}, group_by="draft" if name == "user" else "user")
            case "draft":
                return self.to(draft_id=key, group_by="conversation")
            case "conversation":
                return self.to(conversation_id=key, group_by="day")
            case "model" | "provider" | "cost_centre" as name:
                return self.to(**{name: key}, group_by="day")
            case _:
                return None


def _presets(links: _Links, shown: CostPage) -> list[tuple[str, str, bool]]:
    today = shown.today
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    periods = [
        ("This month", month, today),
        ("Last month", before.replace(day=1), before),
        ("30 days", today - timedelta(days=29), today),
        ("This year", today.replace(month=1, day=1), today),
    ]
    at = (shown.report.from_, shown.report.to)
    return [
        (name, links.to(first=first.isoformat(), last=last.isoformat()), (first, last) == at)
        for name, first, last in periods
    ]


def money(amount: str | None) -> str:
    """US dollars for reading: rounded, but never down to nothing, and unknown where nothing is known."""
    if amount is None:
        return "unknown"
    value = float(amount)
    if value == 0:
        return "$0.00"
    if abs(value) < 0.0001:
        return "< $0.0001"
    sign = "−" if value < 0 else ""
    return f"{sign}${abs(value):,.{4 if abs(value) < 0.01 else 2}f}"


def short(count: int) -> str:
    """A number of tokens for reading."""
    if count < 1_000:
        return str(count)
    if count < 999_500:
        return f"{count / 1_000:.1f}".removesuffix(".0") + "k" if count < 9_950 else f"{count / 1_000:.0f}k"
    return f"{count / 1_000_000:.1f}M"


router = Router("/", route_handlers=[costs_page])
