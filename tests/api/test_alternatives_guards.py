"""What alternatives may not do when they are taken: change what is locked, or take much away unasked."""

from typing import Any

import pytest

from providers.scripted import Reply, ScriptedProvider
from tests.api.test_alternatives import begin, ended, now, take
from tests.api.test_loss_guards import LONG, lock
from tests.conftest import Person

TEXT = "# Whales\n\nThey sing. They swim far.\n\nThey dive."
LOCKED = "They sing. They swim far."


def both(ada: Person, scripted: ScriptedProvider, draft: dict[str, Any], *texts: str) -> tuple[Any, list[str]]:
    """A group of alternatives with these texts, and their turns in the same order."""
    scripted.enqueue(*(Reply(text) for text in texts))
    view = ended(ada, group := begin(ada, draft))
    made = {ada.get(f"/api/versions/{one['turn']['version']['id']}").json()["text"]: one["id"] for one in view["turns"]}
    return group, [made[text] for text in texts]


def test_an_alternative_that_changes_what_is_locked_is_not_taken(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT, title="Whales")
    lock(ada, draft, "sing")
    harmful, obedient = "# Whales\n\nThey hum.\n\nThey dive.", f"# Of whales\n\n{LOCKED}\n\nThey dive deep."
    group, (bad, good) = both(ada, scripted, draft, harmful, obedient)
    for confirm in (False, True):
        refused = take(ada, group, turn_id=bad, confirm=confirm)
        assert (refused.status_code, refused.json()["code"]) == (409, "locked")
        assert refused.json()["locked"] == [LOCKED]
    assert now(ada, draft)["text"] == TEXT
    assert take(ada, group, turn_id=good).status_code == 200
    assert now(ada, draft)["text"] == obedient
    assert take(ada, group, turn_id=bad).json()["code"] == "locked", "it is still locked after another was taken"


def test_parts_of_alternatives_leave_what_is_locked_alone_but_own_words_may_change_it(
    ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(TEXT, title="Whales")
    lock(ada, draft, "sing")
    group, (one, _) = both(ada, scripted, draft, "They hum.", "They dive deep.")
    hum = {"turn_id": one, "from": 0, "to": 9}
    refused = take(ada, group, parts=[{"text": "# Whales"}, hum])
    assert (refused.status_code, refused.json()["locked"]) == (409, [LOCKED])
    assert take(ada, group, parts=[{"text": "# Whales"}, {"text": LOCKED}, hum]).status_code == 200
    assert now(ada, draft)["text"] == f"# Whales\n\n{LOCKED}\n\nThey hum."
    assert take(ada, group, parts=[{"text": "My own."}]).status_code == 200
    assert now(ada, draft)["text"] == "My own."


def test_an_alternative_that_takes_much_away_is_confirmed_first(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(LONG, title="Long")
    paragraphs = LONG.split("\n\n")
    short = "\n\n".join(paragraphs[:5])
    group, (shorter, _) = both(ada, scripted, draft, short, LONG.replace("own", "very own"))
    refused = take(ada, group, turn_id=shorter)
    assert (refused.status_code, refused.json()["code"]) == (409, "loss_guard")
    assert refused.json()["dropped"] == paragraphs[5:]
    assert now(ada, draft)["text"] == LONG
    assert take(ada, group, turn_id=shorter, confirm=True).status_code == 200
    assert now(ada, draft)["text"] == short


@pytest.mark.parametrize("confirm", [False, True])
def test_beside_the_text_anything_may_stand(ada: Person, scripted: ScriptedProvider, confirm: bool) -> None:
    draft = ada.draft(TEXT, title="Whales")
    lock(ada, draft, "sing")
    group, (one, _) = both(ada, scripted, draft, "Nothing of it.", "Other.")
    typed = {
        "replica": "r",
        "n": 1,
        "base_seq": draft["seq"],
        "ops": [{"field": "text", "replace": TEXT + " And sing."}],
    }
    assert ada.post(f"/api/drafts/{draft['id']}/commands", typed).status_code == 200
    assert take(ada, group, turn_id=one, confirm=confirm).json()["code"] == "draft_moved"
    assert take(ada, group, turn_id=one, beside=True).json()["applied"] is False
