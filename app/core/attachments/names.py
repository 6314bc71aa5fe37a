"""Names of files as people send them, made safe to keep, to show and to download under."""

import re
import unicodedata

LONGEST_NAME = 150
"""Characters of a cleaned name; file systems take 255 bytes, and a character has up to four."""
_LONGEST_ORIGINAL = 500
_LONGEST_SUFFIX = 12
# Besides what no file system takes: marks that turn the direction of text and make `fdp.exe` read as `exe.pdf`.
_NEVER = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]+'
)
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def cleaned_name(raw: str) -> str:
    """The last part of a path, without what is not shown or not storable; `file` where nothing is left."""
    last = re.split(r"[/\\]", raw)[-1]
    name = " ".join(_NEVER.sub(" ", unicodedata.normalize("NFC", last)).split()).strip(" .")
    if not name or _RESERVED.fullmatch(name):
        name = f"file{suffix_of(name)}" if name else "file"
    if len(name) > LONGEST_NAME:
        suffix = suffix_of(name)
        name = name[: LONGEST_NAME - len(suffix)].rstrip(" .") + suffix
    return name


def original_name(raw: str) -> str:
    """The name as it came, in what can be stored of it, for whoever looks into a refusal."""
    kept = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" or letter == "\0" else letter for letter in raw)
    return kept[:_LONGEST_ORIGINAL]


def suffix_of(name: str) -> str:
    """`.png` of `a.PNG`; empty where there is none, or none that could be one."""
    stem, dot, last = name.rpartition(".")
    if not dot or not stem or not 0 < len(last) < _LONGEST_SUFFIX or not last.isalnum():
        return ""
    return f".{last.lower()}"
