"""What becomes of an edit whose server is killed: operations that had come whole are suggested, half of one is nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from providers.scripted import Reply, ScriptedProvider
from tests.api.test_loss_guards import lock
from tests.api.test_proposals import DIVE, SING, TEXT, accept, edits, listed, text, write
from tests.api.test_turn_faults import lose_process
from tests.api.test_turns import call, start, wait_for_text
from tests.conftest import Person, World

TAGGED = (
    '<edit op="replace_text" block="b2"><old>sing</old><new>hum</new></edit>',
    '<edit op="replace_text" block="b3"><old>nowhere</old><new>x</new></edit>',
    "So far. ",
    '<edit op="delete_block" block="b3">',
)


async def _event() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
def lose(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: lose_process(world, monkeypatch)


@pytest.fixture
def held(world: World) -> asyncio.Event:
    """Never set: the stream stands still here until its process is lost."""
    event: asyncio.Event = world.client.blocking_portal.call(_event)
    return event


def view_of(ada: Person, turn: dict[str, Any]) -> Any:
    return ada.get(f"/api/turns/{turn['id']}").json()


@pytest.mark.parametrize("apply", ["review", "at_once"])
def test_operations_that_had_come_whole_are_suggested(
    ada: Person, scripted: ScriptedProvider, held: asyncio.Event, lose: Callable[[], None], apply: str
) -> None:
    draft = ada.draft(TEXT)
    scripted.tools = False
    scripted.enqueue(Reply(TAGGED, gate=held, gate_at=4))
    turn = start(ada, draft, "edit", apply=apply)
    wait_for_text(ada, turn, "So far. ")
    lose()
    view = view_of(ada, turn)
    assert (view["state"], view["proposals"]["pending"], text(ada, draft)) == ("interrupted", 1, TEXT)
    assert [(row["op"], row["placed"], row.get("reason")) for row in view["operations"]] == [
        ("replace_text", True, None), ("replace_text", False, "not_found"),
    ]  # fmt: skip
    (proposal,) = listed(ada, draft)
    assert (proposal["old"], proposal["new"]) == ("sing", "hum")
    assert accept(ada, proposal).status_code == 200
    assert text(ada, draft) == TEXT.replace("sing", "hum")
    assert "event: proposals" in ada.get(f"/api/turns/{turn['id']}/events").text


def test_what_was_sent_again_counts_by_its_second_try(
    ada: Person, scripted: ScriptedProvider, held: asyncio.Event, lose: Callable[[], None]
) -> None:
    draft = ada.draft(TEXT)
    missed = call("replace_text", block="b2", old="dance", new="leap")
    scripted.enqueue(edits(SING, missed), Reply(("Again. ", "x"), gate=held, gate_at=1))
    turn = start(ada, draft, "edit", apply="review")
    wait_for_text(ada, turn, "Done.Again. ")
    lose()
    assert [row["placed"] for row in view_of(ada, turn)["operations"]] == [True, False]
    assert [item["old"] for item in listed(ada, draft)] == ["sing"]


def test_they_keep_to_the_selection_and_to_what_was_locked_and_follow_the_text(
    ada: Person, scripted: ScriptedProvider, held: asyncio.Event, lose: Callable[[], None]
) -> None:
    draft = ada.draft(TEXT)
    lock(ada, draft, "sing")
    first, second = edits(SING, DIVE), Reply(("Again. ", "x"), gate=held, gate_at=1)
    scripted.enqueue(first, second)
    place = TEXT.index("They dive")
    turn = start(ada, draft, "edit", apply="at_once", selection=[place, place + len("They dive deep.")])
    wait_for_text(ada, turn, "Done.Again. ")
    write(ada, draft, "New first.\n\n" + TEXT)
    lose()
    (proposal,) = listed(ada, draft)
    now = text(ada, draft)
    assert now[proposal["from"] : proposal["to"]] == proposal["old"]
    assert accept(ada, proposal).status_code == 200
    assert text(ada, draft) == "New first.\n\n" + TEXT.replace("deep", "to the bottom")


def test_what_they_amount_to_is_a_version_beside_the_text(
    ada: Person, scripted: ScriptedProvider, held: asyncio.Event, lose: Callable[[], None]
) -> None:
    draft = ada.draft(TEXT)
    scripted.tools = False
    scripted.enqueue(Reply(TAGGED, gate=held, gate_at=4))
    turn = start(ada, draft, "edit", apply="review")
    wait_for_text(ada, turn, "So far. ")
    lose()
    version = view_of(ada, turn)["version"]
    assert version["applied"] is False
    assert ada.get(f"/api/versions/{version['id']}").json()["text"] == TEXT.replace("sing", "hum")
