"""The beginning of a turn, written in few and cheap statements: somebody waits for the first word.

Through the ORM the same rows took 2.5 ms; a turn's first text should come within 5 ms of the model's own.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session, col

from app.store.engine.prepared import Prepared
from app.store.errors import AlreadyExists
from app.store.ids import new_id
from app.store.tables import ChatMessage, ChatPlace, Conversation, Draft, Turn, TurnAttempt, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnBeginning:
    """What is known when a turn begins. `conversation_id` None starts a conversation named `title`.

    `parent_id` is the message the prompt hangs on (None: nothing stands before it). `prompt_message_id` is a prompt that
    stands there already and gets another answer. `alternatives_id` and `alternative` name a group and a place in it.
    """

    draft_id: uuid.UUID
    user_id: uuid.UUID
    conversation_id: uuid.UUID | None
    title: str
    mode: str
    prompt: str
    provider: str
    model: str
    base_version_id: uuid.UUID | None
    base_seq: int
    selection: tuple[int, int] | None
    apply: str
    worker_id: str
    estimate: dict[str, Any]
    estimated_input_tokens: int
    at: datetime
    action: str | None = None
    """The label of the quick action the prompt was made of."""
    parent_id: uuid.UUID | None = None
    prompt_message_id: uuid.UUID | None = None
    alternatives_id: uuid.UUID | None = None
    alternative: int | None = None


@dataclass(frozen=True, slots=True)
class BegunTurn:
    """The ids of what was written."""

    turn_id: uuid.UUID
    conversation_id: uuid.UUID
    answer_message_id: uuid.UUID


def _insert(table: Any, *columns: str) -> Prepared:
    return Prepared(insert(table).values({name: bindparam(name) for name in columns}))


_RUNNING = Prepared(
    select(col(Turn.id)).where(col(Turn.draft_id) == bindparam("draft_id"), col(Turn.state) == "running").limit(1)
)
_CONVERSATION = _insert(
    Conversation, "id", "draft_id", "title", "provider", "model", "total_tokens", "unpriced", "created_at", "updated_at"
)
_MODEL = Prepared(
    update(Conversation)
    .where(col(Conversation.id) == bindparam("conversation_id"))
    .values(provider=bindparam("provider"), model=bindparam("model"), updated_at=bindparam("updated_at"))
)
_MESSAGE = Prepared(
    insert(ChatMessage).values(
        id=bindparam("id"),
        draft_id=bindparam("draft_id"),
        conversation_id=bindparam("conversation_id"),
        parent_id=bindparam("parent_id"),
        role=bindparam("role"),
        content=bindparam("content"),
        metadata=bindparam("metadata"),
        turn_id=bindparam("turn_id"),
        created_at=bindparam("created_at"),
    )
)
_TURN = _insert(
    Turn, "id", "draft_id", "conversation_id", "user_id", "mode", "state", "prompt_message_id", "answer_message_id",
    "base_version_id", "base_seq", "selection_from", "selection_to", "apply", "provider", "model", "applied",
    "worker_id", "heartbeat_at", "estimate", "created_at", "alternatives_id", "alternative",
)  # fmt: skip
_ATTEMPT = _insert(TurnAttempt, "turn_id", "attempt", "provider", "model", "estimated_input_tokens", "started_at")
_PLACE = _insert(ChatPlace, "conversation_id", "message_id")
_MOVE = Prepared(
    update(ChatPlace)
    .where(col(ChatPlace.conversation_id) == bindparam("conversation"))
    .values(message_id=bindparam("message_id"))
)
_CURRENT = Prepared(
    select(col(Version.id), col(Version.hash))
    .join(Draft, col(Draft.current_version_id) == col(Version.id))
    .where(col(Draft.id) == bindparam("draft_id"))
)


def current_text_hash(session: Session, draft_id: uuid.UUID) -> tuple[uuid.UUID, bytes] | None:
    """The current version's id and the SHA-256 of its text; None before the first version."""
    row = _CURRENT.one(session, draft_id=draft_id)
    return None if row is None else (row[0], row[1])


