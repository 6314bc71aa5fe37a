"""Taking alternatives: one as a whole, or the best by paragraph. What is taken enters the text as an ordinary event.

It enters only a text that still is what the alternatives were made of, or one of them; a text that moved is left alone.
What a person locked no alternative changes, and one that takes much away as a whole is asked about, as with proposals.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.core.commands import Op, SetOp, TextOp
from app.core.drafts import Actor, edit
from app.core.edits.guards import Range, losses, touches
from app.core.edits.rewriting import rewrite_changes
from app.core.errors import InvalidChange
from app.core.text.changes import ChangeSet
from app.core.text.utf16 import utf16_length, utf16_slice, utf16_slicer
from app.services.access import open_document, text_of
from app.services.accounts import Principal
from app.services.alternatives import owned_alternatives
from app.services.clock import Clock
from app.services.deciding import locked_against, loss_guard
from app.services.errors import Conflict, InvalidInput
from app.services.fanout import Fanout
from app.services.locks import locked_now
from app.services.loss_bounds import share_for
from app.services.versions import version_view
from app.services.views import Taken
from app.store import alternatives as alternative_store
from app.store import drafts as draft_store
from app.store import versions as version_store
from app.store.db import Database
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head
from app.store.tables import Alternatives as Group
from app.store.tables import Turn
from app.store.turn_beginnings import move_to
from app.store.versions import VersionRow

_MOST_PARTS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A passage of the text that is put together: from an alternative (UTF-16 positions in its text), or given."""

    turn_id: UUID | None = None
    from_: int = 0
    to: int = 0
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the writer takes: all of one alternative, or parts. `beside`: as a version only, should the text have moved.
    `confirm`: they have seen what it takes away."""

    turn_id: UUID | None = None
    parts: Sequence[Part] = ()
    beside: bool = False
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class _Result:
    text: str
    source: str
    model: str | None
    label: str
    origin: VersionRow | None
    """The version that was taken as a whole."""
    turn: Turn | None

    @property
    def rewrites(self) -> bool:
        """A model wrote the whole text anew and nobody chose paragraph by paragraph, so that something may be missing."""
        return self.turn is not None and self.turn.mode == "write" and self.turn.selection_from is None


class Taking:
    """Use cases of taking. `most_dropped`: part of the words an alternative may take away unasked, where the writer has
    set no bound of their own."""

    def __init__(self, db: Database, clock: Clock, fanout: Fanout, *, most_dropped: float) -> None:
        self._db = db
        self._clock = clock
        self._fanout = fanout
        self._most_dropped = most_dropped

    async def take(self, person: Principal, group_id: UUID, choice: Choice) -> Taken:
        """Make what was chosen the text, and a version. Taking the same twice changes nothing the second time.

        Raises `Missing`, `InvalidInput` for parts that do not exist, and `Conflict`: `draft_moved` unless `beside`,
        `locked` with the paragraphs in the way, `loss_guard` with what would go unless it is confirmed.
        """
        if (choice.turn_id is None) == (not choice.parts):
            raise InvalidInput("turn_id", "Take one alternative, or parts.")
        if len(choice.parts) > _MOST_PARTS:
            raise InvalidInput("parts", f"A text is put together from at most {_MOST_PARTS} parts.", "too_large")
        at = self._clock()

        def unit(session: Session) -> Taken:
            group = owned_alternatives(session, person.id, group_id)
            head = open_document(session, person.id, group.draft_id, lock=True)
            turns = {turn.id: turn for turn in alternative_store.turns_of(session, group.id)}
            result = _chosen(session, choice, turns, group)
            if not _unmoved(session, head, group, turns):
                return _beside(session, head, group, result, person, choice, at=at)
            changes = self._allowed(session, person, head, result, confirm=choice.confirm)
            return _enter(session, head, group, result, changes, person, at=at)

        taken = await self._db.write(unit)
        if taken.applied:
            self._fanout.publish(taken.version.draft_id, taken.seq)
        return taken

    def _allowed(self, session: Session, person: Principal, head: Head, result: _Result, *, confirm: bool) -> ChangeSet:
        """How the text changes. Raises `Conflict` for what a model may not change, or not unasked."""
        text = text_of(head)
        locked = locked_now(session, head) if result.source != "user" else ()
        changes = rewrite_changes(text, result.text, locked)
        shut = _touched(changes, locked)
        if shut:
            raise locked_against([utf16_slicer(text)(*place) for place in shut])
        if result.rewrites and not confirm:
            share = share_for(session, person.id, installation=self._most_dropped)
            dropped = losses(text, changes, share=share)
            if dropped:
                raise loss_guard(list(dropped))
        return changes


def _touched(changes: ChangeSet, locked: Sequence[Range]) -> list[Range]:
    edits = [(part.from_a, part.to_a, part.inserted) for part in changes.ranges()]
    return [place for place in locked if any(touches(edit, [place]) for edit in edits)]


def _chosen(session: Session, choice: Choice, turns: dict[UUID, Turn], group: Group) -> _Result:
    if choice.turn_id is None:
        return _put_together(session, choice.parts, turns, group)
    turn = _turn_of(turns, choice.turn_id, "turn_id")
    version = version_store.get_version(session, _version_of(turn))
    label = f"Alternative: {group.variants[(turn.alternative or 1) - 1]['label']}"
    return _Result(version_store.read_text(session, version.id), version.source, turn.model, label, version, turn)


def _put_together(session: Session, parts: Sequence[Part], turns: dict[UUID, Turn], group: Group) -> _Result:
    """The parts one after the other with a blank line between; line breaks at their edges do not count."""
    texts: dict[UUID, str] = {}
    pieces, models = [], set()
    for number, part in enumerate(parts):
        if (part.turn_id is None) == (part.text is None):
            raise InvalidInput(f"parts[{number}]", "A part is a passage of an alternative, or a text.")
        if part.turn_id is None:
            pieces.append((part.text or "").replace("\r\n", "\n"))
            continue
        turn = _turn_of(turns, part.turn_id, f"parts[{number}].turn_id")
        if turn.id not in texts:
            texts[turn.id] = version_store.read_text(session, _version_of(turn))
        if not 0 <= part.from_ <= part.to <= utf16_length(texts[turn.id]):
            raise InvalidInput(f"parts[{number}]", "This part lies outside the alternative's text.")
        pieces.append(_slice(texts[turn.id], part, number))
        models.add(turn.model)
    text = "\n\n".join(stripped for piece in pieces if (stripped := piece.strip("\n")))
    if group.base_version_id is not None and version_store.read_text(session, group.base_version_id).endswith("\n"):
        text += "\n"
    made_by = " + ".join(sorted(models))[:200] or None
    return _Result(text, "ai_edit" if models else "user", made_by, "Put together from alternatives", None, None)


def _slice(text: str, part: Part, number: int) -> str:
    try:
        return utf16_slice(text, part.from_, part.to)
    except InvalidChange as error:
        raise InvalidInput(f"parts[{number}]", "This part begins or ends inside a character.") from error


def _turn_of(turns: dict[UUID, Turn], turn_id: UUID, field: str) -> Turn:
    turn = turns.get(turn_id)
    if turn is None:
        raise InvalidInput(field, "This turn is not one of these alternatives.", "other_group")
    return turn


def _version_of(turn: Turn) -> UUID:
    if turn.state == "running":
        raise Conflict("turn_running", "This alternative is still being written.")
    if turn.version_id is None:
        raise Conflict("nothing_to_take", "This alternative made no text.")
    return turn.version_id


def _unmoved(session: Session, head: Head, group: Group, turns: dict[UUID, Turn]) -> bool:
    """Whether the text is what the alternatives started from, one of them, or what was taken of them before."""
    text = text_of(head)
    if group.base_version_id is None and not text:
        return True
    digest = hashlib.sha256(text.encode()).digest()
    known = [group.base_version_id, group.taken_version_id, *(turn.version_id for turn in turns.values())]
    return any(version_store.get_version(session, one).hash == digest for one in known if one is not None)


def _enter(
    session: Session, head: Head, group: Group, result: _Result, changes: ChangeSet, person: Principal, *, at: datetime
) -> Taken:
    current = version_store.current_version(session, head.id)
    if result.text == text_of(head) and current is not None and _holds(current, result.text):
        _note(session, group, result, current.id)
        return Taken(version_view(current), head.seq, applied=True)
    ops: list[Op] = [TextOp("text", changes)]
    first_line = result.text.lstrip().partition("\n")[0]
    if not head.title and first_line.startswith("#") and (title := first_line.lstrip("# ").strip()[:255]):
        ops.append(SetOp("title", title))
    actor = Actor("user" if result.source == "user" else "model", person.id)
    head, _ = draft_store.append_bodies(session, head, [edit(head.state, ops)], origin=Origin(actor, at))
    version = _version(session, head, result, person, at=at, parent_id=None, make_current=True)
    _note(session, group, result, version.id)
    return Taken(version_view(version_store.get_version(session, version.id)), head.seq, applied=True)


def _beside(
    session: Session, head: Head, group: Group, result: _Result, person: Principal, choice: Choice, *, at: datetime
) -> Taken:
    if not choice.beside:
        raise Conflict(
            "draft_moved",
            "The text changed since these alternatives were made, so nothing was replaced. "
            "What you chose can stand beside it as a version.",
        )
    version = result.origin or _version(
        session, head, result, person, at=at, parent_id=group.base_version_id, make_current=False
    )
    return Taken(version_view(version), head.seq, applied=False)


def _version(
    session: Session,
    head: Head,
    result: _Result,
    person: Principal,
    *,
    at: datetime,
    parent_id: UUID | None,
    make_current: bool,
) -> VersionRow:
    return version_store.add_version(
        session,
        head.id,
        text=result.text,
        seq=head.seq,
        source=result.source,
        author_id=person.id,
        model=result.model,
        parent_id=parent_id,
        merged_from_id=result.origin.id if result.origin is not None else None,
        label=result.label,
        make_current=make_current,
        at=at,
    )


def _holds(version: VersionRow, text: str) -> bool:
    return version.hash == hashlib.sha256(text.encode()).digest()


def _note(session: Session, group: Group, result: _Result, version_id: UUID) -> None:
    turn = result.turn
    alternative_store.note_taken(
        session, group.id, version_id=version_id, turn_id=turn.id if turn is not None else None
    )
    if turn is not None and turn.answer_message_id is not None:
        move_to(session, group.conversation_id, turn.answer_message_id)
