"""The offline demo is useful by rule, the same every time, and never claims what it did not do."""

import json
from pathlib import Path
from typing import Any

import pytest

from providers.base import Message, Request, Tool, ToolCall, ToolResult
from providers.offline import OfflineProvider, transforms, words_per_second
from providers.offline.replying import reply
from providers.offline.words import important_sentences, key_terms, sentences
from providers.tokens import TokenCounter
from tests.providers.answers import Answer, collect, run

TOOLS = tuple(
    Tool(name, "", {}) for name in ("replace_block", "insert_after", "delete_block", "replace_text", "rewrite_document")
)
BLOCKS = [
    "# Remote work",
    "Actually, remote work is very popular, and many companies utilize it in order to save money. Teams are able to hire "
    "anywhere; offices get smaller, which means that rent goes down. Everybody likes that. The commute is gone, too.",
    "There are problems. The the main one is isolation, because people don't meet. Managers worry about control.",
    "## What to do",
    "- clear goals\n- regular visits\n- good tools",
    "```\nkeep   this   code\n```",
    "## Conclusion",
]
DOCUMENT = "\n\n".join(BLOCKS)


def ask(
    mode: str,
    prompt: str,
    document: str = DOCUMENT,
    *,
    selection: str | None = None,
    tools: tuple[Tool, ...] = TOOLS,
    limit: int = 4096,
    after: tuple[Message, ...] = (),
    references: list[tuple[str, str]] | None = None,
) -> Answer:
    """One answer, the request framed as the application frames it."""
    blocks = [block for block in document.split("\n\n") if block]
    shown = "\n\n".join(f"[b{number}] {block}" for number, block in enumerate(blocks, start=1))
    content = f'<document title="x">\n{shown}\n</document>\n\nChange it.\n\n<request>\n{prompt}\n</request>'
    asked = Request(
        "offline-demo",
        "You are an assistant.",
        messages=(Message.of("user", content), *after),
        tools=tools if mode == "edit" else (),
        max_output_tokens=limit,
        metadata={
            "mode": mode,
            "document": document,
            "selection": selection,
            "prompt": prompt,
            "references": references,
        },
    )
    return run(collect(OfflineProvider(words_per_second=0, counter=TokenCounter(Path("/nonexistent"))), asked))


def operations(answer: Answer) -> list[tuple[str, dict[str, str]]]:
    return [(call.name, json.loads(call.arguments)) for call in answer.calls]


REFERENCES = [
    ("Harbour log.md", "The harbour was dredged in spring. Two tugs sank near the mole."),
    ("Keepers", "The keepers were paid in oil. They complained about the quality of it."),
]


@pytest.mark.parametrize(
    "prompt, said, unsaid",
    [
        ("What does the harbour log say about tugs?", "Two tugs sank", "paid in oil"),
        ("What do my references say about the oil?", "paid in oil", "isolation"),
        ("Why did tugs sink?", "Two tugs sank", "paid in oil"),
        ("Sum up the references", "dredged in spring", "isolation"),
        ("Why is isolation the main problem?", "isolation", "From “"),
    ],
)
def test_questions_are_answered_from_references_where_they_are_meant(prompt: str, said: str, unsaid: str) -> None:
    text = ask("ask", prompt, references=REFERENCES).text
    assert said in text
    assert unsaid not in text


def test_writing_into_a_selection_gives_paragraphs_for_that_place_alone() -> None:
    text = ask("write", "Write about keeping bees", selection="Everybody likes that.").text
    assert "bees" in text
    assert "#" not in text
    assert "Remote work" not in text


def test_writing_gives_a_structured_draft_of_what_was_asked() -> None:
    prompt = "Write a blog post about keeping bees in the city, covering equipment, the law and neighbours"
    answer = ask("write", prompt, "")
    text = answer.text
    assert text.startswith("# Keeping bees in the city\n\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Equipment", "## The law", "## Neighbours", "## Conclusion",
    ]  # fmt: skip
    assert len([block for block in text.split("\n\n") if not block.startswith("#")]) >= 5
    assert "offline" not in text.lower(), "what wrote it is said in the chat, not in the document"
    assert ask("write", prompt, "").text == text
    assert answer.stopped is not None
    assert answer.stopped.reason == "end"


