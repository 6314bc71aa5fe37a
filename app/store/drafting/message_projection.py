"""How drafts of kind `message` keep their fields: the row in `conversation_messages`, which is the message.

Publishing is a change of the field `published`, so the row follows from the events alone. Whatever changes a published
message moves its conversation's `seq` on: those who have the conversation open ask for what came after theirs.
"""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, case, insert, or_, select, true, update
from sqlmodel import Session, col

from app.core.errors import InvalidValue
from app.store.drafting.excerpts import excerpt_of
from app.store.engine.prepared import Prepared
from app.store.errors import NotFound
from app.store.tables import ConversationMessage, GoalConversation

_TITLES = {
    "daily_note": "Daily note",
    "instructor_response": "Response",
    "activity": "Activity",
    "milestone": "Milestone",
}

_NEXT = Prepared(
    update(GoalConversation)
    .where(col(GoalConversation.id) == bindparam("conversation_id"))
    .values(seq=col(GoalConversation.seq) + 1, updated_at=bindparam("at"))
)
_SEQ = Prepared(select(col(GoalConversation.seq)).where(col(GoalConversation.id) == bindparam("conversation_id")))
_PLACE = Prepared(
    select(col(GoalConversation.id)).where(
        col(GoalConversation.id) == bindparam("conversation_id"),
        col(GoalConversation.status) == "active",
        or_(
            col(GoalConversation.student_id) == bindparam("person_id"),
            col(GoalConversation.instructor_id) == bindparam("person_id"),
        ),
    )
)


def next_seq(session: Session, conversation_id: uuid.UUID, *, at: datetime) -> int:
    """Moves a conversation on by one visible change; nobody else can until the unit ends. Raises NotFound."""
    if not _NEXT.run(session, conversation_id=conversation_id, at=at):
        raise NotFound("conversation")
    row = _SEQ.one(session, conversation_id=conversation_id)
    assert row is not None
    return int(row[0])


def require_place(session: Session, fields: Mapping[str, Any], owner_id: uuid.UUID) -> None:
    """A published message is changed by its sender only while they take part in its conversation, and that is open.
    Raises NotFound."""
    if fields["published"] is None:
        return
    if _PLACE.one(session, conversation_id=uuid.UUID(fields["conversation"]), person_id=owner_id) is None:
        raise NotFound("message")


