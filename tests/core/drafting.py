"""A draft with its log, driven as a store drives it: commands in, events appended, any past state at hand."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from app.core.drafts import (
    Actor,
    Conflict,
    DraftState,
    EventBody,
    PastEvent,
    create,
    decide,
    evolve,
    initial,
    parse_command,
    resolve,
)

ANNA = Actor("user", uuid.UUID(int=1))
BEN = Actor("user", uuid.UUID(int=2))


class Drafting:
    """One draft of the kind `document`, unless told otherwise."""

    def __init__(self, text: str = "", *, kind: str = "document", fields: Mapping[str, Any] | None = None) -> None:
        self.states = [initial(kind)]
        self.events: list[PastEvent] = []
        self.base_reads = 0
        given = {"text": text} if kind == "document" else {}
        self.append(create(kind, {**given, **(fields or {})}), actor=ANNA)

    @property
    def state(self) -> DraftState:
        return self.states[-1]

    @property
    def text(self) -> str:
        return str(self.state.fields["text"])

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return self.state.conflicts

    def append(self, body: EventBody, *, actor: Actor, replica: str | None = None) -> None:
        state = evolve(self.state, body.type, body.payload)
        self.states.append(state)
        self.events.append(PastEvent(state.seq, body.type, body.payload, actor, replica))

    def send(
        self, *ops: Mapping[str, Any], base: int | None = None, actor: Actor = ANNA, replica: str | None = None
    ) -> list[EventBody]:
        """A command as it would come in; `base` is the head unless given, each actor is on a replica of their own."""
        base_seq = self.state.seq if base is None else base
        name = replica or f"page of {actor.id}"
        json = {"replica": name, "n": 1, "base_seq": base_seq, "ops": list(ops)}
        bodies = decide(
            self.state,
            parse_command(self.state.kind, json),
            actor=actor,
            since=self.events[base_seq:],
            new_id=_ids(len(self.events)),
            base_fields=lambda: self._base(base_seq),
        )
        for body in bodies:
            self.append(body, actor=actor, replica=name)
        return bodies

    def resolve(self, conflict: Conflict, value: Any) -> None:
        self.append(resolve(self.state, conflict.id, value), actor=ANNA, replica="page")

    def _base(self, seq: int) -> Mapping[str, Any]:
        self.base_reads += 1
        return self.states[seq].fields


def _ids(start: int) -> Callable[[], uuid.UUID]:
    numbers = iter(range(1000 * start + 1, 1000 * start + 1000))
    return lambda: uuid.UUID(int=next(numbers))


def change(text: str, old: str, new: str, *, field: str = "text") -> dict[str, Any]:
    """The op that puts `new` in place of the only `old` in a text of characters up to U+FFFF."""
    assert text.count(old) == 1
    start = text.index(old)
    parts: list[Any] = [start, [len(old), *(new.split("\n") if new else [])], len(text) - start - len(old)]
    return {"field": field, "changes": parts}


def insert(text: str, place: int, new: str) -> dict[str, Any]:
    return {"field": "text", "changes": [place, [0, *new.split("\n")], len(text) - place]}
