"""How much comes out of an archive: counted by unpacking it, since what its directory claims may be a lie.

Archives in archives are unpacked too, to a depth; one that cannot be looked into is refused. Nothing is kept: only a zip inside
another archive has to be set aside while it is read, since its directory is at its end.
"""

import bz2
import gzip
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Any, Protocol, cast

from app.core.attachments.kinds import Refused

MOST_MEMBERS = 20_000
DEEPEST = 4
"""Archives in archives; the outermost counts."""
_CHUNK_BYTES = 1 << 18
_MOST_DIRECTORY = 64 << 20
"""Bytes of a zip's directory, which is read into memory."""
_IN_MEMORY = 4 << 20
_STARTS = {b"PK\x03\x04": "zip", b"\x1f\x8b\x08": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_TAR_MARK = (257, b"ustar")
_ERRORS = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError,
    NotImplementedError, UnicodeError,
)  # fmt: skip


@dataclass(slots=True)
class Allowance:
    """What may still come out, over all levels together."""

    left: int
    members: int = MOST_MEMBERS

    def take(self, number: int) -> None:
        self.left -= number
        if self.left < 0:
            raise Refused("archive_bomb", "This archive would unpack to far more than is accepted.")

    def enter(self) -> None:
        self.members -= 1
        if self.members < 0:
            raise Refused("archive_bomb", f"This archive holds more than {MOST_MEMBERS:,} files.")


def archive_kind(head: bytes) -> str:
    """`zip`, `gzip`, `bzip2`, `xz` or `tar`; empty for anything else."""
    for start, kind in _STARTS.items():
        if head.startswith(start):
            return kind
    at, mark = _TAR_MARK
    return "tar" if head[at : at + len(mark)] == mark else ""


def unpacked(kind: str, file: IO[bytes], allowance: Allowance, depth: int = 1) -> None:
    """Unpacks it to nowhere, from where the file stands. Raises `Refused`: `archive_bomb`, `sealed_archive`,
    `broken_archive`."""
    if depth > DEEPEST:
        raise Refused("archive_bomb", f"Archives are nested more than {DEEPEST} deep.")
    try:
        match kind:
            case "zip":
                _unpack_zip(file, allowance, depth)
            case "tar":
                _unpack_tar(file, allowance, depth)
            case "gzip":
                with gzip.GzipFile(fileobj=file) as content:
                    _drain(content, allowance, depth)
            case "bzip2":
                with bz2.BZ2File(file) as content:
                    _drain(content, allowance, depth)
            case "xz":
                with lzma.LZMAFile(file) as content:
                    _drain(content, allowance, depth)
    except Refused:
        raise
    except _ERRORS as error:
        raise _broken() from error
    except RuntimeError as error:  # What zipfile says of members it would need a password for.
        raise _sealed() from error


def names_in_zip(file: IO[bytes]) -> list[str]:
    """The names of its members. Raises `Refused`."""
    file.seek(0)
    try:
        _directory_fits(file)
        with zipfile.ZipFile(file) as archive:
            return archive.namelist()
    except _ERRORS as error:
        raise _broken() from error


def _unpack_zip(file: IO[bytes], allowance: Allowance, depth: int) -> None:
    _directory_fits(file)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > allowance.left:
            allowance.take(allowance.left + 1)
        for member in members:
            allowance.enter()
            if member.flag_bits & 1:
                raise _sealed()
            if not member.is_dir():
                with archive.open(member) as content:
                    _drain(content, allowance, depth)


def _directory_fits(file: IO[bytes]) -> None:
    """Refuses one whose directory alone would fill the memory, by the size its last record gives."""
    file.seek(0, 2)
    length = file.tell()
    file.seek(max(0, length - (1 << 16) - 22))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at >= 0 and int.from_bytes(tail[at + 12 : at + 16], "little") > _MOST_DIRECTORY:
        raise Refused("archive_bomb", "The directory of this archive is larger than is accepted.")
    file.seek(0)


def _unpack_tar(file: IO[bytes], allowance: Allowance, depth: int) -> None:
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            allowance.enter()
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                _drain(content, allowance, depth)
            cast(Any, archive).members = []  # It remembers every member otherwise.


class _Source(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class _Continued:
    """A stream of which some bytes were read already, from its beginning again."""

    def __init__(self, begun: bytes, rest: _Source) -> None:
        self._begun = begun
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if self._begun:
            taken = self._begun if size < 0 else self._begun[:size]
            self._begun = self._begun[len(taken) :]
            return taken
        return self._rest.read(size)


class _Counting:
    """A stream whose bytes are taken from the allowance as they are read."""

    def __init__(self, source: _Source, allowance: Allowance) -> None:
        self._source = source
        self._allowance = allowance

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._source.read(_CHUNK_BYTES if size < 0 else size)
        self._allowance.take(len(chunk))
        return chunk


def _drain(source: _Source, allowance: Allowance, depth: int) -> None:
    """Counts what comes out; what is an archive itself is unpacked in turn."""
    content = _Counting(source, allowance)
    chunk = content.read(_CHUNK_BYTES)
    kind = archive_kind(chunk)
    if kind == "zip":
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as aside:
            while chunk:
                aside.write(chunk)
                chunk = content.read(_CHUNK_BYTES)
            aside.seek(0)
            unpacked(kind, cast(IO[bytes], aside), allowance, depth + 1)
        return
    if kind:
        unpacked(kind, cast(IO[bytes], _Continued(chunk, content)), allowance, depth + 1)
    while content.read(_CHUNK_BYTES):
        pass


def _broken() -> Refused:
    return Refused("broken_archive", "This archive is broken, or is none.")


def _sealed() -> Refused:
    return Refused("sealed_archive", "This archive is protected by a password, so it cannot be checked.")
