"""A web page as Markdown."""

import re
from collections.abc import Iterator

from app.services.files.html_tree import BLOCKS, Node, TreeBuilder
from app.services.files.markdown_text import code_span, escape_line_start, escape_words, fence_for

_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "cite": "*", "s": "~~", "del": "~~", "strike": "~~"}
_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_SPACE_RUN = re.compile(r" {2,}")
_AROUND_BREAK = re.compile(r" *\n *")
_LIST_START = re.compile(r"(?:[-*]|\d+[.)]) ")
_FULL_STOP = re.compile(r"\d+\. ")
_SPACES = re.compile(r"[ \t\n\f\r]+")


def markdown_of_html(source: str) -> tuple[str, str]:
    """Title (of the page, else its first heading of the first level) and Markdown."""
    parser = TreeBuilder()
    parser.feed(source)
    parser.close()
    title = " ".join("".join(parser.title).split()) or _first_heading(parser.root)
    return title, "\n\n".join(_blocks(parser.root))


def _first_heading(node: Node) -> str:
    for child in node.children:
        if child.tag == "h1":
            return " ".join(_plain(child).split())
        found = _first_heading(child)
        if found:
            return found
    return ""


def _plain(node: Node) -> str:
    return (
        node.text if not node.tag else "\n" if node.tag == "br" else "".join(_plain(child) for child in node.children)
    )


# Blocks


def _blocks(node: Node) -> Iterator[str]:
    """The Markdown blocks inside an element; runs of words between blocks are paragraphs."""
    words: list[Node] = []
    before: str | None = None
    for child in node.children:
        if child.tag in BLOCKS or _holds_blocks(child):
            for block in _paragraph(words):
                yield block
                before = block
            words = []
            for block in _block(child, before):
                if block.strip():
                    yield block
                    before = block
        else:
            words.append(child)
    yield from _paragraph(words)


def _holds_blocks(node: Node) -> bool:
    """`<span><p>…` and the like: the inline element is looked through."""
    return bool(node.tag) and any(child.tag in BLOCKS or _holds_blocks(child) for child in node.children)


def _paragraph(words: list[Node]) -> Iterator[str]:
    lines = _inline(words).strip(" \n").split("\n")
    text = "\n".join(escape_line_start(line) for line in lines)
    if text.strip():
        yield text


def _block(node: Node, before: str | None) -> Iterator[str]:
    """`before`: the block that stands before it."""
    match node.tag:
        case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
            heading = " ".join(_inline(node.children).replace("\\\n", " ").split())
            if heading:
                yield f"{'#' * int(node.tag[1])} {heading}"
        case "hr":
            yield "---"
        case "pre":
            code = _plain(node).strip("\n")
            fence = fence_for(code)
            yield f"{fence}\n{code}\n{fence}"
        case "blockquote":
            yield "\n".join(f"> {line}".rstrip() for line in "\n\n".join(_blocks(node)).split("\n"))
        case "ul" | "ol":
            yield _list(node, before)
        case "table":
            yield from _table(node)
        case "dt":
            yield from (f"**{' '.join(_inline(node.children).split())}**",)
        case _:
            yield from _blocks(node)


def _list(node: Node, before: str | None) -> str:
    """Markdown takes two lists with nothing between them for one, unless their marks differ."""
    dot, point = "- ", ". "
    if before is not None and before.startswith(dot):
        dot = "* "
    if before is not None and _FULL_STOP.match(before):
        point = ") "
    start = node.attributes.get("start", "1")
    number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
    items, loose = [], False
    for child in node.children:
        if not child.tag and not child.text.strip():
            continue
        blocks = list(_blocks(child)) if child.tag == "li" else list(_blocks(Node("li", children=[child])))
        mark = dot if node.tag == "ul" else f"{number}{point}"
        loose = loose or any(not _is_list(block) for block in blocks[1:])
        first, *rest = _tight(blocks).split("\n")
        if not first:
            continue
        indent = " " * len(mark)
        items.append("\n".join([mark + first, *(indent + line if line else "" for line in rest)]))
        number += 1
    return ("\n\n" if loose else "\n").join(items)


def _tight(blocks: list[str]) -> str:
    """An item's blocks: a list inside follows its words at once, another paragraph after a blank line.

    Markdown takes numbers other than 1 that follow words at once for words.
    """
    text = ""
    for block in blocks:
        at_once = _is_list(block) and (block.startswith(("1. ", "1) ")) or not block[0].isdigit())
        text += ("" if not text else "\n" if at_once else "\n\n") + block
    return text


def _is_list(block: str) -> bool:
    return _LIST_START.match(block) is not None


def _table(node: Node) -> Iterator[str]:
    rows = [[cell for cell in row.children if cell.tag in ("td", "th")] for row in _rows(node)]
    rows = [row for row in rows if row]
    width = max((len(row) for row in rows), default=0)
    if len(rows) < 2 and width < 2:  # a table of one cell only places things
        for row in rows:
            yield from _blocks(row[0])
        return
    first, *others = [
        "| " + " | ".join([_cell(cell) for cell in row] + [""] * (width - len(row))) + " |" for row in rows
    ]
    yield "\n".join([first, "|" + " --- |" * width, *others])


def _rows(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from _rows(child)


def _cell(node: Node) -> str:
    text = " ".join(block.replace("\\\n", " ").replace("\n", " ") for block in _blocks(node))
    return " ".join(text.split()).replace("|", "\\|")


# Words


def _inline(nodes: list[Node]) -> str:
    return _AROUND_BREAK.sub("\n", _SPACE_RUN.sub(" ", "".join(_words(node) for node in nodes)))


def _words(node: Node) -> str:
    if not node.tag:
        return escape_words(_SPACES.sub(" ", node.text))
    if node.tag == "br":
        return "\\\n"
    if node.tag in ("code", "kbd", "samp", "tt"):
        return code_span(_plain(node))
    if node.tag == "img":
        return escape_words(" ".join(node.attributes.get("alt", "").split()))
    inner = "".join(_words(child) for child in node.children)
    if node.tag in _MARKS:
        return _marked(inner, _MARKS[node.tag])
    if node.tag == "a":
        return _link(inner, node.attributes.get("href", ""))
    return inner


def _marked(inner: str, mark: str) -> str:
    """Markdown's marks touch the words they hold; spaces inside move outside."""
    words = inner.strip(" \n\\") if inner.strip() in ("", "\\") else inner.strip()
    if not words or words.startswith(mark):
        return inner
    start = len(inner) - len(inner.lstrip())
    end = len(inner.rstrip())
    return f"{inner[:start]}{mark}{words}{mark}{inner[end:]}"


def _link(inner: str, address: str) -> str:
    address = address.strip()
    if not inner.strip() or not _LINK.match(address) or any(c.isspace() or c in "<>" or c < " " for c in address):
        return inner
    where = f"<{address}>" if "(" in address or ")" in address else address
    return f"[{inner.strip()}]({where})"
