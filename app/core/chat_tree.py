"""A chat as a tree: each message hangs on the one before it, and siblings are other ways the talk went on. Pure.

Messages are given in the order they were written, so that a parent always comes before its children.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID


class Hanging(Protocol):
    """What the tree needs to know of a message."""

    @property
    def id(self) -> UUID: ...

    @property
    def parent_id(self) -> UUID | None: ...


M = TypeVar("M", bound=Hanging)


def path_to(messages: Sequence[M], message_id: UUID | None) -> list[M]:
    """The messages from the first to this one; nothing for None or a message that is not among them."""
    by_id = {message.id: message for message in messages}
    path: list[M] = []
    at = by_id.get(message_id) if message_id is not None else None
    while at is not None:
        path.append(at)
        at = by_id.get(at.parent_id) if at.parent_id is not None else None
    path.reverse()
    return path


def siblings(messages: Sequence[M]) -> dict[UUID, tuple[UUID, ...]]:
    """For each message the messages that hang on the same one, itself among them, in the order they were written."""
    families: dict[UUID | None, list[UUID]] = {}
    for message in messages:
        families.setdefault(message.parent_id, []).append(message.id)
    return {message.id: tuple(families[message.parent_id]) for message in messages}


def newest_below(messages: Sequence[M], message_id: UUID) -> UUID:
    """The end of the branch that was begun last below a message; the message itself where nothing follows it."""
    newest = {message.parent_id: message.id for message in messages if message.parent_id is not None}
    while message_id in newest:
        message_id = newest[message_id]
    return message_id
