"""The contract other programs rely on, against the schema that is served and the documentation that is written."""

import re
from dataclasses import fields

import pytest

from app.settings import ROOT, Settings, settings_from
from tests.conftest import Person, World

PROMISED = {
    "GET /health", "POST /api/drafts", "GET /api/drafts", "GET /api/drafts/stats", "GET /api/drafts/{draft_id}",
    "POST /api/drafts/{draft_id}/commands", "GET /api/drafts/{draft_id}/events",
    "POST /api/drafts/{draft_id}/conflicts/{conflict_id}", "POST /api/drafts/{draft_id}/submit",
    "DELETE /api/drafts/{draft_id}", "POST /api/drafts/{draft_id}/recover", "GET /api/drafts/{draft_id}/versions",
    "POST /api/drafts/{draft_id}/versions", "GET /api/versions/{version_id}", "PATCH /api/versions/{version_id}",
    "GET /api/versions/{a}/compare/{b}", "POST /api/drafts/{draft_id}/restore", "GET /api/providers",
    "POST /api/drafts/{draft_id}/turns", "POST /api/drafts/{draft_id}/turns/estimate", "GET /api/turns/{turn_id}/events",
    "GET /api/turns/{turn_id}", "POST /api/turns/{turn_id}/stop", "GET /api/conversations/{conversation_id}",
    "GET /api/ledger", "GET /api/drafts/{draft_id}/proposals", "POST /api/proposals/{proposal_id}/accept",
    "POST /api/proposals/{proposal_id}/reject", "POST /api/turns/{turn_id}/accept",
    "POST /api/drafts/import", "GET /api/drafts/{draft_id}/export", "GET /api/versions/{version_id}/export",
    "GET /api/search",
    "GET /api/costs", "GET /api/costs.csv",
    "POST /api/goals/conversations", "GET /api/goals/conversations", "GET /api/goals/conversations/{conversation_id}",
    "POST /api/goals/conversations/{conversation_id}/messages",
}  # fmt: skip


def test_every_promised_call_is_in_the_served_schema(world: World) -> None:
    schema = world.client.get("/schema/openapi.json").json()
    served = {f"{method.upper()} {path}" for path, calls in schema["paths"].items() for method in calls}
    assert served >= PROMISED, PROMISED - served
    undescribed = [
        f"{method} {path}"
        for path, calls in schema["paths"].items()
        for method, call in calls.items()
        if not call.get("description") and not call.get("summary")
    ]
    assert undescribed == []


@pytest.mark.parametrize(
    "method, path, status, code",
    [
        ("GET", "/api/nothing", 404, "not_found"),
        ("PUT", "/api/drafts", 405, "method_not_allowed"),
        ("GET", "/api/drafts/not-an-id", 404, "not_found"),
        ("GET", "/api/drafts?limit=many", 422, "invalid_field"),
    ],
)
def test_every_error_has_the_same_shape(ada: Person, method: str, path: str, status: int, code: str) -> None:
    answer = ada.client.request(method, path, headers=ada.headers)
    body = answer.json()
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert set(body) >= {"type", "title", "status", "detail", "code"}


def test_health_and_metrics_answer_without_signing_in(world: World, ada: Person) -> None:
    health = world.client.get("/health").json()
    assert (health["status"], health["database"]) == ("ok", "ok")
    ada.draft("x")
    metrics = world.client.get("/metrics").text
    assert 'draftloom_http_requests_total{method="POST",status="201"} 1.0' in metrics


def test_the_documented_settings_are_the_ones_that_exist() -> None:
    source = (ROOT / "app" / "settings.py").read_text()
    read = set(re.findall(r'"(DRAFTLOOM_[A-Z_]+)"', source))
    table = (ROOT / "docs" / "operating.md").read_text()
    documented = set(re.findall(r"`(DRAFTLOOM_[A-Z_]+)`", table))
    assert read <= documented
    elsewhere = {"DRAFTLOOM_ENDPOINTS", "DRAFTLOOM_DEFAULT_MODEL"}
    assert documented - read <= elsewhere
    assert settings_from({}).max_body_bytes == Settings().max_body_bytes
    assert {field.name for field in fields(Settings)} >= {"host", "port", "data", "database_url"}


def test_pages_are_served_with_a_strict_policy(world: World, ada: Person) -> None:
    page = ada.get("/", headers={"Accept": "text/html"})
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "<script>" not in page.text
    missing = world.client.get("/drafts/01a1f84a-c6fb-7b87-833f-9ee2981ada57", headers=ada.headers)
    assert missing.status_code == 404
    assert "text/html" in missing.headers["content-type"]