@pytest.mark.parametrize(
    "prompt,expected",
    [
        (
            "Draft a letter to my landlord about the broken heating",
            ["Dear landlord,", "Kind regards,", "broken heating"],
        ),
        (
            "meeting agenda for the kickoff: goals, team, timeline",
            ["# Meeting agenda for the kickoff", "## Goals", "## Timeline", "## Next steps"],
        ),
        ("write a report on rainfall", ["# Rainfall", "## Background", "## Recommendation"]),
        ("Write a story about a lost key", ["# A lost key", "ordinary morning"]),
        ("Write about:\n- apples\n- pears", ["## Apples", "## Pears"]),
        ("", ["# The subject"]),
        ("???", ["# "]),
    ],
)
def test_the_kind_of_text_follows_the_prompt(prompt: str, expected: list[str]) -> None:
    text = ask("write", prompt, "").text
    for words in expected:
        assert words in text


def test_writing_never_drops_a_text_that_is_there() -> None:
    text = ask("write", "Write about costs").text
    assert text.startswith(DOCUMENT)
    assert "## Costs" in text


@pytest.mark.parametrize(
    "prompt,expected",
    [
        ("How many words does it have?", "words"),
        ("Summarise it", "> "),
        ("What is it about?", "**"),
        ("Who are you?", "offline demo"),
        ("Suggest a title", "- "),
        ("Translate it to French", "cannot translate"),
        ("Give me feedback", "Filler words"),
        ('Does it mention "isolation"?', "occurs 1 time"),
        ('Where does it say "bananas"?', "does not occur"),
        ("What do managers worry about?", "> Managers worry about control."),
        ("Show the structure", "- What to do"),
        ("Xyzzy plugh?", "offline demo"),
        ("Which words are repeated?", "remote"),
    ],
)
def test_questions_are_answered_from_the_document(prompt: str, expected: str) -> None:
    answer = ask("ask", prompt)
    assert expected in answer.text
    assert answer.calls == []


def test_questions_about_nothing_say_so() -> None:
    assert "empty" in ask("ask", "Summarise it", "").text


def test_questions_about_a_selection_are_about_the_selection() -> None:
    assert ask("ask", "How many words?", selection="just three words").text.startswith("3 words")


def test_shortening_keeps_structure_and_loses_filler() -> None:
    answer = ask("edit", "Make it shorter")
    done = operations(answer)
    assert {values["block"] for _, values in done} <= {"b2", "b3", "b5"}
    first = dict(done[0][1])
    assert len(first["text"]) < len(BLOCKS[1])
    assert "very" not in first["text"]
    assert "in order to" not in first["text"]
    assert answer.stopped is not None
    assert answer.stopped.reason == "tool_use"
    assert "propose" in answer.text


EDITS: list[tuple[str, str, dict[str, str]]] = [
    ('replace "remote work" with "distributed work"', "replace_text", {"block": "b2", "old": "remote work", "new": "distributed work"}),
    ("delete the second paragraph", "delete_block", {"block": "b3"}),
    ("delete b5", "delete_block", {"block": "b5"}),
    ('add "See you." at the end', "insert_after", {"block": "b7", "text": "See you."}),
    ('insert "Hello." at the beginning', "insert_after", {"block": "start", "text": "Hello."}),
    ('set the title to "Working apart"', "replace_block", {"block": "b1", "text": "# Working apart"}),
    ("turn the list into prose", "replace_block", {"block": "b5", "text": "Clear goals. Regular visits. Good tools."}),
    ("sort the list", "replace_block", {"block": "b5", "text": "- clear goals\n- good tools\n- regular visits"}),
    ("make the list a numbered list", "replace_block", {"block": "b5", "text": "1. clear goals\n2. regular visits\n3. good tools"}),
    ('make "isolation" bold', "replace_text", {"block": "b3", "old": "isolation", "new": "**isolation**"}),
]  # fmt: skip


@pytest.mark.parametrize("prompt,name,values", EDITS, ids=[prompt for prompt, _, _ in EDITS])
def test_an_edit_is_the_operation_that_was_asked_for(prompt: str, name: str, values: dict[str, str]) -> None:
    assert (name, values) in operations(ask("edit", prompt))


