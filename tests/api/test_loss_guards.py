"""Loss guards through HTTP: locked paragraphs that no model changes, rewrites that must be confirmed."""

from typing import Any

import pytest

from providers.base import ToolCall
from providers.scripted import Reply, ScriptedProvider
from tests.api.test_proposals import TEXT, accept, edits, listed, propose, text, write
from tests.api.test_turns import call, follow, start
from tests.conftest import Person

LOCKED = "They sing. They swim far."
LONG = "\n\n".join(f"Paragraph {number} " + "says something of its own here. " * 6 for number in range(1, 11)).strip()


def lock(person: Person, draft: dict[str, Any], words: str) -> Any:
    now = text(person, draft)
    start = now.index(words)
    answer = person.post(f"/api/drafts/{draft['id']}/locks", {"from": start, "to": start + len(words)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def locks(person: Person, draft: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.get(f"/api/drafts/{draft['id']}/locks").json()["items"]
    return items


def test_a_lock_takes_the_whole_paragraph_follows_it_and_can_be_taken_off(ada: Person) -> None:
    draft = ada.draft(TEXT)
    made = lock(ada, draft, "swim")
    assert TEXT[made["from"] : made["to"]] == LOCKED
    assert lock(ada, draft, "sing")["id"] == made["id"], "the same paragraph is locked once"
    write(ada, draft, "New first.\n\n" + TEXT.replace("sing", "sing and hum"))
    (moved,) = locks(ada, draft)
    assert text(ada, draft)[moved["from"] : moved["to"]] == "They sing and hum. They swim far."
    assert ada.delete(f"/api/drafts/{draft['id']}/locks/{made['id']}").status_code == 204
    assert locks(ada, draft) == []
    assert ada.delete(f"/api/drafts/{draft['id']}/locks/{made['id']}").status_code == 404


def test_a_lock_goes_with_its_paragraph_and_returns_with_it(ada: Person) -> None:
    draft = ada.draft(TEXT)
    lock(ada, draft, "swim")
    write(ada, draft, TEXT.replace(LOCKED + "\n\n", ""))
    assert locks(ada, draft) == []
    write(ada, draft, TEXT)
    assert len(locks(ada, draft)) == 1


def test_a_lock_may_be_given_in_the_text_a_page_still_shows(ada: Person) -> None:
    draft = ada.draft(TEXT)
    write(ada, draft, "New first.\n\n" + TEXT)
    at = TEXT.index("swim")
    made = ada.post(f"/api/drafts/{draft['id']}/locks", {"from": at, "to": at + 4, "seq": draft["seq"]}).json()
    assert text(ada, draft)[made["from"] : made["to"]] == LOCKED


@pytest.mark.parametrize(
    "body",
    [{"from": 0, "to": 5_000}, {"from": 9, "to": 3}, {"from": -1, "to": 3}, {"from": 8, "to": 9}, {"from": 0}, {}],
)
def test_what_cannot_be_locked_is_refused(ada: Person, body: dict[str, int]) -> None:
    answer = ada.post(f"/api/drafts/{ada.draft(TEXT)['id']}/locks", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field"), answer.text


@pytest.mark.parametrize("apply", ["review", "at_once"])
def test_an_operation_on_a_locked_block_is_not_placed(ada: Person, scripted: ScriptedProvider, apply: str) -> None:
    draft = ada.draft(TEXT)
    lock(ada, draft, "sing")
    harmful: tuple[ToolCall, ...] = (
        call("replace_text", block="b2", old="sing", new="hum"), call("delete_block", block="b2"),
    )  # fmt: skip
    scripted.enqueue(edits(*harmful, call("replace_text", block="b3", old="deep", new="low")), Reply("I leave it."))
    turn = start(ada, draft, "edit", apply=apply)
    follow(ada, turn)
    told = ada.get(f"/api/turns/{turn['id']}").json()["operations"]
    assert [row.get("reason") for row in told] == [None] or [row.get("reason") for row in told][:2] == ["locked"] * 2
    assert LOCKED in text(ada, draft)
    assert [item["old"] for item in listed(ada, draft)] == (["deep"] if apply == "review" else [])
    assert "locked these blocks; no operation may change them: b2." in scripted.requests[0].messages[-1].text


def test_what_was_locked_while_it_waited_is_not_accepted(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    turn = propose(ada, scripted, draft, call("replace_text", block="b2", old="sing", new="hum"))
    made = lock(ada, draft, "sing")
    (proposal,) = listed(ada, draft)
    assert proposal["locked"]
    for answer in (accept(ada, proposal), ada.post(f"/api/turns/{turn['id']}/accept", {})):
        assert (answer.status_code, answer.json()["code"]) == (409, "locked")
    assert text(ada, draft) == TEXT
    ada.delete(f"/api/drafts/{draft['id']}/locks/{made['id']}")
    assert accept(ada, proposal).status_code == 200


def rewrite(person: Person, scripted: ScriptedProvider, draft: dict[str, Any], new: str, **more: Any) -> Any:
    """The whole text anew: written, or as the operation."""
    if more.pop("mode", "write") == "write":
        scripted.enqueue(Reply(new))
        turn = start(person, draft, "write", **more)
    else:
        scripted.enqueue(edits(call("rewrite_document", text=new)))
        turn = start(person, draft, "edit", **more)
    follow(person, turn)
    return person.get(f"/api/turns/{turn['id']}").json()


@pytest.mark.parametrize("mode", ["write", "edit"])
@pytest.mark.parametrize("apply", ["review", "at_once"])
def test_a_rewrite_that_drops_much_waits_for_a_confirmation(
    ada: Person, scripted: ScriptedProvider, mode: str, apply: str
) -> None:
    draft = ada.draft(LONG)
    short = "\n\n".join(LONG.split("\n\n")[:5])
    turn = rewrite(ada, scripted, draft, short, mode=mode, apply=apply)
    assert text(ada, draft) == LONG
    assert (turn["state"], turn["version"]["applied"]) == ("done", False)
    assert [words.split(" says")[0] for words in turn["needs_confirmation"]["dropped"]] == [
        f"Paragraph {number}" for number in range(6, 11)
    ]
    refused = ada.post(f"/api/turns/{turn['id']}/accept", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "loss_guard")
    assert refused.json()["dropped"] == turn["needs_confirmation"]["dropped"]
    assert ada.post(f"/api/turns/{turn['id']}/accept", {"confirm": True}).status_code == 200
    assert text(ada, draft) == short
    after = ada.get(f"/api/turns/{turn['id']}").json()
    assert (after["needs_confirmation"], after["version"]["applied"]) == (None, True)


def test_a_rewrite_that_keeps_the_length_goes_in_at_once(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(LONG)
    other = LONG.replace("own", "very own")
    turn = rewrite(ada, scripted, draft, other, apply="at_once")
    assert (text(ada, draft), turn["needs_confirmation"], turn["version"]["applied"]) == (other, None, True)


@pytest.mark.parametrize("mode", ["write", "edit"])
@pytest.mark.parametrize("apply", ["review", "at_once"])
@pytest.mark.parametrize("instead", ["", "They hum. They drift.\n\n"])
def test_a_rewrite_of_a_locked_paragraph_alone_is_refused_and_told(
    ada: Person, scripted: ScriptedProvider, mode: str, apply: str, instead: str
) -> None:
    draft = ada.draft(TEXT)
    lock(ada, draft, "sing")
    turn = rewrite(ada, scripted, draft, TEXT.replace(LOCKED + "\n\n", instead), mode=mode, apply=apply)
    assert (text(ada, draft), listed(ada, draft), turn["needs_confirmation"]) == (TEXT, [], None)
    assert {(row["placed"], row["reason"]) for row in turn["operations"]} == {(False, "locked")}
    told = "Keep each of them exactly as it is" if mode == "write" else "no operation may change them: b2."
    assert told in scripted.requests[0].messages[-1].text


@pytest.mark.parametrize("apply", ["review", "at_once"])
def test_a_rewrite_that_leaves_locked_paragraphs_alone_needs_nothing_more(
    ada: Person, scripted: ScriptedProvider, apply: str
) -> None:
    draft = ada.draft(TEXT)
    lock(ada, draft, "sing")
    other = f"# Of whales\n\nThey sing often.\n\n{LOCKED}\n\nThey swim far, and they sing."
    turn = rewrite(ada, scripted, draft, other, apply=apply)
    assert [row for row in turn["operations"] if not row["placed"]] == []
    if apply == "review":
        assert ada.post(f"/api/turns/{turn['id']}/accept", {}).status_code == 200
    assert text(ada, draft).rstrip("\n") == other


@pytest.mark.parametrize("apply", ["review", "at_once"])
def test_a_confirmed_rewrite_takes_what_it_named_and_leaves_what_is_locked(
    ada: Person, scripted: ScriptedProvider, apply: str
) -> None:
    draft = ada.draft(LONG)
    paragraphs = LONG.split("\n\n")
    lock(ada, draft, "Paragraph 7 says")
    turn = rewrite(ada, scripted, draft, "\n\n".join(paragraphs[:5]), apply=apply)
    gone = [*paragraphs[5:6], *paragraphs[7:]]
    assert turn["needs_confirmation"] == {"dropped": gone}
    (told,) = (row for row in turn["operations"] if not row["placed"])
    assert (told["reason"], told["old"].strip()) == ("locked", paragraphs[6].strip())
    assert ada.post(f"/api/turns/{turn['id']}/accept", {}).json()["dropped"] == gone
    assert text(ada, draft) == LONG
    assert ada.post(f"/api/turns/{turn['id']}/accept", {"confirm": True}).status_code == 200
    assert text(ada, draft) == "\n\n".join([*paragraphs[:5], paragraphs[6]])


def test_what_was_locked_while_a_confirmation_was_awaited_stays(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(LONG)
    paragraphs = LONG.split("\n\n")
    turn = rewrite(ada, scripted, draft, "\n\n".join(paragraphs[:5]), apply="at_once")
    lock(ada, draft, "Paragraph 7 says")
    asked = ada.post(f"/api/turns/{turn['id']}/accept", {})
    assert (asked.json()["code"], paragraphs[6] in asked.json()["dropped"]) == ("loss_guard", False)
    decided = ada.post(f"/api/turns/{turn['id']}/accept", {"confirm": True}).json()
    assert len(decided["locked"]) == 1
    assert text(ada, draft) == "\n\n".join([*paragraphs[:5], paragraphs[6]])


def test_half_a_rewrite_is_neither_applied_nor_proposed(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(LONG)
    scripted.enqueue(Reply("Only the beginning", stop="max_tokens", raw_stop="length"))
    follow(ada, start(ada, draft, "write", apply="at_once"))
    assert text(ada, draft) == LONG
    assert listed(ada, draft) == []


WHOLE = "The sun 🌞 rises.\n\nA 🦊 runs fast. It naps.\n\nThe end 🐋."


@pytest.mark.parametrize(
    "answer",
    [
        call("rewrite_document", text="Everything is other now."),
        call("rewrite_document", text=WHOLE.replace("runs fast", "sprints").replace("end", "finish")),
        call("replace_block", block="b1", text="Not asked for."),
        call("replace_block", block="b2", text="Another block\r\n\r\nand another"),
        call("delete_block", block="b2"),
        call("insert_after", block="b3", text="More."),
        call("replace_text", block="b2", old="A 🦊 runs", new="A 🐺 walks"),
        call("replace_text", block="b2", old="🦊 runs fast.", new="🦊\r\nruns 🌬️."),
    ],
)
def test_only_the_selection_changes_byte_for_byte(ada: Person, scripted: ScriptedProvider, answer: ToolCall) -> None:
    draft = ada.draft(WHOLE)
    chosen = "🦊 runs fast."
    units = WHOLE.encode("utf-16-le")
    before, _, behind = WHOLE.partition(chosen)
    first = units.index(chosen.encode("utf-16-le")) // 2
    scripted.enqueue(edits(answer), Reply("That is all."))
    span = [first, first + len(chosen.encode("utf-16-le")) // 2]
    follow(ada, start(ada, draft, "edit", apply="at_once", selection=span))
    now = text(ada, draft)
    assert now.startswith(before)
    assert now.endswith(behind)
    assert "\r" not in now


@pytest.mark.parametrize("apply", ["review", "at_once"])
@pytest.mark.parametrize(
    "answer", ["ran 🐺 slowly.", "\n\nTwo paragraphs.\n\nOf words.\n", "```\nfenced\n```", "# Not a title"]
)
def test_writing_into_a_selection_changes_nothing_outside_of_it(
    ada: Person, scripted: ScriptedProvider, answer: str, apply: str
) -> None:
    draft = ada.draft(WHOLE)
    chosen = "🦊 runs fast. It naps.\n"
    before, _, behind = WHOLE.partition(chosen)
    first = len(before.encode("utf-16-le")) // 2
    scripted.enqueue(Reply(answer))
    turn = start(ada, draft, "write", apply=apply, selection=[first, first + len(chosen.encode("utf-16-le")) // 2])
    follow(ada, turn)
    asked = scripted.requests[0].messages[-1].text
    assert "Write what stands in its place" in asked
    assert "Write the whole text anew" not in asked
    if apply == "review":
        assert text(ada, draft) == WHOLE
        assert ada.post(f"/api/turns/{turn['id']}/accept", {}).status_code == 200
    now = ada.get(f"/api/drafts/{draft['id']}").json()
    inside = answer.strip("\n").removeprefix("```\n").removesuffix("\n```")
    assert now["text"] == f"{before}{inside}\n{behind}"
    assert now["title"] == ""
    assert ada.get(f"/api/turns/{turn['id']}").json()["selected"] is True


def test_a_locked_paragraph_in_the_selection_is_named_and_kept(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(TEXT)
    lock(ada, draft, "sing")
    lock(ada, draft, "dive")
    first = TEXT.index(LOCKED)
    scripted.enqueue(Reply("They hum."))
    follow(ada, start(ada, draft, "write", apply="at_once", selection=[0, first + 9]))
    asked = scripted.requests[0].messages[-1].text
    assert "Keep each of them exactly" in asked
    assert asked.count("They dive deep.") == 1, "what lies outside of the selection needs no order"
    assert LOCKED in text(ada, draft)


def test_after_rejecting_what_it_dropped_a_rewrite_needs_no_confirmation(
    ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(LONG)
    short = "\n\n".join(LONG.split("\n\n")[:5]).replace("Paragraph 1 says", "Paragraph 1 tells")
    turn = rewrite(ada, scripted, draft, short, apply="review")
    for item in listed(ada, draft):
        if len(item["old"]) > 100:
            ada.post(f"/api/proposals/{item['id']}/reject")
    assert ada.post(f"/api/turns/{turn['id']}/accept", {}).status_code == 200
    assert text(ada, draft) == LONG.replace("Paragraph 1 says", "Paragraph 1 tells")


def test_a_confirmation_does_not_reach_what_was_locked_after_it_was_asked(
    ada: Person, scripted: ScriptedProvider
) -> None:
    draft = ada.draft(LONG)
    short = "\n\n".join(LONG.split("\n\n")[:5]).replace("Paragraph 1 says", "Paragraph 1 tells")
    turn = rewrite(ada, scripted, draft, short, apply="at_once")
    lock(ada, draft, "Paragraph 1 says")
    decided = ada.post(f"/api/turns/{turn['id']}/accept", {"confirm": True}).json()
    assert len(decided["locked"]) == 1
    assert text(ada, draft) == "\n\n".join(LONG.split("\n\n")[:5])


def test_one_hunk_that_takes_several_paragraphs_asks_as_well(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(LONG)
    rewrite(ada, scripted, draft, "Nothing of that remains.", apply="review")
    large = max(listed(ada, draft), key=lambda item: len(item["old"]))
    refused = accept(ada, large)
    assert (refused.status_code, refused.json()["code"]) == (409, "loss_guard")
    assert text(ada, draft) == LONG
    assert accept(ada, large, confirm=True).status_code == 200
    assert "Paragraph 5" not in text(ada, draft)


def test_a_dropped_paragraph_can_be_kept_while_the_others_go(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft(LONG)
    paragraphs = LONG.split("\n\n")
    rewrite(ada, scripted, draft, "\n\n".join(paragraphs[:5]), apply="review")
    _, kept, *others = listed(ada, draft)
    assert ada.post(f"/api/proposals/{kept['id']}/reject").status_code == 200
    for item in others:
        assert accept(ada, item).status_code == 200
    assert text(ada, draft) == "\n\n".join([*paragraphs[:6], paragraphs[6]])
