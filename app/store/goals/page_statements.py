"""The statements a conversation is read with. Their number does not grow with the messages.

Whose message is being written nobody else sees: every statement here asks for a `position`, which only a published
message has, except the one for a person's own drafts.
"""

from typing import Any

from sqlalchemy import Boolean, Select, and_, bindparam, func, or_, select, true, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.store.engine.prepared import Prepared
from app.store.goals.page_rows import REPLIES_SHOWN
from app.store.tables import (
    ConversationMessage,
    DraftStream,
    Goal,
    GoalConversation,
    MessageAttachment,
    MessageRead,
    User,
)
from app.store.types import BinaryUuid

_message = aliased(ConversationMessage)
_student, _instructor = aliased(User), aliased(User)
_PLACE_COLUMNS: tuple[Any, ...] = (
    col(GoalConversation.id), col(GoalConversation.status), col(GoalConversation.seq), col(GoalConversation.created_at),
    col(GoalConversation.updated_at), col(GoalConversation.student_id), col(_student.name),
    col(GoalConversation.instructor_id), col(_instructor.name), col(GoalConversation.goal_id), col(Goal.title),
    col(Goal.description), col(Goal.due_date), col(Goal.progress), col(Goal.status),
    func.coalesce(col(MessageRead.position), 0),
)  # fmt: skip
PLACE = Prepared(
    select(*_PLACE_COLUMNS)
    .join(_student, col(_student.id) == col(GoalConversation.student_id))
    .outerjoin(_instructor, col(_instructor.id) == col(GoalConversation.instructor_id))
    .outerjoin(Goal, col(Goal.id) == col(GoalConversation.goal_id))
    .outerjoin(
        MessageRead,
        and_(
            col(MessageRead.conversation_id) == col(GoalConversation.id),
            col(MessageRead.user_id) == bindparam("person_id", type_=BinaryUuid()),
        ),
    )
    .where(
        col(GoalConversation.id) == bindparam("conversation_id"),
        or_(
            col(GoalConversation.student_id) == bindparam("person_id", type_=BinaryUuid()),
            col(GoalConversation.instructor_id) == bindparam("person_id", type_=BinaryUuid()),
            bindparam("everything", type_=Boolean).is_(True),
        ),
    )
)


def _message_columns(message: Any) -> tuple[Any, ...]:
    return (
        col(message.id), col(message.conversation_id), col(message.position), col(message.changed_seq),
        col(message.sender_id), col(User.name), col(message.message_type), col(message.reply_to_id),
        col(message.target_date), col(message.created_at), col(message.edited_at), col(message.deleted_at),
        col(message.message_metadata), col(message.content),
    )  # fmt: skip


MESSAGES: Select[*tuple[Any, ...]] = select(*_message_columns(ConversationMessage)).join(
    User, col(User.id) == col(ConversationMessage.sender_id)
)
_IN_CONVERSATION = MESSAGES.where(col(ConversationMessage.conversation_id) == bindparam("conversation_id"))
_TOP = _IN_CONVERSATION.where(
    col(ConversationMessage.reply_to_id).is_(None), col(ConversationMessage.position) < bindparam("before")
)
_NEWEST_FIRST = col(ConversationMessage.position).desc()
PAGE = Prepared(_TOP.order_by(_NEWEST_FIRST).limit(bindparam("rows")))
PAGE_OF_DAYS = Prepared(
    # A message is of the day it is meant for, or else of the day it was sent.
    _TOP.where(
        or_(
            col(ConversationMessage.target_date).between(bindparam("first"), bindparam("last")),
            and_(
                col(ConversationMessage.target_date).is_(None),
                col(ConversationMessage.created_at) >= bindparam("since"),
                col(ConversationMessage.created_at) < bindparam("until"),
            ),
        )
    )
    .order_by(_NEWEST_FIRST)
    .limit(bindparam("rows"))
)
PAGE_AFTER = Prepared(
    _IN_CONVERSATION.where(
        col(ConversationMessage.reply_to_id).is_(None), col(ConversationMessage.position) > bindparam("after")
    )
    .order_by(col(ConversationMessage.position))
    .limit(bindparam("rows"))
)
PAGE_SINCE = Prepared(
    _IN_CONVERSATION.where(
        col(ConversationMessage.reply_to_id).is_(None),
        col(ConversationMessage.position) > bindparam("after"),
        col(ConversationMessage.created_at) >= bindparam("since"),
    )
    .order_by(col(ConversationMessage.position))
    .limit(bindparam("rows"))
)
CHANGED = Prepared(
    _IN_CONVERSATION.where(col(ConversationMessage.changed_seq) > bindparam("after"))
    .order_by(col(ConversationMessage.changed_seq))
    .limit(bindparam("rows"))
)
THREAD = Prepared(
    _IN_CONVERSATION.where(
        col(ConversationMessage.reply_to_id) == bindparam("root_id"),
        col(ConversationMessage.position) > bindparam("after"),
    )
    .order_by(col(ConversationMessage.position))
    .limit(bindparam("rows"))
)
ONE = Prepared(MESSAGES.where(col(ConversationMessage.id) == bindparam("message_id")))