@pytest.mark.parametrize(
    "prompt,block,words",
    [
        ("fix the typos", "b3", "The main one"),
        ("tighten the first paragraph", "b2", "to save money"),
        ("put it in plain words", "b2", "companies use it"),
        ("make it more formal", "b3", "do not meet"),
        ("make it casual", "b2", "use it"),
        ("turn the second paragraph into bullets", "b3", "- There are problems."),
    ],
)
def test_a_rewriting_changes_the_block_it_is_about(prompt: str, block: str, words: str) -> None:
    changed = [
        values["text"]
        for name, values in operations(ask("edit", prompt))
        if name == "replace_block" and values["block"] == block
    ]
    assert len(changed) == 1
    assert words in changed[0]


@pytest.mark.parametrize(
    "prompt",
    ["summarise it at the top", "add an outline", "continue", "add headings", "make it longer", "find a new title"],
)
def test_additions_are_placed_on_blocks_that_exist(prompt: str) -> None:
    done = operations(ask("edit", prompt))
    assert done
    for name, values in done:
        assert name in ("insert_after", "replace_block")
        assert values["block"] in {"start", *(f"b{number}" for number in range(1, 8))}
        assert values["text"].strip()


def test_an_outline_without_text_is_continued_under_its_heading() -> None:
    ((name, values),) = operations(ask("edit", "continue from the outline"))
    assert (name, values["block"]) == ("insert_after", "b7")
    assert "[" in values["text"], "what only the writer knows is left open"


def test_a_selection_limits_the_change_to_the_selection() -> None:
    selection = "The the main one is isolation, because people don't meet."
    ((name, values),) = operations(ask("edit", "fix grammar", selection=selection))
    assert name == "replace_text"
    assert (values["block"], values["old"]) == ("b3", selection)
    assert values["new"].startswith("The main one")


@pytest.mark.parametrize(
    "prompt",
    [
        "sing a song",
        "translate to German",
        "replace x with y",
        "delete it somehow",
        "review it",
        'replace "unicorn" with "horse"',
    ],
)
def test_what_it_cannot_do_it_says_and_changes_nothing(prompt: str) -> None:
    answer = ask("edit", prompt)
    assert answer.calls == []
    assert answer.text
    assert answer.stopped is not None
    assert answer.stopped.reason == "end"


def test_nothing_to_edit_is_said() -> None:
    assert "empty" in ask("edit", "shorten it", "").text


def test_without_edit_tools_it_changes_nothing() -> None:
    answer = ask("edit", "shorten it", tools=())
    assert answer.calls == []
    assert "none were offered" in answer.text


@pytest.mark.parametrize(
    "after",
    [
        (Message.of("assistant", "I propose."), Message.of("user", "These operations could not be placed: …")),
        (
            Message("assistant", (ToolCall("c", "replace_text", "{}"),)),
            Message("user", (ToolResult("c", "not found", is_error=True),)),
        ),
    ],
)
def test_operations_that_failed_are_not_repeated_for_ever(after: tuple[Message, ...]) -> None:
    answer = ask("edit", "shorten it", after=after)
    assert answer.calls == []
    assert "leave the text" in answer.text


def test_code_is_never_rewritten() -> None:
    for prompt in ("fix typography", "shorten it", "make it formal", "simplify"):
        assert "b6" not in {values["block"] for _, values in operations(ask("edit", prompt))}


def test_usage_is_counted_exactly_and_reported() -> None:
    answer = ask("ask", "Who are you?")
    counter = TokenCounter(Path("/nonexistent"))
    assert answer.usage.status == "reported"
    assert answer.usage.output_tokens == counter.count(answer.text)
    assert answer.usage.input_tokens > 100


def test_the_output_limit_is_kept() -> None:
    answer = ask("write", "Write a long report on rain", "", limit=20)
    assert answer.stopped is not None
    assert answer.stopped.reason == "max_tokens"
    assert answer.usage.output_tokens <= 20


def test_text_is_streamed_in_words() -> None:
    answer = ask("write", "Write about rain", "")
    assert answer.deltas > 40


