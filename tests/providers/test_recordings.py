"""Every recorded model call gives exactly the recorded text, stop, tool calls and usage, however its bytes arrive."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest

from tests.providers.answers import Answer, collect, expected_buckets, provider, run
from tests.providers.conftest import recorded_interactions
from tests.providers.playback import Playback, installer, recorded_response

ERROR_CODES: dict[str, list[str | None]] = {
    "anthropic/err400_invalid_request.yaml": ["bad_request"],
    "anthropic/err401_authentication.yaml": ["auth"],
    "anthropic/err404_model.yaml": ["not_found_model", "not_found_model"],
    "anthropic/err429_then_529_then_200.yaml": ["rate_limited", "overloaded", None],
    "anthropic/sse_error_overloaded_second_turn.yaml": [None, "overloaded"],
    "compat/openrouter_midstream_error.yaml": ["bad_request"],
    "openai/chat_err429_rate_limit_then_200.yaml": ["rate_limited", None, None, None],
    "openai/responses_err400_context_length.yaml": ["context_too_long"],
    "openai/responses_err429_insufficient_quota.yaml": [None, None, None, "quota", "quota", "quota"],
    "openai/responses_sse_error_quota_midstream.yaml": ["quota"],
}
NO_ERRORS: list[str | None] = [None] * 9
ALL = recorded_interactions()
NAMES = [f"{file}#{row['i']}" for file, row in ALL]
STREAMED = [(file, row) for file, row in ALL if row["streaming"] and not row["error"]]


def check(answer: Answer, file: str, row: dict[str, Any]) -> None:
    """Compares with the independent reader's expectation."""
    assert answer.text == row["text"]
    assert answer.reasoning == row["thinking"]
    assert answer.refusal == row["refusal"]
    calls = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in answer.calls]
    assert calls == [{key: call[key] for key in ("id", "name", "arguments")} for call in row["tool_calls"]]
    code = ERROR_CODES.get(file, NO_ERRORS)[row["i"]]
    assert answer.code == code
    if code is not None:
        return
    assert answer.stopped is not None
    assert answer.stopped.raw == row["stop"]
    assert answer.started[0].model == row["model"]
    if row["usage"] is None:
        assert answer.usage.status == "estimated"
        return
    assert answer.usage.status == "reported"
    assert answer.usage.raw == row["usage"]
    found = {name: getattr(answer.usage, name) for name in expected_buckets(row["api"], row["usage"])}
    assert found == expected_buckets(row["api"], row["usage"])


def test_there_is_an_expectation_for_every_recorded_error(recordings: Path) -> None:
    with_errors = {(file, row["i"]) for file, row in ALL if row["error"]}
    mapped = {(file, i) for file, codes in ERROR_CODES.items() for i, code in enumerate(codes) if code}
    assert mapped == with_errors


@pytest.mark.parametrize("split", [0, 1, 7], ids=["whole events", "single bytes", "7 bytes"])
@pytest.mark.parametrize("file,row", ALL, ids=NAMES)
def test_a_recording_gives_exactly_what_was_recorded(
    recordings: Path, monkeypatch: pytest.MonkeyPatch, file: str, row: dict[str, Any], split: int
) -> None:
    installer(monkeypatch)(Playback(recorded_response(recordings, file, row["i"]), split=split))
    check(run(collect(provider(row["api"]))), file, row)


@pytest.mark.parametrize("lost", [False, True], ids=["silent end", "lost connection"])
@pytest.mark.parametrize("file,row", STREAMED, ids=[f"{file}#{row['i']}" for file, row in STREAMED])
def test_a_cut_recording_is_broken_and_keeps_what_came(
    recordings: Path, monkeypatch: pytest.MonkeyPatch, file: str, row: dict[str, Any], lost: bool
) -> None:
    status, headers, body = recorded_response(recordings, file, row["i"])
    if headers.get("content-encoding"):
        body = gzip.decompress(body)
        headers = {name: value for name, value in headers.items() if name != "content-encoding"}
    install = installer(monkeypatch)
    # At a silent end a last line is read even without its blank line; before a lost connection it is not.
    decided = stop_position(row["api"], body) + (2 if lost else 0)
    longest = 0
    for cut in cut_positions(body):
        install(Playback((status, headers, body), cut=cut, lost=lost))
        answer = run(collect(provider(row["api"])))
        assert row["text"].startswith(answer.text)
        assert len(answer.text) >= longest, "more bytes never give less text"
        longest = len(answer.text)
        if cut < decided:
            assert answer.code == "broken_stream", cut
            assert answer.error is not None
            assert answer.error.retryable
        else:
            assert answer.error is None, cut
            assert answer.text == row["text"]


def stop_position(api: str, body: bytes) -> int:
    """How many bytes hold the whole event with the stop reason, up to the end of its data line."""
    pattern = {
        "messages": rb'data: [^\n]*"type": ?"message_delta"[^\n]*',
        "chat": rb'data: [^\n]*"finish_reason": ?"[^\n]*',
        "responses": rb'data: [^\n]*"type": ?"response\.(?:completed|incomplete)"[^\n]*',
    }[api]
    found = re.search(pattern, body)
    assert found is not None
    return found.end()


def cut_positions(body: bytes) -> list[int]:
    """Positions all over the body, and around every one of the last events' ends."""
    spread = range(0, len(body), max(1, len(body) // 23))
    ends = [match.start() for match in re.finditer(rb"\n\n", body)][-4:]
    around = {place + shift for place in ends for shift in (-9, -1, 2, 9)}
    return sorted({*spread, *(place for place in around if 0 <= place < len(body))})
