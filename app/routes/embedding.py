"""The report form on other sites: the script they load, the page in its frame, and the window that signs a person in."""

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Template

from app.routes.accounts import AnyRequest, PersonRequest
from app.routes.pages import REPORT_FORMS, PageContext
from app.routes.security import FRAMED_BY, KEEPS_OPENER, administrator, signed_in
from app.routes.static import StaticFiles
from app.services.embedding import Embedding, EmbedSettings
from app.services.errors import Missing, NotAllowed

REPORT_KINDS = {form: kind for kind, form in REPORT_FORMS.items()}
"""By the last part of their address."""


class FrameToken(msgspec.Struct, frozen=True):
    token: str
    account: str


@get("/embed.js", include_in_schema=False)
async def embed_script(static: NamedDependency[StaticFiles]) -> Response[bytes]:
    headers = {"Cache-Control": "public, max-age=300", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(static.read("embed.js"), media_type="text/javascript", headers=headers)


@get("/embed/{form:str}", include_in_schema=False)
async def embed_page(
    form: FromPath[str],
    request: AnyRequest,
    embedding: NamedDependency[Embedding],
    page: NamedDependency[PageContext],
    origin: FromQuery[str] = "",
) -> Template:
    """The form in a frame; `origin` is the site that shows it, which the browser holds it to."""
    if form not in REPORT_KINDS:
        raise Missing
    allowed = await embedding.allowed(origin)
    request.scope["state"][FRAMED_BY] = origin if allowed else "'none'"
    shown = {"kind": REPORT_KINDS[form], "origin": origin if allowed else ""}
    return Template("embed.html", context=page(request, shown=shown), status_code=200 if allowed else 403)


@get("/embed/connect", guards=[signed_in], include_in_schema=False)
async def connect_page(request: PersonRequest, page: NamedDependency[PageContext]) -> Template:
    """Opened by the frame, in a window of its own: tells the frame that the person is signed in."""
    request.scope["state"][KEEPS_OPENER] = True
    return Template("embed_connect.html", context=page(request))


@post("/api/embed/token", guards=[signed_in])
async def frame_token(request: PersonRequest, embedding: NamedDependency[Embedding]) -> FrameToken:
    """A token for a frame on another site, good for reports only and for some hours. Needs a browser's session."""
    if request.user.session_id is None:
        raise NotAllowed("session_only", "Only a signed-in browser may ask for this.")
    return FrameToken(await embedding.frame_token(request.user), str(request.user.id))


@get("/api/settings/embedding", guards=[administrator])
async def embed_settings(embedding: NamedDependency[Embedding]) -> EmbedSettings:
    """The sites that may show the report form."""
    return await embedding.settings()


@put("/api/settings/embedding", guards=[administrator])
async def set_embed_settings(
    data: JSONBody[EmbedSettings], request: PersonRequest, embedding: NamedDependency[Embedding]
) -> EmbedSettings:
    """Allow exactly these sites to show the report form."""
    return await embedding.change(request.user, data.origins)


router = Router(
    "/",
    route_handlers=[embed_script, embed_page, connect_page, frame_token, embed_settings, set_embed_settings],
    tags=["embedding"],
)  # fmt: skip
