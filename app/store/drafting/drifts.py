"""How a document's text moved between two of its events, for whatever keeps a place in it."""

import uuid

from sqlmodel import Session

from app.core.drafts import PastEvent
from app.core.edits.drift import Drift
from app.core.errors import UnknownSeq
from app.core.text.changes import ChangeSet
from app.store.drafting import event_log
from app.store.drafting.heads import Head


class Drifts:
    """The ways from earlier texts of one document to its text now, each worked out once. Lives for one unit."""

    def __init__(self, session: Session, head: Head) -> None:
        self._session = session
        self._head = head
        self._known: dict[int, Drift | None] = {}

    def since(self, seq: int) -> Drift | None:
        """From the text after event `seq`; None when the words written since were erased, so that nobody can tell."""
        if seq not in self._known:
            self._known[seq] = self._followed(seq)
        return self._known[seq]

    def _followed(self, seq: int) -> Drift | None:
        head = self._head
        try:
            before = event_log.state_at(self._session, head.id, seq, kind=head.kind).fields["text"]
        except UnknownSeq:
            return None
        steps: list[ChangeSet] = []
        for event in _events(self._session, head.id, seq, head.seq):
            if event.payload is None:
                return None
            steps += [
                ChangeSet.from_json(op["changes"])
                for op in event.payload.get("ops", ())
                if op["field"] == "text" and "changes" in op
            ]
        return Drift.through(before, head.state.fields["text"], steps)


def _events(session: Session, draft_id: uuid.UUID, after: int, up_to: int) -> list[PastEvent]:
    return event_log.past_events(session, draft_id, after=after, up_to=up_to)
