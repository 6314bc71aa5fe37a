"""What an installation accepts as attachments, in numbers."""

from dataclasses import dataclass

MOST_PER_MESSAGE = 20
MOST_OPEN_UPLOADS = 40
"""Of one person at the same time."""
PART_BYTES = 8 << 20
"""What a part of a resumable upload should have; a cut connection costs at most nothing of it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Sizes in bytes and pixels."""

    most_bytes: int = 25 << 20
    most_unpacked: int = 1 << 30
    most_pixels: int = 100_000_000
