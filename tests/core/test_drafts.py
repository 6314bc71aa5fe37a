"""Commands become events and events become state; nothing that is accepted gets lost."""

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.drafts import (
    FIELDS_EDITED,
    DraftState,
    EventBody,
    ReplaceOp,
    SetOp,
    TextOp,
    create,
    decide,
    edit,
    evolve,
    initial,
    parse_command,
    resolve,
)
from app.core.errors import (
    ConflictNotFound,
    DraftClosed,
    InvalidChange,
    InvalidValue,
    TooLarge,
    UnknownEvent,
    UnknownField,
    UnknownSeq,
)
from app.core.kinds import TEXT_LIMIT
from app.core.text.changes import ChangeSet
from app.core.text.utf16 import utf16_length
from tests.core.drafting import ANNA, BEN, Drafting, change, insert
from tests.core.strategies import changes_of, texts

FOX = "The quick brown fox jumps over the lazy dog."


def test_a_command_at_the_head_is_one_event() -> None:
    draft = Drafting(FOX)
    bodies = draft.send(change(FOX, "quick", "slow"), {"field": "title", "set": "Fox"})
    assert bodies == [
        EventBody(
            FIELDS_EDITED,
            {"ops": [{"field": "text", "changes": [4, [5, "slow"], 35]}, {"field": "title", "set": "Fox"}]},
        )
    ]
    assert draft.state == DraftState(
        "document", 2, {"title": "Fox", "description": "", "text": FOX.replace("quick", "slow")}
    )
    assert draft.base_reads == 0


def test_changes_of_other_words_merge_without_a_question() -> None:
    draft = Drafting(FOX)
    draft.send(change(FOX, "quick", "slow"), base=1, actor=ANNA)
    bodies = draft.send(change(FOX, "lazy", "sleepy"), base=1, actor=BEN)
    assert len(bodies) == 1
    assert draft.text == "The slow brown fox jumps over the sleepy dog."
    assert draft.base_reads == 0, "the past is read only where changes come close"


def test_changes_of_other_fields_merge() -> None:
    draft = Drafting(FOX)
    draft.send({"field": "title", "set": "Fox"}, base=1, actor=ANNA)
    draft.send({"field": "description", "set": "A story"}, change(FOX, "lazy", "sleepy"), base=1, actor=BEN)
    assert draft.state.fields["title"] == "Fox"
    assert draft.state.fields["description"] == "A story"
    assert draft.conflicts == ()


def test_a_whole_text_on_an_old_base_merges_by_words() -> None:
    draft = Drafting(FOX)
    draft.send(change(FOX, "quick", "slow"), base=1, actor=ANNA)
    draft.send({"field": "text", "replace": FOX.replace("lazy", "sleepy") + " The end."}, base=1, actor=BEN)
    assert draft.text == "The slow brown fox jumps over the sleepy dog. The end."
    assert draft.conflicts == ()


def test_a_whole_text_does_not_write_again_what_others_wrote_alike() -> None:
    draft = Drafting(FOX)
    draft.send(change(FOX, "quick", "slow"), base=1, actor=ANNA)
    draft.send({"field": "text", "replace": FOX.replace("quick", "slow").replace("lazy", "sleepy")}, base=1, actor=BEN)
    assert draft.text == "The slow brown fox jumps over the sleepy dog."
    assert draft.conflicts == ()


def test_setting_a_text_is_a_replacement() -> None:
    draft = Drafting(FOX)
    draft.send(change(FOX, "quick", "slow"), base=1, actor=ANNA)
    draft.send({"field": "text", "set": FOX.replace("lazy", "sleepy")}, base=1, actor=BEN)
    assert draft.text == "The slow brown fox jumps over the sleepy dog."


def test_line_breaks_of_a_whole_text_become_lf() -> None:
    draft = Drafting("a\nb")
    draft.send({"field": "text", "replace": "a\r\nb\rc"})
    assert draft.text == "a\nb\nc"


@given(st.data())
def test_whatever_the_order_all_replicas_end_with_one_text(data: st.DataObject) -> None:
    base = data.draw(texts())
    draft = Drafting(base)
    sent = [data.draw(changes_of(base)) for _ in range(3)]
    pages = []
    for number, changes in enumerate(sent):
        actor = (ANNA, BEN)[number % 2]
        bodies = draft.send({"field": "text", "changes": changes.to_json()}, base=1, actor=actor, replica=f"r{number}")
        pages.append((changes, len(draft.events) - len(bodies)))
    for changes, place in pages:
        shown, unsent = changes.apply(base), changes
        for position, event in enumerate(draft.events[1:], start=1):
            for op in (event.payload or {}).get("ops", []):
                if position == place:
                    unsent = ChangeSet.identity(unsent.after)
                    continue
                remote = ChangeSet.from_json(op["changes"])
                shown = remote.map(unsent, True).apply(shown)
                unsent = unsent.map(remote)
        assert shown == draft.text


