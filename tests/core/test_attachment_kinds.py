"""What kind of file some bytes are, what it may be called, how large its picture is."""

import io
import struct

import pytest

from app.core.attachments.images import measured
from app.core.attachments.kinds import HEAD_BYTES, KINDS, Refused, kind_of
from app.core.attachments.names import LONGEST_NAME, cleaned_name, original_name, suffix_of
from tests.attachments.samples import PLAIN_SVG, SCRIPTED_SVG, png, tarred, zipped


@pytest.mark.parametrize(
    "raw,cleaned",
    [
        ("photo.png", "photo.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\My Files\\essay.docx", "essay.docx"),
        ("/", "file"),
        ("..", "file"),
        ("", "file"),
        ("CON", "file"),
        ("nul.txt", "file.txt"),
        ('a<b>:"c|?*.txt', "a b c .txt"),
        ("two\nlines\x00.txt", "two lines .txt"),
        ("\u202efdp.exe", "fdp.exe"),
        ("cafe\u0301.txt", "café.txt"),
        ("half\ud800.txt", "half .txt"),
        (".hidden", "hidden"),
    ],
)
def test_a_name_is_its_last_part_and_nothing_hidden(raw: str, cleaned: str) -> None:
    assert cleaned_name(raw) == cleaned


def test_a_long_name_keeps_its_ending() -> None:
    name = cleaned_name("x" * 5000 + ".PNG")
    assert (len(name), name[-4:]) == (LONGEST_NAME, ".png")
    assert len(original_name("x" * 5000)) == 500
    assert "\0" not in original_name("a\0\ud800b")


@pytest.mark.parametrize("name,suffix", [("a.PNG", ".png"), ("a", ""), (".png", ""), ("a.tar.gz", ".gz"), ("a. b", "")])
def test_the_ending_of_a_name(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


@pytest.mark.parametrize(
    "name,content,kind",
    [
        ("a.png", png(), "png"),
        ("a.JPG", b"\xff\xd8\xff\xe0" + bytes(20), "jpeg"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        ("a.pdf", b"%PDF-1.7\n\xe2\xe3", "pdf"),
        ("a.docx", zipped({"word/document.xml": b""}), "docx"),
        ("a.zip", zipped({}), "zip"),
        ("a.tar", tarred({"a": b"b"}), "tar"),
        ("a.tgz", b"\x1f\x8b\x08\0", "gzip"),
        ("a.mp4", b"\0\0\0\x18ftypisom\0\0", "mp4"),
        ("a.heic", b"\0\0\0\x18ftypheic\0\0", "heic"),
        ("a.mp3", b"\xff\xfb\x90\0", "mp3"),
        ("a.svg", PLAIN_SVG, "svg"),
        ("notes.txt", "Žluťoučký kůň".encode(), "text"),
        ("notes.txt", "Žluťoučký".encode("utf-16"), "text"),
        ("notes.txt", "caf\xe9".encode("cp1252"), "text"),
        ("README", b"words", "text"),
        ("page.html", b"<!doctype html>", "html"),
        ("table.csv", b"a,b\n1,2\n", "csv"),
    ],
)
def test_a_kind_is_known_by_content_and_name_together(name: str, content: bytes, kind: str) -> None:
    assert kind_of(name, content[:HEAD_BYTES]).name == kind


@pytest.mark.parametrize(
    "name,content,code",
    [
        ("a.png", b"", "empty_file"),
        ("a.exe", b"MZ\x90\0", "executable"),
        ("invoice.pdf", b"MZ\x90\0", "executable"),
        ("a.txt", b"\x7fELF\x02", "executable"),
        ("a.png", b"\xff\xd8\xff\xe0", "wrong_extension"),
        ("a.png", SCRIPTED_SVG, "wrong_extension"),
        ("a.png", b"<html><script>", "wrong_extension"),
        ("a.pdf", zipped({"a": b""}), "wrong_extension"),
        ("a.svg", b"just words", "wrong_extension"),
        ("a.txt", png(), "wrong_extension"),
        ("picture", png(), "wrong_extension"),
        ("a.unknown", bytes(range(1, 9)) + bytes(50), "unsupported_type"),
        ("a.bat", b"echo off", "unsupported_type"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\0\x04", "unsupported_type"),
    ],
)
def test_what_does_not_agree_is_refused_and_says_why(name: str, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        kind_of(name, content[:HEAD_BYTES])
    assert refusal.value.code == code
    if code == "wrong_extension" and content.startswith(b"\xff\xd8"):
        assert ".jpg" in refusal.value.message


def test_only_pictures_that_run_nothing_are_shown_in_place() -> None:
    assert {kind.name for kind in KINDS if kind.in_place} == {"png", "jpeg", "gif", "webp"}


JPEG = (
    b"\xff\xd8\xff\xe1" + struct.pack(">H", 70_000 & 0xFFFF) + bytes((70_000 & 0xFFFF) - 2)
    + b"\xff\xc4\x00\x04\0\0\xff\xc2\x00\x11\x08" + struct.pack(">HH", 480, 640) + bytes(12)
)  # fmt: skip


@pytest.mark.parametrize(
    "kind,content,size",
    [
        ("png", png(7, 5), (7, 5)),
        ("gif", b"GIF89a" + struct.pack("<HH", 9, 4), (9, 4)),
        ("bmp", b"BM" + bytes(16) + struct.pack("<ii", 6, -8), (6, 8)),
        ("jpeg", JPEG, (640, 480)),
        ("webp", b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x0f\0\0\x07\0\0", (16, 8)),
        ("webp", b"RIFF\0\0\0\0WEBPVP8L" + bytes(5) + struct.pack("<I", 9 | 4 << 14), (10, 5)),
        ("webp", b"RIFF\0\0\0\0WEBPVP8 " + bytes(10) + struct.pack("<HH", 30, 20), (30, 20)),
        ("avif", bytes(40) + b"ispe" + bytes(4) + struct.pack(">II", 300, 200) + bytes(9), (300, 200)),
        ("png", b"\x89PNG", None),
        ("jpeg", b"\xff\xd8\xff", None),
        ("jpeg", b"\xff\xd8" + b"words and words", None),
        ("webp", b"RIFF\0\0\0\0WEBPVP8X", None),
        ("svg", PLAIN_SVG, None),
    ],
)
def test_a_picture_is_measured_by_its_header(kind: str, content: bytes, size: tuple[int, int] | None) -> None:
    assert measured(kind, io.BytesIO(content)) == size
