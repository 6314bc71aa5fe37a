"""What kind of file some first bytes are, and whether its name says the same.

The table is the list of what is taken. It is our own and small: what matters is what is *not* in it, and libraries that
know hundreds of kinds would let in what nobody checks. A kind is *shown in place* only where browsers draw it without
ever running anything; all others are downloads.
"""

from dataclasses import dataclass

from app.core.attachments.names import suffix_of

HEAD_BYTES = 4096
"""So many first bytes decide."""


class Refused(Exception):
    """A file that is not taken. `code` is stable, the message is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class FileKind:
    """One kind that is taken. `container` is what the first bytes show, which several kinds may share."""

    name: str
    container: str
    media_type: str
    suffixes: tuple[str, ...]
    in_place: bool = False


_OFFICE = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
_CODE = (
    ".c", ".cc", ".cfg", ".conf", ".cpp", ".cs", ".css", ".diff", ".go", ".h", ".hpp", ".ini", ".ipynb", ".java", ".kt",
    ".lua", ".m", ".patch", ".php", ".pl", ".py", ".r", ".rb", ".rs", ".scala", ".sql", ".swift", ".toml", ".ts", ".tsx",
    ".vue", ".yaml", ".yml",
)  # fmt: skip

KINDS: tuple[FileKind, ...] = (
    FileKind("png", "png", "image/png", (".png",), in_place=True),
    FileKind("jpeg", "jpeg", "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif"), in_place=True),
    FileKind("gif", "gif", "image/gif", (".gif",), in_place=True),
    FileKind("webp", "webp", "image/webp", (".webp",), in_place=True),
    FileKind("bmp", "bmp", "image/bmp", (".bmp",)),
    FileKind("heic", "heic", "image/heic", (".heic", ".heif")),
    FileKind("avif", "avif", "image/avif", (".avif",)),
    FileKind("pdf", "pdf", "application/pdf", (".pdf",)),
    FileKind("docx", "zip", f"{_OFFICE}.wordprocessingml.document", (".docx",)),
    FileKind("xlsx", "zip", f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",)),
    FileKind("pptx", "zip", f"{_OFFICE}.presentationml.presentation", (".pptx",)),
    FileKind("odt", "zip", f"{_ODF}.text", (".odt",)),
    FileKind("ods", "zip", f"{_ODF}.spreadsheet", (".ods",)),
    FileKind("odp", "zip", f"{_ODF}.presentation", (".odp",)),
    FileKind("epub", "zip", "application/epub+zip", (".epub",)),
    FileKind("iwork", "zip", "application/zip", (".pages", ".numbers", ".key")),
    FileKind("zip", "zip", "application/zip", (".zip",)),
    FileKind("gzip", "gzip", "application/gzip", (".gz", ".tgz")),
    FileKind("bzip2", "bzip2", "application/x-bzip2", (".bz2",)),
    FileKind("xz", "xz", "application/x-xz", (".xz",)),
    FileKind("tar", "tar", "application/x-tar", (".tar",)),
    FileKind("office", "ole", "application/x-ole-storage", (".doc", ".xls", ".ppt")),
    FileKind("rtf", "rtf", "application/rtf", (".rtf",)),
    FileKind("mp3", "mp3", "audio/mpeg", (".mp3",)),
    FileKind("wav", "wav", "audio/wav", (".wav",)),
    FileKind("flac", "flac", "audio/flac", (".flac",)),
    FileKind("ogg", "ogg", "audio/ogg", (".ogg", ".oga", ".opus", ".ogv")),
    FileKind("m4a", "mp4", "audio/mp4", (".m4a",)),
    FileKind("mp4", "mp4", "video/mp4", (".mp4", ".m4v")),
    FileKind("quicktime", "mp4", "video/quicktime", (".mov",)),
    FileKind("webm", "matroska", "video/webm", (".webm",)),
    FileKind("matroska", "matroska", "video/x-matroska", (".mkv", ".mka")),
    FileKind("svg", "text", "image/svg+xml", (".svg",)),
    FileKind("html", "text", "text/html", (".html", ".htm", ".xhtml")),
    FileKind("xml", "text", "application/xml", (".xml",)),
    FileKind("json", "text", "application/json", (".json", ".jsonl")),
    FileKind("csv", "text", "text/csv", (".csv", ".tsv")),
    FileKind("markdown", "text", "text/markdown", (".md", ".markdown")),
    FileKind("text", "text", "text/plain", ("", ".txt", ".text", ".log", ".tex", ".bib", ".srt", ".vtt", *_CODE)),
)

SUFFIXES = tuple(sorted({suffix for kind in KINDS for suffix in kind.suffixes if suffix}))

_PROGRAMS = (b"MZ", b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
             b"\xca\xfe\xba\xbe", b"L\x00\x00\x00\x01\x14\x02\x00")  # fmt: skip
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"),
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\x1f\x8b\x08", "gzip"), (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"), (b"{\\rtf", "rtf"), (b"fLaC", "flac"),
    (b"OggS", "ogg"), (b"\x1aE\xdf\xa3", "matroska"), (b"ID3", "mp3"), (b"%PDF-", "pdf"),
)  # fmt: skip
_BRANDS = {b"heic": "heic", b"heix": "heic", b"heif": "heic", b"mif1": "heic", b"msf1": "heic", b"avif": "avif",
           b"avis": "avif"}  # fmt: skip
_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
_ORDINARY_CONTROLS = frozenset(b"\t\n\r\x0c\x1b\x08")
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def kind_of(name: str, head: bytes) -> FileKind:
    """The kind by content, if the name's ending agrees. `head`: the first `HEAD_BYTES`, or all there is.

    Raises `Refused`: `empty_file`, `executable`, `unsupported_type`, or `wrong_extension`, which says what would fit.
    """
    if not head:
        raise Refused("empty_file", "This file is empty.")
    if head.startswith(_PROGRAMS):
        raise Refused("executable", "Programs are not accepted as attachments.")
    container = _container(head)
    suffix = suffix_of(name)
    named = _BY_SUFFIX.get(suffix)
    fitting = [kind for kind in KINDS if kind.container == container]
    if not fitting or (named is None and container == "text"):
        raise Refused(
            "unsupported_type", "This kind of file is not accepted. Put it into a zip archive if it is needed."
        )
    if named is None or named.container != container:
        endings = ", ".join(suffix for kind in fitting for suffix in kind.suffixes if suffix)
        raise Refused(
            "wrong_extension", f"The content is not what the name says. By its content this would be: {endings[:200]}."
        )
    if named.name == "svg" and b"<svg" not in head.lower():
        raise Refused("wrong_extension", "The content is not what the name says: this is no SVG image.")
    return named


def _container(head: bytes) -> str:
    """What the first bytes show; empty for what is not known."""
    for start, container in _STARTS:
        if head.startswith(start):
            return container
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "mp4")
    if head[257:262] == b"ustar":
        return "tar"
    if head[0] == 0xFF and len(head) > 1 and head[1] & 0xE6 == 0xE2:
        return "mp3"
    if head[:2] == b"BM" and len(head) >= 26 and head[6:10] == b"\0\0\0\0":
        return "bmp"
    return "text" if looks_like_text(head) else ""


def looks_like_text(head: bytes) -> bool:
    """Whether it decodes as text without what text never holds. A character cut off at the end does no harm."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            decoded = head[: len(head) // 2 * 2].decode(encoding, "replace")
            return "\0" not in decoded and decoded.count("\ufffd") <= 1
    return all(byte >= 0x20 or byte in _ORDINARY_CONTROLS for byte in head)
