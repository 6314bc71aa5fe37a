"""Lines of work in a tree of versions. Of version `n`, entry `n - 1` of `parents` is its parent's number, 0 for none; a
parent's number is always smaller."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence


def lines(parents: Sequence[int], tips: Iterable[int]) -> tuple[list[list[int]], list[tuple[int, list[int]]]]:
    """The versions of each named tip's line, in the order given, then the lines nobody named with their tips, newest first.
    Each version is in one line: the first that has it."""
    claimed = bytearray(len(parents) + 1)
    named = [_claim(parents, tip, claimed) for tip in tips]
    return named, [(tip, _claim(parents, tip, claimed)) for tip in _leaves(parents, claimed)]


def ancestry(parents: Sequence[int], merged: Mapping[int, int], tips: Iterable[int]) -> set[int]:
    """The tips and all versions they came from, also by merges (`merged`: what was merged into a version)."""
    found: set[int] = set()
    waiting = list(tips)
    while waiting:
        number = waiting.pop()
        while number and number not in found:
            found.add(number)
            if number in merged:
                waiting.append(merged[number])
            number = parents[number - 1]
    return found


def runs_left(
    count: int, breaks: Mapping[int, int], merged: Mapping[int, int], tips: Iterable[int]
) -> list[tuple[int, int]]:
    """What `ancestry` leaves out of versions 1 to `count`, as runs of numbers (first, last) in order. A tree is mostly runs in
    which each version follows the one before: `breaks` has the parents (0 for none) of those that do not, the first among them."""
    starts, merges = sorted(breaks), sorted(merged)
    kept: dict[int, int] = {}
    waiting = list(tips)
    while waiting:
        number = waiting.pop()
        if not number:
            continue
        start = starts[bisect_right(starts, number) - 1]
        before = kept.get(start, 0)
        if number <= before:
            continue
        kept[start] = number
        if not before:
            waiting.append(breaks[start])
        since = bisect_left(merges, max(start, before + 1))
        waiting.extend(merged[other] for other in merges[since : bisect_right(merges, number)])
    ends = [*(start - 1 for start in starts[1:]), count]
    left = ((kept.get(start, start - 1) + 1, end) for start, end in zip(starts, ends, strict=True))
    return [(first, last) for first, last in left if first <= last]


def _claim(parents: Sequence[int], tip: int, claimed: bytearray) -> list[int]:
    """The versions from a tip upwards that no line before has taken."""
    line: list[int] = []
    while tip and not claimed[tip]:
        claimed[tip] = 1
        line.append(tip)
        tip = parents[tip - 1]
    return line


def _leaves(parents: Sequence[int], claimed: bytearray) -> list[int]:
    """Versions without children that belong to no named line, newest first."""
    has_children = bytearray(len(parents) + 1)
    for parent in parents:
        has_children[parent] = 1
    return [number for number in range(len(parents), 0, -1) if not has_children[number] and not claimed[number]]
