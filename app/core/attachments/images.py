"""How large a picture is, read from its header: nothing is decoded, so a small file cannot fill the memory."""

import struct
from typing import IO

_SEARCHED = 1 << 20
"""So far into the file: metadata of cameras comes first and takes some hundred kilobytes at most."""


def measured(kind: str, file: IO[bytes]) -> tuple[int, int] | None:
    """Width and height in pixels; None for a kind without any, or where the header is not readable."""
    file.seek(0)
    head = file.read(_SEARCHED)
    try:
        match kind:
            case "png":
                return struct.unpack(">II", head[16:24]) if head[12:16] == b"IHDR" else None
            case "gif":
                return struct.unpack("<HH", head[6:10])
            case "bmp":
                width, height = struct.unpack("<ii", head[18:26])
                return abs(width), abs(height)
            case "webp":
                return _webp(head)
            case "jpeg":
                return _jpeg(head)
            case "heic" | "avif":
                return _iso_media(head)
            case _:
                return None
    except struct.error:
        return None


def _webp(head: bytes) -> tuple[int, int] | None:
    match head[12:16]:
        case b"VP8 ":
            width, height = struct.unpack("<HH", head[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack("<I", head[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X" if len(head) >= 30:
            width, height = (int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
            return width + 1, height + 1
        case _:
            return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    """From marker to marker until the one that begins a frame."""
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        alone = marker == 0x01 or 0xD0 <= marker <= 0xD8
        at += 2 if alone else 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def _iso_media(head: bytes) -> tuple[int, int] | None:
    """The largest of the sizes the boxes `ispe` give: a picture may be made of tiles."""
    sizes = []
    at = head.find(b"ispe")
    while at >= 0 and at + 16 <= len(head):
        width, height = struct.unpack(">II", head[at + 8 : at + 16])
        sizes.append((width, height))
        at = head.find(b"ispe", at + 16)
    return max(sizes, key=lambda size: size[0] * size[1], default=None)
