"""Conversations: the chat beside a draft, with every turn's tokens and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlmodel import Session

from app.core.chat_tree import newest_below, path_to, siblings
from app.core.text.utf16 import has_unstorable, utf16_length
from app.services.access import open_document, owned_draft
from app.services.accounts import Principal
from app.services.assistant.attempts import cost_nano, usage_view
from app.services.assistant.output import text_so_far
from app.services.assistant.requests import Exchange
from app.services.assistant.run_log import RunLogs
from app.services.catalogue import Catalogue
from app.services.checks import checked_line
from app.services.clock import Clock
from app.services.errors import InvalidInput, Missing
from app.services.markdown import render_markdown
from app.services.views import (
    Confirmation,
    ConversationView,
    MessageView,
    Passage,
    ProposalCounts,
    TurnError,
    TurnVersion,
    TurnView,
    usd,
)
from app.store import conversations as conversation_store
from app.store import instructions as instruction_store
from app.store import ledger as ledger_store
from app.store import proposals as proposal_store
from app.store import turns as turn_store
from app.store import versions as version_store
from app.store.db import Database
from app.store.drafting.drifts import Drifts
from app.store.drafting.heads import Head
from app.store.errors import NotFound
from app.store.tables import ChatMessage, Conversation, LedgerEntry, Turn
from app.store.turn_beginnings import move_to

_MOST_TITLE = 120
_MOST_SYSTEM_PROMPT = 20_000
"""UTF-16 units."""


class Conversations:
    """Use cases of conversations."""

    def __init__(self, db: Database, clock: Clock, catalogue: Catalogue, run_logs: RunLogs) -> None:
        self._db = db
        self._clock = clock
        self._catalogue = catalogue
        self._run_logs = run_logs

    async def get(self, person: Principal, conversation_id: UUID) -> ConversationView:
        """A conversation with all its messages. Raises `Missing`."""

        def query(session: Session) -> ConversationView:
            return _conversation_view(session, _owned(session, person, conversation_id))

        await self._run_logs.save()
        return await self._db.read(query)

    async def choose_branch(self, person: Principal, conversation_id: UUID, message_id: UUID) -> ConversationView:
        """Show the branch this message is on, down to where it was last continued; the next prompt goes on there.

        Raises `Missing`, and `InvalidInput` for a message of another conversation.
        """

        def unit(session: Session) -> ConversationView:
            conversation = _owned(session, person, conversation_id)
            messages = conversation_store.list_messages(session, conversation_id)
            if message_id not in {message.id for message in messages}:
                raise InvalidInput("message_id", "This message is not of this conversation.", "other_conversation")
            move_to(session, conversation_id, newest_below(messages, message_id))
            return _conversation_view(session, conversation)

        return await self._db.write(unit)

    async def begin(
        self, person: Principal, draft_id: UUID, *, title: str = "", system_prompt: str = ""
    ) -> ConversationView:
        """A conversation set up before its first message. Raises `Missing`, `Conflict` and `InvalidInput`."""
        title = checked_line("title", title, most=_MOST_TITLE)
        system_prompt = _checked_prompt(system_prompt)
        choice = self._catalogue.choose(None, None)
        at = self._clock()

        def unit(session: Session) -> UUID:
            open_document(session, person.id, draft_id, lock=True)
            row = Conversation(
                draft_id=draft_id,
                title=title,
                provider=choice.provider.id,
                model=choice.model.id,
                system_prompt=system_prompt or None,
                created_at=at,
                updated_at=at,
            )
            return instruction_store.add_conversation(session, row).id

        return await self.get(person, await self._db.write(unit))

    async def change(
        self, person: Principal, conversation_id: UUID, *, title: str | None, system_prompt: str | None
    ) -> ConversationView:
        """Changes its name or its standing instructions. Raises `Missing` and `InvalidInput`."""
        if title is not None:
            title = checked_line("title", title, most=_MOST_TITLE)
        if system_prompt is not None:
            system_prompt = _checked_prompt(system_prompt)

        def unit(session: Session) -> None:
            row = _owned(session, person, conversation_id)
            if title is not None:
                row.title = title
            if system_prompt is not None:
                row.system_prompt = system_prompt or None
            row.updated_at = self._clock()
            session.flush()

        await self._db.write(unit)
        return await self.get(person, conversation_id)


def _checked_prompt(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if utf16_length(text) > _MOST_SYSTEM_PROMPT:
        raise InvalidInput(
            "system_prompt", f"Instructions have at most {_MOST_SYSTEM_PROMPT:,} characters.", "too_large"
        )
    if has_unstorable(text):
        raise InvalidInput("system_prompt", "The instructions hold characters that cannot be stored.")
    return text


def _owned(session: Session, person: Principal, conversation_id: UUID) -> Conversation:
    try:
        conversation = conversation_store.get_conversation(session, conversation_id)
    except NotFound as error:
        raise Missing from error
    owned_draft(session, person.id, conversation.draft_id)
    return conversation


def _conversation_view(session: Session, conversation: Conversation) -> ConversationView:
    messages = conversation_store.list_messages(session, conversation.id)
    turns = {turn.id: turn for turn in turn_store.list_turns(session, conversation.id)}
    proposed = proposal_store.counts(session, list(turns))
    entries: dict[UUID, list[LedgerEntry]] = {}
    for entry in ledger_store.entries_of_conversation(session, conversation.id):
        if entry.turn_id is not None:
            entries.setdefault(entry.turn_id, []).append(entry)
    current = _current(session, conversation.id, messages)
    shown = {message.id for message in path_to(messages, current)}
    families = siblings(messages)
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
        current_message_id=current,
        messages=[
            msgspec.structs.replace(
                _message_view(session, message, turns, entries, proposed),
                parent_id=message.parent_id,
                siblings=list(families[message.id]),
                index=families[message.id].index(message.id),
                current=message.id in shown,
            )
            for message in messages
        ],
    )


def _current(session: Session, conversation_id: UUID, messages: Sequence[ChatMessage]) -> UUID | None:
    """Where the conversation was left: the chosen message, or the last one where none was ever chosen."""
    place = conversation_store.place_of(session, conversation_id)
    return place or (messages[-1].id if messages else None)


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
    proposed = proposal_store.counts(session, [turn.id])
    return _turn_view(session, turn, answer, entries, proposed.get(turn.id))


def running_turn_view(session: Session, turn: Turn, head: Head) -> TurnView:
    """The same of a turn that runs on the draft of `head`, with where its passage is now.

    The passage takes in what was written at its edges, as on the page the turn was started from.
    """
    view = turn_view(session, turn)
    if turn.selection_from is None or turn.selection_to is None:
        return view
    drift = Drifts(session, head).since(turn.base_seq)
    if drift is None:
        return view
    start = drift.changes.map_position(turn.selection_from, -1)
    end = drift.changes.map_position(turn.selection_to, 1)
    return msgspec.structs.replace(view, passage=Passage(from_=start, to=end, seq=head.seq))


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a prompt hangs: below `parent_id`, after `history`. `asked_again` is a prompt that gets another answer."""

    parent_id: UUID | None = None
    history: tuple[Exchange, ...] = ()
    asked_again: UUID | None = None


