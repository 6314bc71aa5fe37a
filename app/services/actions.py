"""Quick actions: those that ship, read from `prompts/actions`, and each writer's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.actions import Action, ActionMode, BadTemplate, Selection, filled, variables_of
from app.core.text.utf16 import has_unstorable, utf16_length
from app.services.accounts import Principal
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidInput, Missing
from app.store import instructions as store
from app.store.db import Database
from app.store.errors import AlreadyExists, NotFound
from app.store.tables import WriterAction

_MOST_NAME = 60
_MOST_TEMPLATE = 10_000
"""UTF-16 units of an own action's template."""
_MOST_VALUE = 500
_MOST_ACTIONS = 100


class VariableView(msgspec.Struct, frozen=True):
    name: str
    choices: list[str]


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    label: str
    mode: ActionMode
    selection: Selection
    builtin: bool
    variables: list[VariableView]
    template: str


class ActionList(msgspec.Struct, frozen=True):
    items: list[ActionView]


@dataclass(frozen=True, slots=True)
class ActionOrder:
    """Which action, and what its gaps are filled with."""

    id: str
    variables: Mapping[str, str] = field(default_factory=dict)


class BuiltinActions:
    """The actions of `prompts/actions/*.txt`: a head of `name: value` lines, `---`, the template."""

    def __init__(self, folder: Path) -> None:
        found = sorted((_read(path) for path in folder.glob("*.txt")), key=lambda pair: pair[0])
        self.items = tuple(action for _, action in found)
        self._by_id = {action.id: action for action in self.items}

    def find(self, action_id: str) -> Action | None:
        return self._by_id.get(action_id)


def _read(path: Path) -> tuple[int, Action]:
    head, _, template = path.read_text(encoding="utf-8").partition("\n---\n")
    facts = dict(line.split(": ", 1) for line in head.splitlines())
    action = Action(
        id=path.stem,
        label=facts["label"],
        mode=cast(ActionMode, facts["mode"]),
        selection=cast(Selection, facts["selection"]),
        template=template.strip(),
        builtin=True,
    )
    variables_of(action.template)
    return int(facts["order"]), action


class Actions:
    """Use cases of quick actions."""

    def __init__(self, db: Database, clock: Clock, builtin: BuiltinActions) -> None:
        self._db = db
        self._clock = clock
        self._builtin = builtin

    async def list(self, person: Principal) -> ActionList:
        """The built-in ones, then the writer's own by name."""
        own = await self._db.read(store.list_actions, person.id)
        return ActionList([_view(action) for action in (*self._builtin.items, *map(_action, own))])

    async def create(
        self, person: Principal, *, name: str, mode: ActionMode, template: str, selection: Selection
    ) -> ActionView:
        """Raises `InvalidInput`, and `Conflict` where there are too many."""
        values: dict[str, Any] = {
            "name": _name(name),
            "mode": mode,
            "template": _template(template),
            "selection": selection,
        }
        at = self._clock()

        def unit(session: Session) -> WriterAction:
            if len(store.list_actions(session, person.id)) >= _MOST_ACTIONS:
                raise Conflict("too_many_actions", f"You have {_MOST_ACTIONS} actions; delete one first.")
            row = WriterAction(user_id=person.id, created_at=at, updated_at=at, **values)
            return store.save_action(session, row)

        return await self._saved(unit)

    async def change(
        self,
        person: Principal,
        action_id: UUID,
        *,
        name: str | None = None,
        mode: ActionMode | None = None,
        template: str | None = None,
        selection: Selection | None = None,
    ) -> ActionView:
        """Changes what is given. Raises `Missing` and `InvalidInput`."""
        given: dict[str, Any] = {
            "name": None if name is None else _name(name),
            "mode": mode,
            "template": None if template is None else _template(template),
            "selection": selection,
        }

        def unit(session: Session) -> WriterAction:
            row = store.own_action(session, person.id, action_id)
            for column, value in given.items():
                if value is not None:
                    setattr(row, column, value)
            row.updated_at = self._clock()
            return store.save_action(session, row)

        return await self._saved(unit)

    async def delete(self, person: Principal, action_id: UUID) -> None:
        """Raises `Missing`."""
        try:
            await self._db.write(store.delete_action, person.id, action_id)
        except NotFound as error:
            raise Missing from error

    async def _saved(self, unit: Any) -> ActionView:
        try:
            return _view(_action(await self._db.write(unit)))
        except NotFound as error:
            raise Missing from error
        except AlreadyExists as error:
            raise InvalidInput("name", "You have an action of this name already.") from error


def find_action(session: Session, builtin: BuiltinActions, person: Principal, action_id: str) -> Action:
    """A built-in action or one of the writer's own. Raises `InvalidInput` for anything else."""
    found = builtin.find(action_id)
    if found is not None:
        return found
    try:
        return _action(store.own_action(session, person.id, UUID(action_id)))
    except (ValueError, NotFound) as error:
        raise InvalidInput("action", "There is no such action.", "unknown_action") from error


def rendered(action: Action, values: Mapping[str, str], *, selected: bool) -> str:
    """The prompt an action makes. Raises `InvalidInput` naming each value that is missing, unknown or unfit."""
    if action.selection == "required" and not selected:
        raise InvalidInput("selection", f"Select the passage that “{action.label}” should work on.")
    wanted = [variable.name for variable in action.variables]
    for name in values:
        if name not in wanted:
            raise InvalidInput("action.variables", f"“{action.label}” does not ask for “{name[:40]}”.")
    checked = {
        name: checked_line(f"action.variables.{name}", values.get(name, ""), least=1, most=_MOST_VALUE)
        for name in wanted
    }
    return filled(action.template, checked, selected=selected and action.selection != "none")


def _name(name: str) -> str:
    return checked_line("name", name, least=1, most=_MOST_NAME)


def _template(template: str) -> str:
    template = template.replace("\r\n", "\n").strip()
    if not template:
        raise InvalidInput("template", "Write what the model should do.")
    if utf16_length(template) > _MOST_TEMPLATE:
        raise InvalidInput("template", f"A template has at most {_MOST_TEMPLATE:,} characters.", "too_large")
    if has_unstorable(template):
        raise InvalidInput("template", "The template holds characters that cannot be stored.")
    try:
        variables_of(template)
    except BadTemplate as error:
        raise InvalidInput("template", str(error)) from error
    return template


def _action(row: WriterAction) -> Action:
    return Action(
        id=str(row.id),
        label=row.name,
        mode=cast(ActionMode, row.mode),
        selection=cast(Selection, row.selection),
        template=row.template,
    )


def _view(action: Action) -> ActionView:
    return ActionView(
        id=action.id,
        label=action.label,
        mode=action.mode,
        selection=action.selection,
        builtin=action.builtin,
        variables=[VariableView(variable.name, list(variable.choices)) for variable in action.variables],
        template=action.template,
    )
