"""The report form on other sites: who may frame it, and what its token opens."""

from typing import Any

import pytest

from tests.api.test_accounts import member
from tests.conftest import Person, TurnableClock, World

__all__ = ["member"]

SITE = "https://app.example.org"


@pytest.fixture
def root(world: World) -> Person:
    return world.person("root", "admin")


def allow(root: Person, *origins: str) -> list[str]:
    answer = root.put("/api/settings/embedding", {"origins": list(origins)})
    assert answer.status_code == 200, answer.text
    kept: list[str] = answer.json()["origins"]
    return kept


def framed_by(world: World, origin: str, form: str = "bug") -> tuple[int, str]:
    """How the form is answered, and who may show it in a frame."""
    answer = world.client.get(f"/embed/{form}", params={"origin": origin}, headers={"Accept": "text/html"})
    return answer.status_code, answer.headers["content-security-policy"].partition("frame-ancestors ")[2]


def test_only_allowed_sites_may_frame_the_form(world: World, root: Person) -> None:
    assert framed_by(world, SITE) == (403, "'none'")
    assert allow(root, SITE + "/", "HTTP://Localhost:8080") == ["http://localhost:8080", SITE]
    assert framed_by(world, SITE) == (200, SITE)
    assert framed_by(world, "http://localhost:8080", "feature") == (200, "http://localhost:8080")
    for other in ("https://evil.example", f"{SITE}.evil.example", f"{SITE} https://evil.example", "'self'", "*", ""):
        assert framed_by(world, other) == (403, "'none'")
    allow(root)
    assert framed_by(world, SITE) == (403, "'none'")


def test_no_other_page_may_be_framed_and_there_is_no_other_form(world: World, root: Person) -> None:
    allow(root, SITE)
    assert framed_by(world, SITE, "poem")[0] == 404
    page = root.get("/submissions", headers={"Accept": "text/html"})
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize(
    "origin", ["example.org", "ftp://example.org", "https://example.org/path", "https://*", "https://a b"]
)
def test_what_is_no_site_is_not_allowed(root: Person, origin: str) -> None:
    answer = root.put("/api/settings/embedding", {"origins": [origin]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "origins")


def frame_token(world: World, member: dict[str, Any]) -> str:
    answer = world.client.post("/api/embed/token", headers={"X-CSRF-Token": member["csrf_token"]})
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["token"]
    return token


def test_the_token_of_a_frame_files_reports_and_opens_nothing_else(
    world: World, member: dict[str, Any], ada: Person
) -> None:
    token = frame_token(world, member)
    world.client.cookies.clear()
    frame = Person(ada.id, ada.email, world.client, token)
    draft = frame.post("/api/drafts", {"kind": "bug_report", "fields": {"title": "T"}}).json()
    write = {"replica": "f", "n": 1, "base_seq": draft["seq"], "ops": [{"field": "description", "replace": "D"}]}
    assert frame.post(f"/api/drafts/{draft['id']}/commands", write).status_code == 200
    assert frame.post(f"/api/drafts/{draft['id']}/submit").status_code == 200
    assert frame.get(f"/api/submissions/{draft['id']}").json()["number"] == 1
    for method, path in [
        ("GET", "/api/me"), ("GET", "/api/drafts"), ("GET", "/api/submissions"), ("GET", "/api/tokens"), ("GET", "/"),
        ("POST", "/api/tokens"), ("PATCH", "/api/me"), ("POST", "/api/embed/token"), ("GET", "/api/settings/webhooks"),
        ("POST", f"/api/drafts/{draft['id']}/turns"), ("POST", "/api/drafts/import"),
    ]:  # fmt: skip
        answer = world.client.request(
            method, path, headers=frame.headers | {"Accept": "application/json"}, follow_redirects=False
        )
        assert answer.status_code in (401, 302), (method, path)


def test_the_token_of_a_frame_ends_by_itself_and_when_it_is_revoked(
    world: World, member: dict[str, Any], ada: Person, clock: TurnableClock
) -> None:
    for end in ("time", "revoked"):
        token = frame_token(world, member)
        frame = Person(ada.id, ada.email, world.client, token)
        assert frame.post("/api/drafts", {"kind": "bug_report"}).status_code == 201
        if end == "time":
            clock.turn(hours=9)
        else:
            (row,) = [row for row in ada.get("/api/tokens").json()["items"] if row["expires_at"]]
            ada.delete(f"/api/tokens/{row['id']}")
        assert frame.post("/api/drafts", {"kind": "bug_report"}).status_code == 401


def test_a_program_cannot_ask_for_the_token_of_a_frame(ada: Person) -> None:
    answer = ada.post("/api/embed/token")
    assert (answer.status_code, answer.json()["code"]) == (403, "session_only")


def test_only_the_way_to_sign_in_for_a_frame_keeps_its_opener(world: World, member: dict[str, Any]) -> None:
    connect = world.client.get("/embed/connect", headers={"Accept": "text/html"})
    assert connect.headers["cross-origin-opener-policy"] == "unsafe-none"
    world.client.cookies.clear()
    for following, policy in (("/embed/connect", "unsafe-none"), ("/", "same-origin")):
        page = world.client.get("/sign-in", params={"next": following})
        assert page.headers["cross-origin-opener-policy"] == policy