def thread_of(
    session: Session,
    conversation_id: UUID,
    *,
    below: UUID | msgspec.UnsetType | None = msgspec.UNSET,
    prompt: str,
    mode: str,
) -> Thread:
    """Where a prompt goes: below a message, before all others (None), or where the conversation was left (not given).

    The same words hung below themselves ask them once more: the answer becomes a sibling of the earlier ones. Raises
    `InvalidInput` for a message of another conversation.
    """
    messages = conversation_store.list_messages(session, conversation_id)
    parent_id = _current(session, conversation_id, messages) if below is msgspec.UNSET else below
    path = path_to(messages, parent_id)
    if parent_id is not None and not path:
        raise InvalidInput("parent_message_id", "This message is not of this conversation.", "other_conversation")
    last = path[-1] if path else None
    if last is not None and last.role == "user" and (last.content, last.details.get("mode")) == (prompt, mode):
        return Thread(last.parent_id, exchanges(path[:-1]), last.id)
    return Thread(parent_id, exchanges(path))


def exchanges(path: Sequence[ChatMessage]) -> tuple[Exchange, ...]:
    """Earlier prompts and answers, as a model is reminded of them: a written document counts as the fact that it was."""
    pairs: list[Exchange] = []
    prompt = ""
    for message in path:
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
        case "edit" if message.details.get("proposed"):
            note = f"(I proposed {message.details['proposed']} changes, on which the writer decides one by one.)"
            return f"{message.content}\n{note}".strip()
        case "edit" if operations:
            placed = sum(1 for operation in operations if operation.get("placed"))
            note = f"(I changed the document with {placed} of {len(operations)} operations.)"
            return f"{message.content}\n{note}".strip()
        case _:
            return message.content


def _message_view(
    session: Session,
    message: ChatMessage,
    turns: dict[UUID, Turn],
    entries: dict[UUID, list[LedgerEntry]],
    proposed: dict[UUID, dict[str, int]],
) -> MessageView:
    turn = turns.get(message.turn_id) if message.turn_id is not None and message.role == "assistant" else None
    mode = message.details.get("mode")
    view = None
    if turn is not None:
        view = _turn_view(session, turn, message, entries.get(turn.id, []), proposed.get(turn.id))
    content = view.text if view is not None else message.content
    return MessageView(
        id=message.id,
        role=message.role,
        content=content,
        html=render_markdown(content) if message.role == "assistant" and mode != "write" else "",
        created_at=message.created_at,
        mode=mode,
        turn=view,
        action=message.details.get("action"),
    )


def _turn_view(
    session: Session,
    turn: Turn,
    answer: ChatMessage | None,
    entries: Sequence[LedgerEntry],
    proposed: dict[str, int] | None,
) -> TurnView:
    text = answer.content if answer is not None else ""
    if turn.state == "running":
        text = text_so_far(session, turn.id)
    version = None
    if turn.version_id is not None:
        number = version_store.get_version(session, turn.version_id).number
        version = TurnVersion(turn.version_id, number, turn.applied)
    dropped = answer.details.get("dropped") if answer is not None and proposed and proposed.get("pending") else None
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
        proposals=ProposalCounts(**proposed) if proposed else None,
        needs_confirmation=Confirmation(dropped) if dropped else None,
        error=error,
        created_at=turn.created_at,
        finished_at=turn.finished_at,
        alternatives_id=turn.alternatives_id,
        selected=turn.selection_from is not None,
    )
