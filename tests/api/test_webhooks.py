"""Webhooks through HTTP, against a receiver on a real socket."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp.resolver import DefaultResolver

from tests.conftest import Person, TurnableClock, World
from tests.hook_server import HookServer, endless, hook_server, redirect, silent

HOOKS = "/api/settings/webhooks"


@pytest.fixture
def receiver() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


@pytest.fixture
def root(world: World) -> Person:
    return world.person("root", "admin")


def add(root: Person, url: str, **more: Any) -> dict[str, Any]:
    """A webhook on our own network: its view, with the secret."""
    answer = root.post(HOOKS, {"url": url, "allow_private": True, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made["webhook"] | {"secret": made["secret"]}


def deliver(world: World) -> None:
    """Everything that is due now has been tried."""
    world.client.blocking_portal.call(world.client.app.state.deliveries.deliver_due)


def deliveries(root: Person, hook: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    answer = root.get(f"{HOOKS}/{hook['id']}/deliveries{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def ping(world: World, root: Person, hook: dict[str, Any]) -> dict[str, Any]:
    """A test call and what became of it."""
    assert root.post(f"{HOOKS}/{hook['id']}/test").status_code == 202
    deliver(world)
    return deliveries(root, hook)[0]


def test_a_call_is_signed_with_the_secret_that_was_shown_once(
    world: World, root: Person, receiver: HookServer, clock: TurnableClock
) -> None:
    hook = add(root, receiver.url(), label="Tickets")
    sent = ping(world, root, hook)
    assert (sent["state"], sent["event"], sent["attempts"][0]["status"]) == ("delivered", "ping", 204)
    assert sent["attempts"][0]["duration_ms"] >= 0
    heard = receiver.wait()
    assert heard.path == "/hook?source=test"
    fields = dict(part.split("=") for part in heard.headers["draftloom-signature"].split(","))
    assert int(fields["t"]) == int(clock.now.timestamp())
    signed = fields["t"].encode() + b"." + heard.body
    assert fields["v1"] == hmac.new(hook["secret"].encode(), signed, hashlib.sha256).hexdigest()
    assert json.loads(heard.body)["id"] == heard.headers["draftloom-delivery"] == sent["id"]
    listed = root.get(HOOKS)
    assert hook["secret"] not in listed.text
    assert listed.json()["items"][0]["last"]["state"] == "delivered"


def test_a_renewed_secret_signs_from_then_on(world: World, root: Person, receiver: HookServer) -> None:
    hook = add(root, receiver.url())
    renewed = root.post(f"{HOOKS}/{hook['id']}/secret").json()["secret"]
    assert renewed != hook["secret"]
    ping(world, root, hook)
    heard = receiver.wait()
    fields = dict(part.split("=") for part in heard.headers["draftloom-signature"].split(","))
    signed = fields["t"].encode() + b"." + heard.body
    assert fields["v1"] == hmac.new(renewed.encode(), signed, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    "url, code",
    [
        ("http://127.0.0.1:9/x", "private_address"),
        ("http://localhost/x", "private_address"),
        ("http://10.1.2.3/x", "private_address"),
        ("http://169.254.169.254/latest/meta-data", "private_address"),
        ("http://[::1]/x", "private_address"),
        ("http://[::ffff:10.0.0.1]/x", "private_address"),
        ("ftp://example.org/x", "invalid_field"),
        ("https://user:pass@example.org/x", "invalid_field"),
        ("https://example.org:99999/x", "invalid_field"),
        ("http://0177.0.0.1/x", "invalid_field"),
        ("http://①②⑦.0.0.1/x", "invalid_field"),
        ("not an address", "invalid_field"),
        ("", "invalid_field"),
    ],
)
def test_addresses_that_may_not_be_called_are_refused_when_entered(root: Person, url: str, code: str) -> None:
    answer = root.post(HOOKS, {"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["field"] == "url"


def test_a_private_address_is_not_kept_when_its_permission_goes(root: Person, receiver: HookServer) -> None:
    hook = add(root, receiver.url())
    answer = root.patch(f"{HOOKS}/{hook['id']}", {"allow_private": False})
    assert (answer.status_code, answer.json()["code"]) == (422, "private_address")
    moved = root.patch(f"{HOOKS}/{hook['id']}", {"allow_private": False, "url": "https://example.org/hook"})
    assert (moved.status_code, moved.json()["allow_private"]) == (200, False)


def resolving_to(*addresses: str) -> Any:
    async def resolve(_: Any, host: str, port: int = 0, family: int = socket.AF_INET) -> list[dict[str, Any]]:
        return [
            {"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}
            for address in addresses
        ]

    return resolve


def test_a_name_that_leads_into_a_private_network_is_never_connected_to(
    world: World, root: Person, receiver: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = root.post(HOOKS, {"url": receiver.url("harmless.example.org")})
    assert answer.status_code == 201
    hook = answer.json()["webhook"]
    for addresses in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]):
        monkeypatch.setattr(DefaultResolver, "resolve", resolving_to(*addresses))
        sent = ping(world, root, hook)
        assert (sent["state"], sent["attempts"][0]["problem"]) == ("failed", "private_address")
    assert receiver.heard == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "127.0.0.1.", "localhost.", "0", "127。0。0。1"])
def test_no_spelling_of_an_own_address_is_connected_to(
    world: World, root: Person, receiver: HookServer, host: str
) -> None:
    answer = root.post(HOOKS, {"url": receiver.url(host)})
    if answer.status_code == 201:
        assert ping(world, root, answer.json()["webhook"])["state"] == "failed"
    assert receiver.heard == []


def test_a_name_on_the_own_network_is_called_where_that_was_allowed(
    world: World, root: Person, receiver: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DefaultResolver, "resolve", resolving_to("127.0.0.1"))
    hook = add(root, receiver.url("tickets.internal"))
    assert ping(world, root, hook)["state"] == "delivered"


def test_a_redirect_is_not_followed(world: World, root: Person, receiver: HookServer) -> None:
    with hook_server() as elsewhere:
        receiver.answers.append(redirect(elsewhere.url()))
        sent = ping(world, root, add(root, receiver.url()))
        assert (sent["state"], sent["attempts"][0]["status"]) == ("failed", 307)
        assert sent["attempts"][0]["problem"] == "redirect"
        assert elsewhere.heard == []


def test_an_endless_answer_is_not_read(world: World, root: Person, receiver: HookServer) -> None:
    receiver.answers.append(endless)
    sent = ping(world, root, add(root, receiver.url()))
    assert (sent["state"], sent["attempts"][0]["status"]) == ("delivered", 200)


def test_a_receiver_that_is_down_or_breaks_off_is_noted_as_unreachable(
    world: World, root: Person, receiver: HookServer
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    sent = ping(world, root, add(root, f"http://127.0.0.1:{closed}/"))
    assert (sent["state"], sent["attempts"][0]["problem"]) == ("failed", "unreachable")
    receiver.answers.append(lambda handler: handler.connection.close())
    sent = ping(world, root, add(root, receiver.url()))
    assert (sent["state"], sent["attempts"][0]["problem"]) == ("failed", "unreachable")


def test_a_slow_receiver_is_given_up_on_and_holds_nobody_else_up(
    world: World, root: Person, receiver: HookServer
) -> None:
    world.client.app.state.deliveries._call_seconds = 0.5
    released = threading.Event()
    receiver.answers.append(silent(released))
    slow = add(root, receiver.url())
    with hook_server() as quick:
        other = add(root, quick.url())
        root.post(f"{HOOKS}/{slow['id']}/test")
        root.post(f"{HOOKS}/{other['id']}/test")
        quick.wait()
        deliver(world)
        released.set()
        assert deliveries(root, other)[0]["state"] == "delivered"
    assert deliveries(root, slow)[0]["attempts"][0]["problem"] == "timeout"


def test_a_webhook_that_is_removed_takes_its_log_along(world: World, root: Person, receiver: HookServer) -> None:
    hook = add(root, receiver.url())
    ping(world, root, hook)
    assert root.delete(f"{HOOKS}/{hook['id']}").status_code == 204
    assert root.get(f"{HOOKS}/{hook['id']}/deliveries").status_code == 404
    assert root.post(f"{HOOKS}/{hook['id']}/test").status_code == 404
    assert root.get(HOOKS).json()["items"] == []


@pytest.mark.parametrize(
    "change, field",
    [
        ({"kinds": ["poem"]}, "kinds"),
        ({"label": "a\nb"}, "label"),
        ({"label": "x" * 201}, "label"),
        ({"url": ""}, "url"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_field(
    root: Person, receiver: HookServer, change: dict[str, Any], field: str
) -> None:
    hook = add(root, receiver.url())
    answer = root.patch(f"{HOOKS}/{hook['id']}", change)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert root.get(f"{HOOKS}/{hook['id']}/deliveries?state=lost").json()["errors"][0]["field"] == "state"
