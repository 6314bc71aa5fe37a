"""HTTP of webhooks and of the sites that may embed the report form: for administrators."""

from typing import Annotated
from uuid import UUID

from litestar import Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from app.routes.accounts import PersonRequest
from app.routes.security import administrator
from app.services.views import Page
from app.services.webhooks import (
    DeliveryView,
    NewWebhook,
    WebhookChange,
    WebhookList,
    Webhooks,
    WebhookSecret,
    WebhookView,
)


@get("/api/settings/webhooks")
async def list_webhooks(webhooks: NamedDependency[Webhooks]) -> WebhookList:
    """All webhooks, each with its newest delivery."""
    return await webhooks.list()


@post("/api/settings/webhooks")
async def add_webhook(
    data: JSONBody[NewWebhook], request: PersonRequest, webhooks: NamedDependency[Webhooks]
) -> WebhookSecret:
    """Register an address that is called for each submission; the secret that signs the calls is only in this answer."""
    return await webhooks.add(request.user, data)


@patch("/api/settings/webhooks/{webhook_id:uuid}")
async def change_webhook(
    webhook_id: FromPath[UUID],
    data: JSONBody[WebhookChange],
    request: PersonRequest,
    webhooks: NamedDependency[Webhooks],
) -> WebhookView:
    """Change a webhook, or switch it off and on. What it is owed waits while it is off."""
    return await webhooks.change(request.user, webhook_id, data)


@delete("/api/settings/webhooks/{webhook_id:uuid}")
async def remove_webhook(
    webhook_id: FromPath[UUID], request: PersonRequest, webhooks: NamedDependency[Webhooks]
) -> None:
    """Remove a webhook with its log; nothing more is sent to it."""
    await webhooks.remove(request.user, webhook_id)


@post("/api/settings/webhooks/{webhook_id:uuid}/secret", status_code=200)
async def renew_secret(
    webhook_id: FromPath[UUID], request: PersonRequest, webhooks: NamedDependency[Webhooks]
) -> WebhookSecret:
    """A new secret in place of the old one, only in this answer."""
    return await webhooks.renew_secret(request.user, webhook_id)


@post("/api/settings/webhooks/{webhook_id:uuid}/test", status_code=202)
async def test_webhook(webhook_id: FromPath[UUID], webhooks: NamedDependency[Webhooks]) -> DeliveryView:
    """Send a `ping`, once."""
    return await webhooks.test(webhook_id)


@get("/api/settings/webhooks/{webhook_id:uuid}/deliveries")
async def list_deliveries(
    webhook_id: FromPath[UUID],
    webhooks: NamedDependency[Webhooks],
    in_state: Annotated[str | None, QueryParameter(name="state")] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int] = 25,
) -> Page[DeliveryView]:
    """What was and is to be delivered to a webhook, newest first, with every try."""
    return await webhooks.deliveries(webhook_id, state=in_state, cursor=cursor, limit=limit)


@post("/api/settings/webhooks/{webhook_id:uuid}/deliveries/{delivery_id:uuid}/resend", status_code=202)
async def resend_delivery(
    webhook_id: FromPath[UUID],
    delivery_id: FromPath[UUID],
    request: PersonRequest,
    webhooks: NamedDependency[Webhooks],
) -> DeliveryView:
    """Deliver once more, with all tries."""
    return await webhooks.send_again(request.user, webhook_id, delivery_id)


router = Router(
    "/",
    route_handlers=[
        list_webhooks, add_webhook, change_webhook, remove_webhook, renew_secret, test_webhook, list_deliveries,
        resend_delivery,
    ],
    guards=[administrator],
    tags=["webhooks"],
)  # fmt: skip
