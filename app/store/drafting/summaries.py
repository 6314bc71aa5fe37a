"""What a head says about its draft besides the fields: title, excerpt, words, completion, times. All follows from the events."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from app.core.drafts import DRAFT_DISCARDED, DRAFT_RECOVERED, DraftState, EventBody
from app.core.kinds import FieldType, kind_named
from app.core.text.changes import ChangeSet
from app.core.text.words import count_words, words_after
from app.store.drafting.heads import Head
from app.store.drafting.projections import projection_of


def summarised(head: Head, state: DraftState, *, words: int, at: datetime, types: Sequence[str] = ()) -> Head:
    kind = kind_named(state.kind)
    projection = projection_of(state.kind)
    deleted_at = head.deleted_at
    if DRAFT_DISCARDED in types:
        deleted_at = at
    elif DRAFT_RECOVERED in types:
        deleted_at = None
    return msgspec.structs.replace(
        head,
        title=projection.title(state.fields),
        excerpt=projection.excerpt(state.fields, before=head.state.fields, known=head.excerpt),
        words=words,
        completion=kind.completion(state.fields),
        saved_at=at,
        deleted_at=deleted_at,
        expires_at=None if state.status == "submitted" else at + timedelta(days=kind.expires_days),
        state=state,
    )


def counted_words(state: DraftState) -> int:
    kind = kind_named(state.kind)
    return sum(count_words(value) for name, value in state.fields.items() if kind.field(name).type is FieldType.TEXT)


def words_after_event(words: int, before: DraftState, after: DraftState, body: EventBody) -> int:
    """The count after an event: from the neighbourhood of the change where one text changed, else anew."""
    changed = [op for op in body.payload.get("ops", ()) if "changes" in op]
    if not changed:
        return words
    if len(changed) == 1:
        name = changed[0]["field"]
        changes = body.parsed.get(name) or ChangeSet.from_json(changed[0]["changes"])
        return words_after(before.fields.get(name, ""), words, changes, after.fields[name])
    return counted_words(after)
