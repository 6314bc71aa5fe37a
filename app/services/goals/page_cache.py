"""The latest pages of conversations as they were read last, so that one that is opened again is not read again.

A page stays true while its conversation's `seq` does, which is asked on every reading; files, receipts, names and drafts
are read anew. Measured with 50 messages: 0.9 ms for reading and shaping them, 0.15 ms for what is left.
"""

from collections import OrderedDict
from uuid import UUID

import msgspec

from app.services.accounts import Principal
from app.services.goals.showing import messages_of
from app.services.goals.views import GoalMessage
from app.store.goals.pages import ConversationPage

_MOST_PAGES = 200
_MOST_CHARACTERS = 100_000


class _Kept(msgspec.Struct, frozen=True):
    page: ConversationPage
    messages: list[GoalMessage]


class PageCache:
    """One page by conversation and person, the least recently used go first. Belongs to one event loop."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[UUID, UUID, int], _Kept] = OrderedDict()

    def find(self, conversation_id: UUID, person: Principal, limit: int) -> ConversationPage | None:
        kept = self._pages.get((conversation_id, person.id, limit))
        return None if kept is None else kept.page

    def shown(self, person: Principal, page: ConversationPage, limit: int) -> list[GoalMessage]:
        """The messages of a page that was read now, shaped anew only where something of it changed."""
        key = (page.place.id, person.id, limit)
        kept = self._pages.get(key)
        if kept is not None and _same(kept.page, page):
            self._pages.move_to_end(key)
            return kept.messages
        messages = messages_of(person, page)
        self._pages.pop(key, None)
        if sum(len(message.content) for message in page.messages) <= _MOST_CHARACTERS:
            self._pages[key] = _Kept(page, messages)
        while len(self._pages) > _MOST_PAGES:
            self._pages.popitem(last=False)
        return messages


def _same(kept: ConversationPage, page: ConversationPage) -> bool:
    """Whether the messages look as before. A conversation has another student or instructor, or one of another name, only
    where its place differs."""
    before, now = kept.place, page.place
    people = (now.student_id, now.student_name, now.instructor_id, now.instructor_name)
    return (
        kept.messages is page.messages
        and kept.attachments == page.attachments
        and (before.student_id, before.student_name, before.instructor_id, before.instructor_name) == people
    )
