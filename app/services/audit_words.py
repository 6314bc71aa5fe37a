"""What each act of the audit log is called: its kind, and the sentence that tells it. No database here.

Entries outlive the program that wrote them: details that older ones lack are left out of the sentence, an act nobody knows
any more is told by its name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

KINDS = {
    "signing_in": "Signing in",
    "people": "People and roles",
    "tokens": "API tokens",
    "providers": "Models and providers",
    "money": "Costs and budgets",
    "sites": "Webhooks and sites",
    "sharing": "Sharing",
    "work": "Reports and conversations",
    "exports": "Exports",
    "data": "Backups and repairs",
}

NOBODY = "The operator"
"""Who acts at the command line, or makes the server act by starting it."""
GONE = "a deleted account"


@dataclass(frozen=True, slots=True)
class Told:
    """One entry with the names of those it is about. `whom` is the person in the target, or what the target says."""

    who: str
    whom: str
    oneself: bool
    details: Mapping[str, Any]

    def get(self, name: str) -> str:
        """A detail as text; empty where this entry has none."""
        value = self.details.get(name)
        return "" if value is None else str(value)

    def after(self, words: str, name: str) -> str:
        """The words and the detail, or nothing without it."""
        value = self.get(name)
        return f"{words}{value}" if value else ""

    def listed(self, name: str) -> str:
        value = self.details.get(name)
        return ", ".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else ""


Sentence = Callable[[Told], str]


def sentence(action: str, told: Told) -> str:
    """The whole sentence. It begins with who did it, spelt as the person spells it."""
    act = _ACTS.get(action)
    text = act[1](told) if act is not None else f"{told.who}: {action} {told.whom}".rstrip()
    return f"{text}."


def kind_of(action: str) -> str:
    """A key of `KINDS`; what nobody knows any more counts as a repair."""
    act = _ACTS.get(action)
    return act[0] if act is not None else "data"


def actions_of(kind: str) -> list[str]:
    return [action for action, (its, _) in _ACTS.items() if its == kind]


def ids_in(target: str) -> list[UUID]:
    """The ids a target names: alone, or among words."""
    found = []
    for word in target.split():
        try:
            found.append(UUID(word))
        except ValueError:
            continue
    return found


def _did(words: str) -> Sentence:
    """Sentences that end in what, or in whom, the target names."""
    return lambda told: f"{told.who} {words} {told.whom}".rstrip()


_PROOFS = {"password": "a password", "link": "a one-time link"}
_FAILURES = {
    "password": "with a wrong password",
    "unknown": "which has no account",
    "disabled": "with the right password, but the account is disabled",
}


def _signed_in(told: Told) -> str:
    proof = told.get("proof")
    return f"{told.who} signed in" + (f" with {_PROOFS.get(proof, proof)}" if proof else "") + _from(told)


def _failed(told: Told) -> str:
    reason = _FAILURES.get(told.get("reason"), "in vain")
    return f"Somebody tried to sign in as {told.get('email')} {reason}{_from(told)}"


_REFUSED = {
    "disabled": "the account here is disabled",
    "domain": "the domain of the address is not allowed",
    "no_account": "there is no account here",
    "no_email": "no e-mail address came along",
    "not_verified": "the e-mail address is not verified",
    "linked_elsewhere": "the account here is linked to somebody else",
}


def _refused(told: Told) -> str:
    reason = _REFUSED.get(told.get("reason"), "it may not")
    named = told.after(" as ", "email")
    return f"{told.who} proven by {told.get('proof')}{named} was not let in: {reason}{_from(told)}"


def _from(told: Told) -> str:
    return told.after(", from ", "address")


def _made_account(told: Told) -> str:
    roles = told.listed("roles")
    if told.get("proof"):
        return f"{told.who} got an account as {roles} by signing in with {told.get('proof')}"
    return f"{told.who} made an account for {told.get('email') or told.whom}" + (f" as {roles}" if roles else "")


def _changed_roles(told: Told) -> str:
    return f"{told.who} changed the roles of {told.whom} from {told.listed('from')} to {told.listed('to')}"


def _followed_roles(told: Told) -> str:
    before, after = told.listed("from"), told.listed("to")
    return f"The roles of {told.whom} followed the groups of {told.get('proof')} from {before} to {after}"


def _renamed(told: Told) -> str:
    before = told.get("from") or "no name"
    if told.oneself:
        return f"{told.who} changed their name from {before} to {told.get('to')}"
    return f"{told.who} changed the name of {told.whom} from {before} to {told.get('to')}"


def _token(words: str) -> Sentence:
    def tell(told: Told) -> str:
        whose = "" if told.oneself else f" of {told.whom}"
        return f"{told.who} {words} the API token “{told.get('name')}”{whose}"

    return tell


_KEYS = {
    "set": " and entered its key",
    "replaced": " and replaced its key",
    "removed": " and removed its key",
}


def _provider(told: Told) -> str:
    changed = [name for name in told.details.get("changed") or [] if name != "api_key"]
    key = _KEYS.get(told.get("key"), "")
    what = f"changed {', '.join(name.replace('_', ' ') for name in changed)} of" if changed else "set up"
    return f"{told.who} {what} the provider {told.whom}{key}"


def _budget(told: Told) -> str:
    limits = [told.after("a warning at $", "soft_usd"), told.after("a limit at $", "hard_usd")]
    return f"{told.who} set the budget of {_subject(told)}: {' and '.join(filter(None, limits)) or 'no limit'}"


def _subject(told: Told) -> str:
    """`installation day`, `user Ada month`, `group … month`: the words the target consists of."""
    words = told.whom.split(" ")
    scope, name, period = words[0], " ".join(words[1:-1]), words[-1]
    match scope:
        case "installation":
            whose = "everybody"
        case "user":
            whose = name
        case "group":
            whose = told.get("group") or "a group"
        case _:
            whose = f"a {scope}"
    return f"{whose} for a {period}"


def _closed(told: Told) -> str:
    return f"{told.who} closed the month {told.whom}{told.after(' at $', 'cost_usd')}"


def _rate(words: str) -> Sentence:
    return lambda told: (
        f"{told.who} {words} the exchange rate of {told.whom}{told.after(': ', 'rate')}{told.after(', from ', 'source')}"
    )


def _group(words: str) -> Sentence:
    return lambda told: f"{told.who} {words} {told.get('name')}"


def _put_into_group(told: Told) -> str:
    if not told.details.get("group_id"):
        return f"{told.who} took {told.whom} out of all groups{told.after(' from ', 'since')}"
    return f"{told.who} put {told.whom} into {told.get('group') or 'a group'}{told.after(' from ', 'since')}"


def _centre(told: Told) -> str:
    centre = told.get("cost_centre")
    if not centre:
        return f"{told.who} took the cost centre of {told.whom} away"
    return f"{told.who} set the cost centre of {told.whom} to {centre}"


def _reconciled(told: Told) -> str:
    differing = told.after("; differing: ", "differing")
    return f"{told.who} compared the ledger with an export of {told.whom}{differing}"


def _webhook(words: str) -> Sentence:
    def tell(told: Told) -> str:
        host = told.get("host")
        return f"{told.who} {words} {'the webhook to ' + host if host else 'a webhook'}{told.after(': ', 'label')}"

    return tell


def _sites(told: Told) -> str:
    return f"{told.who} let these sites embed the report form: {told.listed('origins') or 'none'}"


def _shared(told: Told) -> str:
    kind = told.get("kind").replace("_", " ") or "draft"
    return f"{told.who} shared a {kind} with {told.whom}{told.after(' as ', 'role')}"


def _unshared(told: Told) -> str:
    if told.oneself:
        return f"{told.who} left a draft that was shared with them"
    return f"{told.who} stopped sharing a draft with {told.whom}"


def _link_made(told: Told) -> str:
    until = told.after("until ", "until") or "without an end"
    return f"{told.who} made a link that opens a document to anybody, {until}"


def _submission(told: Told) -> str:
    changed = told.listed("changed").replace("_", " ") or "something"
    to = told.after(", now ", "to")
    return f"{told.who} changed {changed} of a report{to}"


def _exported(what: str) -> Sentence:
    def tell(told: Told) -> str:
        period = f" of {told.get('from')} to {told.get('to')}" if told.get("from") and told.get("to") else ""
        return f"{told.who} exported {what}{period}"

    return tell


_ACTS: dict[str, tuple[str, Sentence]] = {
    "sign_in.succeeded": ("signing_in", _signed_in),
    "sign_in.failed": ("signing_in", _failed),
    "sign_in.refused": ("signing_in", _refused),
    "sign_out": ("signing_in", lambda told: f"{told.who} signed out"),
    "link.made": ("signing_in", _did("made a one-time link for")),
    "link.used": ("signing_in", lambda told: f"{told.who} used a one-time link and chose a password"),
    "password.changed": ("signing_in", lambda told: f"{told.who} changed their password"),
    "identity.linked": ("signing_in", lambda told: f"{told.who} linked their account to {told.get('proof')}"),
    "identity.unlinked": ("signing_in", _did("unlinked the account at the provider from that of")),
    "user.roles_followed": ("people", _followed_roles),
    "user.created": ("people", _made_account),
    "user.changed": ("people", _did("changed the account of")),
    "user.roles_changed": ("people", _changed_roles),
    "user.disabled": ("people", _did("disabled the account of")),
    "user.enabled": ("people", _did("enabled the account of")),
    "user.renamed": ("people", _renamed),
    "token.made": ("tokens", _token("made")),
    "token.revoked": ("tokens", _token("revoked")),
    "provider.changed": ("providers", _provider),
    "provider.removed": ("providers", _did("removed the settings of the provider")),
    "price.added": ("money", _did("set a price for")),
    "price.removed": ("money", _did("removed the price of")),
    "budget.added": ("money", _budget),
    "budget.removed": ("money", lambda told: f"{told.who} removed the budget of {_subject(told)}"),
    "month.closed": ("money", _closed),
    "month.reopened": ("money", lambda told: f"{told.who} reopened the month {told.whom}{told.after(': ', 'reason')}"),
    "rate.added": ("money", _rate("set")),
    "rate.removed": ("money", _rate("removed")),
    "group.added": ("money", _group("made the group")),
    "group.renamed": ("money", _group("renamed a group to")),
    "group.removed": ("money", _group("removed the group")),
    "group.set": ("money", _put_into_group),
    "cost_centre.set": ("money", _centre),
    "costs.reconciled": ("money", _reconciled),
    "webhook.added": ("sites", _webhook("added")),
    "webhook.changed": ("sites", _webhook("changed")),
    "webhook.secret_renewed": ("sites", _webhook("renewed the secret of")),
    "webhook.removed": ("sites", _webhook("removed")),
    "webhook.sent_again": ("sites", _webhook("sent a call again by")),
    "embedding.changed": ("sites", _sites),
    "share.given": ("sharing", _shared),
    "share.taken_back": ("sharing", _unshared),
    "share_link.made": ("sharing", _link_made),
    "share_link.removed": ("sharing", lambda told: f"{told.who} ended a link to a document"),
    "submission.changed": ("work", _submission),
    "conversation.reassigned": ("work", lambda told: f"{told.who} gave a goal conversation another instructor"),
    "costs.exported": ("exports", _exported("the report of costs")),
    "ledger.exported": ("exports", _exported("the rows of the ledger")),
    "prices.exported": ("exports", _exported("the prices")),
    "reconciliation.exported": ("exports", _did("exported the comparison of")),
    "submissions.exported": ("exports", _exported("the reports that were sent")),
    "audit.exported": ("exports", _exported("this audit log")),
    "data.backed_up": ("data", _did("made the backup")),
    "data.restored": (
        "data",
        lambda told: f"{told.who} restored the backup {told.whom}{told.after(' of ', 'made_at')}",
    ),
    "drafts.rebuilt": ("data", lambda told: f"{told.who} rebuilt {told.get('drafts')} drafts from their logs"),
}
