"""A comparison of two texts in the unified format that `patch` and reviewers read, by lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Indel

_CONTEXT = 3
"""Equal lines shown around a change."""

_Change = tuple[int, int, int, int]
"""First and end line on both sides, from 0."""


def unified(a: str, b: str, label_a: str, label_b: str) -> str:
    """The unified diff from `a` to `b`; empty when they are equal."""
    a_lines, b_lines = _lines(a), _lines(b)
    changes = _changes(a_lines, b_lines)
    if not changes:
        return ""
    parts = [f"--- {label_a}\n+++ {label_b}\n"]
    for group in _groups(changes):
        parts += _hunk(group, a_lines, b_lines)
    return "".join(parts)


def _lines(text: str) -> list[str]:
    """Lines with their LF; only LF ends a line, unlike `str.splitlines`."""
    lines = text.split("\n")
    whole = [line + "\n" for line in lines[:-1]]
    return [*whole, lines[-1]] if lines[-1] else whole


def _changes(a: Sequence[str], b: Sequence[str]) -> list[_Change]:
    """What lies between the equal lines; a deletion and an insertion at one place are one change."""
    changes: list[_Change] = []
    from_a = from_b = 0
    for block in Indel.editops(a, b).as_matching_blocks():
        if block.a > from_a or block.b > from_b:
            changes.append((from_a, block.a, from_b, block.b))
        from_a, from_b = block.a + block.size, block.b + block.size
    return changes


def _groups(changes: Sequence[_Change]) -> Iterator[list[_Change]]:
    """Changes whose context would overlap belong to one hunk."""
    group = [changes[0]]
    for change in changes[1:]:
        if change[0] - group[-1][1] > 2 * _CONTEXT:
            yield group
            group = []
        group.append(change)
    yield group


def _hunk(group: Sequence[_Change], a: Sequence[str], b: Sequence[str]) -> Iterator[str]:
    lead = min(_CONTEXT, group[0][0])
    tail = min(_CONTEXT, len(a) - group[-1][1])
    a_start, a_end = group[0][0] - lead, group[-1][1] + tail
    b_start, b_end = group[0][2] - lead, group[-1][3] + tail
    yield f"@@ -{_place(a_start, a_end)} +{_place(b_start, b_end)} @@\n"
    place = a_start
    for from_a, to_a, from_b, to_b in group:
        yield from _marked(" ", a[place:from_a])
        yield from _marked("-", a[from_a:to_a])
        yield from _marked("+", b[from_b:to_b])
        place = to_a
    yield from _marked(" ", a[place:a_end])


def _place(start: int, end: int) -> str:
    """A range as the format writes it: from 1, an empty one by the line before it."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"
