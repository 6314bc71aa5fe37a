"""Several operations at once: in odd order, side by side, on the same block, one over the other."""

from tests.benchmarks.edits.case import (
    Becomes,
    Case,
    Refused,
    Step,
    delete_block,
    insert_after,
    replace_block,
    replace_text,
    rewrite_document,
)

FOUR = "One.\n\nTwo is here.\n\nThree.\n\nFour.\n"

CASES = (
    Case(
        name="operations from the last block to the first",
        request="In German.",
        document=FOUR,
        steps=[
            replace_block("b4", "Vier.", Becomes("Four.", "Vier.")),
            delete_block("b3", Becomes("Three.\n\n", "")),
            replace_text("b2", "here", "da"),
            replace_text("b1", "One", "Eins"),
        ],
    ),
    Case(
        name="ids count in the text the model saw, whatever was deleted before",
        request="Drop the first, change the last.",
        document=FOUR,
        steps=[
            delete_block("b1", Becomes("One.\n\n", "")),
            replace_block("b4", "4.", Becomes("Four.", "4.")),
            insert_after("b3", "3½.", Becomes("Three.", "Three.\n\n3½.")),
        ],
    ),
    Case(
        name="neighbouring words of one block",
        request="Two was there.",
        document=FOUR,
        steps=[
            replace_text("b2", "here", "there"),
            replace_text("b2", "is ", "was "),
            replace_text("b2", "Two ", "2 "),
        ],
    ),
    Case(
        name="words inside words that were already replaced",
        request="Two was there.",
        document=FOUR,
        steps=[
            replace_text("b2", "Two is", "Both are"),
            replace_text("b2", "is here", "was there", Refused("overlaps")),
            replace_text("b2", "Both", "All", Refused("not_found")),
        ],
    ),
    Case(
        name="a block deleted and another put in its place",
        request="Replace the second.",
        document=FOUR,
        steps=[
            delete_block("b2", Becomes("Two is here.", "")),
            insert_after("b2", "Zwei.", Becomes("\n\nThree", "Zwei.\n\nThree")),
        ],
    ),
    Case(
        name="a block replaced twice",
        request="Change the second.",
        document=FOUR,
        steps=[
            replace_block("b2", "Zwei.", Becomes("Two is here.", "Zwei.")),
            replace_block("b2", "Deux.", Refused("overlaps")),
            delete_block("b2", Refused("overlaps")),
            replace_text("b2", "here", "there", Refused("overlaps")),
        ],
    ),
    Case(
        name="words of a block that is replaced or deleted later",
        request="Change the second.",
        document=FOUR,
        steps=[
            replace_text("b2", "here", "there"),
            replace_block("b2", "Zwei.", Refused("overlaps")),
            delete_block("b3", Becomes("Three.\n\n", "")),
            replace_text("b3", "Three", "Drei", Refused("overlaps")),
        ],
    ),
    Case(
        name="a rewrite behind other operations, and other operations behind a rewrite",
        request="Change everything.",
        document=FOUR,
        steps=[
            replace_text("b1", "One", "Eins"),
            rewrite_document("All new.", Refused("overlaps")),
            insert_after("b4", "Five.", Becomes("Four.", "Four.\n\nFive.")),
        ],
    ),
    Case(
        name="other operations behind a rewrite",
        request="Change everything.",
        document="Old.\n",
        steps=[
            rewrite_document("All new.", Becomes("Old.", "All new.")),
            replace_text("b1", "Old", "Eins", Refused("overlaps")),
            insert_after("start", "Top.", Refused("overlaps")),
        ],
    ),
    Case(
        name="an operation that is refused does not stand in the way",
        request="Change the second.",
        document=FOUR,
        steps=[
            replace_text("b2", "nowhere", "x", Refused("not_found")),
            replace_block("b2", "Zwei.", Becomes("Two is here.", "Zwei.")),
        ],
    ),
    Case(
        name="several texts behind one block, in order",
        request="Add two.",
        document=FOUR,
        steps=[
            insert_after("b2", "2a.", Becomes("Two is here.", "Two is here.\n\n2a.")),
            insert_after("b2", "2b.", Becomes("Two is here.", "Two is here.\n\n2b.")),
        ],
    ),
    Case(
        name="every block is deleted and another begins",
        request="Start over.",
        document="One.\n\nTwo.\n",
        steps=[
            insert_after("start", "New.", Becomes("One.", "New.")),
            delete_block("b1", Becomes("\n\n", "")),
            delete_block("b2", Becomes("Two.", "")),
        ],
    ),
    Case(
        name="blocks in a row and at both ends are deleted",
        request="Keep the third.",
        document=FOUR,
        steps=[
            delete_block("b2", Becomes("Two is here.\n\n", "")),
            delete_block("b1", Becomes("One.\n\n", "")),
            delete_block("b4", Becomes("\n\nFour.", "")),
        ],
    ),
    Case(
        name="a block emptied is a block deleted",
        request="Drop the third.",
        document=FOUR,
        steps=[
            Step("replace_block", {"block": "b3", "text": ""}, Becomes("Three.\n\n", "")),
            insert_after("b1", "   ", Refused("unchanged")),
        ],
    ),
)
