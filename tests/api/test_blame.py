"""Who wrote this: every word is traced to the version, and the person or model, that brought it in."""

from typing import Any

from providers.scripted import Reply, ScriptedProvider
from tests.api.test_branches import branch, branches, merge, switch
from tests.api.test_versions import checkpoint, write
from tests.conftest import Person


def runs(person: Person, version: dict[str, Any], query: str = "") -> list[tuple[str, int]]:
    answer = person.get(f"/api/versions/{version['id']}/blame{query}")
    assert answer.status_code == 200, answer.text
    blame = answer.json()
    return [(run["text"], blame["versions"][run["version"]]["number"]) for run in blame["runs"]]


def test_words_belong_to_the_version_that_brought_them_in(ada: Person) -> None:
    draft = ada.draft("The fox sleeps.")
    checkpoint(ada, draft)
    write(ada, draft, "The red fox sleeps.", 1)
    checkpoint(ada, draft)
    write(ada, draft, "The red fox sleeps. 🦊 Always.", 2)
    third = checkpoint(ada, draft)
    found = runs(ada, third)
    assert "".join(words for words, _ in found) == "The red fox sleeps. 🦊 Always."
    assert [(words.strip(), number) for words, number in found] == [
        ("The", 1), ("red", 2), ("fox sleeps.", 1), ("🦊 Always.", 3),
    ]  # fmt: skip


def test_a_selection_counts_in_utf16_units(ada: Person) -> None:
    draft = ada.draft("🦊🦊 one")
    checkpoint(ada, draft)
    write(ada, draft, "🦊🦊 one two", 1)
    second = checkpoint(ada, draft)
    assert runs(ada, second, "?from=5&to=12") == [("one", 1), (" two", 2)]
    blame = ada.get(f"/api/versions/{second['id']}/blame?from=5&to=12").json()
    assert [(run["from"], run["to"]) for run in blame["runs"]] == [(5, 8), (8, 12)]
    assert ada.get(f"/api/versions/{second['id']}/blame?from=9&to=5").status_code == 422
    assert ada.get(f"/api/versions/{second['id']}/blame?to=13").status_code == 422
    assert ada.get(f"/api/versions/{second['id']}/blame?from=1").status_code < 500
    assert runs(ada, second, "?from=4&to=4") == []


def test_a_models_words_are_the_models(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("")
    scripted.enqueue(Reply("The model wrote this line."))
    turn = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "write", "prompt": "x"}).json()
    ada.get(f"/api/turns/{turn['id']}/events")
    write(ada, draft, "The model wrote this line.\n\nAnd I wrote this one.", 1)
    version = checkpoint(ada, draft)
    blame = ada.get(f"/api/versions/{version['id']}/blame").json()
    authors = [paragraph["authors"][0]["author"] for paragraph in blame["paragraphs"]]
    assert [(author["kind"], author["name"]) for author in authors] == [("model", "script-1"), ("user", "Ada")]


def test_merged_words_keep_their_origin(ada: Person) -> None:
    draft = ada.draft("The fox sleeps.\n\nThe dog barks.")
    night = branch(ada, draft, checkpoint(ada, draft), "Night")
    switch(ada, draft, night)
    write(ada, draft, "The fox sleeps.\n\nThe dog howls.", 1)
    tip = checkpoint(ada, draft)
    switch(ada, draft, branches(ada, draft)["Main"])
    write(ada, draft, "The vixen sleeps.\n\nThe dog barks.", 2)
    merged = merge(ada, draft, tip["id"]).json()["version"]
    assert dict(runs(ada, merged)) == {
        "The ": 1, "vixen": 3, " sleeps.\n\nThe dog ": 1, "howls": tip["number"], ".": 1,
    }  # fmt: skip
