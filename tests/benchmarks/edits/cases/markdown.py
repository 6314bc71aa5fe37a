"""Documents whose Markdown is easily broken: tables, nested lists, fences, front matter, comments, footnotes, links."""

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

TABLE = "| City | People |\n|------|-------:|\n| Bern | 134 000 |\n| Chur | 38 000 |\n"
LISTS = "Shopping:\n\n- fruit\n  - apples\n    - red\n  - pears\n- bread\n\n1. first\n2. second\n"
FENCED = """Run this:

```sh
# not a heading

- not a list
> not a quote
[b9] not a block
```

Then stop.
"""
HARD_BREAKS = "Roses are red,  \nviolets are blue,  \nthis stays.\n"

CASES = (
    Case(
        name="one cell of a table",
        request="Chur has grown.",
        document=TABLE,
        steps=[replace_text("b1", "| Chur | 38 000 |", "| Chur | 39 000 |", Becomes("38", "39"))],
    ),
    Case(
        name="a row is added to a table",
        request="Add Thun.",
        document=TABLE,
        steps=[
            replace_block("b1", TABLE + "| Thun | 43 000 |", Becomes("38 000 |", "38 000 |\n| Thun | 43 000 |")),
        ],
    ),
    Case(
        name="an item deep in a list",
        request="Green apples.",
        document=LISTS,
        steps=[replace_text("b2", "    - red", "    - green\n    - red")],
    ),
    Case(
        name="an item and what hangs under it are taken away",
        request="No apples.",
        document=LISTS,
        steps=[replace_text("b2", "  - apples\n    - red\n", "")],
    ),
    Case(
        name="a task is ticked",
        request="The first is done.",
        document="- [ ] write\n- [x] think\n- [ ] rest\n",
        steps=[
            replace_text("b1", "- [ ] write", "- [x] write", Becomes("[ ] write", "[x] write")),
            replace_text("b1", "- [ ]", "- [x]", Refused("ambiguous")),
        ],
    ),
    Case(
        name="a fence with lines that look like blocks is one block",
        request="Name the heading; drop the last line.",
        document=FENCED,
        steps=[
            replace_text("b2", "# not a heading", "# a comment", Becomes("not a heading", "a comment")),
            delete_block("b3", Becomes("\n\nThen stop.", "")),
            replace_block("b4", "There is none.", Refused("unknown_block")),
        ],
    ),
    Case(
        name="a fence inside a list, with a blank line",
        request="Change the command.",
        document="- run\n\n  ```sh\n  one\n\n  two\n  ```\n- stop\n\nDone.\n",
        steps=[
            replace_text("b1", "  two", "  three", Becomes("two", "three")),
            replace_block("b2", "All done.", Becomes("Done.", "All done.")),
        ],
    ),
    Case(
        name="an indented fence is code that shows a fence, and ends with its indentation",
        request="Change the last words.",
        document="How to fence:\n\n    ```\n    code\n\nLast words.\n",
        steps=[replace_block("b3", "The last words.", Becomes("Last", "The last"))],
    ),
    Case(
        name="front matter stays on top and can be changed",
        request="Tag it and greet.",
        document="---\ntitle: Tea\n\ntags: []\n---\n\nText.\n",
        steps=[
            replace_text("b1", "tags: []", "tags: [tea]", Becomes("[]", "[tea]")),
            insert_after("start", "Hello.", Becomes("\n\nText", "\n\nHello.\n\nText")),
        ],
    ),
    Case(
        name="a comment with a blank line is one block",
        request="Take the comment away.",
        document="One.\n\n<!-- for\n\nlater -->\n\nTwo.\n",
        steps=[
            delete_block("b2", Becomes("<!-- for\n\nlater -->\n\n", "")),
            replace_block("b3", "Three.", Becomes("Two.", "Three.")),
        ],
    ),
    Case(
        name="a comment that is never closed swallows nothing",
        request="Three.",
        document="One.\n\n<!-- for later\n\nTwo.\n",
        steps=[replace_block("b3", "Three.", Becomes("Two.", "Three."))],
    ),
    Case(
        name="line breaks of another system",
        request="Change both.",
        document="# Tea\r\n\r\nGreen\r\nor black.\r\n\r\nEnd.\r\n",
        steps=[
            replace_text("b2", "Green\r\nor", "White\r\nor", Becomes("Green", "White")),
            replace_block("b3", "The\r\nend.", Becomes("End.", "The\nend.")),
        ],
        forms=("tools",),
    ),
    Case(
        name="blanks at the end of lines stay where they are",
        request="Violets are violet.",
        document=HARD_BREAKS,
        steps=[replace_text("b1", "violets are blue,  \n", "violets are violet,  \n", Becomes("blue", "violet"))],
    ),
    Case(
        name="a block sent whole keeps the blanks that it repeats",
        request="Violets are violet.",
        document=HARD_BREAKS,
        steps=[
            replace_block(
                "b1", HARD_BREAKS.replace("blue", "violet"), Becomes("violets are blue", "violets are violet")
            )
        ],
    ),
    Case(
        name="footnotes and where they are called",
        request="Better source.",
        document="Tea is old.[^1] It is good.[^2]\n\n[^1]: A book.\n[^2]: My aunt.\n",
        steps=[
            replace_text("b2", "[^2]: My aunt.", "[^2]: Her notes.", Becomes("My aunt", "Her notes")),
            replace_text("b1", "good.[^2]", "healthy.[^2]", Becomes("good", "healthy")),
        ],
    ),
    Case(
        name="links with parentheses, titles and images",
        request="Fix the link.",
        document='See [tea](https://example.org/a_(b) "T (x)") and ![cup](cup.png).\n',
        steps=[
            replace_text("b1", "https://example.org/a_(b)", "https://example.org/c_(d)", Becomes("a_(b)", "c_(d)")),
            replace_text("b1", "![cup](cup.png)", "![pot](pot.png)"),
        ],
    ),
    Case(
        name="a definition of a link that looks like the id of a block",
        request="Add the source.",
        document="See [the book][b2].\n\nEnd.\n",
        steps=[
            insert_after(
                "b1",
                "[b2]: https://example.org",
                Becomes("\n\nEnd", "\n\n[b2]: https://example.org\n\nEnd"),
            ),
            replace_block(
                "b2", "[b1](https://example.org) ends it.", Becomes("End.", "[b1](https://example.org) ends it.")
            ),
        ],
    ),
    Case(
        name="a heading that becomes a paragraph is not run into the next one",
        request="No heading here.",
        document="# Tea\nIt is hot.\n\nEnd.\n",
        steps=[replace_block("b1", "About tea.", Becomes("# Tea\n", "About tea.\n\n"))],
    ),
    Case(
        name="a list that becomes a paragraph is not run into the one before",
        request="No list here.",
        document="We need:\n- tea\n- milk\n",
        steps=[replace_block("b2", "Tea and milk.", Becomes(":\n- tea\n- milk", ":\n\nTea and milk."))],
    ),
    Case(
        name="the sign of a heading is taken away",
        request="No heading here.",
        document="# Tea\nIt is hot.\n",
        steps=[replace_text("b1", "# Tea", "Tea", Becomes("# Tea\n", "Tea\n\n"))],
    ),
    Case(
        name="what kept two paragraphs apart is deleted",
        request="No rule.",
        document="One.\n***\nTwo.\n",
        steps=[delete_block("b2", Becomes("\n***\n", "\n\n"))],
    ),
    Case(
        name="a rewrite keeps the writer's own blank lines",
        request="Make it coffee.",
        document="# Tea\nIt is hot.\n\n\n\nNeeds:\n- water\n\nEnd.\n",
        steps=[rewrite_document("# Tea\n\nIt is cold.\n\nNeeds:\n\n- water\n\nEnd.", Becomes("hot", "cold"))],
    ),
    Case(
        name="markup of HTML is text",
        request="Open it.",
        document="<details>\n<summary>More & less</summary>\n\nInside < outside.\n\n</details>\n",
        steps=[
            replace_text("b1", "More & less", "Less &amp; more"),
            replace_text("b2", "Inside < outside", "Outside > inside"),
        ],
    ),
)
