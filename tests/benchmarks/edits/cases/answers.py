"""Answers that are not what was asked for: prose around, fences, operations cut off, quoted, unknown or malformed."""

from tests.benchmarks.edits.case import (
    Becomes,
    Case,
    Refused,
    Step,
    delete_block,
    insert_after,
    replace_block,
    replace_text,
)

TEXT = "# Tags\n\nHow to write them.\n\nThe end.\n"
END = replace_text("b3", "The end", "An end")
NOTHING_PLACED = Refused("invalid")

CASES = (
    Case(
        name="prose around the operations",
        request="Change the ending.",
        document=TEXT,
        tagged=f"Sure, 1 < 2 <b>!</b>\n\n{END.as_tag()}\n\nI changed the ending.",
        said="Sure, 1 < 2 <b>!</b>\n\n\n\nI changed the ending.",
        steps=[END],
        forms=("tagged",),
    ),
    Case(
        name="the operations in a fence",
        request="Change the ending.",
        document=TEXT,
        tagged=f"Here:\n\n```xml\n{END.as_tag()}\n```\nThat is `all`:\n```\ncode\n```",
        said="Here:\n\n\nThat is `all`:\n```\ncode\n```",
        steps=[END],
        forms=("tagged",),
    ),
    Case(
        name="an operation that is only spoken of",
        request="How do I delete a block?",
        document=TEXT,
        tagged='Write `<edit op="delete_block" block="b1"/>` for that, or `<edit op="delete_block" block="b2"></edit>`.',
        said='Write `<edit op="delete_block" block="b1"/>` for that, or `<edit op="delete_block" block="b2"></edit>`.',
        steps=[],
        forms=("tagged",),
    ),
    Case(
        name="an operation quoted inside the code of another one",
        request="Show how to delete.",
        document=TEXT,
        steps=[
            replace_block(
                "b2",
                'Write:\n\n```xml\n<edit op="delete_block" block="b1"></edit>\n<edit op="delete_block" block="b3"/>\n```\n\nor `<edit op="delete_block" block="b1"/>`.',
                Becomes(
                    "How to write them.",
                    'Write:\n\n```xml\n<edit op="delete_block" block="b1"></edit>\n<edit op="delete_block" block="b3"/>\n```\n\nor `<edit op="delete_block" block="b1"/>`.',
                ),
            ),
            END,
        ],
    ),
    Case(
        name="an operation that is never closed, before another",
        request="Change both.",
        document=TEXT,
        tagged='<edit op="replace_block" block="b2">Half a sent\n<edit op="delete_block" block="b3"></edit>',
        steps=[
            Step("replace_block", {"block": "b2"}, NOTHING_PLACED),
            delete_block("b3", Becomes("\n\nThe end.", "")),
        ],
        forms=("tagged",),
    ),
    Case(
        name="an answer that breaks off inside an operation",
        request="Change both.",
        document=TEXT,
        tagged=f'{END.as_tag()}\n<edit op="replace_block" block="b2">Half a sent',
        steps=[END, Step("replace_block", {"block": "b2"}, NOTHING_PLACED)],
        forms=("tagged",),
    ),
    Case(
        name="an answer that breaks off inside a tag",
        request="Change both.",
        document=TEXT,
        tagged=f'{END.as_tag()}\n<edit op="replace_text" block="b2" old="a > b < c',
        steps=[END, Step("replace_text", {"block": "b2"}, NOTHING_PLACED)],
        forms=("tagged",),
    ),
    Case(
        name="everything in the attributes of a tag",
        request="Change the text.",
        document="Mind a < b and a > b.\n\nLong.\n\nEnd.\n",
        tagged=f'<edit op="replace_text" block="b1" old="a < b and a > b" new="b > a"/>'
        f'<edit op="replace_block" block="b2" text="{"Longer. " * 60}"/>',
        steps=[
            replace_text("b1", "a < b and a > b", "b > a"),
            replace_block("b2", "Longer. " * 60, Becomes("Long.", "Longer. " * 60)),
        ],
        forms=("tagged",),
    ),
    Case(
        name="a tag without content is no order to delete",
        request="Change the text.",
        document=TEXT,
        tagged='<edit op="replace_block" block="b2"/><edit op="insert_after" block="b2"/><edit op="rewrite_document"/>',
        steps=[
            Step("replace_block", {"block": "b2"}, NOTHING_PLACED),
            Step("insert_after", {"block": "b2"}, NOTHING_PLACED),
            Step("rewrite_document", {}, NOTHING_PLACED),
        ],
        forms=("tagged",),
    ),
    Case(
        name="words that hold the tags of a replacement",
        request="Fix the explanation.",
        document="Write <new> for new words, <old> for old.\n",
        tagged='<edit op="replace_text" block="b1"><old>Write <new> for new words</old><new>Use <new> for words</new></edit>',
        steps=[replace_text("b1", "Write <new> for new words", "Use <new> for words")],
        forms=("tagged",),
    ),
    Case(
        name="several replacements in one tag",
        request="Change two words.",
        document=TEXT,
        tagged='<edit op="replace_text" block="b2">\n<old>How</old><new>Where</new>\n<old>them</old>\n<new>tags</new>\n</edit>',
        steps=[replace_text("b2", "How", "Where"), replace_text("b2", "them", "tags")],
        forms=("tagged",),
    ),
    Case(
        name="other words for the tags: names, quotes, order, capitals",
        request="Change all.",
        document=TEXT,
        tagged="<delete_block block='b1'/><EDIT block=b2 op=\"replace_block\">Why.</EDIT>"
        '<replace_text block="[b3]"><new>An end</new><old>The end</old></replace_text>',
        steps=[
            delete_block("b1", Becomes("# Tags\n\n", "")),
            replace_block("b2", "Why.", Becomes("How to write them.", "Why.")),
            END,
        ],
        forms=("tagged",),
    ),
    Case(
        name="operations that do not exist",
        request="Move it up.",
        document=TEXT,
        steps=[
            Step("move_block", {"block": "b3", "text": "start"}, NOTHING_PLACED),
            Step("replace_all", {"text": "x"}, NOTHING_PLACED),
            END,
        ],
    ),
    Case(
        name="arguments that are missing, of the wrong sort or no JSON",
        request="Change the text.",
        document=TEXT,
        steps=[
            Step("replace_block", {"block": "b2"}, NOTHING_PLACED),
            Step("replace_block", {"text": "x"}, NOTHING_PLACED),
            Step("replace_text", {"block": "b2", "old": "", "new": "x"}, NOTHING_PLACED),
            Step("replace_text", {"block": "b2", "old": ["How"], "new": "x"}, NOTHING_PLACED),
            Step("replace_block", {"block": True, "text": "x"}, NOTHING_PLACED),
            Step("delete_block", '{"block": "b', NOTHING_PLACED),
            Step("delete_block", '["b2"]', NOTHING_PLACED),
            Step("rewrite_document", {"text": None}, NOTHING_PLACED),
            END,
        ],
        forms=("tools",),
    ),
    Case(
        name="arguments nobody asked for, and numbers for ids",
        request="Change the text.",
        document=TEXT,
        steps=[
            Step("delete_block", {"block": 1, "reason": "dull"}, Becomes("# Tags\n\n", "")),
            Step("insert_after", {"block": "Start", "text": "Hi."}, Becomes("How", "Hi.\n\nHow")),
        ],
        forms=("tools",),
    ),
    Case(
        name="what no database can store is not written",
        request="Change the ending.",
        document=TEXT,
        steps=[
            insert_after("b3", "a\x00b", Becomes("end.", "end.\n\na\N{REPLACEMENT CHARACTER}b")),
            insert_after("b3", "half a \ud83e", NOTHING_PLACED),
        ],
        forms=("tools",),
    ),
    Case(
        name="a text that looks like the tags is left to the writer",
        request="Nothing.",
        document="The <edit> tag and <delete_block> exist.\n",
        tagged="Compare 3 <edited> and <editor op='x'> with <ed",
        said="Compare 3 <edited> and <editor op='x'> with <ed",
        steps=[],
        forms=("tagged",),
    ),
)
