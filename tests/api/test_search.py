"""Search through HTTP: what is found, in which order, and what never is."""

from typing import Any

from providers.scripted import Reply, ScriptedProvider
from tests.conftest import Person


def found(person: Person, q: str, **more: Any) -> list[dict[str, Any]]:
    answer = person.get("/api/search", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def titles(person: Person, q: str) -> list[str]:
    return [item["title"] for item in found(person, q)]


def write(person: Person, draft: dict[str, Any], n: int, text: str) -> None:
    seq = person.get(f"/api/drafts/{draft['id']}").json()["seq"]
    command = {"replica": "r", "n": n, "base_seq": seq, "ops": [{"field": "text", "replace": text}]}
    assert person.post(f"/api/drafts/{draft['id']}/commands", command).status_code == 200


def test_what_was_just_saved_is_found_with_its_passage(ada: Person) -> None:
    draft = ada.draft("# Harbour\n\nThe little boats came home in the evening.", title="Sea")
    (item,) = found(ada, "boats even")
    assert (item["kind"], item["id"], item["draft_id"], item["title"]) == ("draft", draft["id"], draft["id"], "Sea")
    assert [piece["text"] for piece in item["snippet"] if piece["hit"]] == ["boats", "evening"]
    assert "".join(piece["text"] for piece in item["snippet"]) == "# Harbour The little boats came home in the evening."
    write(ada, draft, 1, "The ships left.")
    assert found(ada, "boats") == []
    assert titles(ada, "ships") == ["Sea"]


SCRIPTS = [
    ("Žluťoučký kůň", "zlutoucky kun"),
    ("the CAFÉ", "cafe\u0301"),
    ("STRASSE", "straße"),
    ("Привет, мир", "ПРИВЕТ"),
    ("今日は日本語を書く", "日本語"),
    ("snake_case_name", "case"),
    ("don't", "don't"),
    ("version 2.50", "2.50"),
    ("unfinished", "unfin"),
    ("한국어 문장", "한국어"),
]


def test_words_are_found_in_any_case_accent_and_script(ada: Person) -> None:
    for number, (text, _q) in enumerate(SCRIPTS):
        ada.draft(text, title=f"Text {number}")
    for number, (_text, q) in enumerate(SCRIPTS):
        assert titles(ada, q) == [f"Text {number}"], q
        assert any(piece["hit"] for piece in found(ada, q)[0]["snippet"]), q


def test_all_words_are_needed_and_only_the_last_may_be_unfinished(ada: Person) -> None:
    ada.draft("green apples", title="A")
    assert titles(ada, "green app") == ["A"]
    assert titles(ada, "app green") == []
    assert titles(ada, "app ") == []
    assert titles(ada, "green pears") == []


ODD = [
    "", "   ", '"', "'", '"unclosed', "a AND", "NOT", "* ", "(((", "col:x", "terms : x", "^x", "-x", "a\\b", "x' OR 1=1 --",
    "🫖", "\u0301", "NEAR(a b)", "& | ! <->", ":*", "%", "_", "\u202e", "x" * 10_000, "word " * 2_000, "{terms}", "a\nb",
    "\t", "ﬁ", "²", "१२", "क्षि", "عربي", "\ufdfa",
]  # fmt: skip


def test_no_query_is_an_error(ada: Person) -> None:
    ada.draft(" ".join(ODD)[:5_000], title="x")
    for q in ODD:
        found(ada, q)
    assert titles(ada, "NEAR(a b)") == ["x"]


def test_a_query_that_no_database_can_store_finds_nothing(ada: Person) -> None:
    ada.draft("plain")
    assert ada.get("/api/search?q=%00plainer%00").json()["items"] == []
    assert ada.get("/api/search?q=x&cursor=rubbish").status_code == 400


def test_titles_come_first_then_what_changed_last(ada: Person) -> None:
    ada.draft("harbour", title="Old")
    named = ada.draft("", title="The harbour")
    ada.draft("harbour", title="New")
    assert titles(ada, "harbour") == ["The harbour", "New", "Old"]
    write(ada, named, 1, "words")
    assert titles(ada, "harbour")[0] == "The harbour"


def test_pages_follow_each_other_without_gaps(ada: Person) -> None:
    for number in range(7):
        ada.draft("harbour", title=f"harbour {number}" if number % 2 else str(number))
    seen: list[str] = []
    cursor = None
    while True:
        page = ada.get(
            "/api/search", params={"q": "harbour", "limit": 2} | ({"cursor": cursor} if cursor else {})
        ).json()
        seen += [item["title"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["harbour 5", "harbour 3", "harbour 1", "6", "4", "2", "0"]


def test_versions_are_found_by_the_words_they_brought_and_by_name(ada: Person) -> None:
    draft = ada.draft("The boats.\n\nA second paragraph.", title="Sea")
    first = ada.post(f"/api/drafts/{draft['id']}/versions", {}).json()
    write(ada, draft, 1, "The ships.\n\nA second paragraph.")
    second = ada.post(f"/api/drafts/{draft['id']}/versions", {}).json()
    (item,) = found(ada, "boats")
    assert (item["kind"], item["id"], item["note"]) == ("version", first["id"], "Version 1")
    assert [item["id"] for item in found(ada, "ships") if item["kind"] == "version"] == [second["id"]]
    assert second["id"] not in [item["id"] for item in found(ada, "paragraph")]
    ada.patch(f"/api/versions/{second['id']}", {"label": "Before lunch"})
    assert [(item["id"], item["note"]) for item in found(ada, "lunch")] == [(second["id"], "Version 2: Before lunch")]


def test_chats_are_found(ada: Person, scripted: ScriptedProvider) -> None:
    draft = ada.draft("Words", title="Sea")
    scripted.enqueue(Reply("Try a walrus instead."))
    turn = ada.post(f"/api/drafts/{draft['id']}/turns", {"mode": "ask", "prompt": "Which animal, penguin?"}).json()
    ada.get(f"/api/turns/{turn['id']}/events")
    assert [(item["kind"], item["note"]) for item in found(ada, "penguin")] == [("message", "You")]
    assert [(item["kind"], item["note"]) for item in found(ada, "walrus")] == [("message", "Assistant")]
    assert [item["conversation_id"] for item in found(ada, "walrus")] == [turn["conversation_id"]]
    assert [item["conversation_id"] for item in found(ada, "words")] == [None, None]


def test_others_find_nothing(ada: Person, mallory: Person) -> None:
    ada.draft("secret boats", title="Mine")
    assert titles(ada, "secret") == ["Mine"]
    assert found(mallory, "secret") == []
    assert found(mallory, f"owner{ada.id.replace('-', '')} secret") == []


def test_what_is_in_the_trash_is_not_found_until_it_is_back(ada: Person) -> None:
    draft = ada.draft("boats", title="Sea")
    assert titles(ada, "boats") == ["Sea"]
    ada.delete(f"/api/drafts/{draft['id']}")
    assert found(ada, "boats") == []
    ada.post(f"/api/drafts/{draft['id']}/recover")
    assert titles(ada, "boats") == ["Sea"]
