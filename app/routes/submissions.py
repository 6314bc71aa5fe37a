"""HTTP of submissions: lists and tables for those who deal with them and for their authors, and what is done with one."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get, patch
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.submissions import (
    SubmissionChange,
    SubmissionList,
    SubmissionQuery,
    Submissions,
    SubmissionView,
)


async def asked_submissions(
    kind: FromQuery[str | None] = None,
    in_state: Annotated[str | None, QueryParameter(name="state")] = None,
    q: FromQuery[str] = "",
    mine: FromQuery[bool] = False,
    assignee: FromQuery[str | None] = None,
) -> SubmissionQuery:
    """Filters, the same for the list, its table and the page. An empty one is none."""
    return SubmissionQuery(kind=kind or None, state=in_state or None, q=q, mine=mine, assignee=assignee or None)


SUBMISSION_QUERY = {"asked": Provide(asked_submissions)}


@get("/api/submissions", dependencies=SUBMISSION_QUERY)
async def list_submissions(
    request: PersonRequest,
    asked: NamedDependency[SubmissionQuery],
    submissions: NamedDependency[Submissions],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 50,
) -> SubmissionList:
    """What was handed in, newest first: everybody's for administrators, the caller's own for others (and with `mine`).

    `q` looks for words, or for a number as `#12`."""
    return await submissions.list(request.user, asked, cursor=cursor, limit=limit)


@get("/api/submissions.csv", dependencies=SUBMISSION_QUERY, media_type="text/csv")
async def submission_table(
    request: PersonRequest, asked: NamedDependency[SubmissionQuery], submissions: NamedDependency[Submissions]
) -> Stream:
    """The whole list as CSV."""
    return Stream(
        await submissions.table(request.user, asked),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="submissions.csv"', "Cache-Control": "no-store"},
    )


@get("/api/submissions/{submission_id:uuid}")
async def get_submission(
    submission_id: FromPath[UUID], request: PersonRequest, submissions: NamedDependency[Submissions]
) -> SubmissionView:
    """One submission, for its author and for administrators. Its id is that of the draft it was."""
    return await submissions.get(request.user, submission_id)


@patch("/api/submissions/{submission_id:uuid}")
async def change_submission(
    submission_id: FromPath[UUID],
    data: JSONBody[SubmissionChange],
    request: PersonRequest,
    submissions: NamedDependency[Submissions],
) -> SubmissionView:
    """Deal with a submission: its state, a note for its author, and who sees to it. For administrators."""
    return await submissions.change(request.user, submission_id, data)


router = Router(
    "/",
    route_handlers=[list_submissions, submission_table, get_submission, change_submission],
    guards=[signed_in],
    tags=["submissions"],
)  # fmt: skip
