"""Comments on passages of a document: threads, stored where their passage stood, and what is said in them."""

import uuid
from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from app.store.errors import AlreadyExists, NotFound
from app.store.ids import new_id
from app.store.tables import Comment, CommentThread, User


class Entry(msgspec.Struct, frozen=True):
    """One thing said, with its author's name as it is now; both are missing once the account is gone."""

    id: uuid.UUID
    thread_id: uuid.UUID
    author_id: uuid.UUID | None
    author: str | None
    body: str
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None


def begin_thread(
    session: Session,
    *,
    draft_id: uuid.UUID,
    seq: int,
    place: tuple[int, int],
    quote: str,
    by: uuid.UUID,
    at: datetime,
    thread_id: uuid.UUID | None = None,
) -> CommentThread:
    """A thread about `place` in the text after event `seq`; nothing is said in it yet."""
    thread = CommentThread(
        id=thread_id or new_id(),
        draft_id=draft_id,
        begun_by=by,
        placed_seq=seq,
        range_from=place[0],
        range_to=place[1],
        quote=quote,
        created_at=at,
    )
    session.add(thread)
    session.flush()
    return thread


def threads_of(session: Session, draft_id: uuid.UUID) -> list[CommentThread]:
    """The threads of a document, oldest first."""
    return list(
        session.scalars(
            select(CommentThread)
            .where(col(CommentThread.draft_id) == draft_id)
            .order_by(col(CommentThread.created_at), col(CommentThread.id))
        )
    )


def count_threads(session: Session, draft_id: uuid.UUID) -> int:
    counted = select(func.count()).select_from(CommentThread).where(col(CommentThread.draft_id) == draft_id)
    return int(session.scalar(counted) or 0)


def get_thread(session: Session, draft_id: uuid.UUID, thread_id: uuid.UUID) -> CommentThread:
    """Raises NotFound, also for another document's thread."""
    thread = session.get(CommentThread, thread_id)
    if thread is None or thread.draft_id != draft_id:
        raise NotFound("comment")
    return thread


def set_resolved(session: Session, thread: CommentThread, *, by: uuid.UUID, at: datetime | None) -> None:
    """Settles a thread, or with `at` missing opens it again."""
    thread.resolved_at = at
    thread.resolved_by = None if at is None else by
    session.flush()


class Moved(msgspec.Struct, frozen=True):
    """Where a thread's passage, stored after event `was`, stands after event `seq`."""

    thread_id: uuid.UUID
    was: int
    seq: int
    place: tuple[int, int]


def place_again(session: Session, moved: Iterable[Moved]) -> None:
    """Stores where passages stand; of two who have looked the first one counts."""
    for one in moved:
        now = {"placed_seq": one.seq, "range_from": one.place[0], "range_to": one.place[1]}
        session.execute(
            update(CommentThread)
            .where(col(CommentThread.id) == one.thread_id, col(CommentThread.placed_seq) == one.was)
            .values(now)
        )


def say(
    session: Session,
    thread: CommentThread,
    *,
    body: str,
    by: uuid.UUID,
    at: datetime,
    comment_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Adds to a thread; the id of what was said."""
    comment = Comment(id=comment_id or new_id(), thread_id=thread.id, author_id=by, body=body, created_at=at)
    session.add(comment)
    session.flush()
    return comment.id


def entries_of(session: Session, draft_id: uuid.UUID, thread_id: uuid.UUID | None = None) -> list[Entry]:
    """What is said in the threads of a document, or in one of them, in the order it was said."""
    columns = (
        col(Comment.id), col(Comment.thread_id), col(Comment.author_id), col(User.name), col(Comment.body),
        col(Comment.created_at), col(Comment.edited_at), col(Comment.deleted_at),
    )  # fmt: skip
    found = (
        select(*columns)
        .join(CommentThread, col(CommentThread.id) == col(Comment.thread_id))
        .outerjoin(User, col(User.id) == col(Comment.author_id))
        .where(col(CommentThread.draft_id) == draft_id)
        .order_by(col(Comment.created_at), col(Comment.id))
    )
    if thread_id is not None:
        found = found.where(col(Comment.thread_id) == thread_id)
    return [Entry(*row) for row in session.execute(found)]


def begun_before(session: Session, thread_id: uuid.UUID, *, draft_id: uuid.UUID, by: uuid.UUID) -> CommentThread | None:
    """The thread this person began under an id of their own. Raises AlreadyExists for an id that is taken otherwise."""
    thread = session.get(CommentThread, thread_id)
    if thread is not None and (thread.draft_id, thread.begun_by) != (draft_id, by):
        raise AlreadyExists("This id belongs to something else.", field="id")
    return thread


def said_before(session: Session, comment_id: uuid.UUID, *, thread: CommentThread, by: uuid.UUID) -> bool:
    """Whether this person said it here already. Raises AlreadyExists for an id that is taken otherwise."""
    comment = session.get(Comment, comment_id)
    if comment is not None and (comment.thread_id, comment.author_id) != (thread.id, by):
        raise AlreadyExists("This id belongs to something else.", field="id")
    return comment is not None


def get_comment(session: Session, thread: CommentThread, comment_id: uuid.UUID) -> Comment:
    """Raises NotFound, also for what was deleted or stands in another thread."""
    comment = session.get(Comment, comment_id)
    if comment is None or comment.thread_id != thread.id or comment.deleted_at is not None:
        raise NotFound("comment")
    return comment


def change(session: Session, comment: Comment, *, body: str, at: datetime) -> None:
    comment.body = body
    comment.edited_at = at
    session.flush()


def take_words_back(session: Session, thread: CommentThread, comment: Comment, *, at: datetime) -> None:
    """Forgets what a comment said; a thread in which nothing is left to read goes with it."""
    comment.body = ""
    comment.deleted_at = at
    session.flush()
    said = select(func.count()).where(col(Comment.thread_id) == thread.id, col(Comment.deleted_at).is_(None))
    if not session.scalar(said):
        session.delete(thread)
        session.flush()