class MessageProjection:
    """Kind `message` in table `conversation_messages`."""

    _insert = Prepared(insert(ConversationMessage))
    _load = Prepared(
        select(
            col(ConversationMessage.conversation_id),
            col(ConversationMessage.message_type),
            col(ConversationMessage.reply_to_id),
            col(ConversationMessage.target_date),
            col(ConversationMessage.message_metadata),
            col(ConversationMessage.position),
            col(ConversationMessage.created_at),
            col(ConversationMessage.deleted_at),
            col(ConversationMessage.content),
        ).where(col(ConversationMessage.id) == bindparam("draft_id"))
    )
    _save = Prepared(
        update(ConversationMessage)
        .where(col(ConversationMessage.id) == bindparam("draft_id"))
        .values(
            {
                "message_type": bindparam("message_type"),
                "target_date": bindparam("target_date"),
                "metadata": bindparam("metadata"),
                "updated_at": bindparam("updated_at"),
                "content": bindparam("content"),
            }
        )
    )
    _publish = Prepared(
        update(ConversationMessage)
        .where(col(ConversationMessage.id) == bindparam("draft_id"), col(ConversationMessage.is_draft) == true())
        .values(
            is_draft=False,
            position=bindparam("position"),
            changed_seq=bindparam("changed_seq"),
            created_at=bindparam("published_at"),
        )
    )
    _change = Prepared(
        update(ConversationMessage)
        .where(col(ConversationMessage.id) == bindparam("draft_id"))
        .values(
            changed_seq=bindparam("changed_seq"),
            deleted_at=bindparam("deleted_at"),
            edited_at=case(
                (col(ConversationMessage.content) != bindparam("content"), bindparam("updated_at")),
                else_=col(ConversationMessage.edited_at),
            ),
        )
    )

    def insert(
        self, session: Session, draft_id: uuid.UUID, *, owner_id: uuid.UUID, fields: Mapping[str, Any], at: datetime
    ) -> None:
        if fields["conversation"] is None:
            raise InvalidValue("conversation", "A message belongs to a conversation.")
        published = fields["published"] or {}
        self._insert.run(
            session,
            id=draft_id,
            conversation_id=uuid.UUID(fields["conversation"]),
            sender_id=owner_id,
            reply_to_id=uuid.UUID(fields["reply_to"]) if fields["reply_to"] else None,
            is_draft=not published,
            position=published.get("position"),
            changed_seq=published.get("position"),
            edited_at=None,
            deleted_at=_time(fields["withdrawn"]),
            created_at=_time(published.get("at")) or at,
            **_own_values(fields, at),
        )

    def load(self, session: Session, draft_id: uuid.UUID) -> dict[str, Any] | None:
        row = self._load.one(session, draft_id=draft_id)
        if row is None:
            return None
        conversation_id, type_, reply_to, day, metadata, position, created_at, deleted_at, content = row
        published = None if position is None else {"position": position, "at": created_at.isoformat()}
        return {
            "content": content,
            "conversation": str(conversation_id),
            "message_type": type_,
            "reply_to": None if reply_to is None else str(reply_to),
            "target_date": None if day is None else day.isoformat(),
            "metadata": metadata,
            "published": published,
            "withdrawn": None if deleted_at is None else deleted_at.isoformat(),
        }

    def save(self, session: Session, draft_id: uuid.UUID, *, fields: Mapping[str, Any], at: datetime) -> None:
        published = fields["published"]
        if published is not None:
            self._follow(session, draft_id, published, fields, at)
        self._save.run(session, draft_id=draft_id, **_own_values(fields, at))

    def _follow(
        self,
        session: Session,
        draft_id: uuid.UUID,
        published: Mapping[str, Any],
        fields: Mapping[str, Any],
        at: datetime,
    ) -> None:
        """Publishes the row, or, where that is done, notes a change that others see."""
        position, published_at = published["position"], _time(published["at"])
        if self._publish.run(
            session, draft_id=draft_id, position=position, changed_seq=position, published_at=published_at
        ):
            return
        self._change.run(
            session,
            draft_id=draft_id,
            changed_seq=next_seq(session, uuid.UUID(fields["conversation"]), at=at),
            deleted_at=_time(fields["withdrawn"]),
            updated_at=at,
            content=fields["content"],
        )

    def title(self, fields: Mapping[str, Any]) -> str:
        return _TITLES[fields["message_type"]]

    def excerpt(self, fields: Mapping[str, Any], *, before: Mapping[str, Any], known: str) -> str:
        return excerpt_of(fields["content"], before=before.get("content"), known=known)


class MessageEdits:
    """When the words of a message last changed after it was published: `edited_at`, which no field says."""

    _load = Prepared(
        select(col(ConversationMessage.edited_at)).where(col(ConversationMessage.id) == bindparam("draft_id"))
    )
    _restore = Prepared(
        update(ConversationMessage)
        .where(col(ConversationMessage.id) == bindparam("draft_id"))
        .values(edited_at=bindparam("last"))
    )

    def follow(
        self, last: datetime | None, *, before: Mapping[str, Any], after: Mapping[str, Any], at: datetime
    ) -> datetime | None:
        is_edit = before["published"] is not None and before["content"] != after["content"]
        return at if is_edit else last

    def load(self, session: Session, draft_id: uuid.UUID) -> datetime | None:
        row = self._load.one(session, draft_id=draft_id)
        return None if row is None else row[0]

    def restore(self, session: Session, draft_id: uuid.UUID, last: datetime | None) -> None:
        self._restore.run(session, draft_id=draft_id, last=last)


def _own_values(fields: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What the sender may change."""
    day = fields["target_date"]
    return {
        "message_type": fields["message_type"],
        "target_date": date.fromisoformat(day) if day else None,
        "metadata": fields["metadata"],
        "updated_at": at,
        "content": fields["content"],
    }


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
