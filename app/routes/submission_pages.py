"""Pages of reports: where they are written, and the list and single pages of what was submitted."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from app.routes.accounts import PersonRequest
from app.routes.embedding import REPORT_KINDS
from app.routes.pages import PageContext
from app.routes.security import signed_in
from app.routes.submissions import SUBMISSION_QUERY
from app.services.errors import InvalidInput, Missing
from app.services.submissions import STATES, SubmissionQuery, Submissions
from app.services.webhooks import KINDS

KIND_NAMES = {"bug_report": "Bug", "feature_request": "Feature", "form": "Form"}
STATE_NAMES = {"new": "New", "triaged": "Triaged", "closed": "Closed"}


@get("/report/{form:str}", guards=[signed_in], include_in_schema=False)
async def report_page(form: FromPath[str], request: PersonRequest, page: NamedDependency[PageContext]) -> Template:
    """The form opens over this page; what is behind it says so where scripts do not run."""
    if form not in REPORT_KINDS:
        raise Missing
    return Template("report.html", context=page(request, kind=REPORT_KINDS[form]))


@get("/submissions", guards=[signed_in], dependencies=SUBMISSION_QUERY, include_in_schema=False)
async def submissions_page(
    request: PersonRequest,
    asked: NamedDependency[SubmissionQuery],
    submissions: NamedDependency[Submissions],
    page: NamedDependency[PageContext],
    cursor: FromQuery[str | None] = None,
) -> Template:
    problem = ""
    try:
        shown = await submissions.list(request.user, asked, cursor=cursor or None)
    except InvalidInput as error:
        problem = f"{error.message} This is the whole list instead."
        asked = SubmissionQuery()
        shown = await submissions.list(request.user, asked)
    return Template(
        "submissions.html",
        context=page(
            request,
            shown=shown,
            asked=asked,
            problem=problem,
            later=bool(cursor),
            filtered=bool(asked.q.strip() or asked.kind or asked.state or asked.assignee),
            link=_Links(asked),
            kinds=[(kind, KIND_NAMES[kind]) for kind in KINDS],
            states=[(state, STATE_NAMES[state]) for state in STATES],
            kind_names=KIND_NAMES,
            state_names=STATE_NAMES,
        ),
    )


@get("/submissions/{submission_id:uuid}", guards=[signed_in], include_in_schema=False)
async def submission_page(
    submission_id: FromPath[UUID],
    request: PersonRequest,
    submissions: NamedDependency[Submissions],
    page: NamedDependency[PageContext],
) -> Template:
    shown = await submissions.get(request.user, submission_id)
    people = await submissions.administrators() if request.user.is_admin else []
    described = shown.fields.get("description")
    details = shown.fields.get("metadata")
    return Template(
        "submission.html",
        context=page(
            request,
            shown=shown,
            people=people,
            description=described if isinstance(described, str) else "",
            facts=_facts(details if isinstance(details, dict) else {}),
            others=_facts(
                {
                    name: value
                    for name, value in shown.fields.items()
                    if name not in ("title", "description", "metadata")
                }
            ),
            states=[(state, STATE_NAMES[state]) for state in STATES],
            kind_names=KIND_NAMES,
            state_names=STATE_NAMES,
        ),
    )


class _Links:
    """Addresses of the list with other filters."""

    def __init__(self, asked: SubmissionQuery) -> None:
        self._asked = asked

    def __call__(self, *, path: str = "/submissions", cursor: str | None = None, **change: Any) -> str:
        """The same list with something changed; an empty value takes a filter away."""
        values = msgspec.to_builtins(self._asked) | change | {"cursor": cursor}
        query = urlencode({name: "true" if value is True else value for name, value in values.items() if value})
        return f"{path}?{query}" if query else path


def _facts(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values for reading; what is not a text is shown as JSON."""
    shown = []
    for name, value in values.items():
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        if text not in ("", "null", "[]", "{}"):
            shown.append((name.replace("_", " ").capitalize(), text))
    return shown


router = Router("/", route_handlers=[report_page, submissions_page, submission_page])
