"""Handing a draft in: what must be true of it first. What is kept, and in which transaction, is the store's."""

from collections.abc import Callable, Mapping

from sqlmodel import Session

from app.core.drafts import Actor
from app.core.kinds import OnSubmit, kind_named
from app.services.accounts import Principal
from app.services.clock import Clock
from app.services.errors import Conflict, InvalidFields
from app.services.goals.publishing import publish
from app.services.webhooks import TRIES
from app.store import submissions, webhooks
from app.store.drafting.event_log import Origin
from app.store.drafting.heads import Head

Check = Callable[[Head], list[tuple[str, str]]]
"""Gives what keeps a draft from being submitted: pairs of a field and a sentence."""


def required_are_filled(head: Head) -> list[tuple[str, str]]:
    """The check of kinds that need no other."""
    return [(name, "This is needed.") for name in kind_named(head.kind).missing(head.state.fields)]


def submit(
    session: Session, head: Head, *, person: Principal, clock: Clock, device: str, checks: Mapping[str, Check]
) -> Head:
    """Ends a draft, which is locked, as a submission, or publishes it; one that was submitted before stays as it is.

    Raises `InvalidFields` for what is missing or wrong, `Conflict` for kinds that are not handed in, for open conflicts,
    and for a draft in the trash.
    """
    on_submit = kind_named(head.kind).on_submit
    if on_submit is OnSubmit.PUBLISH:
        return publish(session, head, person=person, at=clock(), device=device)
    if on_submit is not OnSubmit.SUBMISSION:
        raise Conflict("not_submittable", f"A draft of kind {head.kind} cannot be submitted.")
    if head.state.status == "open":
        if head.state.conflicts:
            raise Conflict("conflicts_open", "Decide first what was changed in two places at once.")
        wrong = checks.get(head.kind, required_are_filled)(head)
        if wrong:
            raise InvalidFields(wrong)
    at = clock()
    after = submissions.submit(session, head, origin=Origin(Actor("user", person.id), at, device))
    if after is not head:
        webhooks.owe_submission(session, head.id, kind=head.kind, tries=TRIES, at=at)
    return after
