"""What goes to the model besides the document and the chat: the action's prompt, the writer's style, references."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.services.accounts import Principal
from app.services.actions import ActionOrder, BuiltinActions, find_action, rendered
from app.services.assistant.requests import Material, Mode
from app.services.errors import InvalidInput
from app.store import instructions as store
from app.store.db import expect_slow


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnContext:
    mode: Mode
    prompt: str
    action: str | None
    style: str
    references: tuple[Material, ...]


def turn_context(
    session: Session,
    builtin: BuiltinActions,
    person: Principal,
    draft_id: UUID,
    *,
    mode: Mode | None,
    prompt: str,
    action: ActionOrder | None,
    selected: bool,
) -> TurnContext:
    """Raises `InvalidInput` for an action that is unknown or not given what it asks for."""
    label = None
    prompt = prompt.strip()
    if action is not None:
        found = find_action(session, builtin, person, action.id)
        made = rendered(found, action.variables, selected=selected)
        prompt = f"{made}\n\n{prompt}".strip()
        mode, label = mode or found.mode, found.label
    if mode is None:
        raise InvalidInput("mode", "Say whether to ask, write or edit.")
    references: tuple[Material, ...] = ()
    if store.has_enabled_references(session, draft_id):
        expect_slow(session)
        references = tuple(Material(title, text) for title, text in store.enabled_references(session, draft_id))
    return TurnContext(
        mode=mode,
        prompt=prompt,
        action=label,
        style=store.enabled_style(session, person.id),
        references=references,
    )
