"""How the text of another version comes into a draft: as an ordinary event behind the last one."""

from datetime import datetime

from sqlmodel import Session

from app.core.drafts import Actor, TextOp, edit
from app.core.text.changes import ChangeSet
from app.services.accounts import Principal
from app.store import drafts as draft_store
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head


def enter_text(session: Session, head: Head, changes: ChangeSet, *, person: Principal, at: datetime) -> Head:
    """Appends changes that start from the text of `head`, which is locked; the head after them."""
    if changes.is_identity:
        return head
    body = edit(head.state, [TextOp("text", changes)])
    after, _ = draft_store.append_bodies(
        session, head, [body], origin=Origin(Actor("user", person.id), at), manual_saves=1
    )
    return after
