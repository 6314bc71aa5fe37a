"""What the API answers about the tree of versions: branches, its shape, merges, who wrote what."""

from datetime import datetime
from uuid import UUID

import msgspec

from app.services.views import ActorView, HunkView, VersionName, VersionView


class BranchView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of work. `id` and `name` are null for one that nobody named: what a restore or a retry left behind.

    Each version counts to one line only, so the lines' `versions` and costs add up to the draft's: to the line named
    first, then to the newest. `cost_usd` sums the known prices; `unpriced` attempts have none.
    """

    id: UUID | None
    name: str | None
    start: VersionName | None
    tip: VersionName
    current: bool
    favourite: bool
    versions: int
    cost_usd: str | None
    unpriced: int
    created_at: datetime | None


class Branches(msgspec.Struct, frozen=True):
    """`items` are the named ones; `unnamed` the newest lines without a name, of `unnamed_total`."""

    items: list[BranchView]
    unnamed: list[BranchView]
    unnamed_total: int


class Switched(msgspec.Struct, frozen=True):
    branch_id: UUID
    version: VersionView
    seq: int


class TreeView(msgspec.Struct, frozen=True):
    """The shape of the whole tree: of version `n`, entry `n - 1` has its parent's number and the number of the version
    merged into it, 0 for none. `tips` maps branch names to numbers, `current` is the number the draft is on."""

    parents: list[int]
    merged: dict[int, int]
    tips: dict[str, int]
    current: int | None


class MergeConflictView(msgspec.Struct, frozen=True):
    """The same words changed on both sides. `from..to` is where mine stands in the draft's text."""

    index: int
    base: str
    mine: str
    theirs: str
    from_: int = msgspec.field(name="from")
    to: int


class MergePreview(msgspec.Struct, frozen=True):
    """What a merge would bring in: the changes from the text to the version, and what a person has to decide.

    `changes` counts the places the merge itself would change; the hunks also show what the version lacks.
    """

    seq: int
    base: VersionName | None
    version: VersionName
    hunks: list[HunkView]
    conflicts: list[MergeConflictView]
    changes: int


class BlameVersion(msgspec.Struct, frozen=True):
    id: UUID
    number: int
    source: str
    author: ActorView
    model: str | None
    label: str | None
    created_at: datetime


class BlameRun(msgspec.Struct, frozen=True):
    """Words and the version that brought them in, by its place in `versions`."""

    from_: int = msgspec.field(name="from")
    to: int
    text: str
    version: int


class ParagraphShare(msgspec.Struct, frozen=True):
    author: ActorView
    share: float
    """Of the paragraph's characters, between 0 and 1."""


class BlameParagraph(msgspec.Struct, frozen=True):
    from_: int = msgspec.field(name="from")
    to: int
    authors: list[ParagraphShare]


class Blame(msgspec.Struct, frozen=True):
    version_id: UUID
    versions: list[BlameVersion]
    runs: list[BlameRun]
    paragraphs: list[BlameParagraph]