@given(st.data())
def test_no_inserted_text_is_lost_in_a_merge(data: st.DataObject) -> None:
    base = data.draw(texts())
    draft = Drafting(base)
    length = utf16_length(base)
    places = [place for place in range(length + 1) if not _splits(base, place)]
    for number in range(4):
        start, end = sorted((data.draw(st.sampled_from(places)), data.draw(st.sampled_from(places))))
        changes = ChangeSet.replace(length, start, end, f"<{number}>")
        draft.send({"field": "text", "changes": changes.to_json()}, base=1, actor=BEN, replica=f"r{number}")
    assert all(f"<{number}>" in draft.text for number in range(4))


def _splits(text: str, place: int) -> bool:
    return text.encode("utf-16-le")[: 2 * place].decode("utf-16-le", "replace").endswith("\ufffd")


@given(st.data())
def test_a_replay_of_the_log_gives_the_same_state(data: st.DataObject) -> None:
    base = data.draw(texts())
    draft = Drafting(base)
    for number in range(3):
        start = data.draw(st.integers(1, draft.state.seq))
        changes = data.draw(changes_of(draft.states[start].fields["text"]))
        draft.send({"field": "text", "changes": changes.to_json()}, base=start, actor=BEN, replica=f"r{number}")
    state = initial("document")
    for event, known in zip(draft.events, draft.states[1:], strict=True):
        state = evolve(state, event.type, event.payload or {})
        assert state == known


# -- values -----------------------------------------------------------------------------------------------------------


def test_the_same_value_set_twice_differently_is_a_conflict() -> None:
    draft = Drafting(fields={"title": "Base"})
    draft.send({"field": "title", "set": "Anna's"}, base=1, actor=ANNA)
    draft.send({"field": "title", "set": "Ben's"}, base=1, actor=BEN)
    (conflict,) = draft.conflicts
    assert (conflict.field, conflict.base, conflict.theirs, conflict.mine) == ("title", "Base", "Anna's", "Ben's")
    assert conflict.from_ is None
    draft.resolve(conflict, "Anna's and Ben's")
    assert draft.state.fields["title"] == "Anna's and Ben's"
    assert draft.conflicts == ()


def test_the_same_value_set_twice_alike_is_no_conflict() -> None:
    draft = Drafting()
    draft.send({"field": "title", "set": "New"}, base=1, actor=ANNA)
    draft.send({"field": "title", "set": "New"}, base=1, actor=BEN)
    assert draft.conflicts == ()


def test_true_and_one_are_different_values() -> None:
    draft = Drafting(kind="form", fields={"form": "gig", "data.paid": None})
    draft.send({"field": "data.paid", "set": True}, base=1, actor=ANNA)
    draft.send({"field": "data.paid", "set": 1}, base=1, actor=BEN)
    assert len(draft.conflicts) == 1


def test_where_somebody_is_in_a_form_is_nobodys_conflict() -> None:
    draft = Drafting(kind="form", fields={"form": "gig"})
    draft.send({"field": "current_step", "set": "details"}, base=1, actor=ANNA)
    draft.send({"field": "current_step", "set": "budget"}, base=1, actor=BEN)
    assert draft.conflicts == ()
    assert draft.state.fields["current_step"] == "budget"


def test_a_text_of_a_form_begins_empty_and_merges() -> None:
    draft = Drafting(kind="form", fields={"form": "gig"})
    draft.send({"field": "text.about", "changes": [[0, "One"]]}, base=1, actor=ANNA)
    draft.send({"field": "text.venue", "replace": "Hall"}, base=1, actor=BEN)
    draft.send({"field": "text.about", "changes": [3, [0, " two"]]}, base=2, actor=BEN)
    draft.send({"field": "text.about", "changes": [[0, "Zero "], 3]}, base=2, actor=ANNA)
    assert draft.state.fields["text.about"] == "Zero One two"
    assert draft.state.fields["text.venue"] == "Hall"
    assert draft.conflicts == ()


def test_a_replica_does_not_conflict_with_itself() -> None:
    draft = Drafting(FOX)
    draft.send({"field": "title", "set": "F"}, change(FOX, "quick", "slow"), base=1)
    draft.send({"field": "title", "set": "Fo"}, change(FOX, "quick", "swift"), base=1)
    assert draft.conflicts == ()


def test_the_same_person_on_another_device_can_conflict() -> None:
    draft = Drafting()
    draft.send({"field": "title", "set": "desk"}, base=1, replica="desk")
    draft.send({"field": "title", "set": "phone"}, base=1, replica="phone")
    assert len(draft.conflicts) == 1


def test_a_value_is_contested_once() -> None:
    draft = Drafting()
    draft.send({"field": "title", "set": "Anna's"}, base=1, actor=ANNA)
    draft.send({"field": "title", "set": "B"}, base=1, actor=BEN)
    draft.send({"field": "title", "set": "Be"}, base=1, actor=BEN)
    assert len(draft.conflicts) == 1


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_change_of_a_text_of_another_length_is_refused_at_any_base() -> None:
    draft = Drafting(FOX)
    wrong = {"field": "text", "changes": [3, [0, "x"]]}
    with pytest.raises(InvalidChange, match="another length"):
        draft.send(wrong)
    draft.send(change(FOX, "quick", "slow"))
    with pytest.raises(InvalidChange, match="another length"):
        draft.send(wrong, base=1, actor=BEN)
    assert draft.state.seq == 2


