"""HTTP of accounts: signing in and out, one-time links, the own profile and tokens, and people for administrators."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_204_NO_CONTENT

from app.routes.security import COOKIE, administrator, session_cookie, signed_in
from app.services.accounts import Accounts, Principal, SignedIn
from app.settings import Settings

PersonRequest = Request[Principal, Any, Any]
AnyRequest = Request[Principal | None, Any, Any]


class Credentials(msgspec.Struct, frozen=True):
    email: str
    password: str


class Welcome(msgspec.Struct, frozen=True):
    token: str
    password: str
    email: str = ""
    name: str = ""


class OwnChange(msgspec.Struct, frozen=True):
    name: str | None = None
    password: str | None = None
    current_password: str = ""


class NewToken(msgspec.Struct, frozen=True):
    name: str


class NewUser(msgspec.Struct, frozen=True):
    email: str
    name: str = ""
    roles: list[str] = msgspec.field(default_factory=lambda: ["writer"])


class UserChange(msgspec.Struct, frozen=True):
    roles: list[str] | None = None
    disabled: bool | None = None
    name: str | None = None


class Me(msgspec.Struct, frozen=True):
    id: UUID
    email: str
    name: str
    roles: list[str]
    csrf_token: str = ""


class UserAndToken(msgspec.Struct, frozen=True):
    user: Me
    csrf_token: str


class Person(msgspec.Struct, frozen=True):
    id: UUID
    email: str
    name: str
    roles: list[str]
    disabled_at: datetime | None
    created_at: datetime


class People(msgspec.Struct, frozen=True):
    items: list[Person]


class Invited(msgspec.Struct, frozen=True):
    user: Person
    link: str


class Link(msgspec.Struct, frozen=True):
    link: str


class TokenView(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    token: str | None = None
    """The token itself, only in the answer that made it."""


class Tokens(msgspec.Struct, frozen=True):
    items: list[TokenView]


def _me(principal: Principal, csrf_token: str = "") -> Me:
    return Me(principal.id, principal.email, principal.name, list(principal.roles), csrf_token)


def _person(user: Any) -> Person:
    return Person(user.id, user.email, user.name, list(user.roles), user.disabled_at, user.created_at)


def _token(row: Any, token: str | None = None) -> TokenView:
    return TokenView(row.id, row.name, row.created_at, row.last_used_at, row.expires_at, token)


def _with_cookie(signed: SignedIn, accounts: Accounts, settings: Settings) -> Response[UserAndToken]:
    csrf = accounts.sessions.csrf_token(signed.principal)
    return Response(
        UserAndToken(_me(signed.principal, csrf), csrf),
        status_code=200,
        cookies=[session_cookie(signed.token, settings)],
    )


def user_agent(request: Request[Any, Any, Any]) -> str:
    return request.headers.get("user-agent", "")


def client_address(request: Request[Any, Any, Any]) -> str:
    return request.client.host if request.client else "unknown"


@post("/api/sign-in", status_code=200)
async def sign_in(
    data: JSONBody[Credentials],
    request: AnyRequest,
    accounts: NamedDependency[Accounts],
    settings: NamedDependency[Settings],
) -> Response[UserAndToken]:
    """Prove an account by e-mail and password; sets the session cookie."""
    signed = await accounts.sign_in(
        data.email, data.password, address=client_address(request), user_agent=user_agent(request)
    )
    return _with_cookie(signed, accounts, settings)


@post("/api/sign-out", status_code=HTTP_204_NO_CONTENT, guards=[signed_in])
async def sign_out(request: PersonRequest, accounts: NamedDependency[Accounts]) -> Response[None]:
    """End this session."""
    await accounts.sessions.end(request.user)
    response = Response(None, status_code=HTTP_204_NO_CONTENT)
    response.delete_cookie(COOKIE, path="/")
    return response


@post("/api/welcome", status_code=200)
async def welcome(
    data: JSONBody[Welcome],
    request: AnyRequest,
    accounts: NamedDependency[Accounts],
    settings: NamedDependency[Settings],
) -> Response[UserAndToken]:
    """Spend a one-time link: choose a password and sign in."""
    signed = await accounts.use_link(
        data.token,
        password=data.password,
        email=data.email,
        name=data.name,
        user_agent=user_agent(request),
        address=client_address(request),
    )
    return _with_cookie(signed, accounts, settings)


@get("/api/me", guards=[signed_in])
async def me(request: PersonRequest, accounts: NamedDependency[Accounts]) -> Me:
    """The account that is asking."""
    return _me(request.user, accounts.sessions.csrf_token(request.user))


@patch("/api/me", guards=[signed_in])
async def change_me(data: JSONBody[OwnChange], request: PersonRequest, accounts: NamedDependency[Accounts]) -> Person:
    """Change the own name or password."""
    return _person(
        await accounts.change_own(
            request.user, name=data.name, password=data.password, current_password=data.current_password
        )
    )


@get("/api/tokens", guards=[signed_in])
async def tokens(request: PersonRequest, accounts: NamedDependency[Accounts]) -> Tokens:
    """The own API tokens, without their secrets."""
    return Tokens([_token(row) for row in await accounts.tokens(request.user)])


@post("/api/tokens", guards=[signed_in])
async def create_token(
    data: JSONBody[NewToken], request: PersonRequest, accounts: NamedDependency[Accounts]
) -> TokenView:
    """A new API token; the answer is the only place where it is shown."""
    row, token = await accounts.create_token(request.user.id, data.name, by=request.user)
    return _token(row, token)


@delete("/api/tokens/{token_id:uuid}", guards=[signed_in])
async def revoke_token(token_id: FromPath[UUID], request: PersonRequest, accounts: NamedDependency[Accounts]) -> None:
    """End an API token."""
    await accounts.revoke_token(request.user, token_id)


@get("/api/users", guards=[administrator])
async def users(accounts: NamedDependency[Accounts]) -> People:
    """Everybody with an account."""
    return People([_person(user) for user in await accounts.users()])


@post("/api/users", guards=[administrator])
async def invite(
    data: JSONBody[NewUser],
    request: PersonRequest,
    accounts: NamedDependency[Accounts],
    settings: NamedDependency[Settings],
) -> Invited:
    """A new account and the one-time link that lets its owner in."""
    user = await accounts.create_user(data.email, name=data.name, roles=data.roles, by=request.user)
    token = await accounts.make_link(user.id, by=request.user)
    return Invited(_person(user), f"{settings.url}/welcome/{token}")


@patch("/api/users/{user_id:uuid}", guards=[administrator])
async def change_user(
    user_id: FromPath[UUID],
    data: JSONBody[UserChange],
    request: PersonRequest,
    accounts: NamedDependency[Accounts],
) -> Person:
    """Change somebody's roles or name, disable or enable the account."""
    return _person(
        await accounts.change_user(user_id, by=request.user, roles=data.roles, disabled=data.disabled, name=data.name)
    )


@post("/api/users/{user_id:uuid}/link", guards=[administrator])
async def make_link(
    user_id: FromPath[UUID],
    request: PersonRequest,
    accounts: NamedDependency[Accounts],
    settings: NamedDependency[Settings],
) -> Link:
    """A new one-time sign-in link, for somebody who lost the password."""
    return Link(f"{settings.url}/welcome/{await accounts.make_link(user_id, by=request.user)}")


router = Router(
    "/",
    route_handlers=[
        sign_in, sign_out, welcome, me, change_me, tokens, create_token, revoke_token,
        users, invite, change_user, make_link,
    ],
    tags=["accounts"],
)  # fmt: skip
