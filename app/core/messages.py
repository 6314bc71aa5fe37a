"""What may be said in a goal conversation by whom."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Part = Literal["student", "instructor", "administrator"]
"""What somebody is in a conversation. An administrator sees it and does not take part."""

MAY_SEND: Final[Mapping[Part, tuple[str, ...]]] = MappingProxyType(
    {
        "student": ("daily_note", "activity"),
        "instructor": ("instructor_response", "milestone"),
        "administrator": (),
    }
)
"""Types of messages by part; the first is what somebody sends who says nothing else."""


def is_empty(content: str) -> bool:
    """Whether a message says nothing."""
    return not content.strip()
