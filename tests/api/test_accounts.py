"""Accounts through HTTP: links, passwords, sessions, tokens, roles, CSRF."""

from typing import Any

import pytest
from litestar.exceptions import WebSocketDisconnect

from app.routes.security import COOKIE
from tests.conftest import Person, TurnableClock, World

PASSWORD = "correct horse battery"


def administrator_link(world: World) -> str | None:
    link: str | None = world.client.blocking_portal.call(world.client.app.state.accounts.administrator_link)
    return link


def welcome(world: World, link: str, **values: Any) -> Any:
    return world.client.post("/api/welcome", json={"token": link, "password": PASSWORD, **values})


def test_the_first_link_makes_an_administrator_who_can_sign_in_again(world: World) -> None:
    link = administrator_link(world)
    assert link is not None
    answer = welcome(world, link, email="Root@Example.org", name="Root")
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["roles"] == ["admin", "writer"]
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]
    again = welcome(world, link)
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    world.client.cookies.clear()
    signed = world.client.post("/api/sign-in", json={"email": "root@example.org", "password": PASSWORD})
    assert signed.status_code == 200
    assert world.client.get("/api/me").json()["email"] == "root@example.org"
    assert administrator_link(world) is None


@pytest.fixture
def member(world: World, ada: Person) -> dict[str, Any]:
    """Ada with a password and a session cookie in the client."""
    root = world.person("root", "admin")
    link = root.post(f"/api/users/{ada.id}/link").json()["link"]
    answer = welcome(world, link.rpartition("/")[2])
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_mutations_with_a_cookie_need_the_csrf_token(world: World, member: dict[str, Any]) -> None:
    refused = world.client.post("/api/drafts", json={"kind": "document"})
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    wrong = world.client.post("/api/drafts", json={"kind": "document"}, headers={"X-CSRF-Token": "0" * 64})
    assert wrong.status_code == 403
    right = world.client.post("/api/drafts", json={"kind": "document"}, headers={"X-CSRF-Token": member["csrf_token"]})
    assert right.status_code == 201


def test_a_socket_opened_by_another_site_is_refused(world: World, member: dict[str, Any]) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        world.client.websocket_connect("/api/live", headers={"Origin": "http://evil.example"}) as socket,
    ):
        socket.receive_json()
    assert closed.value.code == 4401
    own = {"Origin": "http://testserver.local"}
    with world.client.websocket_connect("/api/live", headers=own) as socket:
        socket.send_json({"subscribe": []})


def test_signing_out_ends_the_session_at_once(world: World, member: dict[str, Any]) -> None:
    assert world.client.get("/api/me").status_code == 200
    cookie = world.client.cookies[COOKIE]
    world.client.post("/api/sign-out", headers={"X-CSRF-Token": member["csrf_token"]})
    answer = world.client.get("/api/me", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_guessing_passwords_is_slowed_down(world: World, member: dict[str, Any], clock: TurnableClock) -> None:
    world.client.cookies.clear()
    for _ in range(8):
        wrong = world.client.post("/api/sign-in", json={"email": "ada@example.org", "password": "wrong password"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_credentials")
    blocked = world.client.post("/api/sign-in", json={"email": "ada@example.org", "password": PASSWORD})
    assert blocked.status_code == 429
    assert int(blocked.headers["Retry-After"]) > 0
    clock.turn(minutes=6)
    assert world.client.post("/api/sign-in", json={"email": "ada@example.org", "password": PASSWORD}).status_code == 200


def test_an_unknown_address_is_told_the_same_as_a_wrong_password(world: World) -> None:
    answer = world.client.post("/api/sign-in", json={"email": "nobody@example.org", "password": "whatever it is"})
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")


def test_a_short_password_is_refused_with_its_field(world: World) -> None:
    answer = world.client.post("/api/welcome", json={"token": "x", "password": "short"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "password"


def test_tokens_are_shown_once_and_end_when_revoked(ada: Person) -> None:
    made = ada.post("/api/tokens", {"name": "script"}).json()
    assert made["token"].startswith("dl_")
    listed = ada.get("/api/tokens").json()["items"]
    assert {row["name"] for row in listed} == {"script", "test"}
    assert all(not row.get("token") for row in listed)
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert ada.client.get("/api/me", headers=headers).json()["email"] == ada.email
    assert ada.delete(f"/api/tokens/{made['id']}").status_code == 204
    assert ada.client.get("/api/me", headers=headers).status_code == 401


def test_administrators_invite_people_and_cannot_lock_themselves_out(world: World) -> None:
    root = world.person("root", "admin")
    invited = root.post("/api/users", {"email": "Bo@Example.org", "name": "Bo", "roles": ["writer", "finance"]})
    assert invited.status_code == 201
    body = invited.json()
    assert body["user"]["email"] == "bo@example.org"
    assert f"{world.settings.url}/welcome/" in body["link"]
    twice = root.post("/api/users", {"email": "bo@example.org"})
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (422, "email")
    assert root.post("/api/users", {"email": "x@example.org", "roles": ["emperor"]}).status_code == 422
    last = root.patch(f"/api/users/{root.id}", {"disabled": True})
    assert (last.status_code, last.json()["code"]) == (409, "last_administrator")


def test_a_disabled_account_is_out_at_once(world: World, ada: Person) -> None:
    root = world.person("root", "admin")
    assert ada.get("/api/me").status_code == 200
    assert root.patch(f"/api/users/{ada.id}", {"disabled": True}).status_code == 200
    assert ada.get("/api/me").status_code == 401
    assert root.patch(f"/api/users/{ada.id}", {"disabled": False}).status_code == 200
    assert ada.get("/api/me").status_code == 200


def test_the_own_password_is_changed_only_by_proving_the_old_one(world: World, member: dict[str, Any]) -> None:
    headers = {"X-CSRF-Token": member["csrf_token"]}
    wrong = world.client.patch(
        "/api/me", json={"password": "another long one", "current_password": "no"}, headers=headers
    )
    assert wrong.json()["errors"][0]["field"] == "current_password"
    right = world.client.patch(
        "/api/me", json={"password": "another long one", "current_password": PASSWORD}, headers=headers
    )
    assert right.status_code == 200
    world.client.cookies.clear()
    assert (
        world.client.post("/api/sign-in", json={"email": "ada@example.org", "password": "another long one"}).status_code
        == 200
    )