def begin_turn(session: Session, begun: TurnBeginning) -> BegunTurn:
    """Writes conversation (if new), prompt, empty answer, running turn and its first attempt.

    The caller holds the draft's head locked, so that no two turns of a draft begin at once (the database refuses the
    second in any case). Raises AlreadyExists(field="turn") while another one runs.
    """
    refuse_while_running(session, begun.draft_id)
    conversation_id = begin_conversation(session, begun)
    begun_turn = write_turn(session, begun, conversation_id)
    move_to(session, conversation_id, begun_turn.answer_message_id)
    return begun_turn


def refuse_while_running(session: Session, draft_id: uuid.UUID) -> None:
    """Raises AlreadyExists(field="turn") while a turn of the draft runs."""
    if _RUNNING.one(session, draft_id=draft_id) is not None:
        raise AlreadyExists("This draft is being worked on by a model already.", field="turn")


def write_turn(session: Session, begun: TurnBeginning, conversation_id: uuid.UUID) -> BegunTurn:
    """Writes prompt (unless it stands already), empty answer, running turn and its first attempt."""
    turn_id = new_id()
    prompt_id = begun.prompt_message_id or write_prompt(session, begun, conversation_id, turn_id)
    answer_id = new_id()  # ids tell the order of what was written at one moment
    answered = {"mode": begun.mode, "provider": begun.provider, "model": begun.model}
    _MESSAGE.run(
        session, id=answer_id, draft_id=begun.draft_id, conversation_id=conversation_id, parent_id=prompt_id,
        role="assistant", content="", metadata=answered, turn_id=turn_id, created_at=begun.at,
    )  # fmt: skip
    start, end = begun.selection or (None, None)
    _TURN.run(
        session, id=turn_id, draft_id=begun.draft_id, conversation_id=conversation_id, user_id=begun.user_id,
        mode=begun.mode, state="running", prompt_message_id=prompt_id, answer_message_id=answer_id,
        base_version_id=begun.base_version_id, base_seq=begun.base_seq, selection_from=start, selection_to=end,
        apply=begun.apply, provider=begun.provider, model=begun.model, applied=False, worker_id=begun.worker_id,
        heartbeat_at=begun.at, estimate=begun.estimate, created_at=begun.at, alternatives_id=begun.alternatives_id,
        alternative=begun.alternative,
    )  # fmt: skip
    _ATTEMPT.run(
        session, turn_id=turn_id, attempt=1, provider=begun.provider, model=begun.model,
        estimated_input_tokens=begun.estimated_input_tokens, started_at=begun.at,
    )  # fmt: skip
    return BegunTurn(turn_id, conversation_id, answer_id)


def write_prompt(
    session: Session, begun: TurnBeginning, conversation_id: uuid.UUID, turn_id: uuid.UUID | None
) -> uuid.UUID:
    """Writes what the person asked, below `begun.parent_id`."""
    prompt_id = new_id()
    said = {"mode": begun.mode} if begun.action is None else {"mode": begun.mode, "action": begun.action}
    _MESSAGE.run(
        session, id=prompt_id, draft_id=begun.draft_id, conversation_id=conversation_id, parent_id=begun.parent_id,
        role="user", content=begun.prompt, metadata=said, turn_id=turn_id, created_at=begun.at,
    )  # fmt: skip
    return prompt_id


def move_to(session: Session, conversation_id: uuid.UUID, message_id: uuid.UUID) -> None:
    """The conversation goes on below this message. The database refuses another conversation's."""
    if not _MOVE.run(session, conversation=conversation_id, message_id=message_id):
        _PLACE.run(session, conversation_id=conversation_id, message_id=message_id)


def begin_conversation(session: Session, begun: TurnBeginning) -> uuid.UUID:
    """The conversation's id; it is written when it is new, otherwise it notes the model."""
    if begun.conversation_id is None:
        conversation_id = new_id()
        _CONVERSATION.run(
            session, id=conversation_id, draft_id=begun.draft_id, title=begun.title, provider=begun.provider,
            model=begun.model, total_tokens=0, unpriced=0, created_at=begun.at, updated_at=begun.at,
        )  # fmt: skip
        return conversation_id
    _MODEL.run(
        session, conversation_id=begun.conversation_id, provider=begun.provider, model=begun.model, updated_at=begun.at
    )
    return begun.conversation_id
