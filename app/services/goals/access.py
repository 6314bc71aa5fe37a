"""Goal conversations are loaded only through these: the student, the assigned instructor, an administrator; others get 404."""

from uuid import UUID

from sqlmodel import Session

from app.core.messages import Part
from app.services.access import owned_draft
from app.services.accounts import Principal
from app.services.errors import Conflict, Missing
from app.store.drafting.heads import Head
from app.store.errors import NotFound
from app.store.goals import conversations as store
from app.store.goals import pages
from app.store.goals.pages import MessageRow, Place
from app.store.tables import Goal


def part_in(place: Place, person: Principal) -> Part:
    """What this person, who may see the conversation, is in it."""
    if place.student_id == person.id:
        return "student"
    return "instructor" if place.instructor_id == person.id else "administrator"


def seen_place(session: Session, person: Principal, conversation_id: UUID) -> Place:
    """The conversation, if this person may see it. Raises `Missing`."""
    place = pages.read_place(session, conversation_id, person.id, everything=person.is_admin)
    if place is None:
        raise Missing
    return place


def joined_place(session: Session, person: Principal, conversation_id: UUID) -> Place:
    """The same for who takes part in it and wants to say something. Raises `Missing`, and `Conflict` once it is archived."""
    place = pages.read_place(session, conversation_id, person.id)
    if place is None:
        if person.is_admin:
            seen_place(session, person, conversation_id)
            raise Conflict("not_taking_part", "Only the student and the instructor write here.")
        raise Missing
    if place.status != "active":
        raise Conflict("conversation_archived", "This conversation is archived; open it again to write.")
    return place


def seen_message(session: Session, person: Principal, message_id: UUID) -> tuple[MessageRow, Place]:
    """A published message and its conversation. Raises `Missing`, also for one that somebody still writes."""
    message = pages.read_message(session, message_id)
    if message is None:
        raise Missing
    return message, seen_place(session, person, message.conversation_id)


def own_message(session: Session, person: Principal, message_id: UUID, *, lock: bool = False) -> Head:
    """A message of this person's, published or not. Raises `Missing`, also once they left its conversation."""
    head = owned_draft(session, person.id, message_id, lock=lock)
    if head.kind != "message":
        raise Missing
    if head.state.fields["published"] is not None:
        joined_place(session, person, UUID(head.state.fields["conversation"]))
    return head


def seen_goal(session: Session, person: Principal, goal_id: UUID, *, lock: bool = False) -> Goal:
    """The goal, for its student, its instructors and administrators. Raises `Missing`."""
    try:
        goal = store.get_goal(session, goal_id, lock=lock)
    except NotFound as error:
        raise Missing from error
    allowed = goal.student_id == person.id or person.is_admin or store.is_instructor_of(session, goal_id, person.id)
    if not allowed:
        raise Missing
    return goal
