"""The process that looks into one file before anybody can fetch it.

`python -m app.services.attachments.inspecting ORDER` reads the file that the order names and writes `Inspected` as JSON.
It limits its own memory and time first: what a hostile file brings down is this process, and then the file is refused.
"""

import contextlib
import hashlib
import re
import sys
from typing import IO

import msgspec

from app.core.attachments.images import measured
from app.core.attachments.kinds import HEAD_BYTES, FileKind, Refused, kind_of
from app.services.attachments.archives import Allowance, archive_kind, names_in_zip, unpacked

_MEMORY = 2 << 30
_PROCESSOR_SECONDS = 240
_LARGEST_SVG = 5 << 20
_INSIDE = {
    "docx": ("[Content_Types].xml", "word/"), "xlsx": ("[Content_Types].xml", "xl/"),
    "pptx": ("[Content_Types].xml", "ppt/"), "odt": ("mimetype", "content.xml"), "ods": ("mimetype", "content.xml"),
    "odp": ("mimetype", "content.xml"), "epub": ("mimetype", "META-INF/"),
}  # fmt: skip
"""What the members of a document that is a zip must begin with."""
_SCRIPTED = re.compile(
    rb"<\s*(?:[a-z0-9]+:)?(?:script|foreignobject|iframe|embed|object|handler)\b|\son[a-z]+\s*=|javascript\s*:|<!entity"
    rb"|data\s*:\s*text/html",
    re.IGNORECASE,
)


class Order(msgspec.Struct, frozen=True):
    """What to look into, and what it may be. Sizes in bytes and pixels."""

    path: str
    name: str
    most_unpacked: int
    most_pixels: int


class Inspected(msgspec.Struct, frozen=True):
    """What was found: a problem, or the hash and kind of a file that is what it says."""

    sha256: str = ""
    size: int = 0
    kind: str = ""
    media_type: str = ""
    width: int | None = None
    height: int | None = None
    problem_code: str = ""
    problem: str = ""


def inspected(order: Order) -> Inspected:
    """Everything that can be said from the bytes alone."""
    with open(order.path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        file.seek(0)
        try:
            kind = kind_of(order.name, file.read(HEAD_BYTES))
            dimensions = _checked(kind, file, order)
        except Refused as refusal:
            return Inspected(digest, size, problem_code=refusal.code, problem=refusal.message)
    width, height = dimensions or (None, None)
    return Inspected(digest, size, kind.name, kind.media_type, width, height)


def _checked(kind: FileKind, file: IO[bytes], order: Order) -> tuple[int, int] | None:
    """Width and height of a picture that has some. Raises `Refused`."""
    if kind.media_type.startswith("image/") and kind.name != "svg":
        return _picture(kind, file, order.most_pixels)
    if kind.name == "svg":
        _harmless_svg(file)
    file.seek(0)
    archive = archive_kind(file.read(HEAD_BYTES))
    if archive:
        if kind.name in _INSIDE:
            _document(kind, file)
        file.seek(0)
        unpacked(archive, file, Allowance(order.most_unpacked))
    return None


def _picture(kind: FileKind, file: IO[bytes], most_pixels: int) -> tuple[int, int]:
    size = measured(kind.name, file)
    if size is None or not all(size):
        raise Refused("broken_image", "This picture is broken.")
    if size[0] * size[1] > most_pixels:
        raise Refused(
            "too_many_pixels",
            f"This picture has {size[0]:,} by {size[1]:,} pixels; at most {most_pixels:,} are accepted.",
        )
    return size


def _harmless_svg(file: IO[bytes]) -> None:
    """A drawing, not a program. It is never shown in place either; this protects who opens the download."""
    file.seek(0)
    text = file.read(_LARGEST_SVG + 1)
    if len(text) > _LARGEST_SVG:
        raise Refused("too_large_svg", "An SVG drawing has at most 5 MB.")
    # Letters may hide between NULs (UTF-16) or behind character references.
    plain = re.sub(rb"&#(?:x([0-9a-f]+)|([0-9]+));?", _letter, text.replace(b"\0", b""), flags=re.IGNORECASE)
    if _SCRIPTED.search(plain):
        raise Refused("active_content", "This drawing contains a script. Save it without, or as PNG.")


def _letter(found: re.Match[bytes]) -> bytes:
    number = int(found[1], 16) if found[1] else int(found[2])
    return chr(number).encode() if 0x20 <= number < 0x7F else b""


def _document(kind: FileKind, file: IO[bytes]) -> None:
    names = names_in_zip(file)
    for beginning in _INSIDE[kind.name]:
        if not any(name.startswith(beginning) for name in names):
            raise Refused(
                "wrong_extension", "The content is not what the name says. By its content this is a zip archive."
            )


def _limit_self() -> None:
    """Bounds set by the operating system, where it has them; the caller's time limit holds everywhere."""
    with contextlib.suppress(ImportError):
        import resource

        for what, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, _PROCESSOR_SECONDS)):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))


def main() -> None:
    _limit_self()
    found = inspected(msgspec.json.decode(sys.argv[1], type=Order))
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
