"""Signing in by an identity provider, against one that signs real tokens: who is let in, and everything that must not be."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from app.routes.security import COOKIE
from app.services.single_sign_on import followed_roles, own_path
from app.settings import InvalidSetting, Settings, SingleSignOnSettings, settings_from
from tests.conftest import Person, TurnableClock, World
from tests.identity_server import CLIENT_ID, CLIENT_SECRET, IdentityServer, elliptic, identity_server, rsa

LIN = {"sub": "lin-1", "email": "Lin@Example.org", "email_verified": True, "name": "Lin"}


@pytest.fixture
def provider(clock: TurnableClock) -> Iterator[IdentityServer]:
    with identity_server() as provider:
        provider.now = lambda: clock().timestamp()
        provider.person = dict(LIN)
        yield provider


@pytest.fixture
def options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What a test sets differently."""
    given: dict[str, Any] = getattr(request, "param", {})
    return given


@pytest.fixture
def settings(settings: Settings, provider: IdentityServer, options: dict[str, Any]) -> Settings:
    usual: dict[str, Any] = {
        "issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "label": "Harbour ID",
        "create": True,
    }  # fmt: skip
    return replace(settings, single_sign_on=SingleSignOnSettings(**usual | options))


def with_options(**options: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("options", [pytest.param(options, id="set")], indirect=True)


def begin(world: World, next_path: str = "") -> str:
    """To the provider, by somebody who is not signed in: the address the browser is sent to."""
    world.client.cookies.delete(COOKIE)
    answer = world.client.get("/sign-in/oidc", params={"next": next_path}, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    location: str = answer.headers["location"]
    return location


def at_provider(address: str) -> str:
    """The path with which the provider sends the browser back."""
    back = urlsplit(httpx2.get(address).headers["location"])
    return f"{back.path}?{back.query}"


def come_back(world: World, path: str) -> Any:
    return world.client.get(path, headers={"Accept": "text/html"}, follow_redirects=False)


def sign_in(world: World, next_path: str = "") -> Any:
    return come_back(world, at_provider(begin(world, next_path)))


def refused(answer: Any, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert f"<code>{code}</code>" in answer.text
    assert "Try again with Harbour ID" in answer.text
    assert COOKIE not in answer.cookies
    assert (
        'draftloom_sign_in=""' in answer.headers["set-cookie"] or "draftloom_sign_in=;" in answer.headers["set-cookie"]
    )


def me(world: World) -> dict[str, Any]:
    answer = world.client.get("/api/me")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(world: World) -> list[str]:
    return [entry["sentence"] for entry in world.person("root", "admin").get("/api/audit").json()["items"]]


def people(world: World) -> list[str]:
    return [user["email"] for user in world.person("root", "admin").get("/api/users").json()["items"]]


def test_the_first_sign_in_makes_an_account_and_the_next_finds_it(world: World, provider: IdentityServer) -> None:
    answer = sign_in(world, "/costs?group_by=model")
    assert (answer.status_code, answer.headers["location"]) == (302, "/costs?group_by=model")
    first = me(world)
    assert (first["email"], first["name"], first["roles"]) == ("lin@example.org", "Lin", ["writer"])
    world.client.post("/api/sign-out", headers={"X-CSRF-Token": first["csrf_token"]})
    assert world.client.get("/api/me").status_code == 401
    provider.person |= {"email": "lin@elsewhere.example", "email_verified": False, "name": "Lin Y."}
    assert sign_in(world).headers["location"] == "/"
    assert me(world)["id"] == first["id"]
    assert me(world)["email"] == "lin@example.org"
    assert told(world) == [
        "Lin signed in with Harbour ID, from testclient.",
        "Lin signed out.",
        "Lin signed in with Harbour ID, from testclient.",
        "Lin linked their account to Harbour ID.",
        "Lin got an account as writer by signing in with Harbour ID.",
    ]


def test_what_is_asked_of_the_provider_is_bound_to_this_sign_in(world: World, provider: IdentityServer) -> None:
    first, second = (parse_qs(urlsplit(begin(world)).query) for _ in range(2))
    assert first["client_id"] == [CLIENT_ID]
    assert first["redirect_uri"] == [f"{world.settings.url}/sign-in/oidc/callback"]
    assert (first["response_type"], first["code_challenge_method"]) == (["code"], ["S256"])
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name][0]) >= 43
    cookie = world.client.get("/sign-in/oidc", follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/sign-in/oidc" in cookie
    assert first["nonce"][0] not in cookie


@pytest.mark.parametrize("key, algorithm", [(rsa, "RS256"), (elliptic, "ES256")])
def test_both_kinds_of_signatures_are_believed(
    world: World, provider: IdentityServer, key: Callable[[], Any], algorithm: str
) -> None:
    provider.rotated(key(), algorithm=algorithm)
    assert sign_in(world).status_code == 302
    assert me(world)["name"] == "Lin"


def test_new_keys_of_the_provider_are_found_at_once_and_known_ones_kept(world: World, provider: IdentityServer) -> None:
    sign_in(world)
    sign_in(world)
    assert provider.key_reads == 1
    provider.rotated(elliptic("e2"), algorithm="ES256")
    assert sign_in(world).status_code == 302
    assert provider.key_reads == 2
    provider.key = elliptic("e3")  # signed by a key that it does not publish
    refused(sign_in(world), 502, "bad_id_token")
    provider.key = elliptic("e2")  # or that only bears the name of one
    refused(sign_in(world), 502, "bad_id_token")


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://other.example"},
        {"aud": "another client"},
        {"aud": []},
        {"aud": [CLIENT_ID, "another"]},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"exp": None},
        {"iat": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_meant_for_this_sign_in_is_refused(
    world: World, provider: IdentityServer, wrong: dict[str, Any]
) -> None:
    def spoil(claims: dict[str, Any]) -> None:
        claims |= wrong
        for name in [name for name, value in claims.items() if value is None]:
            del claims[name]

    provider.change = spoil
    refused(sign_in(world), 502, "bad_id_token")
    assert "lin@example.org" not in people(world)


@pytest.mark.parametrize(
    "claim, seconds, status", [("exp", -100, 302), ("exp", -130, 502), ("iat", 100, 302), ("iat", 130, 502)]
)
def test_clocks_may_differ_by_two_minutes(
    world: World, provider: IdentityServer, clock: TurnableClock, claim: str, seconds: int, status: int
) -> None:
    provider.change = lambda claims: claims.update({claim: int(clock().timestamp()) + seconds})
    assert sign_in(world).status_code == status


@pytest.mark.parametrize("token", ["", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJsaW4tMSJ9.", 5, None])
def test_what_is_no_signed_token_is_refused(world: World, provider: IdentityServer, token: object) -> None:
    provider.token_answer = {"access_token": "x", "id_token": token}
    answer = sign_in(world)
    assert answer.status_code == 502
    assert COOKIE not in answer.cookies


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_a_token_signed_with_the_shared_secret_is_refused(world: World, provider: IdentityServer) -> None:
    address = begin(world)
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    now = int(world.clock().timestamp())
    claims = LIN | {"iss": provider.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce}
    forged = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET), algorithms=["HS256"])
    provider.token_answer = {"access_token": "x", "id_token": forged}
    refused(come_back(world, at_provider(address)), 502, "bad_id_token")


def test_the_answer_must_be_to_what_this_browser_began(world: World, clock: TurnableClock) -> None:
    path = at_provider(begin(world))
    mine = dict(world.client.cookies)
    world.client.cookies.clear()
    refused(come_back(world, path), 400, "sign_in_stale")
    begin(world)  # another browser, which began something of its own
    refused(come_back(world, path), 400, "sign_in_stale")
    world.client.cookies.set("draftloom_sign_in", mine["draftloom_sign_in"][:-4] + "AAAA", path="/sign-in/oidc")
    refused(come_back(world, path), 400, "sign_in_stale")
    world.client.cookies.clear()
    path = at_provider(begin(world))
    clock.turn(minutes=11)
    refused(come_back(world, path), 400, "sign_in_stale")


def test_an_answer_works_once(world: World) -> None:
    path = at_provider(begin(world))
    cookie = world.client.cookies["draftloom_sign_in"]
    assert come_back(world, path).status_code == 302
    world.client.cookies.delete(COOKIE)
    refused(come_back(world, path), 400, "sign_in_stale")
    world.client.cookies.set("draftloom_sign_in", cookie, path="/sign-in/oidc")
    refused(come_back(world, path), 502, "code_refused")


def test_an_answer_of_another_provider_is_refused(world: World, provider: IdentityServer) -> None:
    path = at_provider(begin(world))
    refused(come_back(world, re.sub(r"iss=[^&]*", "iss=https%3A%2F%2Fevil.example", path)), 502, "wrong_issuer")


@pytest.mark.parametrize(
    "error, status, code", [("access_denied", 403, "refused_there"), ("server_error", 502, "provider_error")]
)
def test_a_refusal_at_the_provider_is_said(
    world: World, provider: IdentityServer, error: str, status: int, code: str
) -> None:
    provider.denies = error
    refused(sign_in(world), status, code)


def test_a_provider_that_is_down_is_said_and_tried_again(world: World, provider: IdentityServer) -> None:
    provider.down = True
    answer = world.client.get("/sign-in/oidc", params={"next": "/costs"}, follow_redirects=False)
    assert answer.status_code == 502
    assert "Harbour ID has trouble just now" in answer.text
    assert 'href="/sign-in/oidc?next=/costs"' in answer.text
    provider.down = False
    assert sign_in(world).status_code == 302


def test_a_provider_that_falls_silent_in_between_is_said(world: World, provider: IdentityServer) -> None:
    path = at_provider(begin(world))
    provider.discovery = {"token_endpoint": "http://127.0.0.1:9/token"}
    world.clock.turn(hours=2)
    path = at_provider(begin(world))
    refused(come_back(world, path), 502, "provider_down")


@pytest.mark.parametrize(
    "discovery, code",
    [
        ({"issuer": "https://other.example"}, "wrong_issuer"),
        ({"token_endpoint": None}, "bad_discovery"),
        ({"token_endpoint": "ftp://example.org/token"}, "unsafe_endpoint"),
    ],
)
def test_a_discovery_document_that_cannot_be_believed_is_refused(
    world: World, provider: IdentityServer, discovery: dict[str, Any], code: str
) -> None:
    provider.discovery = discovery
    answer = world.client.get("/sign-in/oidc", follow_redirects=False)
    assert (answer.status_code, code in answer.text) == (502, True)


def test_a_wrong_secret_is_said_without_it(world: World, provider: IdentityServer) -> None:
    provider.secret = "renewed"
    answer = sign_in(world)
    refused(answer, 502, "code_refused")
    assert CLIENT_SECRET not in answer.text


def test_the_secret_goes_where_the_provider_takes_it(world: World, provider: IdentityServer) -> None:
    provider.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert sign_in(world).status_code == 302
    assert provider.asked[0]["client_secret"] == CLIENT_SECRET


@with_options(client_secret="")
def test_a_public_client_proves_itself_by_its_code_alone(world: World, provider: IdentityServer) -> None:
    provider.secret = ""
    assert sign_in(world).status_code == 302
    assert provider.asked[0]["client_id"] == CLIENT_ID


def test_a_verified_address_links_an_account_that_is_there_exactly_once(
    world: World, provider: IdentityServer, ada: Person
) -> None:
    provider.person = {"sub": "a-1", "email": ada.email, "email_verified": True, "name": "Somebody"}
    sign_in(world)
    assert (me(world)["id"], me(world)["name"]) == (ada.id, "Ada")
    provider.person["sub"] = "a-2"
    refused(sign_in(world), 403, "linked_elsewhere")
    assert told(world)[0] == (
        "Somebody proven by Harbour ID as ada@example.org was not let in: "
        "the account here is linked to somebody else, from testclient."
    )


@pytest.mark.parametrize("verified", [False, "false", None])
def test_an_address_that_is_not_verified_opens_no_account(
    world: World, provider: IdentityServer, ada: Person, verified: object
) -> None:
    provider.person = {"sub": "m-1", "email": ada.email, "email_verified": verified}
    refused(sign_in(world), 403, "not_verified")
    provider.person |= {"email_verified": "true"}
    assert sign_in(world).status_code == 302


@with_options(trust_email=True)
def test_addresses_may_be_trusted_where_the_provider_does_not_say(
    world: World, provider: IdentityServer, ada: Person
) -> None:
    provider.person = {"sub": "m-1", "email": ada.email, "email_verified": False}
    refused(sign_in(world), 403, "not_verified")
    del provider.person["email_verified"]
    assert sign_in(world).status_code == 302


def test_a_disabled_account_stays_out(world: World, provider: IdentityServer, ada: Person) -> None:
    root = world.person("root", "admin")
    provider.person = {"sub": "a-1", "email": ada.email, "email_verified": True}
    root.patch(f"/api/users/{ada.id}", {"disabled": True})
    refused(sign_in(world), 403, "disabled")
    root.patch(f"/api/users/{ada.id}", {"disabled": False})
    assert sign_in(world).status_code == 302
    root.patch(f"/api/users/{ada.id}", {"disabled": True})
    world.client.cookies.clear()
    refused(sign_in(world), 403, "disabled")


@with_options(create=False)
def test_no_account_is_made_unless_that_is_set(world: World, provider: IdentityServer) -> None:
    refused(sign_in(world), 403, "no_account")
    root = world.person("root", "admin")
    assert root.post("/api/users", {"email": "lin@example.org", "roles": ["finance"]}).status_code == 201
    assert sign_in(world).status_code == 302
    assert me(world)["roles"] == ["finance"]


@with_options(domains=frozenset({"example.org"}))
def test_only_allowed_domains_are_let_in(world: World, provider: IdentityServer) -> None:
    provider.person |= {"sub": "o-1", "email": "lin@example.org.evil.example"}
    refused(sign_in(world), 403, "domain")
    provider.person = dict(LIN)
    assert sign_in(world).status_code == 302
    provider.person |= {"email": "lin@left.example"}
    world.client.cookies.clear()
    refused(sign_in(world), 403, "domain")


def test_what_the_token_leaves_out_is_asked_for(world: World, provider: IdentityServer) -> None:
    provider.person = {"sub": "lin-1"}
    refused(sign_in(world), 502, "bad_userinfo")
    provider.userinfo = LIN | {"sub": "somebody else"}
    refused(sign_in(world), 502, "bad_userinfo")
    provider.userinfo = {"sub": "lin-1"}
    refused(sign_in(world), 403, "no_email")
    provider.userinfo = dict(LIN)
    assert sign_in(world).status_code == 302
    assert me(world)["email"] == "lin@example.org"


@with_options(roles={"editors": ("writer",), "books": ("finance",), "chiefs": ("admin",)}, roles_claim="access.groups")
def test_roles_follow_the_groups(world: World, provider: IdentityServer) -> None:
    root = world.person("root", "admin")
    provider.person["access"] = {"groups": ["books", "chiefs", "unknown"]}
    sign_in(world)
    lin = me(world)
    assert lin["roles"] == ["finance", "admin"]
    root.patch(f"/api/users/{lin['id']}", {"roles": ["finance", "admin", "instructor"]})
    provider.person["access"] = {"groups": ["editors"]}
    sign_in(world)
    assert me(world)["roles"] == ["writer", "instructor"]
    assert (
        "The roles of Lin followed the groups of Harbour ID from finance, admin, instructor to writer, instructor."
        in told(world)
    )
    provider.person["access"], provider.userinfo = {}, {"sub": "lin-1"}
    sign_in(world)
    assert me(world)["roles"] == ["instructor"]


@with_options(roles={"chiefs": ("admin",)})
def test_the_last_administrator_keeps_the_role(world: World, provider: IdentityServer) -> None:
    provider.person["groups"] = ["chiefs"]
    sign_in(world)
    provider.person["groups"] = []
    sign_in(world)
    assert "admin" in me(world)["roles"]


def test_failing_again_and_again_is_slowed_down(world: World, provider: IdentityServer, clock: TurnableClock) -> None:
    provider.person["email_verified"] = False
    for _ in range(8):
        refused(sign_in(world), 403, "not_verified")
    answer = sign_in(world)
    refused(answer, 429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0
    provider.person["email_verified"] = True
    clock.turn(minutes=6)
    assert sign_in(world).status_code == 302


def test_the_sign_in_page_offers_it_and_passwords(world: World) -> None:
    page = world.client.get("/sign-in?next=/costs%3Fgroup_by=model").text
    assert "Continue with Harbour ID" in page
    assert 'href="/sign-in/oidc?next=/costs%3Fgroup_by%3Dmodel"' in page
    assert 'id="password"' in page


def test_who_signs_in_by_the_provider_needs_no_first_link(
    world: World, provider: IdentityServer, clock: TurnableClock
) -> None:
    world.person("root", "admin")
    make: Any = world.client.app.state.accounts.administrator_link
    assert world.client.blocking_portal.call(make) is not None
    provider.person |= {"sub": "r-1", "email": "root@example.org"}
    sign_in(world)
    assert world.client.blocking_portal.call(make) is None


def test_an_unlinked_account_is_linked_anew(world: World, provider: IdentityServer, ada: Person) -> None:
    provider.person = {"sub": "a-1", "email": ada.email, "email_verified": True}
    sign_in(world)
    unlink: Any = world.client.app.state.accounts.unlink
    lin = me(world)
    assert world.client.blocking_portal.call(unlink, UUID(lin["id"])) == 1
    provider.person["sub"] = "a-2"
    assert sign_in(world).status_code == 302
    assert me(world)["id"] == ada.id


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "drafts",
        "/a\nb",
        "",
        "/\t/evil.example",
        "/" + "x" * 2_000,
    ],
)
def test_nobody_is_sent_to_another_site(path: str) -> None:
    assert own_path(path) == ""


def test_roles_no_group_stands_for_stay() -> None:
    settings = SingleSignOnSettings(issuer="x", client_id="x", roles={"a": ("writer", "finance")})
    assert followed_roles(["student", "finance"], ["a"], settings) == ["writer", "student", "finance"]
    assert followed_roles(["student", "finance"], [], settings) == ["student"]
    assert followed_roles(["finance"], ["b"], settings) == ["writer"]


def test_settings_come_from_the_environment() -> None:
    assert settings_from({}).single_sign_on is None
    found = settings_from(
        {
            "DRAFTLOOM_OIDC_ISSUER": "https://id.example.org/realms/x",
            "DRAFTLOOM_OIDC_CLIENT_ID": "draftloom",
            "DRAFTLOOM_OIDC_LABEL": "Harbour ID",
            "DRAFTLOOM_OIDC_CREATE": "yes",
            "DRAFTLOOM_OIDC_ROLES": '{"staff": "writer", "heads": ["admin", "finance"]}',
            "DRAFTLOOM_OIDC_DOMAINS": "Example.org, @other.example",
        }
    ).single_sign_on
    assert found is not None
    assert (found.create, found.label, found.default_roles) == (True, "Harbour ID", ("writer",))
    assert found.roles == {"staff": ("writer",), "heads": ("admin", "finance")}
    assert found.domains == {"example.org", "other.example"}
    assert "secret" not in repr(replace(found, client_secret="secret"))


@pytest.mark.parametrize(
    "name, value",
    [
        ("ISSUER", "http://id.example.org"),
        ("ISSUER", "id.example.org"),
        ("CLIENT_ID", ""),
        ("SCOPES", "email"),
        ("CREATE", "maybe"),
        ("DEFAULT_ROLES", "emperor"),
        ("ROLES", "staff=writer"),
        ("ROLES", '["staff"]'),
        ("ROLES", '{"staff": "emperor"}'),
    ],
)
def test_settings_that_cannot_be_used_stop_the_start(name: str, value: str) -> None:
    usual = {"DRAFTLOOM_OIDC_ISSUER": "https://id.example.org", "DRAFTLOOM_OIDC_CLIENT_ID": "x"}
    with pytest.raises(InvalidSetting, match=f"DRAFTLOOM_OIDC_{name}"):
        settings_from(usual | {f"DRAFTLOOM_OIDC_{name}": value})
