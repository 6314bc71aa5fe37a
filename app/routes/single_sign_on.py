"""HTTP of signing in by an identity provider: to it, and back."""

from litestar import Router, get
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from app.routes.accounts import AnyRequest, client_address, user_agent
from app.routes.pages import PageContext
from app.routes.security import session_cookie
from app.services.errors import ServiceError, SignInFailed, SignInRefused, SignInStale, TooManyRequests
from app.services.single_sign_on import BEGUN_LIFETIME, Answer, SingleSignOn, own_path
from app.settings import Settings

_BEGUN = "draftloom_sign_in"
_PATH = "/sign-in/oidc"
_TITLES = {
    "disabled": "This account is disabled",
    "domain": "Not for this address",
    "no_account": "No account yet",
    "no_email": "Your address is missing",
    "not_verified": "Your address is not verified",
    "linked_elsewhere": "This account is taken",
    "refused_there": "You were not let in",
    "provider_down": "No answer from there",
    "sign_in_stale": "Begin again",
    "too_many_requests": "A moment, please",
}


@get(_PATH, include_in_schema=False)
async def to_provider(
    request: AnyRequest,
    single_sign_on: NamedDependency[SingleSignOn],
    settings: NamedDependency[Settings],
    page: NamedDependency[PageContext],
    next: FromQuery[str] = "",
) -> Template | Redirect:
    """Send the browser to the provider; what it must bring back is sealed into a cookie that only this path gets."""
    try:
        address, sealed = await single_sign_on.begin(own_path(next))
    except SignInFailed as error:
        return _problem(request, page, single_sign_on, error, own_path(next))
    cookie = _cookie(settings, sealed, int(BEGUN_LIFETIME.total_seconds()))
    return Redirect(address, cookies=[cookie], headers={"Cache-Control": "no-store"})


@get(f"{_PATH}/callback", include_in_schema=False)
async def from_provider(
    request: AnyRequest,
    single_sign_on: NamedDependency[SingleSignOn],
    settings: NamedDependency[Settings],
    page: NamedDependency[PageContext],
    code: FromQuery[str] = "",
    iss: FromQuery[str] = "",
    error: FromQuery[str] = "",
) -> Template | Redirect:
    """Back from the provider: a session, or a page that says why there is none."""
    # The name `state` is Litestar's own among the parameters of a handler.
    answer = Answer(state=request.query_params.get("state", ""), code=code, error=error, issuer=iss)
    response: Template | Redirect
    try:
        signed, target = await single_sign_on.finish(
            request.cookies.get(_BEGUN, ""), answer, address=client_address(request), user_agent=user_agent(request)
        )
    except (SignInFailed, SignInRefused, SignInStale, TooManyRequests) as problem:
        response = _problem(request, page, single_sign_on, problem, "")
    else:
        response = Redirect(
            target or "/", cookies=[session_cookie(signed.token, settings)], headers={"Cache-Control": "no-store"}
        )
    response.set_cookie(_cookie(settings, "", 0))
    return response


def _cookie(settings: Settings, value: str, seconds: int) -> Cookie:
    """Lax, since the way back is a link from another site."""
    return Cookie(
        _BEGUN, value=value, path=_PATH, httponly=True, samesite="lax", secure=settings.secure_cookies, max_age=seconds
    )


def _problem(
    request: AnyRequest, page: PageContext, single_sign_on: SingleSignOn, error: ServiceError, next_path: str
) -> Template | Redirect:
    shown = Template(
        "sign_in_problem.html",
        context=page(
            request,
            title=_TITLES.get(error.code, "That did not work"),
            detail=error.message,
            code=error.code,
            label=single_sign_on.label,
            next=next_path,
        ),
        status_code=error.status,
    )
    if isinstance(error, TooManyRequests):
        shown.headers["Retry-After"] = str(error.retry_after)
    return shown


router = Router("/", route_handlers=[to_provider, from_provider])
