"""Costs of branches: a draft's lines with what each cost, and what was spent on those that were given up."""

import uuid
from typing import Any

import pytest

from tests.api.test_branches import branch, branches, fork, merge, switch
from tests.api.test_costs import MARCH, book, rows
from tests.api.test_versions import checkpoint, write
from tests.conftest import Person, World


@pytest.fixture
def spent(world: World, ada: Person) -> dict[str, Any]:
    """A draft on Main, which cost 1 + 2 milli-dollars; its branch Night cost 4, and an answer that made no version 8."""
    draft = fork(ada, "On foxes")
    main = checkpoint(ada, draft)
    for version, amount in ((draft["first"], 1), (main, 2), (draft["tip"], 4), (None, 8)):
        pay(world, ada, draft, version, amount * 1_000_000)
    return draft


def pay(
    world: World, person: Person, draft: dict[str, Any], version: dict[str, Any] | None, amount: int | None
) -> None:
    version_id = uuid.UUID(version["id"]) if version else None
    status = "reported" if amount is not None else "unknown"
    book(world, person, draft_id=uuid.UUID(draft["id"]), version_id=version_id, amount_nano=amount, status=status)


def lost(person: Person, **query: Any) -> tuple[str, int]:
    found = person.get("/api/costs/measures", params=MARCH | query).json()
    return found["given_up_usd"], found["given_up_unpriced"]


def test_branches_cost_what_the_list_of_branches_says(ada: Person, spent: dict[str, Any]) -> None:
    listed = branches(ada, spent)
    assert rows(ada, group_by="branch", draft_id=spent["id"]) == [
        (None, "No branch", "0.008"),
        (listed["Night"]["id"], "Night", listed["Night"]["cost_usd"]),
        (listed["Main"]["id"], "Main", listed["Main"]["cost_usd"]),
    ]
    assert (listed["Night"]["cost_usd"], listed["Main"]["cost_usd"]) == ("0.004", "0.003")
    report = ada.get(
        "/api/costs", params=MARCH | {"group_by": "branch", "draft_id": spent["id"], "limit": 1, "offset": 1}
    ).json()
    assert ([row["label"] for row in report["rows"]], report["more"], report["total"]["cost_usd"]) == (
        ["Night"], 1, "0.015",
    )  # fmt: skip
    table = ada.get("/api/costs.csv", params=MARCH | {"group_by": "branch", "draft_id": spent["id"]}).text
    assert [line.split(",")[1] for line in table.splitlines()] == ["label", "No branch", "Night", "Main", "Total"]


def test_a_line_without_a_name_is_known_by_its_tip(ada: Person, spent: dict[str, Any]) -> None:
    assert ada.delete(f"/api/drafts/{spent['id']}/branches/{spent['night']['id']}").status_code == 204
    assert set(branches(ada, spent)) == {"Main"}
    assert (spent["tip"]["id"], f"A branch up to version {spent['tip']['number']}", "0.004") in rows(
        ada, group_by="branch", draft_id=spent["id"]
    )


def test_names_of_branches_are_their_owners(world: World, ada: Person, mallory: Person, spent: dict[str, Any]) -> None:
    eve = world.person("eve", "finance")
    seen = rows(eve, group_by="branch", draft_id=spent["id"])
    assert [cost for _key, _label, cost in seen] == ["0.008", "0.004", "0.003"]
    assert not {"Night", "Main"} & {label for _key, label, _cost in seen}
    assert rows(mallory, group_by="branch", draft_id=spent["id"]) == []


def test_branches_are_those_of_one_draft(ada: Person, spent: dict[str, Any]) -> None:
    answer = ada.get("/api/costs", params=MARCH | {"group_by": "branch"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "draft_id")
    assert rows(ada, group_by="branch", draft_id=str(uuid.uuid4())) == []
    option = '<option value="branch"'
    assert option not in ada.get("/costs").text
    page = ada.get("/costs", params=MARCH | {"group_by": "branch", "draft_id": spent["id"]}).text
    assert f"{option} selected>" in page
    assert '<th scope="row">Night</th>' in page


def test_a_branch_that_is_neither_current_nor_favourite_was_given_up(
    world: World, ada: Person, mallory: Person, spent: dict[str, Any]
) -> None:
    assert lost(ada) == ("0.004", 0)
    assert lost(mallory) == ("0", 0)
    eve = world.person("eve", "finance")
    assert lost(eve) == ("0.004", 0)
    assert lost(eve, model="another") == ("0", 0)
    assert lost(ada, **{"from": "2026-02-01", "to": "2026-02-28"}) == ("0", 0)
    pay(world, ada, spent, spent["tip"], None)
    assert lost(ada) == ("0.004", 1)
    switch(ada, spent, branches(ada, spent)["Night"])
    assert lost(ada) == ("0.002", 0)
    path = f"/api/drafts/{spent['id']}/branches/{branches(ada, spent)['Main']['id']}"
    assert ada.patch(path, {"favourite": True}).status_code == 200
    assert lost(ada) == ("0", 0)


def test_what_was_merged_was_not_given_up(ada: Person, spent: dict[str, Any]) -> None:
    assert lost(ada) == ("0.004", 0)
    assert merge(ada, spent, spent["tip"]["id"]).status_code in (200, 201)
    assert lost(ada) == ("0", 0)


def test_a_line_that_was_gone_back_on_was_given_up_before_anything_else_is_written(world: World, ada: Person) -> None:
    draft = ada.draft("one")
    first = checkpoint(ada, draft)
    other = branch(ada, draft, first, "Other")
    write(ada, draft, "one two", 1)
    second = checkpoint(ada, draft)
    pay(world, ada, draft, second, 3_000_000)
    assert lost(ada) == ("0", 0)
    switch(ada, draft, other)
    assert lost(ada) == ("0.003", 0)
