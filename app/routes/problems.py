"""One error shape for the whole API: problem details (RFC 9457) with a stable `code`; pages get a page.

Nothing but the code, the message and the values an error carries reaches the client; what is unexpected is logged with
its traceback and answered as `internal_error`.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect, Template

from app.services.problems import Problem, problem_of

log = structlog.get_logger()

_HTTP_CODES = {
    400: "malformed",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}

_WORDS = {
    404: "There is nothing here, or it is not yours.",
    405: "This address does not take that method.",
    413: "That is larger than this server takes.",
}


def render_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The answer to any exception: JSON for the API, a page (or the way to sign in) for people."""
    problem = _problem(error)
    if problem.status >= 500:
        # The route, not the path: the path of a one-time link is its secret.
        route = request.scope.get("path_template") or "none"
        log.error("request failed", route=route, code=problem.code, exc_info=error)
    if _wants_page(request):
        if problem.status == HTTPStatus.UNAUTHORIZED:
            return Redirect(path="/sign-in", query_params={"next": request.url.path})
        page = request.app.state["page"]
        return Template(
            "problem.html",
            context=page(
                request,
                status=problem.status,
                title=HTTPStatus(problem.status).phrase,
                detail=problem.detail,
                code=problem.code,
            ),
            status_code=problem.status,
            headers=dict(problem.headers),
        )
    return problem_response(problem)


def problem_response(problem: Problem) -> Response[bytes]:
    body = {
        **problem.values,
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    return Response(
        msgspec.json.encode(body),
        status_code=problem.status,
        media_type="application/problem+json",
        headers=dict(problem.headers),
    )


def _problem(error: Exception) -> Problem:
    if isinstance(error, ValidationException):
        return Problem(*_validation(error))
    if isinstance(error, HTTPException):
        status = error.status_code
        headers: Mapping[str, str] = error.headers or {}
        detail = _WORDS.get(status) or (error.detail if status < 500 else "Something went wrong on the server.")
        return Problem(status, _HTTP_CODES.get(status, "http_error"), detail, {}, headers)
    if isinstance(error, RecursionError):
        # Only reading and writing what was sent goes as deep as what was sent; our own calls do not nest without it.
        return Problem(400, "malformed", "This is nested too deeply.")
    return problem_of(error)


def _validation(error: ValidationException) -> tuple[int, str, str, dict[str, Any]]:
    """Litestar reports a body or parameter of the wrong shape as 400; which fields, and why, is in `extra`."""
    extra = error.extra if isinstance(error.extra, list) else []
    errors = [
        {"field": str(item.get("key") or "body"), "message": str(item.get("message", ""))}
        for item in extra
        if isinstance(item, dict)
    ]
    if not errors:
        return 400, "malformed", error.detail or "The request is malformed.", {}
    return 422, "invalid_field", "; ".join(f"{item['field']}: {item['message']}" for item in errors), {"errors": errors}


def _wants_page(request: Request[Any, Any, Any]) -> bool:
    path = request.url.path
    if path.startswith(("/api/", "/health", "/metrics", "/schema", "/static/")):
        return False
    return MediaType.HTML in request.headers.get("accept", "") or request.method == "GET"
