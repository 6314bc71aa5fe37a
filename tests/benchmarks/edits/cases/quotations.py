"""Words that a model quotes carelessly: found if only the kind of quote, dash or blank differs, one sign for one."""

from tests.benchmarks.edits.case import Becomes, Case, Refused, delete_block, replace_block, replace_text

NOVEL = "“I’ll be late,” she said – again.\n\nHe didn’t answer.\n"

CASES = (
    Case(
        name="straight quotes for curly ones; the writer's own stay",
        request="She is early.",
        document=NOVEL,
        steps=[replace_text("b1", '"I\'ll be late,"', '"I\'ll be early,"', Becomes("late", "early"))],
    ),
    Case(
        name="curly quotes for straight ones",
        request="He did.",
        document='He didn\'t answer "no".\n',
        steps=[replace_text("b1", "didn’t answer “no”", "didn’t answer “yes”", Becomes('"no"', '"yes"'))],
    ),
    Case(
        name="a hyphen for a dash",
        request="Drop the dash.",
        document=NOVEL,
        steps=[replace_text("b1", "she said - again", "she said, again", Becomes("said – again", "said, again"))],
    ),
    Case(
        name="a blank for a blank that does not break",
        request="Twelve, not ten.",
        document="It weighs 10\N{NO-BREAK SPACE}kg, or 4\N{NARROW NO-BREAK SPACE}%.\n",
        steps=[
            replace_text("b1", "10 kg", "12 kg", Becomes("10", "12")),
            replace_text("b1", "4 %", "5 %", Becomes("4", "5")),
        ],
    ),
    Case(
        name="a blank for a line break inside a paragraph",
        request="Name the river.",
        document="They walked along the\nriver until dusk.\n",
        steps=[replace_text("b1", "along the river", "along the Aare", Becomes("river", "Aare"))],
    ),
    Case(
        name="several blanks quoted as one are other words",
        request="Tidy the columns.",
        document="name    age\nAda     36\n",
        steps=[replace_text("b1", "name age", "name, age", Refused("not_found"))],
    ),
    Case(
        name="three dots for an ellipsis and two hyphens for a dash are other words",
        request="Finish the thought.",
        document="And then… nothing — at all.\n",
        steps=[
            replace_text("b1", "And then...", "And then", Refused("not_found")),
            replace_text("b1", "nothing -- at all", "nothing at all", Refused("not_found")),
        ],
    ),
    Case(
        name="an exact place is preferred to one that is alike",
        request="Change the straight one.",
        document='She typed "yes" and printed “yes”.\n',
        steps=[replace_text("b1", '"yes"', '"no"', Becomes('"yes"', '"no"'))],
    ),
    Case(
        name="two places that are both only alike are not guessed",
        request="Change it.",
        document="She printed “yes” and „yes‟.\n",
        steps=[replace_text("b1", '"yes"', '"no"', Refused("ambiguous"))],
    ),
    Case(
        name="capital letters matter",
        request="March the soldiers.",
        document="We march in March.\n",
        steps=[replace_text("b1", "March", "May"), replace_text("b1", "MARCH", "MAY", Refused("not_found"))],
    ),
    Case(
        name="dollars are no references",
        request="Raise the price.",
        document="It costs $1 or $$2, see \\1 and $& there.\n",
        steps=[
            replace_text("b1", "$1 or $$2", "$10 or $$20, $0, $<name>, $'"),
            replace_text("b1", "\\1 and $&", "\\2, \\g<0> and $&$&"),
        ],
    ),
    Case(
        name="backslashes stay as many as they are",
        request="Use the other drive.",
        document="Save to C:\\new\\table or \\\\server\\x.\n\n$\\frac{a}{b}$\n",
        steps=[
            replace_text("b1", "C:\\new\\table", "D:\\new\\table", Becomes("C:", "D:")),
            replace_text("b2", "\\frac{a}{b}", "\\frac{\\alpha}{b}", Becomes("{a}", "{\\alpha}")),
        ],
    ),
    Case(
        name="signs of regular expressions are words",
        request="Fix the pattern.",
        document="Match (a|b)*[c]+? and .* too.\n",
        steps=[replace_text("b1", "(a|b)*[c]+?", "(a|b)+"), replace_text("b1", ".*", ".+")],
    ),
    Case(
        name="a line break behind the quoted words does not matter if it stays",
        request="Name the last one.",
        document="First.\n\nThe last line.\n",
        steps=[replace_text("b2", "The last line.\n", "The final line.\n", Becomes("last", "final"))],
    ),
    Case(
        name="words quoted to the end of their line are not those inside a line",
        request="Drop the second.",
        document="- tea\n- milk and honey\n",
        steps=[
            replace_text("b1", "- milk\n", "", Refused("not_found")),
            replace_text("b1", "milk\n", "cream\n", Refused("not_found")),
            replace_text("b1", "- tea\n", ""),
        ],
        forms=("tools",),
    ),
    Case(
        name="block ids that were quoted along are not the writer's words",
        request="Make it two.",
        document="Intro.\n\nOne cat sat.\n\nEnd.\n",
        steps=[
            replace_text("b2", "[b2] One cat", "[b2] Two cats", Becomes("One cat", "Two cats")),
            replace_block("b3", "[b3] The end.", Becomes("End.", "The end.")),
        ],
    ),
    Case(
        name="ids in what is written are not copied into the text",
        request="Make it two.",
        document="Intro.\n\nOne cat sat.\n",
        steps=[replace_text("b2", "One cat", "[b2] Two cats", Becomes("One cat", "Two cats"))],
    ),
    Case(
        name="words over two blocks belong to neither",
        request="Join them.",
        document="The first half\n\nand the second half.\n",
        steps=[replace_text("b1", "half\n\nand", "half and", Refused("not_found"))],
    ),
    Case(
        name="the id of a block comes in many shapes",
        request="Tidy up.",
        document="One.\n\nTwo.\n\nThree.\n\nFour.\n",
        steps=[
            replace_block("[b1]", "Uno.", Becomes("One.", "Uno.")),
            replace_block("B2", "Due.", Becomes("Two.", "Due.")),
            replace_block("3", "Tre.", Becomes("Three.", "Tre.")),
            delete_block(" b4 ", Becomes("\n\nFour.", "")),
        ],
    ),
)
