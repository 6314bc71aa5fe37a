"""Plain words written so that Markdown shows them as they are."""

import re

_SPECIAL = re.compile(r"([\\`*\[\]<]|(?<!\w)_|_(?!\w)|~(?=~)|&(?=#?\w+;))")
_LINE_START = re.compile(r"^(\s*)([#>+-](?=\s|$)|[-=_]{3,}\s*$|#{2,6}(?=\s|$))")
_NUMBER_START = re.compile(r"^(\s*\d{1,9})([.)])(?=\s|$)")


def escape_words(text: str) -> str:
    """Characters that would start emphasis, code, links or HTML get a backslash."""
    return _SPECIAL.sub(r"\\\1", text)


def escape_line_start(line: str) -> str:
    """A line that would start a heading, list, quote or rule gets a backslash."""
    return _NUMBER_START.sub(r"\1\\\2", _LINE_START.sub(r"\1\\\2", line))


def fence_for(code: str) -> str:
    """Backticks enough to enclose the code."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    return "`" * (longest + 1)


def code_span(code: str) -> str:
    """Inline code, whatever backticks it holds."""
    code = " ".join(code.split())
    if not code:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if code.startswith("`") or code.endswith("`") else ""
    return f"{ticks}{pad}{code}{pad}{ticks}"
