"""Conversations: the chat beside a draft, with every turn's tokens and cost."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session

from app.services.access import owned_draft
from app.services.accounts import Principal
from app.services.assistant.attempts import cost_nano, usage_view
from app.services.assistant.output import text_so_far
from app.services.assistant.requests import Exchange
from app.services.errors import Missing
from app.services.markdown import render_markdown
from app.services.views import (
    ConversationView,
    MessageView,
    TurnError,
    TurnVersion,
    TurnView,
    usd,
)
from app.store import conversations as conversation_store
from app.store import ledger as ledger_store
from app.store import turns as turn_store
from app.store import versions as version_store
from app.store.db import Database
from app.store.errors import NotFound
from app.store.tables import ChatMessage, Conversation, LedgerEntry, Turn


class Conversations:
    """Use cases of conversations."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, person: Principal, conversation_id: UUID) -> ConversationView:
        """A conversation with all its messages. Raises `Missing`."""

        def query(session: Session) -> ConversationView:
            try:
                conversation = conversation_store.get_conversation(session, conversation_id)
            except NotFound as error:
                raise Missing from error
            owned_draft(session, person.id, conversation.draft_id)
            messages = conversation_store.list_messages(session, conversation_id)
            turns = {turn.id: turn for turn in turn_store.list_turns(session, conversation_id)}
            entries: dict[UUID, list[LedgerEntry]] = {}
            for entry in ledger_store.entries_of_conversation(session, conversation_id):
                if entry.turn_id is not None:
                    entries.setdefault(entry.turn_id, []).append(entry)
            return ConversationView(
                id=conversation.id,
                draft_id=conversation.draft_id,
                title=conversation.title,
                provider=conversation.provider,
                model=conversation.model,
                system_prompt=conversation.system_prompt or "",
                total_tokens=conversation.total_tokens,
                total_cost_usd=usd(conversation.total_cost_nano),
                unpriced=conversation.unpriced,
                messages=[_message_view(session, message, turns, entries) for message in messages],
            )

        return await self._db.read(query)


def conversation_of(session: Session, draft_id: UUID, conversation_id: UUID) -> Conversation:
    """The conversation, if it is one of this draft's. Raises `Missing`."""
    try:
        conversation = conversation_store.get_conversation(session, conversation_id)
    except NotFound as error:
        raise Missing from error
    if conversation.draft_id != draft_id:
        raise Missing
    return conversation


def turn_view(session: Session, turn: Turn) -> TurnView:
    """A turn as the API shows it, with the text that is committed so far."""
    entries = ledger_store.entries_of_turn(session, turn.id)
    answer = None
    if turn.answer_message_id is not None:
        answer = conversation_store.get_message(session, turn.answer_message_id)
    return _turn_view(session, turn, answer, entries)


def exchanges(session: Session, conversation_id: UUID) -> tuple[Exchange, ...]:
    """Earlier prompts and answers, as a model is reminded of them: a written document counts as the fact that it was."""
    pairs: list[Exchange] = []
    prompt = ""
    for message in conversation_store.list_messages(session, conversation_id):
        if message.role == "user":
            prompt = message.content
        elif prompt:
            pairs.append(Exchange(prompt, _as_remembered(message)))
            prompt = ""
    return tuple(pairs)


def _as_remembered(message: ChatMessage) -> str:
    operations = message.details.get("operations") or []
    match message.details.get("mode"):
        case "write":
            return "(I wrote the document as it then stood.)" if message.content else ""
        case "edit" if operations:
            placed = sum(1 for operation in operations if operation.get("placed"))
            note = f"(I changed the document with {placed} of {len(operations)} operations.)"
            return f"{message.content}\n{note}".strip()
        case _:
            return message.content


def _message_view(
    session: Session, message: ChatMessage, turns: dict[UUID, Turn], entries: dict[UUID, list[LedgerEntry]]
) -> MessageView:
    turn = turns.get(message.turn_id) if message.turn_id is not None and message.role == "assistant" else None
    mode = message.details.get("mode")
    view = _turn_view(session, turn, message, entries.get(turn.id, [])) if turn is not None else None
    content = view.text if view is not None else message.content
    return MessageView(
        id=message.id,
        role=message.role,
        content=content,
        html=render_markdown(content) if message.role == "assistant" and mode != "write" else "",
        created_at=message.created_at,
        mode=mode,
        turn=view,
    )


def _turn_view(session: Session, turn: Turn, answer: ChatMessage | None, entries: Sequence[LedgerEntry]) -> TurnView:
    text = answer.content if answer is not None else ""
    if turn.state == "running":
        text = text_so_far(session, turn.id)
    version = None
    if turn.version_id is not None:
        number = version_store.get_version(session, turn.version_id).number
        version = TurnVersion(turn.version_id, number, turn.applied)
    error = None
    if turn.error_code is not None:
        error = TurnError(turn.error_code, turn.error_message or "", bool(turn.error_retryable))
    return TurnView(
        id=turn.id,
        draft_id=turn.draft_id,
        conversation_id=turn.conversation_id,
        mode=turn.mode,
        state=turn.state,
        text=text,
        stop_reason=turn.stop_reason,
        provider=turn.provider,
        model=turn.model,
        usage=usage_view(entries),
        cost_usd=usd(cost_nano(entries)),
        attempts=sum(entry.adjusts_id is None for entry in entries),
        version=version,
        operations=list(answer.details.get("operations") or []) if answer is not None else [],
        error=error,
        created_at=turn.created_at,
        finished_at=turn.finished_at,
    )
