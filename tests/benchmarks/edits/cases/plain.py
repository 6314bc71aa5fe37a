"""Good answers, and the plain mistakes: a block that is not there, the block beside it, words that stand twice."""

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

LETTER = """# Moving house

Dear neighbours, we move on Friday.

The lift will be busy from eight to noon. We are sorry for the noise.

Yours, Ada
"""

MINUTES = """# Minutes

## Budget

The committee agreed on the budget.

## Garden

The committee agreed on the roses.

## Budget

The committee will meet again in May.
"""

CASES = (
    Case(
        name="words change inside one block",
        request="Say that it is Saturday.",
        document=LETTER,
        steps=[replace_text("b2", "Friday", "Saturday")],
    ),
    Case(
        name="a block is put in other words",
        request="Make the greeting warmer.",
        document=LETTER,
        steps=[
            replace_block(
                "b2",
                "Dear neighbours, on Friday we are moving out.",
                Becomes("Dear neighbours, we move on Friday.", "Dear neighbours, on Friday we are moving out."),
            )
        ],
    ),
    Case(
        name="one block becomes two",
        request="Give the apology a paragraph of its own.",
        document=LETTER,
        steps=[
            replace_block(
                "b3",
                "The lift will be busy from eight to noon.\n\nWe are sorry for the noise.",
                Becomes("noon. We are", "noon.\n\nWe are"),
            )
        ],
    ),
    Case(
        name="a block is added, another one taken away",
        request="Add a phone number and drop the greeting.",
        document=LETTER,
        steps=[
            delete_block("b2", Becomes("Dear neighbours, we move on Friday.\n\n", "")),
            insert_after("b3", "Call us on 555 01 02.", Becomes("the noise.", "the noise.\n\nCall us on 555 01 02.")),
        ],
    ),
    Case(
        name="text is added at the very beginning and the very end",
        request="Add a date on top and a postscript.",
        document=LETTER,
        steps=[
            insert_after("start", "2 June", Becomes("# Moving", "2 June\n\n# Moving")),
            insert_after("b4", "PS: The cat stays.", Becomes("Yours, Ada", "Yours, Ada\n\nPS: The cat stays.")),
        ],
    ),
    Case(
        name="a whole rewrite that changes one word changes one word",
        request="It is Sunday; give me all of it.",
        document=LETTER,
        steps=[rewrite_document(LETTER.replace("Friday", "Sunday"), Becomes("Friday", "Sunday"))],
    ),
    Case(
        name="a whole rewrite in other words",
        request="Write it anew.",
        document="Old words.\n",
        steps=[rewrite_document("# New\n\nOther words.", Becomes("Old words.", "# New\n\nOther words."))],
    ),
    Case(
        name="a block that is not there",
        request="Change the ending.",
        document=LETTER,
        steps=[
            replace_block("b5", "Yours, Ada and Bo", Refused("unknown_block")),
            delete_block("b0", Refused("unknown_block")),
            insert_after("b12", "More.", Refused("unknown_block")),
            replace_text("ending", "Ada", "Bo", Refused("unknown_block")),
        ],
    ),
    Case(
        name="words quoted for the block beside theirs are not moved there",
        request="Say lorry instead of lift.",
        document=LETTER,
        steps=[
            replace_text("b2", "The lift", "The lorry", Refused("not_found")),
            replace_text("b4", "The lift", "The lorry", Refused("not_found")),
        ],
    ),
    Case(
        name="words that nobody wrote",
        request="Fix the part about the dog.",
        document=LETTER,
        steps=[
            replace_text("b3", "The dog will be busy", "The dog will sleep", Refused("not_found")),
            replace_text("b3", "the lift will be busy", "The lift is busy", Refused("not_found")),
        ],
    ),
    Case(
        name="the same words in several blocks are told apart by the block",
        request="The roses were postponed.",
        document=MINUTES,
        steps=[
            replace_text(
                "b5",
                "The committee agreed on",
                "The committee postponed",
                Becomes("agreed on the roses", "postponed the roses"),
            )
        ],
    ),
    Case(
        name="the same words twice in one block are not guessed",
        request="Change the second one.",
        document="We came, we saw, and we went home.\n",
        steps=[
            replace_text("b1", "we", "they", Refused("ambiguous")),
            replace_text("b1", "we went", "they went"),
        ],
    ),
    Case(
        name="words that overlap themselves are counted as often as they occur",
        request="Shorten the laughter.",
        document="She said hahaha and left.\n",
        steps=[replace_text("b1", "haha", "ha", Refused("ambiguous")), replace_text("b1", "hahaha", "ha")],
    ),
    Case(
        name="headings with the same text",
        request="Rename the last section and drop the first heading.",
        document=MINUTES,
        steps=[
            replace_block("b6", "## Next", Becomes("## Budget\n\nThe committee will", "## Next\n\nThe committee will")),
            delete_block(
                "b2", Becomes("## Budget\n\nThe committee agreed on the budget.", "The committee agreed on the budget.")
            ),
        ],
    ),
    Case(
        name="equal paragraphs",
        request="Change the one in the middle.",
        document="Ho.\n\nHo.\n\nHo. Ho.\n\nHo.\n",
        steps=[replace_block("b3", "Hey.", Becomes("Ho. Ho.", "Hey."))],
    ),
    Case(
        name="an answer that changes nothing says so",
        request="Fix the spelling.",
        document=LETTER,
        steps=[
            replace_text("b2", "Friday", "Friday", Refused("unchanged")),
            replace_block("b4", "Yours, Ada", Refused("unchanged")),
            rewrite_document(LETTER, Refused("unchanged")),
            insert_after("b4", "\n", Refused("unchanged")),
        ],
    ),
    Case(
        name="an empty document is filled",
        request="Start a letter.",
        document="",
        steps=[insert_after("start", "Dear all,", Becomes("", "Dear all,"))],
    ),
    Case(
        name="an empty document has no block to change",
        request="Shorten it.",
        document="\n\n",
        steps=[
            replace_block("b1", "Short.", Refused("unknown_block")),
            delete_block("b1", Refused("unknown_block")),
            replace_text("b1", "long", "short", Refused("unknown_block")),
        ],
    ),
    Case(
        name="a document of one line without an end",
        request="Finish the sentence.",
        document="It was a dark",
        steps=[replace_text("b1", "dark", "dark night.")],
    ),
    Case(
        name="the only block is deleted",
        request="Take it all away.",
        document="Gone soon.",
        steps=[delete_block("b1", Becomes("Gone soon.", ""))],
    ),
)