_root = aliased(ConversationMessage)
_ROOTS_OF_PAGE = (
    col(_root.conversation_id) == bindparam("conversation_id"),
    col(_root.position).between(bindparam("first"), bindparam("last")),
    col(_root.reply_to_id).is_(None),
)
_ranked = (
    select(
        *_message_columns(ConversationMessage),
        func.count().over(partition_by=col(ConversationMessage.reply_to_id)).label("replies"),
        func.row_number()
        .over(partition_by=col(ConversationMessage.reply_to_id), order_by=col(ConversationMessage.position).desc())
        .label("place"),
    )
    .join(User, col(User.id) == col(ConversationMessage.sender_id))
    .join(_root, col(_root.id) == col(ConversationMessage.reply_to_id))
    .where(
        *_ROOTS_OF_PAGE, col(ConversationMessage.position).is_not(None), col(ConversationMessage.deleted_at).is_(None)
    )
    .subquery()
)
LATEST_REPLIES = Prepared(
    select(*_ranked.c).where(_ranked.c.place <= REPLIES_SHOWN).order_by(_ranked.c.reply_to_id, _ranked.c.place.desc())
)

ATTACHMENT_COLUMNS: tuple[Any, ...] = (
    col(MessageAttachment.id), col(MessageAttachment.message_id), col(MessageAttachment.uploader_id),
    col(MessageAttachment.state), col(MessageAttachment.filename), col(MessageAttachment.mime_type),
    col(MessageAttachment.file_size), col(MessageAttachment.width), col(MessageAttachment.height),
    col(MessageAttachment.reason), col(MessageAttachment.created_at),
)  # fmt: skip
_of_roots = (
    select(*ATTACHMENT_COLUMNS).join(_root, col(_root.id) == col(MessageAttachment.message_id)).where(*_ROOTS_OF_PAGE)
)
_of_replies = (
    select(*ATTACHMENT_COLUMNS)
    .join(ConversationMessage, col(ConversationMessage.id) == col(MessageAttachment.message_id))
    .join(_root, col(_root.id) == col(ConversationMessage.reply_to_id))
    .where(*_ROOTS_OF_PAGE, col(ConversationMessage.position).is_not(None))
)
_attached = union_all(_of_roots, _of_replies).subquery()
ATTACHED_TO_PAGE = Prepared(select(*_attached.c).order_by(_attached.c.id))

RECEIPTS = Prepared(
    select(col(MessageRead.user_id), col(User.name), col(MessageRead.position), col(MessageRead.read_at))
    .join(User, col(User.id) == col(MessageRead.user_id))
    .where(col(MessageRead.conversation_id) == bindparam("conversation_id"))
)
DRAFTS = Prepared(
    select(
        col(ConversationMessage.id), col(DraftStream.seq), col(DraftStream.saved_at),
        col(ConversationMessage.message_type), col(ConversationMessage.reply_to_id),
        col(ConversationMessage.target_date), col(ConversationMessage.content),
    )
    .join(DraftStream, col(DraftStream.id) == col(ConversationMessage.id))
    .where(
        col(ConversationMessage.conversation_id) == bindparam("conversation_id"),
        col(ConversationMessage.sender_id) == bindparam("person_id"),
        col(ConversationMessage.is_draft) == true(),
        col(DraftStream.status) == "open",
        col(DraftStream.deleted_at).is_(None),
    )
    .order_by(col(DraftStream.saved_at).desc(), col(ConversationMessage.id).desc())
    .limit(20)
)  # fmt: skip