@pytest.mark.parametrize(
    "value,pace", [("0", 0.0), ("25", 25.0), ("fast", 60.0), ("-1", 60.0), ("nan", 60.0), (None, 60.0)]
)
def test_the_pace_comes_from_the_environment(value: str | None, pace: float) -> None:
    assert words_per_second({} if value is None else {"DRAFTLOOM_OFFLINE_WORDS_PER_SECOND": value}) == pace


# --- the rules themselves --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before,after",
    [
        ('"Hi" - it\'s 10-20 items...', "“Hi” – it’s 10–20 items…"),
        ("too  many   spaces , here .", "too many spaces, here."),
        ('see `a  "b"` and <b title="x">', 'see `a  "b"` and <b title="x">'),
        ('[link](http://x.y/"z")  and "q"', '[link](http://x.y/"z") and “q”'),
        ("well-known 2026-11-20", "well-known 2026-11-20"),
    ],
)
def test_typography(before: str, after: str) -> None:
    assert transforms.typography(before) == after


@pytest.mark.parametrize(
    "before,after",
    [
        ("teh cat sat on on a apple. it recieve.", "The cat sat on an apple. It receive."),
        ("He said e.g. nothing.", "He said e.g. nothing."),
        ("- clear goals", "- clear goals"),
        ("i dont know.", "I don’t know."),
    ],
)
def test_correcting(before: str, after: str) -> None:
    assert transforms.correct(before) == after


def test_sentences_are_not_cut_at_abbreviations_or_joined_across_paragraphs() -> None:
    text = 'Dr. Smith came, e.g. by train. "Really?" he asked. Yes\n\nNew paragraph here'
    assert sentences(text) == ["Dr. Smith came, e.g. by train.", '"Really?" he asked.', "Yes", "New paragraph here"]


def test_what_a_text_is_about_is_found() -> None:
    text = "Bees make honey. Honey is sweet. The city has bees on roofs. Roofs are warm for bees."
    assert key_terms(text, 1) == ["Bees"]
    assert important_sentences(text, 1) == ["Bees make honey."]


def test_every_rule_leaves_nothing_but_text() -> None:
    awkward: list[Any] = [
        "",
        " ",
        "🎉",
        "a",
        "...",
        "# only a heading",
        "- \n- ",
        "> ",
        "|a|b|\n|-|-|",
        "“”",
        "\n\n",
        "1. x",
    ]
    for change in (
        transforms.tighten, transforms.shorten, transforms.simplify, transforms.formal, transforms.casual, transforms.correct,
        transforms.typography, transforms.as_bullets, transforms.as_numbers, transforms.as_prose, transforms.sorted_lines,
    ):  # fmt: skip
        for passage in awkward:
            assert isinstance(change(passage), str)


def test_a_text_that_looks_like_a_block_mark_is_text() -> None:
    document = "One thing. Another thing.\n\n[b9] is how some people write footnotes, and teh other way is fine."
    ((_, values),) = operations(ask("edit", "fix typos", document))
    assert values["block"] == "b2"
    assert values["text"].startswith("[b9] is how")


def test_a_title_that_is_there_is_replaced_only_when_a_new_one_is_wanted() -> None:
    assert ask("edit", "add a title").calls == []
    ((name, values),) = operations(ask("edit", "find a new title"))
    assert (name, values["block"]) == ("replace_block", "b1")
    assert values["text"].startswith("# ")


def test_a_list_after_a_colon_becomes_bullets_below_its_lead() -> None:
    assert transforms.as_bullets("We need: apples, pears, and plums.") == "We need:\n\n- apples\n- pears\n- plums"


def test_a_message_is_changed_by_rule_and_an_empty_one_framed() -> None:
    assert reply("Fix grammar", message="teh boat", said="x") == "the boat"
    assert reply("Say it in French", message="Left as it is.", said="x") == "Left as it is."
    assert reply("Draft a reply", message="", said="I rowed. Was that right?").startswith("> Was that right?\n\n")
    assert len(reply("Draft a reply", message=" ", said="word " * 500).partition("\n")[0]) < 200
    first = reply("Draft a reply", message="", said="")
    assert "[what you did]" in first
    assert ">" not in first