def test_a_base_ahead_of_the_log_is_refused() -> None:
    draft = Drafting(FOX)
    with pytest.raises(UnknownSeq) as refused:
        draft.send({"field": "title", "set": "x"}, base=7)
    assert refused.value.values == {"base_seq": 7, "head": 1}


def test_a_base_before_erased_words_is_refused() -> None:
    draft = Drafting(FOX)
    draft.send(change(FOX, "quick", "slow"))
    erased = draft.events[1]
    draft.events[1] = type(erased)(erased.seq, erased.type, None, erased.actor, erased.replica)
    with pytest.raises(UnknownSeq, match="erased"):
        draft.send({"field": "title", "set": "x"}, base=1, actor=BEN)


def test_an_incomplete_past_is_a_fault_of_the_caller() -> None:
    draft = Drafting(FOX)
    draft.send({"field": "title", "set": "x"})
    command = parse_command(
        "document", {"replica": "r", "n": 1, "base_seq": 1, "ops": [{"field": "title", "set": "y"}]}
    )
    with pytest.raises(ValueError, match="every event"):
        decide(draft.state, command, actor=ANNA, since=(), new_id=uuid.uuid4, base_fields=dict)


def test_a_text_cannot_grow_beyond_its_limit_but_can_shrink() -> None:
    long = "a" * TEXT_LIMIT
    draft = Drafting(long)
    with pytest.raises(TooLarge) as refused:
        draft.send(insert(long, 0, "b"))
    assert refused.value.values == {"field": "text", "length": TEXT_LIMIT + 1, "limit": TEXT_LIMIT}
    draft.send({"field": "text", "changes": [[1], TEXT_LIMIT - 1]})
    assert len(draft.text) == TEXT_LIMIT - 1


def test_a_text_that_two_people_made_too_long_can_be_mended() -> None:
    long = "a" * (TEXT_LIMIT + 10)
    state = DraftState("document", 5, {"title": "", "description": "", "text": long})
    shorter = edit(state, [TextOp("text", ChangeSet.replace(len(long), 0, 1, ""))])
    assert evolve(state, shorter.type, shorter.payload).fields["text"] == long[1:]


@pytest.mark.parametrize("event", ["draft.submitted", "draft.discarded"])
def test_a_closed_draft_takes_no_edits_until_it_is_recovered(event: str) -> None:
    draft = Drafting(FOX)
    draft.append(EventBody(event, {}), actor=ANNA)
    for attempt in (
        lambda: draft.send({"field": "title", "set": "x"}),
        lambda: edit(draft.state, [SetOp("title", "x")]),
        lambda: resolve(draft.state, uuid.uuid4(), "x"),
    ):
        with pytest.raises(DraftClosed):
            attempt()
    assert draft.text == FOX
    draft.append(EventBody("draft.recovered", {}), actor=ANNA)
    draft.send({"field": "title", "set": "x"})
    assert draft.state.fields["title"] == "x"


def test_an_unknown_event_is_not_guessed_at() -> None:
    with pytest.raises(UnknownEvent):
        evolve(initial("document"), "draft.transmuted", {})


def test_an_event_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidChange):
        evolve(initial("document"), FIELDS_EDITED, {"ops": [{"field": "text", "changes": [3]}]})


# -- what the server edits itself --------------------------------------------------------------------------------------


def test_the_server_edits_at_the_head() -> None:
    draft = Drafting(FOX)
    draft.append(edit(draft.state, [ReplaceOp("text", "The quick red fox."), SetOp("title", "Fox")]), actor=BEN)
    assert (draft.text, draft.state.fields["title"]) == ("The quick red fox.", "Fox")
    with pytest.raises(InvalidChange, match="not a text"):
        edit(draft.state, [TextOp("title", ChangeSet.identity(3))])
    with pytest.raises(UnknownField):
        edit(draft.state, [ReplaceOp("body", "x")])


def test_a_new_draft_has_all_its_fields() -> None:
    assert create("document", {"text": "a\r\nb"}).payload == {
        "kind": "document",
        "fields": {"title": "", "description": "", "text": "a\nb"},
    }
    with pytest.raises(UnknownField):
        create("document", {"body": "x"})


def test_a_conflict_can_be_resolved_once() -> None:
    draft = Drafting(fields={"title": "Base"})
    draft.send({"field": "title", "set": "a"}, base=1, actor=ANNA)
    draft.send({"field": "title", "set": "b"}, base=1, actor=BEN)
    conflict = draft.conflicts[0]
    with pytest.raises(InvalidValue):
        resolve(draft.state, conflict.id, 5)
    draft.resolve(conflict, "c")
    with pytest.raises(ConflictNotFound):
        draft.resolve(conflict, "d")


def test_past_states_are_not_changed_by_later_events() -> None:
    draft = Drafting(FOX)
    before: Any = dict(draft.states[1].fields)
    draft.send(change(FOX, "quick", "slow"))
    assert draft.states[1].fields == before
