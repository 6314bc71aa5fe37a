"""Webhooks as an administrator sets them up, what is owed to them, and the log of every try. The sending is `deliveries.py`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlmodel import Session

from app.services.accounts import Principal
from app.services.addresses import vet_address
from app.services.checks import checked_cursor, checked_line
from app.services.clock import Clock
from app.services.errors import InvalidInput
from app.services.secrets import SecretBox, new_token
from app.services.views import Page
from app.store import audit
from app.store import webhooks as webhook_store
from app.store.db import Database
from app.store.tables import Webhook, WebhookAttempt, WebhookDelivery

TRIES = 8
"""How often a call is tried before it is given up."""
KINDS = ("bug_report", "feature_request", "form")
STATES = ("waiting", "delivered", "failed")
_MOST_WEBHOOKS = 50
_MOST_PER_PAGE = 100


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """`kinds` of submissions it hears of, none named: all. `allow_private`: the address lies in the own network."""

    url: str
    label: str = ""
    kinds: list[str] = []
    allow_private: bool = False


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    url: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    kinds: list[str] | UnsetType = UNSET
    allow_private: bool | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One try: the answered `status`, or the `problem` that kept it from an answer."""

    number: int
    at: datetime
    status: int | None
    problem: str | None
    duration_ms: int | None


class DeliveryView(msgspec.Struct, frozen=True, kw_only=True):
    """A call, waiting until `next_at`, delivered, or failed for good."""

    id: UUID
    event: str
    submission_id: UUID | None
    state: str
    tries_left: int
    next_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    attempts: list[AttemptView]


