"""The refusals of the draft core, one tree.

    CoreError                       code                  values
    ├── InvalidChange (ValueError)  invalid_change        what the change set did wrong
    ├── InvalidCommand              invalid_command       the malformed part of a command
    ├── InvalidValue                invalid_value         field
    ├── UnknownField                unknown_field         field, kind
    ├── UnknownKind                 unknown_kind          kind
    ├── UnknownEvent                unknown_event         type
    ├── TooLarge                    too_large             field, length, limit (UTF-16 units)
    ├── ReplicaFork                 replica_fork          replica, n
    ├── ReplicaGap                  replica_gap           replica, n, expected
    ├── UnknownSeq                  unknown_seq           base_seq, head
    ├── ConflictNotFound            conflict_not_found    id
    ├── DraftClosed                 draft_closed          status
    └── ChainBroken                 chain_broken          seq, why

Every error carries a stable `code` for programs, a sentence for people and the values needed to explain it. How an
error becomes an HTTP answer is decided at the edge, never here. Messages quote positions and names, never draft text.
"""

from __future__ import annotations

from typing import Any, ClassVar


class CoreError(Exception):
    """A rule of the draft core was not met. `values` are plain JSON values."""

    code: ClassVar[str] = "core_error"

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


class InvalidChange(CoreError, ValueError):
    """A change set is malformed, or does not fit the text it is applied to."""

    code = "invalid_change"


class InvalidCommand(CoreError):
    """A command's envelope (replica, n, base_seq, ops) is malformed."""

    code = "invalid_command"


class InvalidValue(CoreError):
    """A value does not fit its field."""

    code = "invalid_value"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, field=field)
        self.field = field


class UnknownField(CoreError):
    """A command names a field that the kind of draft does not have."""

    code = "unknown_field"

    def __init__(self, field: str, kind: str) -> None:
        super().__init__(f"A draft of kind {kind} has no field named {field!r}.", field=field, kind=kind)
        self.field = field


class UnknownKind(CoreError):
    """No such kind of draft is registered."""

    code = "unknown_kind"

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no kind of draft named {kind!r}.", kind=kind)


class UnknownEvent(CoreError):
    """The log holds an event of a type this program does not know; guessing its effect could lose text."""

    code = "unknown_event"

    def __init__(self, type_: str) -> None:
        super().__init__(f"There is no event of type {type_!r}.", type=type_)


class TooLarge(CoreError):
    """A field would grow beyond its limit (both in UTF-16 code units)."""

    code = "too_large"

    def __init__(self, field: str, *, length: int, limit: int) -> None:
        super().__init__(
            f"The field {field!r} would be {length} characters long; the limit is {limit}.",
            field=field,
            length=length,
            limit=limit,
        )


class ReplicaFork(CoreError):
    """A replica sent two different commands under one number, so it is not one page any more."""

    code = "replica_fork"

    def __init__(self, replica: str, n: int) -> None:
        super().__init__(f"Command {n} of this replica was already received with other content.", replica=replica, n=n)


class ReplicaGap(CoreError):
    """A replica skipped a number: an earlier command never arrived."""

    code = "replica_gap"

    def __init__(self, replica: str, n: int, *, expected: int) -> None:
        super().__init__(
            f"Command {n} of this replica came before command {expected}.", replica=replica, n=n, expected=expected
        )
        self.expected = expected


class UnknownSeq(CoreError):
    """A command rests on a state that the log does not have, or no longer has."""

    code = "unknown_seq"

    def __init__(self, base_seq: int, head: int, *, why: str = "the log does not reach it") -> None:
        super().__init__(
            f"The base {base_seq} cannot be used, {why}; the head is {head}.", base_seq=base_seq, head=head
        )


class ConflictNotFound(CoreError):
    """The conflict does not exist, or somebody resolved it already."""

    code = "conflict_not_found"

    def __init__(self, conflict_id: object) -> None:
        super().__init__("There is no open conflict with this id.", id=str(conflict_id))


class DraftClosed(CoreError):
    """A draft that was submitted or discarded takes no edits; recover it first. The sender keeps its words."""

    code = "draft_closed"

    def __init__(self, status: str) -> None:
        super().__init__(f"This draft is {status} and takes no changes.", status=status)


class ChainBroken(CoreError):
    """The log was altered: an event is missing, moved or rewritten at `seq`."""

    code = "chain_broken"

    def __init__(self, seq: int, why: str) -> None:
        super().__init__(f"The log is broken at event {seq}: {why}.", seq=seq, why=why)
        self.seq = seq
        self.why = why
