"""Counting tokens on this machine: estimates, always, for every model but the offline one.

The vocabulary files are shipped with the web build (`providers.vocabulary`) and read from a directory; nothing is ever
fetched from the network. Without them, and while a file does not carry the hash tiktoken expects, counts come from the
number of characters, and `TokenCounter.method` says so.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import os
import threading
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from providers.base import Request, Text, ToolCall, ToolResult, Usage

if TYPE_CHECKING:
    import tiktoken

DEFAULT_VOCABULARY = "o200k_base"  # OpenAI's since 2024; the closest guess for everybody else's
VOCABULARIES = (DEFAULT_VOCABULARY, "cl100k_base")
# Claude's tokens are not published. Recorded answers of Claude 3.5 to 4.6 had 1.01 to 1.20 times the o200k count, 1.12
# on average (2026-11); an estimate should rather be too high.
_CLAUDE_FACTOR = 1.12
_PER_MESSAGE = 4  # role and separators, as OpenAI's cookbook counts them
_PER_TOOL = 12
# Long runs without a space cost tiktoken quadratic time; longer texts are counted in pieces of this many characters.
_PIECE = 50_000


class TokenCounter:
    """Counts tokens with the vocabulary of a model. Loading one takes about 0.3 s and 60 MB: call `warm` in a thread.

    `directory`: where the files are; by default ``TIKTOKEN_CACHE_DIR``, else ``web/dist/vocabulary`` of the project.
    Safe to share between threads.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or default_directory()
        self._encodings: dict[str, tiktoken.Encoding | None] = {}
        self._loading = threading.Lock()

    def count(self, text: str, model: str = "") -> int:
        """How many tokens `text` is, as near as this machine can know for `model`."""
        encoding = self._encoding(model)
        if encoding is None:
            counted = _heuristic(text)
        else:
            pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
            counted = sum(len(encoding.encode_ordinary(piece)) for piece in pieces)
        return math.ceil(counted * _CLAUDE_FACTOR) if "claude" in model else counted

    def truncate(self, text: str, limit: int, *, model: str = "") -> str:
        """The longest beginning of `text` that is about `limit` tokens at most; never cuts a character."""
        if "claude" in model:
            limit = int(limit / _CLAUDE_FACTOR)
        if limit <= 0:
            return ""
        encoding = self._encoding(model)
        if encoding is None:
            return text if _heuristic(text) <= limit else text[: limit * 3]
        tokens = encoding.encode_ordinary(text[: limit * 40])
        if len(tokens) <= limit and len(text) <= limit * 40:
            return text
        return encoding.decode_bytes(tokens[:limit]).decode("utf-8", "ignore")

    def count_request(self, request: Request) -> int:
        """Input tokens of a whole request: system prompt, messages, tool calls and results, tool definitions."""
        pieces = [request.system]
        for message in request.messages:
            for part in message.parts:
                match part:
                    case Text(text):
                        pieces.append(text)
                    case ToolCall(_, name, arguments):
                        pieces += [name, arguments]
                    case ToolResult(_, text, _):
                        pieces.append(text)
        for tool in request.tools:
            pieces += [tool.name, tool.description, json.dumps(dict(tool.schema))]
        frame = _PER_MESSAGE * (len(request.messages) + bool(request.system)) + _PER_TOOL * len(request.tools)
        return frame + sum(self.count(piece, request.model) for piece in pieces if piece)

    def estimate(self, request: Request, output: str, *, known: Usage | None = None) -> Usage:
        """Usage of an answer whose numbers the provider did not give, or not to the end.

        `output` is all that was generated and received: text, visible reasoning, tool arguments. `known` is the last
        report, if there was one: its input numbers are exact and are kept, its output may lag behind.
        """
        generated = self.count(output, request.model) if output else 0
        if known is None:
            return Usage(input_tokens=self.count_request(request), output_tokens=generated, status="estimated")
        return Usage(
            input_tokens=known.input_tokens,
            cache_read_tokens=known.cache_read_tokens,
            cache_write_5m_tokens=known.cache_write_5m_tokens,
            cache_write_1h_tokens=known.cache_write_1h_tokens,
            output_tokens=max(known.output_tokens, generated),
            reasoning_tokens=known.reasoning_tokens,
            requests=known.requests,
            parts=known.parts,
            service_tier=known.service_tier,
            raw=known.raw,
            status="estimated",
        )

    def method(self, model: str = "") -> str:
        """How `count` counts for `model`, for people."""
        name = vocabulary_of(model)
        if self._encoding(model) is None:
            return "estimate by characters (no vocabulary installed)"
        return f"estimate by tiktoken {name}"

    def loaded(self, model: str = "") -> bool:
        """Whether counting for `model` begins at once."""
        return vocabulary_of(model) in self._encodings

    def warm(self, model: str = "") -> None:
        """Loads the vocabulary of `model` now."""
        self._encoding(model)

    def _encoding(self, model: str) -> tiktoken.Encoding | None:
        name = vocabulary_of(model)
        if name not in self._encodings:
            with self._loading:
                if name not in self._encodings:
                    self._encodings[name] = self._load(name)
        return self._encodings[name]

    def _load(self, name: str) -> tiktoken.Encoding | None:
        import tiktoken

        parameters = vocabulary_parameters(name, self._read_ranks)
        if not parameters["mergeable_ranks"]:
            return None
        encoding = tiktoken.Encoding(**parameters)
        # The Rust side has its own copy; the Python dictionary of 200,000 entries is only for decoding by hand.
        encoding._mergeable_ranks = {}
        return encoding

    def _read_ranks(self, address: str, expected_hash: str) -> dict[bytes, int]:
        """tiktoken's loader, without the network: an empty dictionary when the file is missing or not the right one."""
        try:
            data = (self._directory / cache_name(address)).read_bytes()
        except OSError:
            return {}
        if hashlib.sha256(data).hexdigest() != expected_hash:
            return {}
        pairs = (line.split() for line in data.splitlines() if line)
        return {base64.b64decode(token): int(rank) for token, rank in pairs}


