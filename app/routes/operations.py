"""HTTP for operators: health, metrics, and the providers an administrator sets up."""

from typing import Any

import msgspec
from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.metrics import Metrics
from app.routes.accounts import PersonRequest
from app.routes.security import administrator
from app.services.catalogue import Catalogue, ProviderChange, ProviderSettings
from app.services.maintenance import Health, Maintenance


@get("/health", tags=["operating"])
async def health(maintenance: NamedDependency[Maintenance]) -> Response[Health]:
    """Whether the service and its database work: 200, or 503."""
    found = await maintenance.health()
    return Response(found, status_code=200 if found.status == "ok" else 503)


@get("/metrics", include_in_schema=False)
async def metrics(metrics: NamedDependency[Metrics]) -> Response[bytes]:
    """Counters and timings for Prometheus."""
    return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


@get("/api/settings/providers", guards=[administrator], tags=["settings"])
async def provider_settings(catalogue: NamedDependency[Catalogue]) -> ProviderSettings:
    """The providers as set up here and in the environment; keys are never shown."""
    return await catalogue.settings()


@put("/api/settings/providers/{provider_id:str}", guards=[administrator], tags=["settings"])
async def change_provider(
    provider_id: FromPath[str],
    data: JSONBody[dict[str, Any]],
    request: PersonRequest,
    catalogue: NamedDependency[Catalogue],
) -> ProviderSettings:
    """Set up a provider or change it; fields left out stay as they are."""
    change = msgspec.convert(data, ProviderChange)
    return await catalogue.change(request.user, provider_id, change)


@delete("/api/settings/providers/{provider_id:str}", guards=[administrator], tags=["settings"])
async def remove_provider(
    provider_id: FromPath[str], request: PersonRequest, catalogue: NamedDependency[Catalogue]
) -> None:
    """Forget what was set up here; what the environment sets up stays."""
    await catalogue.remove(request.user, provider_id)


router = Router("/", route_handlers=[health, metrics, provider_settings, change_provider, remove_provider])
