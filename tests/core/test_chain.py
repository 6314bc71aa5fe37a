"""Whoever alters the log, breaks it."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from app.core.canonical import canonical_json
from app.core.chain import GENESIS, ChainLink, event_hash, payload_digest, verify_chain
from app.core.errors import ChainBroken

DRAFT = uuid.UUID(int=7)
AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def link(seq: int, prev: bytes, payload: Any, **changed: Any) -> ChainLink:
    facts: dict[str, Any] = {
        "draft_id": DRAFT,
        "seq": seq,
        "type": "fields.edited",
        "payload_digest": payload_digest(payload),
        "actor_kind": "user",
        "actor_id": uuid.UUID(int=1),
        "replica": "r",
        "n": seq,
        "base_seq": seq - 1,
        "at": AT + timedelta(seconds=seq),
    } | changed
    return ChainLink(**facts, payload=payload, prev_hash=prev, hash=event_hash(prev, **facts))


def chain(length: int = 4) -> list[ChainLink]:
    links: list[ChainLink] = []
    for seq in range(1, length + 1):
        links.append(link(seq, links[-1].hash if links else GENESIS, {"ops": [seq]}))
    return links


def test_an_honest_chain_ends_at_its_head() -> None:
    links = chain()
    assert verify_chain(links) == (4, links[-1].hash)
    assert verify_chain(links[2:], after_seq=2, after_hash=links[1].hash) == (4, links[-1].hash)
    assert verify_chain([]) == (0, GENESIS)


def test_erased_words_leave_the_chain_whole() -> None:
    links = chain()
    links[1] = replace(links[1], payload=None)
    assert verify_chain(links) == (4, links[-1].hash)


@pytest.mark.parametrize(
    "alter",
    [
        lambda event: replace(event, payload={"ops": ["other"]}),
        lambda event: replace(event, payload_digest=payload_digest({"ops": ["other"]}), payload={"ops": ["other"]}),
        lambda event: replace(event, type="draft.submitted"),
        lambda event: replace(event, actor_kind="model"),
        lambda event: replace(event, actor_id=None),
        lambda event: replace(event, replica="s"),
        lambda event: replace(event, n=9),
        lambda event: replace(event, base_seq=0),
        lambda event: replace(event, draft_id=uuid.UUID(int=8)),
        lambda event: replace(event, at=event.at + timedelta(microseconds=1)),
        lambda event: replace(event, prev_hash=GENESIS),
        lambda event: replace(event, hash=GENESIS),
        lambda event: replace(event, seq=9),
    ],
)
def test_an_altered_event_is_found(alter: Callable[[ChainLink], ChainLink]) -> None:
    links = chain()
    links[1] = alter(links[1])
    with pytest.raises(ChainBroken) as broken:
        verify_chain(links)
    assert broken.value.seq in {2, 3}


def test_a_missing_or_moved_event_is_found() -> None:
    links = chain()
    for altered in ([*links[:1], *links[2:]], links[1:], [links[0], links[2], links[1], links[3]]):
        with pytest.raises(ChainBroken):
            verify_chain(altered)


def test_an_event_written_anew_does_not_fit_its_successor() -> None:
    links = chain()
    links[1] = link(2, links[0].hash, {"ops": ["forged"]})
    with pytest.raises(ChainBroken) as broken:
        verify_chain(links)
    assert broken.value.seq == 3


def test_the_same_moment_in_another_zone_has_the_same_hash() -> None:
    there = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert link(1, GENESIS, {}, at=AT).hash == link(1, GENESIS, {}, at=there).hash


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        link(1, GENESIS, {}, at=AT.replace(tzinfo=None))


def test_the_byte_form_is_permanent() -> None:
    """These values were written once; if this test fails, every log in the world fails to verify."""
    assert (
        canonical_json({"б": [1, None, True, 0.1], "a": '\n"ü🦊'}) == '{"a":"\\n\\"ü🦊","б":[1,null,true,0.1]}'.encode()
    )
    assert (
        payload_digest({"ops": [{"field": "title", "set": "T"}]}).hex()
        == "5475b8474e6cce39beaf7c8628913b535a171a6ffd2dfa1d28d2fe65b2eac3c5"
    )
    assert (
        link(1, GENESIS, {"ops": []}).hash.hex() == "92bc3c5d9625be1c5f4351095650e38f9f8efb135eedbf049e2e617ae507e123"
    )
