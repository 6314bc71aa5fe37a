"""Joining and rebasing lists of sections, the inside of a change set.

A section is `(length, new text)`: so many UTF-16 units of the old text and what replaces them, None where they are kept.
The order in which simultaneous changes are settled is that of `@codemirror/state`; see `changes.py` for why. Nothing
outside `changes.py` needs this file.
"""

from __future__ import annotations

from app.core.text.utf16 import utf16_length, utf16_slice

Section = tuple[int, str | None]
"""A stretch of the old text: its length, and what stands there now; None means the stretch is kept."""

_KEPT = -1
_DONE = -2


class SectionBuilder:
    """Collects sections, joining neighbours of one sort so that equal edits have one form."""

    __slots__ = ("_lengths", "_texts")

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._texts: list[str | None] = []

    def __len__(self) -> int:
        return len(self._lengths)

    def keep(self, length: int) -> None:
        if not length:
            return
        if self._texts and self._texts[-1] is None:
            self._lengths[-1] += length
        else:
            self._lengths.append(length)
            self._texts.append(None)

    def change(self, length: int, text: str, *, join: bool = False) -> None:
        """Replace `length` units by `text`. `join` makes it part of the change just added."""
        if not length and not text:
            return
        last = self._texts[-1] if self._texts else None
        if last is not None:
            both_delete = not text and not last
            both_insert = not length and not self._lengths[-1]
            if join or both_delete or both_insert:
                self._lengths[-1] += length
                self._texts[-1] = last + text
                return
        self._lengths.append(length)
        self._texts.append(text)

    def sections(self) -> tuple[Section, ...]:
        return tuple(zip(self._lengths, self._texts, strict=True))


class _Cursor:
    """Walks over sections, piece by piece.

    `size` is the length of the new text still to come, `_KEPT` in a kept section and `_DONE` at the end. `offset` is how
    much of the section was passed; `emitted` whether its new text was already written.
    """

    __slots__ = ("_next", "_sections", "emitted", "length", "offset", "size", "text")

    def __init__(self, sections: tuple[Section, ...]) -> None:
        self._sections = sections
        self._next = 0
        self.text = ""
        self.step()

    def step(self) -> None:
        self.offset = 0
        self.emitted = False
        if self._next < len(self._sections):
            self.length, text = self._sections[self._next]
            self._next += 1
            if text is None:
                self.size = _KEPT
            else:
                self.text = text
                self.size = utf16_length(text)
        else:
            self.length, self.size = 0, _DONE

    def pass_old(self, length: int) -> None:
        """Move on by a length of the old text."""
        if length == self.length:
            self.step()
        else:
            self.length -= length
            self.offset += length

    def pass_new(self, length: int) -> None:
        """Move on by a length of the new text."""
        if self.size == _KEPT:
            self.pass_old(length)
        elif length == self.size:
            self.step()
        else:
            self.size -= length
            self.offset += length

    def pending_text(self) -> str:
        """The new text of this change, once: empty when it was handed out before."""
        if self.emitted:
            return ""
        self.emitted = True
        return self.text

    def goes_before(self, other: _Cursor, *, first: bool) -> bool:
        """Whether the change here is settled before `other`'s: by start, then length, then `first`."""
        if self.size < 0:
            return False
        if other.size < 0 or other.emitted:
            return True
        return not other.offset and (self.length < other.length or (self.length == other.length and first))


def map_sections(mine: tuple[Section, ...], theirs: tuple[Section, ...], *, before: bool) -> tuple[Section, ...]:
    """`mine` rebased over `theirs`. Both must cover the same length."""
    builder = SectionBuilder()
    a, b = _Cursor(mine), _Cursor(theirs)
    while a.size != _DONE or b.size != _DONE:
        if b.goes_before(a, first=not before):
            builder.keep(b.size)
            _swallow(a, b.length, builder)
            b.step()
        elif a.size >= 0:
            _carry_over(a, b, builder)
        else:
            length = min(a.length, b.length)
            builder.keep(length)
            a.pass_old(length)
            b.pass_old(length)
    return builder.sections()


def _swallow(a: _Cursor, length: int, builder: SectionBuilder) -> None:
    """Pass what the other side replaced; text that `a` put inside it survives, its deletions are done already."""
    while length:
        piece = min(a.length, length)
        if a.size >= 0 and a.length <= piece and not a.emitted:
            builder.change(0, a.pending_text())
        a.pass_old(piece)
        length -= piece


def _carry_over(a: _Cursor, b: _Cursor, builder: SectionBuilder) -> None:
    """Write `a`'s change, leaving out what `b` already deleted, up to the next text that `b` puts in."""
    deleted, left = 0, a.length
    while left:
        if b.size == _KEPT:
            piece = min(left, b.length)
            deleted += piece
            left -= piece
            b.pass_old(piece)
        elif b.size == 0 and b.length < left:
            left -= b.length
            b.step()
        else:
            break
    builder.change(deleted, a.pending_text())
    a.pass_old(a.length - left)


def compose_sections(first: tuple[Section, ...], second: tuple[Section, ...]) -> tuple[Section, ...]:
    """One list with the effect of `first` and then `second`. The result of `first` must be as long as `second` needs."""
    builder = SectionBuilder()
    a, b = _Cursor(first), _Cursor(second)
    join = False
    while a.size != _DONE or b.size != _DONE:
        if a.size == 0:
            builder.change(a.length, "", join=join)
            a.step()
        elif not b.length and b.size != _DONE:
            builder.change(0, b.text if b.size > 0 else "", join=join)
            b.step()
        else:
            join = _compose_piece(a, b, builder, join=join)
    return builder.sections()


def _compose_piece(a: _Cursor, b: _Cursor, builder: SectionBuilder, *, join: bool) -> bool:
    """Write the next stretch that both sides treat alike; whether the following one belongs to the same change."""
    length = min(a.length if a.size == _KEPT else a.size, b.length)
    count = len(builder)
    old_length = 0 if a.offset and a.size != _KEPT else a.length
    if b.size == _KEPT:
        if a.size == _KEPT:
            builder.keep(length)
        else:
            builder.change(old_length, utf16_slice(a.text, a.offset, a.offset + length), join=join)
    else:
        builder.change(length if a.size == _KEPT else old_length, "" if b.offset else b.text, join=join)
    unfinished = a.size > length or (b.size >= 0 and b.length > length)
    going_on = unfinished and (join or len(builder) > count)
    a.pass_new(length)
    b.pass_old(length)
    return going_on
