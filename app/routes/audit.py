"""HTTP of the audit log, for administrators: as JSON, as CSV and as a page whose filters are its address."""

from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Annotated
from urllib.parse import urlencode

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream, Template

from app.routes.accounts import PersonRequest
from app.routes.costs import download
from app.routes.pages import PageContext
from app.routes.security import administrator
from app.services.audit_words import KINDS
from app.services.auditing import AuditEntryView, Auditing, AuditQuery
from app.services.errors import InvalidInput
from app.services.views import Page


async def asked_entries(
    from_: Annotated[str | None, QueryParameter(name="from")] = None,
    to: FromQuery[str | None] = None,
    person: FromQuery[str | None] = None,
    kind: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> AuditQuery:
    """Filters, the same for the list, its table and the page. An empty one is none."""
    return AuditQuery(person=person, kind=kind, first=from_, last=to, cursor=cursor, limit=limit)


AUDIT_QUERY = {"asked": Provide(asked_entries)}


@get("/api/audit", dependencies=AUDIT_QUERY)
async def list_entries(asked: NamedDependency[AuditQuery], auditing: NamedDependency[Auditing]) -> Page[AuditEntryView]:
    """What was done, newest first. `person` is the id of whoever did it or to whom it was done, `kind` one of the kinds that
    entries have, `from` and `to` are UTC days, both included."""
    return await auditing.entries(asked)


@get("/api/audit.csv", dependencies=AUDIT_QUERY, media_type="text/csv")
async def audit_table(
    request: PersonRequest, asked: NamedDependency[AuditQuery], auditing: NamedDependency[Auditing]
) -> Stream:
    """The same as CSV of any length; the export itself is the first thing in it."""
    return download("audit.csv", await auditing.table(request.user, asked))


@get("/audit", dependencies=AUDIT_QUERY, include_in_schema=False)
async def audit_page(
    request: PersonRequest,
    asked: NamedDependency[AuditQuery],
    auditing: NamedDependency[Auditing],
    page: NamedDependency[PageContext],
) -> Template:
    problem = ""
    try:
        shown = await auditing.entries(asked)
    except InvalidInput as error:
        problem = f"{error.values['errors'][0]['message']} This is everything instead."
        asked = AuditQuery()
        shown = await auditing.entries(asked)
    return Template(
        "audit.html",
        context=page(
            request,
            days=[(day, list(entries)) for day, entries in groupby(shown.items, _day_of)],
            asked=asked,
            filtered=any((asked.person, asked.kind, asked.first, asked.last)),
            problem=problem,
            people=await auditing.people(),
            kinds=KINDS,
            newest=_address("/audit", replace(asked, cursor=None)) if asked.cursor else None,
            older=_address("/audit", replace(asked, cursor=shown.next)) if shown.next else None,
            table=_address("/api/audit.csv", replace(asked, cursor=None)),
        ),
    )


def _day_of(entry: AuditEntryView) -> date:
    return entry.at.date()


def _address(path: str, asked: AuditQuery) -> str:
    values = {
        "person": asked.person, "kind": asked.kind, "from": asked.first, "to": asked.last, "cursor": asked.cursor,
    }  # fmt: skip
    given = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{given}" if given else path


router = Router(
    "/",
    route_handlers=[list_entries, audit_table, audit_page],
    guards=[administrator],
    tags=["operating"],
)