def default_directory() -> Path:
    """Where the vocabulary files are expected when nobody says otherwise."""
    configured = os.environ.get("TIKTOKEN_CACHE_DIR")
    return Path(configured) if configured else Path(__file__).parent.parent / "web" / "dist" / "vocabulary"


def vocabulary_of(model: str) -> str:
    """The vocabulary of a model; o200k for models that tiktoken does not know, such as all that are not OpenAI's."""
    if model.startswith(("gpt-3.5", "gpt-35", "gpt-4-", "text-embedding-")) or model == "gpt-4":
        return "cl100k_base"
    return DEFAULT_VOCABULARY


def cache_name(address: str) -> str:
    """The file name under which tiktoken's own cache keeps what it loads from `address`."""
    return hashlib.sha1(address.encode(), usedforsecurity=False).hexdigest()


def vocabulary_parameters(name: str, load: Callable[[str, str], dict[bytes, int]]) -> dict[str, Any]:
    """tiktoken's own parameters of a vocabulary: pattern, special tokens, and the ranks as `load` returns them.

    tiktoken keeps address, hash and pattern inside a function that downloads. A copy of that function runs here with
    `load(address, expected_hash)` in the place of the downloading one, so these facts stay tiktoken's.
    """
    openai_public = import_module("tiktoken_ext.openai_public")  # has no type hints

    def load_tiktoken_bpe(address: str, expected_hash: str) -> dict[bytes, int]:
        return load(address, expected_hash)

    original = getattr(openai_public, name)
    scope = {**original.__globals__, "load_tiktoken_bpe": load_tiktoken_bpe}
    parameters: dict[str, Any] = FunctionType(original.__code__, scope)()
    return parameters


def _heuristic(text: str) -> int:
    """About four bytes of UTF-8 a token for Latin letters, fewer characters a token for other scripts. Rounded up:
    an estimate that is shown before sending should rather be too high."""
    wide = sum(1 for character in text if ord(character) > 0x2FF) if not text.isascii() else 0
    return math.ceil((len(text) - wide) / 3.8 + wide / 1.6)
