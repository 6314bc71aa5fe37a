"""Long documents and very many operations."""

from tests.benchmarks.edits.case import Becomes, Case, Refused, delete_block, insert_after, replace_block, replace_text

PARAGRAPHS = tuple(
    f"Paragraph {number} tells of day {number * 7 % 365} and says that the weather was much the same as ever."
    for number in range(1, 3001)
)
LONG = "\n\n".join(PARAGRAPHS) + "\n"
LINES = tuple(f"Line {number} has a misteak." for number in range(1, 1001))
MANY = "\n\n".join(LINES) + "\n"

CASES = (
    Case(
        name="three thousand paragraphs that are much alike",
        request="Fix three places.",
        document=LONG,
        steps=[
            replace_text(
                "b2999",
                "much the same",
                "worse",
                Becomes(PARAGRAPHS[2998], PARAGRAPHS[2998].replace("much the same", "worse")),
            ),
            replace_text("b12", "Paragraph 13 tells", "Paragraph 13 told", Refused("not_found")),
            replace_text("b1", "Nobody wrote this here", "x", Refused("not_found")),
            delete_block("b1500", Becomes(PARAGRAPHS[1499] + "\n\n", "")),
            insert_after("b3000", "The end.", Becomes(PARAGRAPHS[2999], PARAGRAPHS[2999] + "\n\nThe end.")),
            replace_block("b3001", "x", Refused("unknown_block")),
        ],
    ),
    Case(
        name="a thousand operations",
        request="Fix the spelling.",
        document=MANY,
        steps=[
            replace_text(
                f"b{number}",
                "misteak",
                "mistake",
                Becomes(f"Line {number} has a misteak", f"Line {number} has a mistake"),
            )
            for number in range(1, 1001)
        ],
    ),
    Case(
        name="more operations than any answer should have",
        request="Fix the spelling.",
        document="Text.\n",
        steps=[
            *(replace_text("b1", "nowhere", "x", Refused("not_found")) for _ in range(1000)),
            *(replace_text("b1", "Text", "Words", Refused("invalid")) for _ in range(5)),
        ],
    ),
    Case(
        name="a very long line",
        request="Change the middle.",
        document="word " * 20_000 + "needle " + "word " * 20_000 + "\n",
        steps=[
            replace_text("b1", "needle", "pin"),
            replace_text("b1", "word word", "words", Refused("ambiguous")),
        ],
    ),
)
