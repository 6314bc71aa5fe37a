"""What is answered about a draft: as it is, as it was, its events and conflicts."""

from typing import Any

from sqlmodel import Session

from app.core.drafts import Conflict, DraftState
from app.core.expiry import ExpiryRules
from app.services.accounts import Principal
from app.services.expiry import expires_at
from app.services.views import ActorView, ConflictView, DraftView, EventView, StateView, VersionName
from app.store import conversations as conversation_store
from app.store import turns as turn_store
from app.store import versions as version_store
from app.store.drafting.event_log import Event
from app.store.drafting.heads import Head
from app.store.drafting.projections import projection_of


def draft_view(session: Session, head: Head, expiry: ExpiryRules) -> DraftView:
    """A draft as it is answered."""
    version, conversation_id, running = None, None, None
    if head.kind == "document":
        current = version_store.current_version(session, head.id)
        version = VersionName(current.id, current.number, current.label) if current is not None else None
        conversations = conversation_store.list_conversations(session, head.id)
        conversation_id = conversations[0].id if conversations else None
        turn = turn_store.running_turn(session, head.id)
        running = turn.id if turn is not None else None
    return DraftView(
        **_state_values(head, head.state),
        current_version=version,
        words=head.words,
        completion=head.completion,
        saved_at=head.saved_at,
        created_at=head.created_at,
        updated_at=head.saved_at,
        expires_at=expires_at(expiry, head),
        deleted_at=head.deleted_at,
        conversation_id=conversation_id,
        running_turn_id=running,
        autosaves=head.autosaves,
        manual_saves=head.manual_saves,
    )


def state_view(head: Head, state: DraftState) -> StateView:
    """A draft as it was."""
    return StateView(**_state_values(head, state))


def _state_values(head: Head, state: DraftState) -> dict[str, Any]:
    return {
        "id": head.id,
        "kind": state.kind,
        "title": projection_of(state.kind).title(state.fields),
        "fields": {name: value for name, value in state.fields.items() if name != "text"},
        "text": state.fields.get("text"),
        "seq": state.seq,
        "status": state.status,
        "conflicts": [conflict_view(conflict) for conflict in state.conflicts],
    }


def conflict_view(conflict: Conflict) -> ConflictView:
    """A passage or value that was changed twice."""
    return ConflictView(
        conflict.id, conflict.field, conflict.base, conflict.theirs, conflict.mine, conflict.from_, conflict.to
    )


def event_view(event: Event, person: Principal) -> EventView:
    """An event as `person` reads it."""
    own = event.actor.id == person.id and event.actor.kind == "user"
    return EventView(
        event.seq,
        event.type,
        event.payload,
        ActorView(event.actor.kind, event.actor.id, person.name if own else ""),
        event.device,
        event.replica,
        event.n,
        event.base_seq,
        event.at,
    )
