"""The HTTP side of the house: routes, what they are given, and what happens around each request."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import Headers, State
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.metrics import Metrics
from app.routes import accounts as account_routes
from app.routes import activity as activity_routes
from app.routes import alternatives as alternative_routes
from app.routes import analytics as analytics_routes
from app.routes import attachments as attachment_routes
from app.routes import audit as audit_routes
from app.routes import branches as branch_routes
from app.routes import comments as comment_routes
from app.routes import cost_groups as cost_group_routes
from app.routes import cost_pages as cost_page_routes
from app.routes import cost_rates as cost_rate_routes
from app.routes import costs as cost_routes
from app.routes import dashboard as dashboard_routes
from app.routes import drafts as draft_routes
from app.routes import embedding as embed_routes
from app.routes import files as file_routes
from app.routes import form_pages as form_page_routes
from app.routes import forms as form_routes
from app.routes import goal_pages as goal_page_routes
from app.routes import goals as goal_routes
from app.routes import instructions as instruction_routes
from app.routes import live as live_routes
from app.routes import messages as message_routes
from app.routes import operations as operation_routes
from app.routes import pages as page_routes
from app.routes import proposals as proposal_routes
from app.routes import reconciliations as reconciliation_routes
from app.routes import search as search_routes
from app.routes import share_links as share_link_routes
from app.routes import single_sign_on as single_sign_on_routes
from app.routes import submission_pages as submission_page_routes
from app.routes import submissions as submission_routes
from app.routes import turns as turn_routes
from app.routes import versions as version_routes
from app.routes import webhooks as webhook_routes
from app.routes.problems import render_problem
from app.routes.security import Authenticate, SecurityHeaders
from app.routes.static import StaticFiles
from app.services.sessions import Sessions
from app.settings import ROOT, VERSION, Settings
from app.traces import Tracer


@dataclass
class House:
    """Everything the routes work with. They look it up at each request, so that another house can move in: to build
    the routes takes a second, which tests save."""

    settings: Settings
    sessions: Sessions
    metrics: Metrics
    tracer: Tracer | None
    """None where nobody asked for traces."""
    static: StaticFiles
    services: dict[str, Any]
    """What handlers ask for, by the name of their parameter."""
    state: dict[str, Any]
    """What is reached through the application itself."""
    running: Callable[[], AbstractAsyncContextManager[None]]
    """Everything that goes on beside the requests, from start to stop."""

    def move_in(self, other: "House") -> None:
        vars(self).update(vars(other))


class CountRequests(ASGIMiddleware):
    """Counts and times requests for the metrics."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, house: House) -> None:
        self._house = house

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        started = time.perf_counter()
        metrics = self._house.metrics
        method = scope["method"] if scope["type"] == ScopeType.HTTP else "WEBSOCKET"

        # No coroutine of its own: every token of a stream passes here.
        def counting(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                metrics.requests.labels(method, str(message["status"])).inc()
                metrics.latency.labels(method).observe(time.perf_counter() - started)
            return send(message)

        tracer = self._house.tracer
        if tracer is None:
            await next_app(scope, receive, counting)
        else:
            await _traced(tracer, scope, receive, counting, next_app)


async def _traced(tracer: Tracer, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
    """The span of a request is named after its route: the path itself may be a one-time link."""
    method = scope["method"] if scope["type"] == ScopeType.HTTP else "WEBSOCKET"
    route = scope.get("path_template") or "unknown"
    with tracer.request(f"{method} {route}", Headers.from_scope(scope).get("traceparent", "")) as span:
        span.set(http__request__method=method, http__route=route)

        def noting(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                span.set(http__response__status_code=message["status"])
                if message["status"] >= 500:
                    span.error = str(message["status"])
            return send(message)

        await next_app(scope, receive, noting)


def application(house: House) -> Litestar:
    """The ASGI application that serves a house."""

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        app.state.update(house.state)
        async with house.running():
            yield

    return Litestar(
        route_handlers=[
            account_routes.router,
            single_sign_on_routes.router,
            draft_routes.router,
            form_routes.router,
            form_page_routes.router,
            share_link_routes.router,
            comment_routes.router,
            dashboard_routes.router,
            activity_routes.router,
            analytics_routes.router,
            audit_routes.router,
            file_routes.router,
            attachment_routes.router,
            search_routes.router,
            goal_routes.router,
            goal_page_routes.router,
            message_routes.router,
            version_routes.router,
            branch_routes.router,
            turn_routes.router,
            proposal_routes.router,
            instruction_routes.router,
            alternative_routes.router,
            cost_routes.router,
            cost_group_routes.router,
            cost_rate_routes.router,
            reconciliation_routes.router,
            cost_page_routes.router,
            operation_routes.router,
            submission_routes.router,
            submission_page_routes.router,
            embed_routes.router,
            webhook_routes.router,
            page_routes.router,
            live_routes.live,
            house.static.router(),
        ],
        dependencies={name: Provide(_giving(house, name), sync_to_thread=False) for name in house.services},
        middleware=[CountRequests(house), SecurityHeaders(), Authenticate(house)],
        exception_handlers={Exception: render_problem},
        lifespan=[running],
        state=State(house.state),
        template_config=TemplateConfig(directory=ROOT / "templates", engine=JinjaTemplateEngine),
        openapi_config=OpenAPIConfig(
            title="Draftloom", version=VERSION, path="/schema", render_plugins=[JsonRenderPlugin(path="/")]
        ),
        compression_config=CompressionConfig(
            backend="gzip",
            minimum_size=2_000,
            gzip_compress_level=5,
            exclude=["/api/turns/.*/events", "/api/attachments/.*/content"],
        ),
        request_max_body_size=house.settings.max_body_bytes,
        logging_config=None,
        debug=False,
    )


def _giving(house: House, name: str) -> Any:
    def give() -> Any:
        return house.services[name]

    return give
