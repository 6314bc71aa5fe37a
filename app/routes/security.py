"""Who is asking, on every request: cookie or bearer token, CSRF on mutations with a cookie, and the page's strict CSP."""

import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.services.accounts import Accounts, Principal
from app.services.errors import NotAllowed, NotSignedIn

COOKIE = "draftloom_session"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CSRF_FREE = frozenset({"/api/sign-in", "/api/welcome"})
"""Proofs of their own in the body; a foreign page has none of them."""

Connection = ASGIConnection[Any, Any, Any, Any]


class Authenticate(ASGIMiddleware):
    """Puts the `Principal` (or None) into the scope; refuses mutations whose CSRF token is missing or foreign."""

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        headers = Headers.from_scope(scope)
        authorization = headers.get("authorization", "")
        principal: Principal | None
        if authorization[:7].lower() == "bearer ":
            principal = await self._accounts.who(api_token=authorization[7:].strip())
        else:
            principal = await self._accounts.who(session_token=_cookie(headers.get("cookie", "")))
        scope["user"] = principal
        if principal is not None and principal.session_id is not None:
            if scope["type"] == ScopeType.HTTP:
                self._check_csrf(scope, headers, principal)
            elif urlsplit(headers.get("origin", "")).netloc != headers.get("host", ""):
                # A browser sends the cookie along with any site's socket; only our own pages are believed.
                scope["user"] = None
        await next_app(scope, receive, send)

    def _check_csrf(self, scope: HTTPScope, headers: Headers, principal: Principal) -> None:
        if scope["method"] in _SAFE_METHODS or scope["path"] in _CSRF_FREE:
            return
        if not self._accounts.csrf_matches(principal, headers.get("x-csrf-token", "")):
            raise NotAllowed("csrf", "The page's security token is missing or out of date. Reload the page.")


class SecurityHeaders(ASGIMiddleware):
    """A strict content security policy with a nonce per answer, and the other headers browsers act on."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        nonce = secrets.token_urlsafe(16)
        scope["state"]["csp_nonce"] = nonce

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableScopeHeaders.from_message(message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"
                if headers.get("content-type", "").startswith("text/html"):
                    headers["Content-Security-Policy"] = _policy(nonce)
                    headers["Cache-Control"] = "no-store"
                    headers["Cross-Origin-Opener-Policy"] = "same-origin"
            await send(message)

        await next_app(scope, receive, send_with_headers)


def _policy(nonce: str) -> str:
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _cookie(header: str) -> str:
    if COOKIE not in header:
        return ""
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: anonymous callers are asked to sign in."""
    if connection.scope.get("user") is None:
        raise NotSignedIn


def administrator(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: the settings of the installation are an administrator's."""
    signed_in(connection, handler)
    if not connection.scope["user"].is_admin:
        raise NotAllowed("administrator_only", "Only an administrator may do this.")
