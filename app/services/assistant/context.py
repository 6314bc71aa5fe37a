"""What goes to the model besides the document and the chat: the action's prompt, the writer's style, references."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.services.accounts import Principal
from app.services.actions import ActionOrder, BuiltinActions, find_action, rendered
from app.services.assistant.requests import Material, Mode
from app.services.errors import InvalidInput
from app.store import instructions as store


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
    style = store.find_style(session, person.id)
    return TurnContext(
        mode=mode,
        prompt=prompt,
        action=label,
        style=style.text if style is not None and style.enabled else "",
        references=tuple(Material(title, text) for title, text in store.enabled_references(session, draft_id)),
    )
