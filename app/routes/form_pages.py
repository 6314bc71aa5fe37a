"""Pages of forms: which there are, starting or continuing one, one address for each step; and drafts others share."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from app.routes.accounts import PersonRequest
from app.routes.pages import PageContext
from app.routes.security import signed_in
from app.services.drafts import Drafts
from app.services.errors import Missing
from app.services.forms.definitions import REVIEW, FormDefinition
from app.services.forms.filling import Filling
from app.services.forms.starting import blank
from app.services.sharing import Sharing
from app.services.views import DraftView


@get("/forms", include_in_schema=False)
async def forms_page(
    request: PersonRequest,
    filling: NamedDependency[Filling],
    sharing: NamedDependency[Sharing],
    page: NamedDependency[PageContext],
) -> Template:
    forms = [(form, await filling.open_draft(request.user, form.name, None)) for form in filling.forms().items]
    shared = [draft for draft in (await sharing.with_me(request.user)).items if draft.kind in ("form", "document")]
    return Template("forms.html", context=page(request, forms=forms, shared=shared))


@get("/forms/{name:str}", include_in_schema=False)
async def start_page(
    name: FromPath[str],
    request: PersonRequest,
    filling: NamedDependency[Filling],
    page: NamedDependency[PageContext],
    subject: FromQuery[UUID | None] = None,
) -> Template:
    form = filling.form(name)
    draft = await filling.open_draft(request.user, name, subject)
    state = None if draft is None else await filling.state(request.user, draft.id)
    templates = (await filling.templates(request.user, name)).items
    empty, untouched = blank(form)
    return Template(
        "form_start.html",
        context=page(
            request,
            form=form,
            draft=draft,
            state=state,
            templates=templates,
            answered=[] if draft is None else _answers(form, draft),
            data={
                "form": form.name,
                "noun": form.noun,
                "subject": None if subject is None else str(subject),
                "draft": None
                if draft is None
                else {"id": str(draft.id), "saved_at": msgspec.to_builtins(draft.saved_at)},
                # The page is kept on the device: there a form is begun from it without a network.
                "templates": [
                    {"id": str(one.id), "fields": {key: value for key, value in one.fields.items() if key in form.keys}}
                    for one in templates
                ],
                "blank": {"seq": untouched.seq, "fields": empty},
            },
        ),
    )


@get("/forms/{name:str}/{draft_id:uuid}", include_in_schema=False)
async def continue_form(
    name: FromPath[str],
    draft_id: FromPath[UUID],
    request: PersonRequest,
    filling: NamedDependency[Filling],
    page: NamedDependency[PageContext],
) -> Redirect | Template:
    form = filling.form(name)
    try:
        state = await filling.state(request.user, draft_id)
    except Missing:
        return _unknown(request, page, form)
    if state.form != name:
        raise Missing
    return Redirect(f"/forms/{name}/{draft_id}/{state.current_step}")


@get("/forms/{name:str}/{draft_id:uuid}/{step:str}", include_in_schema=False)
async def step_page(
    name: FromPath[str],
    draft_id: FromPath[UUID],
    step: FromPath[str],
    request: PersonRequest,
    drafts: NamedDependency[Drafts],
    filling: NamedDependency[Filling],
    sharing: NamedDependency[Sharing],
    page: NamedDependency[PageContext],
) -> Template:
    form = filling.form(name)
    if step not in {*(known.name for known in form.steps), REVIEW}:
        raise Missing
    try:
        state = await filling.state(request.user, draft_id)
    except Missing:
        return _unknown(request, page, form)
    if state.form != name:
        raise Missing
    draft = await drafts.get(request.user, draft_id)
    role = await sharing.role(request.user, draft_id)
    return Template(
        "form_step.html",
        context=page(
            request,
            form=form,
            draft=draft,
            state=state,
            step=step,
            review=REVIEW,
            role=role or "owner",
            left=[(key, draft.fields[key]) for key in state.unknown],
            data={
                "draft": msgspec.to_builtins(draft),
                "state": msgspec.to_builtins(state),
                "form": msgspec.to_builtins(form),
                "role": role or "owner",
            },
        ),
    )


@get("/offline/forms/{name:str}", include_in_schema=False)
async def offline_form(
    name: FromPath[str],
    request: PersonRequest,
    filling: NamedDependency[Filling],
    page: NamedDependency[PageContext],
) -> Template:
    """A form without a draft: what a browser without a network opens for one that was begun there."""
    return Template("form_step.html", context=_blank_context(request, page, filling.form(name), unknown=False))


def _unknown(request: PersonRequest, page: PageContext, form: FormDefinition) -> Template:
    """The answer for a draft that does not exist, or is somebody else's: the same 404 for both. It brings the form without
    a draft, since the device may have begun one under this id that the server has not heard of yet, or keep words of one
    that has gone meanwhile; the page says that there is nothing here where the device has nothing either."""
    return Template("form_step.html", context=_blank_context(request, page, form, unknown=True), status_code=404)


def _blank_context(request: PersonRequest, page: PageContext, form: FormDefinition, *, unknown: bool) -> dict[str, Any]:
    fields, state = blank(form)
    draft: dict[str, Any] = {
        "id": "", "kind": "form", "title": form.title, "text": None, "fields": fields, "seq": state.seq, "status": "open",
        "conflicts": [], "completion": 0,
    }  # fmt: skip
    data = {
        "draft": draft,
        "state": msgspec.to_builtins(state),
        "form": msgspec.to_builtins(form),
        "role": "owner",
        "unknown": unknown,
    }
    step = state.current_step
    return page(
        request, form=form, draft=draft, state=state, step=step, review=REVIEW, role="owner", left=[], data=data
    )


def _answers(form: FormDefinition, draft: DraftView) -> list[tuple[str, list[tuple[str, Any]]]]:
    """What was answered, by step, for a preview."""
    steps = []
    for step in form.steps:
        given = [(field, draft.fields.get(field.key)) for field in step.fields]
        answers = [(field.label, _words(field.options, value)) for field, value in given if value not in (None, "", [])]
        if answers:
            steps.append((step.title, answers))
    return steps


def _words(options: dict[str, str], value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return "\n".join(options.get(str(one), str(one)) for one in value)
    return options.get(str(value), str(value))


router = Router(
    "/",
    route_handlers=[forms_page, start_page, continue_form, step_page, offline_form],
    guards=[signed_in],
    include_in_schema=False,
)
