"""Separates ``<think>…</think>`` at the start of an answer from the answer.

Local servers without a reasoning parser stream a model's thoughts as ordinary text; a draft must not begin with them.
Only the very start counts: later the same tag is text like any other.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["text", "reasoning"]
_OPEN, _CLOSE = "<think>", "</think>"


class ThinkingSplitter:
    """Feed it text in any pieces. `settled` turns True once nothing but text can follow; then it need not be asked."""

    __slots__ = ("_held", "_inside", "_trim", "settled")

    def __init__(self) -> None:
        self.settled = False
        self._inside = False
        self._trim = False
        self._held = ""

    def feed(self, more: str) -> list[tuple[Kind, str]]:
        """What is certain now. A piece that may be the beginning of a tag is held back until it is decided."""
        self._held += more
        if self._inside:
            return self._reasoning()
        if self._trim:
            return self._answer()
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self._inside, self._held = True, begun[len(_OPEN) :]
            return self._reasoning()
        if _OPEN.startswith(begun):
            return []
        return self._settle(self._held)

    def close(self) -> list[tuple[Kind, str]]:
        """What was held back when the answer ended."""
        held, self._held = self._held, ""
        if not held or self._trim:
            return []
        return [("reasoning" if self._inside else "text", held)]

    def _reasoning(self) -> list[tuple[Kind, str]]:
        thought, closed, rest = self._held.partition(_CLOSE)
        if closed:
            self._inside, self._trim, self._held = False, True, rest
            answer = self._answer()
            return [("reasoning", thought), *answer] if thought else answer
        kept = next((n for n in range(len(_CLOSE) - 1, 0, -1) if thought.endswith(_CLOSE[:n])), 0)
        self._held = thought[len(thought) - kept :]
        certain = thought[: len(thought) - kept]
        return [("reasoning", certain)] if certain else []

    def _answer(self) -> list[tuple[Kind, str]]:
        """Blank lines between the thoughts and the answer belong to neither."""
        begun = self._held.lstrip()
        return self._settle(begun) if begun else []

    def _settle(self, certain: str) -> list[tuple[Kind, str]]:
        self.settled, self._held = True, ""
        return [("text", certain)] if certain else []
