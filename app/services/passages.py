"""Passages of a document that somebody points at: given in a text they saw, wanted in the text as it is."""

from sqlmodel import Session

from app.core.edits.guards import Range
from app.core.text.utf16 import utf16_length
from app.services.errors import InvalidInput
from app.store.drafting.drifts import Drifts
from app.store.drafting.heads import Head


def passage_now(session: Session, head: Head, passage: Range, seq: int | None, *, empty: str) -> Range:
    """Where a passage of the text after event `seq` (None: the text now) stands. Raises `InvalidInput` for what lies outside
    the text, and with the sentence `empty` where nothing is left of it."""
    if seq is not None and not 1 <= seq <= head.seq:
        raise InvalidInput("seq", f"This draft has events 1 to {head.seq}.")
    drift = Drifts(session, head).since(head.seq if seq is None else seq)
    start, end = passage
    if drift is None or not 0 <= start <= end <= utf16_length(drift.before):
        raise InvalidInput("from", "The passage lies outside the text.")
    place = drift.survives(start, end)
    if place is None:
        raise InvalidInput("from", empty)
    return place
