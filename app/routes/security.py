"""Who is asking, on every request: cookie or bearer token, CSRF on mutations with a cookie, and the page's strict CSP."""

import re
import secrets
from collections.abc import Awaitable
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.services.accounts import Principal
from app.services.embedding import EMBED_TOKEN
from app.services.errors import NotAllowed, NotSignedIn
from app.services.sessions import Sessions
from app.settings import Settings

COOKIE = "draftloom_session"

FRAMED_BY = "framed_by"
"""In a request's state: the sites that may show this page in a frame, as the policy names them; none otherwise."""
KEEPS_OPENER = "keeps_opener"
"""In a request's state: this page has something to say to the window that opened it."""
UNTOLD = "untold"
"""In a request's state: whoever knows the address may read the answer. No other site is told it, nothing finds or keeps it."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CSRF_FREE = frozenset({"/api/sign-in", "/api/welcome"})
"""There is no session yet whose token could be asked for; `from_own_page` guards them instead."""

_FRAME_CALLS = re.compile(
    r"POST /api/drafts|(GET|DELETE) /api/drafts/[0-9a-f-]{36}|GET /api/drafts/[0-9a-f-]{36}/events"
    r"|POST /api/drafts/[0-9a-f-]{36}/(commands|submit|conflicts/[0-9a-f-]{36})|GET /api/submissions/[0-9a-f-]{36}"
)

Connection = ASGIConnection[Any, Any, Any, Any]


class Known(Protocol):
    """What is asked of the house to know who is asking."""

    sessions: Sessions
    settings: Settings


class Authenticate(ASGIMiddleware):
    """Puts the `Principal` (or None) into the scope; refuses mutations whose CSRF token is missing or foreign."""

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, house: Known) -> None:
        self._house = house

    @property
    def _sessions(self) -> Sessions:
        return self._house.sessions

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        headers = Headers.from_scope(scope)
        authorization = headers.get("authorization", "")
        principal: Principal | None
        cookie = ""
        if authorization[:7].lower() == "bearer ":
            token = authorization[7:].strip()
            # The token of a frame on another site files reports, and opens nothing else.
            if not token.startswith(EMBED_TOKEN) or _for_frames(scope):
                principal = await self._sessions.who(api_token=token)
            else:
                principal = None
        else:
            cookie = _cookie(headers.get("cookie", ""))
            principal = await self._sessions.who(session_token=cookie)
        scope["user"] = principal
        if scope["type"] == ScopeType.HTTP:
            self._check_mutation(scope, headers, principal)
            if principal is not None and principal.session_id is not None and not scope["path"].startswith("/api/"):
                send = self._prolonging(send, cookie)
        elif principal is not None and principal.session_id is not None and not self._is_own(headers):
            # A browser sends the cookie along with any site's socket; only our own pages are believed.
            scope["user"] = None
        await next_app(scope, receive, send)

    def _check_mutation(self, scope: HTTPScope, headers: Headers, principal: Principal | None) -> None:
        if scope["method"] in _SAFE_METHODS:
            return
        if scope["path_template"] in _CSRF_FREE:
            self._check_own_page(headers)
        elif principal is not None and not self._sessions.csrf_matches(principal, headers.get("x-csrf-token", "")):
            raise NotAllowed("csrf", "The page's security token is missing or out of date. Reload the page.")

    def _check_own_page(self, headers: Headers) -> None:
        """Another site must not sign its visitors in to an account of its own choice and then read what they write.
        What has no Origin is no browser's form; what is no JSON can be sent without being asked first."""
        foreign = "origin" in headers and not self._is_own(headers)
        if foreign or headers.get("sec-fetch-site", "") == "cross-site":
            raise NotAllowed("foreign_page", "Only Draftloom's own pages may sign in here.")
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise HTTPException(status_code=415, detail="Send this as application/json.")

    def _is_own(self, headers: Headers) -> bool:
        """Whether the Origin is this server as the browser knows it, or as its operator does (behind a proxy)."""
        host = urlsplit(headers.get("origin", "")).netloc
        return bool(host) and host in (headers.get("host", ""), urlsplit(self._house.settings.public_url).netloc)

    def _prolonging(self, send: Send, token: str) -> Send:
        """A page that is opened prolongs the cookie, as its use prolongs the session."""

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.add("Set-Cookie", session_cookie(token, self._house.settings).to_header(header=""))
            await send(message)

        return send_with_cookie


def session_cookie(token: str, settings: Settings) -> Cookie:
    """The cookie that carries a session's token; scripts cannot read it, other sites' forms do not send it."""
    return Cookie(
        COOKIE,
        value=token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        max_age=settings.session_days * 86_400,
    )


class SecurityHeaders(ASGIMiddleware):
    """A strict content security policy with a nonce per answer, and the other headers browsers act on."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        # An API answer has no script; asking the kernel for randomness is a twentieth of the time of a small request.
        nonce = "" if scope["path"].startswith("/api/") else secrets.token_urlsafe(16)
        scope["state"]["csp_nonce"] = nonce

        # No coroutine of its own: every token of a stream passes here.
        def send_with_headers(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers["X-Content-Type-Options"] = "nosniff"
                if scope["state"].get(UNTOLD):
                    headers["Referrer-Policy"] = "no-referrer"
                    headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
                    headers["Cache-Control"] = "no-store"
                else:
                    headers["Referrer-Policy"] = "same-origin"
                if headers.get("content-type", "").startswith("text/html"):
                    framed_by = scope["state"].get(FRAMED_BY, "'none'")
                    headers["Content-Security-Policy"] = _policy(nonce, framed_by)
                    headers["Cache-Control"] = "no-store"
                    opener = "unsafe-none" if scope["state"].get(KEEPS_OPENER) else "same-origin"
                    headers["Cross-Origin-Opener-Policy"] = opener
            return send(message)

        await next_app(scope, receive, send_with_headers)


def _policy(nonce: str, framed_by: str) -> str:
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors {framed_by}"
    )


def _for_frames(scope: Scope) -> bool:
    return scope["type"] == ScopeType.HTTP and bool(_FRAME_CALLS.fullmatch(f"{scope['method']} {scope['path']}"))


def _cookie(header: str) -> str:
    if COOKIE not in header:
        return ""
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


# Guards are coroutines: Litestar sends plain functions through its thread pool, which took longer than all the rest of a
# keystroke's way in.


async def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: anonymous callers are asked to sign in."""
    if connection.scope.get("user") is None:
        raise NotSignedIn


async def administrator(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: the settings of the installation are an administrator's."""
    await signed_in(connection, handler)
    if not connection.scope["user"].is_admin:
        raise NotAllowed("administrator_only", "Only an administrator may do this.")


async def finance(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: everybody's costs are reviewed by finance and administrators."""
    await signed_in(connection, handler)
    if not {"finance", "admin"} & set(connection.scope["user"].roles):
        raise NotAllowed("finance_only", "Only finance and administrators may do this.")
