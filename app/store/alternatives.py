"""Alternatives: groups of turns that run at the same time on one text. How a turn begins is `turn_beginnings.py`."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from app.store.errors import NotFound
from app.store.ids import new_id
from app.store.rows import changed_rows
from app.store.tables import Alternatives, Turn
from app.store.turn_beginnings import (
    BegunTurn,
    TurnBeginning,
    begin_conversation,
    move_to,
    refuse_while_running,
    write_prompt,
    write_turn,
)


def begin_alternatives(
    session: Session, beginnings: Sequence[TurnBeginning], variants: Sequence[dict[str, Any]]
) -> tuple[uuid.UUID, list[tuple[TurnBeginning, BegunTurn]]]:
    """Writes one prompt (unless it stands already) and below it the beginning of each turn; the group's id comes first.

    The caller holds the draft's head locked. Raises AlreadyExists(field="turn") while a turn of the draft runs.
    """
    first = beginnings[0]
    refuse_while_running(session, first.draft_id)
    conversation_id = begin_conversation(session, first)
    prompt_id = first.prompt_message_id or write_prompt(session, first, conversation_id, None)
    group = Alternatives(
        id=new_id(),
        draft_id=first.draft_id,
        conversation_id=conversation_id,
        prompt_message_id=prompt_id,
        base_version_id=first.base_version_id,
        variants=list(variants),
        created_at=first.at,
    )
    session.add(group)
    session.flush()
    begun = []
    for number, beginning in enumerate(beginnings, 1):
        one = replace(
            beginning,
            conversation_id=conversation_id,
            prompt_message_id=prompt_id,
            alternatives_id=group.id,
            alternative=number,
        )
        begun.append((one, write_turn(session, one, conversation_id)))
    move_to(session, conversation_id, begun[0][1].answer_message_id)
    return group.id, begun


def get_alternatives(session: Session, group_id: uuid.UUID) -> Alternatives:
    """Raises NotFound."""
    group = session.get(Alternatives, group_id)
    if group is None:
        raise NotFound("group of alternatives")
    return group


def turns_of(session: Session, group_id: uuid.UUID) -> list[Turn]:
    """The turns of a group by their number."""
    found = select(Turn).where(col(Turn.alternatives_id) == group_id).order_by(col(Turn.alternative))
    return list(session.scalars(found))


def note_taken(
    session: Session, group_id: uuid.UUID, *, version_id: uuid.UUID, turn_id: uuid.UUID | None = None
) -> None:
    """The writer took this version; with `turn_id` the whole of that turn's result, which is in the text now."""
    taken = update(Alternatives).where(col(Alternatives.id) == group_id).values(taken_version_id=version_id)
    changed_rows(session, taken)
    in_text = col(Turn.id) == turn_id
    changed_rows(session, update(Turn).where(col(Turn.alternatives_id) == group_id).values(applied=in_text))
