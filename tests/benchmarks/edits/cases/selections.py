"""Edits that may only change the selected passage."""

from tests.benchmarks.edits.case import (
    Becomes,
    Case,
    Refused,
    delete_block,
    insert_after,
    replace_block,
    replace_text,
    rewrite_document,
)

TEXT = "# Tea\n\nWe drink black tea. They drink green tea.\n\n- pot\n- cup\n\nThe end.\n"

CASES = (
    Case(
        name="selected words change, the same words elsewhere do not",
        request="Make it white tea.",
        document=TEXT,
        selection="They drink green tea.",
        steps=[
            replace_text("b2", "green", "white"),
            replace_text("b2", "black", "white", Refused("outside_selection")),
        ],
    ),
    Case(
        name="a block sent whole counts by what changes in it",
        request="Make it white tea.",
        document=TEXT,
        selection="green tea",
        steps=[
            replace_block("b2", "We drink black tea. They drink white tea.", Becomes("green", "white")),
        ],
    ),
    Case(
        name="a block sent whole that also changes its rest is refused",
        request="Make it white tea.",
        document=TEXT,
        selection="green tea",
        steps=[replace_block("b2", "We drink white tea. They drink white tea.", Refused("outside_selection"))],
    ),
    Case(
        name="selected blocks are replaced, deleted and added to",
        request="Shorten this.",
        document=TEXT,
        selection="- pot\n- cup\n\nThe end.",
        steps=[
            replace_block("b3", "- pot", Becomes("- pot\n- cup", "- pot")),
            delete_block("b4", Becomes("\n\nThe end.", "")),
            delete_block("b1", Refused("outside_selection")),
            insert_after("b2", "More tea.", Refused("outside_selection")),
        ],
    ),
    Case(
        name="new text behind the selected block",
        request="Add one.",
        document=TEXT,
        selection="- pot\n- cup",
        steps=[
            insert_after("b3", "A jug too.", Becomes("- cup", "- cup\n\nA jug too.")),
            insert_after("start", "Hello.", Refused("outside_selection")),
            insert_after("b4", "Bye.", Refused("outside_selection")),
        ],
    ),
    Case(
        name="a rewrite of everything that changes only the selection",
        request="Make it white tea.",
        document=TEXT,
        selection="green tea",
        steps=[rewrite_document(TEXT.replace("green", "white"), Becomes("green", "white"))],
    ),
    Case(
        name="a rewrite of everything that also changes the rest",
        request="Make it white tea.",
        document=TEXT,
        selection="green tea",
        steps=[rewrite_document("# White tea", Refused("outside_selection"))],
    ),
    Case(
        name="a rewrite as the model saw it, without the writer's blank lines",
        request="Make it white tea.",
        document="# Tea\nWe drink green tea.\n\n\n\nThe end.\n\n\n",
        selection="green tea",
        steps=[
            rewrite_document("# Tea\n\nWe drink white tea.\n\nThe end.", Becomes("green", "white")),
        ],
    ),
    Case(
        name="emoji before the selection do not shift it",
        request="Louder.",
        document="🦊🦊🦊 quiet 🎉 words here.\n",
        selection="quiet 🎉",
        steps=[
            replace_text("b1", "quiet", "LOUD"),
            replace_text("b1", "words", "WORDS", Refused("outside_selection")),
        ],
    ),
)
