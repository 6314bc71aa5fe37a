"""Every route, walked as its owner, as a stranger and as nobody: strangers get 404, nobody is asked to sign in."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from providers.base import ToolCall
from providers.scripted import Reply, ScriptedProvider
from tests.conftest import Person, World

PUBLIC = {
    ("GET", "/health"), ("GET", "/metrics"), ("GET", "/sign-in"), ("GET", "/sw.js"), ("GET", "/favicon.ico"), ("GET", "/manifest.webmanifest"),
    ("POST", "/api/sign-in"), ("POST", "/api/welcome"), ("GET", "/welcome/{token:str}"),
    ("GET", "/sign-in/oidc"), ("GET", "/sign-in/oidc/callback"),
    ("GET", "/embed.js"), ("GET", "/embed/{form:str}"),
    ("GET", "/schema"), ("GET", "/schema/{path:str}"), ("GET", "/schema/openapi.json"), ("GET", "/static/{file_path:path}"),
    ("GET", "/api/attachments/{attachment_id:uuid}/content"),
    ("GET", "/shared/{token:str}"), ("GET", "/api/shared/{token:str}"),
}  # fmt: skip
OWN_COLLECTIONS = {
    ("GET", "/"), ("GET", "/offline/editor"), ("GET", "/offline/forms/{name:str}"),
    ("GET", "/settings"), ("GET", "/costs"), ("GET", "/api/me"), ("PATCH", "/api/me"), ("POST", "/api/sign-out"),
    ("GET", "/api/tokens"), ("POST", "/api/tokens"), ("GET", "/api/drafts"), ("POST", "/api/drafts"),
    ("POST", "/api/drafts/import"), ("GET", "/api/drafts/stats"), ("GET", "/api/search"), ("GET", "/api/providers"), ("GET", "/api/ledger"),
    ("GET", "/api/actions"), ("POST", "/api/actions"), ("GET", "/api/me/style"), ("PUT", "/api/me/style"),
    ("GET", "/api/me/loss-bound"), ("PUT", "/api/me/loss-bound"),
    ("GET", "/api/budgets"), ("GET", "/api/costs"), ("GET", "/api/costs.csv"), ("GET", "/api/ledger.csv"),
    ("GET", "/submissions"), ("GET", "/api/submissions"), ("GET", "/api/submissions.csv"),
    ("GET", "/report/{form:str}"), ("GET", "/embed/connect"), ("POST", "/api/embed/token"),
    ("GET", "/forms"), ("GET", "/forms/{name:str}"), ("GET", "/api/forms"), ("GET", "/api/forms/{name:str}"),
    ("GET", "/api/forms/{name:str}/templates"), ("POST", "/api/forms/{name:str}/moved"), ("GET", "/api/drafts/shared"),
    ("GET", "/goals"), ("GET", "/api/goals"), ("POST", "/api/goals"), ("GET", "/api/goals/people"), ("GET", "/api/goals/conversations"),
    ("POST", "/api/goals/conversations"), ("GET", "/api/reply-templates"), ("POST", "/api/reply-templates"),
    ("GET", "/api/attachments/accepted"),
    ("GET", "/api/costs/measures"),
}  # fmt: skip
"""Answered with what is the caller's own; a stranger sees nothing of anybody else's there."""

FOR_ROLES = (
    "/analytics",
    "/audit",
    "/api/audit",
    "/api/analytics",
    "/api/users",
    "/api/settings",
    "/api/prices",
    "/api/budgets",
    "/api/costs/",
)
"""That these exist is public; they are for administrators or finance."""

BODIES: dict[str, Any] = {
    "/api/drafts/{draft_id:uuid}/commands": {
        "replica": "x", "n": 1, "base_seq": 1, "ops": [{"field": "title", "set": "mine"}],
    },
    "/api/drafts/{draft_id:uuid}/conflicts/{conflict_id:uuid}": {"value": "x"},
    "/api/drafts/{draft_id:uuid}/turns": {"mode": "ask", "prompt": "x"},
    "/api/drafts/{draft_id:uuid}/turns/estimate": {"mode": "ask", "prompt": "x"},
    "/api/drafts/{draft_id:uuid}/alternatives": {"mode": "write", "prompt": "x", "variants": [{}, {}]},
    "/api/drafts/{draft_id:uuid}/alternatives/estimate": {"mode": "write", "prompt": "x", "variants": [{}, {}]},
    "/api/drafts/{draft_id:uuid}/versions": {},
    "/api/drafts/{draft_id:uuid}/branches/{branch_id:uuid}": {"name": "x"},
    "/api/drafts/{draft_id:uuid}/references": {"title": "x", "text": "x"},
    "/api/actions": {"name": "x", "mode": "ask", "template": "x"},
    "/api/me/loss-bound": {"most_dropped_percent": 5},
    "/api/me/style": {"text": "", "enabled": False},
    "/api/me/style/suggestions/{key:str}": {"adopt": True},
    "/api/versions/{version_id:uuid}": {"label": "x"},
    "/api/drafts/{draft_id:uuid}/locks": {"from": 0, "to": 5},
    "/api/users": {"email": "x@example.org"},
    "/api/users/{user_id:uuid}": {"name": "x"},
    "/api/settings/providers/{provider_id:str}": {"api_key": "x"},
    "/api/prices": {"provider": "p", "model": "m", "since": "2026-01-01", "input_usd": "1", "output_usd": "1"},
    "/api/budgets": {"scope": "installation", "period": "day", "hard_usd": "1"},
    "/api/prices/import": {"csv": "x"},
    "/api/costs/groups": {"name": "x"},
    "/api/costs/rates": {"currency": "EUR", "rate": "1", "day": "2026-03-01", "source": "x"},
    "/api/costs/reconciliations": {"provider": "openai", "csv": "x"},
    "/api/settings/webhooks": {"url": "https://example.org/hook"},
    "/api/settings/embedding": {"origins": []},
    "/api/submissions/{submission_id:uuid}": {"state": "closed"},
    "/api/drafts/{draft_id:uuid}/template": {"name": "x"},
    "/api/drafts/{draft_id:uuid}/shares": {"email": "mallory@example.org", "role": "editor"},
    "/api/drafts/{draft_id:uuid}/comments": {"from": 0, "to": 6, "body": "x"},
    "/api/drafts/{draft_id:uuid}/comments/{thread_id:uuid}/entries": {"body": "x"},
    "/api/drafts/{draft_id:uuid}/comments/{thread_id:uuid}/entries/{entry_id:uuid}": {"body": "x"},
    "/api/drafts/{draft_id:uuid}/comments/{thread_id:uuid}/resolved": {"resolved": True},
    "/api/goals/conversations/{conversation_id:uuid}/messages": {"content": "x"},
    "/api/goals/conversations/{conversation_id:uuid}/read": {"position": 1},
    "/api/messages/{message_id:uuid}/uploads": {"name": "x.txt", "size": 1},
    "/api/reply-templates": {"name": "x", "content": "x"},
}  # fmt: skip


def routes(world: World) -> Iterator[tuple[str, str]]:
    for route in world.client.app.routes:
        if isinstance(route, HTTPRoute):
            for method in sorted(set(route.methods) - {"OPTIONS", "HEAD"}):
                yield method, str(route.path)


@pytest.fixture
def owned(world: World, ada: Person, scripted: ScriptedProvider) -> dict[str, str]:
    """One of everything that belongs to Ada."""
    draft = ada.draft("Secret first words", title="Secret title")
    old = ada.post(f"/api/drafts/{draft['id']}/versions", {}).json()
    write = {"replica": "page", "n": 1, "base_seq": draft["seq"], "ops": [{"field": "text", "replace": "Secret words"}]}
    ada.post(f"/api/drafts/{draft['id']}/commands", write)
    version = ada.post(f"/api/drafts/{draft['id']}/versions", {}).json()
    scripted.enqueue(Reply("answer"))
    turn = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "ask", "prompt": "x"}).json()
    ada.get(f"/api/turns/{turn['id']}/events")
    scripted.enqueue(Reply("One"), Reply("Two"))
    several = {"mode": "write", "prompt": "x", "variants": [{}, {}]}
    group = ada.post(f"/api/drafts/{draft['id']}/alternatives", several).json()
    for alternative in group["turns"]:
        ada.get(f"/api/turns/{alternative['id']}/events")
    token = ada.post("/api/tokens", {"name": "x"}).json()
    lock = ada.post(f"/api/drafts/{draft['id']}/locks", {"from": 0, "to": 5}).json()
    comment = {"from": 0, "to": 6, "body": "Secret remark"}
    thread = ada.post(f"/api/drafts/{draft['id']}/comments", comment).json()
    link = ada.post(f"/api/drafts/{draft['id']}/links", {"name": "Secret readers"}).json()
    proposing = ada.draft("Secret words")
    change = ToolCall("1", "replace_text", '{"block": "b1", "old": "words", "new": "Secret plans"}')
    scripted.enqueue(Reply("done", tool_calls=(change,)))
    edit = ada.post(f"/api/drafts/{proposing['id']}/turns", {"mode": "edit", "prompt": "x", "apply": "review"}).json()
    ada.get(f"/api/turns/{edit['id']}/events")
    proposal = ada.get(f"/api/drafts/{proposing['id']}/proposals").json()["items"][0]
    branch = ada.post(
        f"/api/drafts/{draft['id']}/branches", {"version_id": version["id"], "name": "Secret line"}
    ).json()
    ada.post(f"/api/drafts/{draft['id']}/branches/{branch['id']}/switch")
    own = {"name": "Secret action", "mode": "ask", "template": "Secret"}
    action = ada.post("/api/actions", own).json()
    material = {"title": "Secret source", "text": "Secret"}
    reference = ada.post(f"/api/drafts/{draft['id']}/references", material).json()
    report = {"kind": "bug_report", "fields": {"title": "Secret bug", "description": "Secret steps"}}
    submission = ada.post("/api/drafts", report).json()
    ada.post(f"/api/drafts/{submission['id']}/submit")
    form = ada.post("/api/drafts", {"kind": "form", "fields": {"form": "gig", "data.title": "Secret gig"}}).json()
    template = ada.post(f"/api/drafts/{form['id']}/template", {"name": "Secret template"}).json()
    goal = ada.post("/api/goals", {"title": "Secret goal"}).json()
    talk = {"goal_id": goal["id"], "instructor_id": world.person("ines", "instructor").id}
    conversation = ada.post("/api/goals/conversations", talk).json()
    said = ada.post(f"/api/goals/conversations/{conversation['id']}/messages", {"content": "Secret note"}).json()
    upload = ada.post(f"/api/messages/{said['id']}/uploads", {"name": "Secret.txt", "size": 1}).json()
    file = {"file": ("Secret.txt", b"Secret")}
    attached = ada.client.post(f"/api/messages/{said['id']}/attachments", files=file, headers=ada.headers).json()
    reply_template = ada.post("/api/reply-templates", {"name": "Secret", "content": "Secret"}).json()
    return {
        "submission_id": submission["id"], "webhook_id": ada.id, "delivery_id": ada.id, "form": "bug",
        "goal_id": goal["id"], "goals:conversation_id": conversation["id"], "goals:message_id": said["id"],
        "attachment_id": attached["id"], "upload_id": upload["id"],
        "goals:template_id": reply_template["id"],
        "branch_id": branch["id"], "old_version_id": old["id"],
        "alternatives_id": group["id"], "message_id": turn["message_id"],
        "draft_id": draft["id"], "version_id": version["id"], "a": version["id"], "b": version["id"],
        "turn_id": turn["id"], "conversation_id": turn["conversation_id"], "conflict_id": draft["id"],
        "token_id": token["id"], "proposal_id": proposal["id"], "lock_id": lock["id"], "link_id": link["id"],
        "thread_id": thread["id"], "entry_id": thread["comments"][0]["id"], "user_id": ada.id,
        "provider_id": "anthropic", "token": "nothing", "price_id": ada.id, "budget_id": ada.id, "month": "2026-02",
        "group_id": ada.id, "reconciliation_id": ada.id, "rate_id": ada.id, "seq": "1",
        "action_id": action["id"], "reference_id": reference["id"], "key": "dashes:none",
        "file_path": "nothing.js", "form_id": form["id"], "template_id": template["id"], "name": "gig", "step": "basics",
    }  # fmt: skip


def filled(path: str, owned: dict[str, str]) -> str:
    if path.startswith("/forms/") or "/form" in path or path.endswith("/template"):
        owned = owned | {"draft_id": owned["form_id"]}
    if path.startswith(("/api/goals", "/goals", "/api/messages")):
        # Conversations and messages of goals, not those beside a draft.
        owned = owned | {name: owned[f"goals:{name}"] for name in ("conversation_id", "message_id")}
    if path.startswith("/api/reply-templates"):
        owned = owned | {"template_id": owned["goals:template_id"]}
    for name, value in owned.items():
        for kind in ("uuid", "str", "path", "int"):
            path = path.replace(f"{{{name}:{kind}}}", value)
    assert "{" not in path, f"the walk does not know how to fill {path}"
    return path


def asked(path: str, owned: dict[str, str]) -> str:
    """The address with the query it needs."""
    address = filled(path, owned)
    return f"{address}?version_id={owned['old_version_id']}" if path.endswith("/merge/preview") else address


def body(path: str, owned: dict[str, str]) -> Any:
    if path.endswith(("/bulk", "/export")) and path.startswith("/api/goals"):
        return {"action": "delete", "message_ids": [owned["goals:message_id"]]}
    if path in ("/api/drafts/{draft_id:uuid}/restore", "/api/drafts/{draft_id:uuid}/merge"):
        return {"version_id": owned["version_id"]}
    if path == "/api/drafts/{draft_id:uuid}/branches":
        return {"version_id": owned["version_id"], "name": "x"}
    if path == "/api/conversations/{conversation_id:uuid}/branch":
        return {"message_id": owned["message_id"]}
    if path == "/api/alternatives/{alternatives_id:uuid}/take":
        return {"turn_id": owned["turn_id"]}
    return BODIES.get(path, {})


def test_nobody_gets_anything_without_signing_in(world: World, owned: dict[str, str]) -> None:
    walked = 0
    for method, path in routes(world):
        if (method, path) in PUBLIC:
            continue
        headers = {"Accept": "text/html"} if not path.startswith("/api") else {}
        answer = world.client.request(
            method, filled(path, owned), json=body(path, owned), headers=headers, follow_redirects=False
        )
        if path.startswith("/api"):
            assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), (method, path)
        else:
            assert answer.status_code == 302, (method, path, answer.text)
            assert answer.headers["location"].startswith("/sign-in")
        walked += 1
    assert walked > 25


def test_a_stranger_gets_404_for_whatever_is_somebody_elses(
    world: World, owned: dict[str, str], mallory: Person, ada: Person
) -> None:
    walked = 0
    for method, path in routes(world):
        if (method, path) in PUBLIC | OWN_COLLECTIONS:
            continue
        address = asked(path, owned)
        answer = world.client.request(method, address, json=body(path, owned), headers=mallory.headers)
        expected = 403 if path.startswith(FOR_ROLES) else 404
        assert answer.status_code == expected, (method, path, answer.text)
        assert "Secret" not in answer.text
        walked += 1
    assert walked > 18
    unharmed = ada.get(f"/api/drafts/{owned['draft_id']}").json()
    assert (unharmed["text"], unharmed["title"], unharmed["deleted_at"]) == ("Secret words", "Secret title", None)


def test_a_stranger_sees_nothing_of_others_in_lists(world: World, owned: dict[str, str], mallory: Person) -> None:
    for method, path in OWN_COLLECTIONS:
        if method == "GET":
            answer = world.client.request(method, filled(path, owned), headers=mallory.headers)
            assert answer.status_code == 200, path
            assert "Secret" not in answer.text
            assert owned["draft_id"] not in answer.text


def test_the_owner_gets_all_of_it(world: World, owned: dict[str, str], ada: Person) -> None:
    for method, path in routes(world):
        if method != "GET" or path.startswith(
            (*FOR_ROLES, "/static", "/welcome", "/schema/", "/embed/{", "/shared/", "/api/shared/", "/sign-in/oidc")
        ):
            continue
        if path == "/api/attachments/{attachment_id:uuid}/content":
            continue  # Only under a signed address: see test_attachments.py.
        answer = ada.get(asked(path, owned), follow_redirects=False)
        assert answer.status_code in (200, 302), (path, answer.text)
