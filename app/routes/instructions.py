"""HTTP of what goes to models besides the prompt (quick actions, style, references), and of the writer's loss bound."""

from typing import Literal
from uuid import UUID

import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from app.routes.accounts import PersonRequest
from app.routes.security import signed_in
from app.services.actions import ActionList, Actions, ActionView
from app.services.errors import InvalidInput
from app.services.loss_bounds import LossBounds, LossBoundView
from app.services.references import ReferenceList, References, ReferenceView
from app.services.writing_style import StyleView, WritingStyle

ActionMode = Literal["ask", "write", "edit"]
Selection = Literal["none", "optional", "required"]


class NewAction(msgspec.Struct, frozen=True):
    name: str
    mode: ActionMode
    template: str
    selection: Selection = "optional"


class ActionChange(msgspec.Struct, frozen=True):
    name: str | None = None
    mode: ActionMode | None = None
    template: str | None = None
    selection: Selection | None = None


class StyleCard(msgspec.Struct, frozen=True):
    text: str
    enabled: bool


class LossBound(msgspec.Struct, frozen=True):
    most_dropped_percent: int | None


class Decision(msgspec.Struct, frozen=True):
    adopt: bool


class NewReference(msgspec.Struct, frozen=True):
    title: str
    text: str


class ReferenceChange(msgspec.Struct, frozen=True):
    title: str | None = None
    enabled: bool | None = None


@get("/api/actions")
async def list_actions(request: PersonRequest, actions: NamedDependency[Actions]) -> ActionList:
    """Quick actions: built-in ones and the caller's own."""
    return await actions.list(request.user)


@post("/api/actions")
async def create_action(
    data: JSONBody[NewAction], request: PersonRequest, actions: NamedDependency[Actions]
) -> ActionView:
    """An action of the caller's own; `{{name}}` in the template is asked for when it is used."""
    return await actions.create(
        request.user, name=data.name, mode=data.mode, template=data.template, selection=data.selection
    )


@patch("/api/actions/{action_id:uuid}")
async def change_action(
    action_id: FromPath[UUID],
    data: JSONBody[ActionChange],
    request: PersonRequest,
    actions: NamedDependency[Actions],
) -> ActionView:
    """Change an action of the caller's own."""
    return await actions.change(
        request.user,
        action_id,
        name=data.name,
        mode=data.mode,
        template=data.template,
        selection=data.selection,
    )


@delete("/api/actions/{action_id:uuid}")
async def delete_action(action_id: FromPath[UUID], request: PersonRequest, actions: NamedDependency[Actions]) -> None:
    """Delete an action of the caller's own."""
    await actions.delete(request.user, action_id)


@get("/api/me/style")
async def get_style(request: PersonRequest, writing_style: NamedDependency[WritingStyle]) -> StyleView:
    """How the caller writes, and what their changes to models' texts suggest for it."""
    return await writing_style.get(request.user)


@put("/api/me/style")
async def set_style(
    data: JSONBody[StyleCard], request: PersonRequest, writing_style: NamedDependency[WritingStyle]
) -> StyleView:
    """Set the style card; while `enabled` it goes with every turn."""
    return await writing_style.set(request.user, text=data.text, enabled=data.enabled)


@post("/api/me/style/suggestions/{key:str}", status_code=200)
async def decide_suggestion(
    key: FromPath[str],
    data: JSONBody[Decision],
    request: PersonRequest,
    writing_style: NamedDependency[WritingStyle],
) -> StyleView:
    """Take a suggestion into the style card, or dismiss it for good."""
    return await writing_style.decide(request.user, key, adopt=data.adopt)


@get("/api/me/loss-bound")
async def get_loss_bound(request: PersonRequest, loss_bounds: NamedDependency[LossBounds]) -> LossBoundView:
    """How much of a text a rewrite may take away before the caller is asked: their own bound and the installation's."""
    return await loss_bounds.get(request.user)


@put("/api/me/loss-bound")
async def set_loss_bound(
    data: JSONBody[LossBound], request: PersonRequest, loss_bounds: NamedDependency[LossBounds]
) -> LossBoundView:
    """Set the caller's own bound, 0 to 100 percent; null goes back to the installation's."""
    return await loss_bounds.set(request.user, data.most_dropped_percent)


@get("/api/drafts/{draft_id:uuid}/references")
async def list_references(
    draft_id: FromPath[UUID],
    request: PersonRequest,
    references: NamedDependency[References],
    provider: FromQuery[str | None] = None,
    model: FromQuery[str | None] = None,
) -> ReferenceList:
    """The draft's reference material, with its tokens and what it adds to each turn."""
    return await references.list(request.user, draft_id, provider=provider, model=model)


@post("/api/drafts/{draft_id:uuid}/references")
async def add_reference(
    draft_id: FromPath[UUID], request: PersonRequest, references: NamedDependency[References]
) -> ReferenceView:
    """Add material: a file as the multipart field `file`, or JSON `{title, text}`."""
    if request.content_type[0] == "multipart/form-data":
        file = (await request.form()).get("file")
        if not isinstance(file, UploadFile):
            raise InvalidInput("file", "Send a file as multipart/form-data, in the field `file`.")
        return await references.add_file(request.user, draft_id, file.filename, await file.read())
    try:
        data = msgspec.json.decode(await request.body(), type=NewReference)
    except msgspec.MsgspecError as error:
        raise InvalidInput("text", "Send a file, or JSON with a title and a text.") from error
    return await references.add(request.user, draft_id, title=data.title, text=data.text)


@patch("/api/references/{reference_id:uuid}")
async def change_reference(
    reference_id: FromPath[UUID],
    data: JSONBody[ReferenceChange],
    request: PersonRequest,
    references: NamedDependency[References],
) -> ReferenceView:
    """Rename a reference, or switch it on or off."""
    return await references.change(request.user, reference_id, title=data.title, enabled=data.enabled)


@delete("/api/references/{reference_id:uuid}")
async def delete_reference(
    reference_id: FromPath[UUID], request: PersonRequest, references: NamedDependency[References]
) -> None:
    """Take a reference away from its draft."""
    await references.delete(request.user, reference_id)


router = Router(
    "/",
    route_handlers=[
        list_actions, create_action, change_action, delete_action, get_style, set_style, decide_suggestion,
        get_loss_bound, set_loss_bound,
        list_references, add_reference, change_reference, delete_reference,
    ],
    guards=[signed_in],
    tags=["instructions"],
)  # fmt: skip
