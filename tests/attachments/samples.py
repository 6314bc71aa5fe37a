"""Files for tests: small, made here, and the harmless ones hostile in one way each."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

# The standard test file of virus scanners, in two pieces so that no scanner takes this source for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def png(width: int = 3, height: int = 2) -> bytes:
    """A picture of one colour. A large one is only claimed: the pixels are not there."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    small = width * height <= 1_000_000
    rows = b"".join(b"\0" + b"\x1c\x5d\x5a" * width for _ in range(height)) if small else b""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zip_bomb(megabytes: int) -> bytes:
    return zipped({"zeros.txt": bytes(megabytes << 20)})


def lying_zip_bomb(megabytes: int) -> bytes:
    """Its directory claims that next to nothing comes out."""
    data = bytearray(zip_bomb(megabytes))
    size = struct.pack("<I", megabytes << 20)
    at = data.find(size)
    while at >= 0:
        data[at : at + 4] = struct.pack("<I", 10)
        at = data.find(size, at + 4)
    return bytes(data)


def nested_zip(depth: int) -> bytes:
    data = b"the innermost"
    for level in range(depth):
        data = zipped({f"{level}.zip" if level else "words.txt": data})
    return data


def gzip_bomb(megabytes: int) -> bytes:
    return gzip.compress(bytes(megabytes << 20))


SCRIPTED_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PLAIN_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'