class WebhookView(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook without its secret; `last` is its newest delivery."""

    id: UUID
    label: str
    url: str
    kinds: list[str]
    allow_private: bool
    enabled: bool
    created_at: datetime
    last: DeliveryView | None


class WebhookList(msgspec.Struct, frozen=True):
    items: list[WebhookView]


class WebhookSecret(msgspec.Struct, frozen=True):
    """The secret is in this answer and in no other."""

    webhook: WebhookView
    secret: str


class Webhooks:
    """Use cases of webhooks. `owed` is called after something new is owed, so that it is sent at once."""

    def __init__(self, db: Database, clock: Clock, secrets: SecretBox, *, owed: Callable[[], None]) -> None:
        self._db = db
        self._clock = clock
        self._secrets = secrets
        self._owed = owed

    async def list(self) -> WebhookList:
        def query(session: Session) -> WebhookList:
            last = webhook_store.last_deliveries(session)
            attempts = webhook_store.attempts_of(session, [row.id for row in last.values()])
            shown = {row.webhook_id: _delivery_view(row, attempts.get(row.id, [])) for row in last.values()}
            return WebhookList([_view(row, shown.get(row.id)) for row in webhook_store.list_webhooks(session)])

        return await self._db.read(query)

    async def add(self, by: Principal, new: NewWebhook) -> WebhookSecret:
        """Raises `InvalidInput`."""
        values = _checked(
            url=new.url, label=new.label, kinds=new.kinds, allow_private=new.allow_private, current_private=False
        )
        secret, now = _new_secret(), self._clock()

        def unit(session: Session) -> WebhookView:
            if len(webhook_store.list_webhooks(session)) >= _MOST_WEBHOOKS:
                raise InvalidInput("url", f"There are {_MOST_WEBHOOKS} webhooks; remove one first.")
            row = webhook_store.add_webhook(
                session,
                secret_encrypted=self._secrets.encrypt(secret),
                created_by=by.id,
                created_at=now,
                updated_at=now,
                **values,
            )
            audit.record(
                session, at=now, actor_id=by.id, action="webhook.added", target=str(row.id), details=_named(row)
            )
            return _view(row, None)

        return WebhookSecret(await self._db.write(unit), secret)

    async def change(self, by: Principal, webhook_id: UUID, change: WebhookChange) -> WebhookView:
        """Raises `InvalidInput` and `NotFound`."""
        now = self._clock()

        def unit(session: Session) -> WebhookView:
            row = webhook_store.get_webhook(session, webhook_id)
            given = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
            if "allow_private" in given:
                given.setdefault("url", row.url)
            values = _checked(**given, current_private=row.allow_private)
            row = webhook_store.change_webhook(session, webhook_id, at=now, **values)
            details = _named(row) | {"changed": sorted(values)}
            audit.record(session, at=now, actor_id=by.id, action="webhook.changed", target=str(row.id), details=details)
            return _view(row, None)

        view = await self._db.write(unit)
        self._owed()
        return view

    async def renew_secret(self, by: Principal, webhook_id: UUID) -> WebhookSecret:
        """The old secret stops signing at once. Raises `NotFound`."""
        secret, now = _new_secret(), self._clock()

        def unit(session: Session) -> WebhookView:
            row = webhook_store.change_webhook(
                session, webhook_id, at=now, secret_encrypted=self._secrets.encrypt(secret)
            )
            audit.record(
                session,
                at=now,
                actor_id=by.id,
                action="webhook.secret_renewed",
                target=str(row.id),
                details=_named(row),
            )
            return _view(row, None)

        return WebhookSecret(await self._db.write(unit), secret)

    async def remove(self, by: Principal, webhook_id: UUID) -> None:
        """What is still owed to it is not sent any more. Raises `NotFound`."""
        now = self._clock()

        def unit(session: Session) -> None:
            details = _named(webhook_store.get_webhook(session, webhook_id))
            webhook_store.delete_webhook(session, webhook_id)
            audit.record(
                session, at=now, actor_id=by.id, action="webhook.removed", target=str(webhook_id), details=details
            )

        await self._db.write(unit)

    async def test(self, webhook_id: UUID) -> DeliveryView:
        """Owe it a `ping`, tried once. Raises `NotFound`."""
        now = self._clock()

        def unit(session: Session) -> DeliveryView:
            webhook_store.get_webhook(session, webhook_id)
            row = webhook_store.owe(session, webhook_id, event="ping", submission_id=None, tries=1, at=now)
            return _delivery_view(row, [])

        view = await self._db.write(unit)
        self._owed()
        return view

    async def deliveries(
        self, webhook_id: UUID, *, state: str | None = None, cursor: str | None = None, limit: int = 25
    ) -> Page[DeliveryView]:
        """Newest first. Raises `NotFound`, `InvalidInput` and `BadCursor`."""
        if state is not None and state not in STATES:
            raise InvalidInput("state", f"States are {', '.join(STATES)}.")
        cursor = checked_cursor(cursor)

        def query(session: Session) -> Page[DeliveryView]:
            webhook_store.get_webhook(session, webhook_id)
            page = webhook_store.list_deliveries(
                session, webhook_id, state=state, cursor=cursor, limit=max(1, min(limit, _MOST_PER_PAGE))
            )
            attempts = webhook_store.attempts_of(session, [row.id for row in page.items])
            return Page([_delivery_view(row, attempts.get(row.id, [])) for row in page.items], page.next)

        return await self._db.read(query)

    async def send_again(self, by: Principal, webhook_id: UUID, delivery_id: UUID) -> DeliveryView:
        """Owe a delivery once more, with all its tries. Raises `NotFound` and `StaleWrite`."""
        now = self._clock()

        def unit(session: Session) -> DeliveryView:
            row = webhook_store.send_again(session, webhook_id, delivery_id, tries=TRIES, at=now)
            details = _named(webhook_store.get_webhook(session, webhook_id))
            audit.record(
                session, at=now, actor_id=by.id, action="webhook.sent_again", target=str(delivery_id), details=details
            )
            return _delivery_view(row, webhook_store.attempts_of(session, [row.id]).get(row.id, []))

        view = await self._db.write(unit)
        self._owed()
        return view


def _named(row: Webhook) -> dict[str, Any]:
    """What the audit log calls a webhook: its host only, since the rest of an address is often its key."""
    return {"host": urlsplit(row.url).hostname or "", "label": row.label}


def _new_secret() -> str:
    return f"whsec_{new_token()}"


def _checked(*, current_private: bool, **given: Any) -> dict[str, Any]:
    """The given values as they are kept. Raises `InvalidInput`."""
    values = dict(given)
    if "url" in given:
        values["url"] = checked_line("url", given["url"], least=1, most=2000)
        private = given.get("allow_private", current_private)
        vet_address(values["url"], field="url", allow_private=private, query=True)
    if "label" in given:
        values["label"] = checked_line("label", given["label"], most=200)
    if "kinds" in given:
        if unknown := set(given["kinds"]) - set(KINDS):
            raise InvalidInput("kinds", f"There is no kind {min(unknown)}; kinds are {', '.join(KINDS)}.")
        values["kinds"] = [kind for kind in KINDS if kind in given["kinds"]]
    return values


def _view(row: Webhook, last: DeliveryView | None) -> WebhookView:
    return WebhookView(
        id=row.id,
        label=row.label,
        url=row.url,
        kinds=list(row.kinds),
        allow_private=row.allow_private,
        enabled=row.enabled,
        created_at=row.created_at,
        last=last,
    )


def _delivery_view(row: WebhookDelivery, attempts: list[WebhookAttempt]) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        event=row.event,
        submission_id=row.submission_id,
        state=row.state,
        tries_left=row.tries_left,
        next_at=row.due_at if row.state == "waiting" else None,
        created_at=row.created_at,
        finished_at=row.finished_at,
        attempts=[msgspec.convert(attempt, AttemptView, from_attributes=True) for attempt in attempts],
    )
