"""A chat as a tree: paths, siblings, and where a branch goes on."""

from dataclasses import dataclass
from uuid import UUID

from app.core.chat_tree import newest_below, path_to, siblings


@dataclass(frozen=True)
class Said:
    id: UUID
    parent_id: UUID | None


def said(number: int, parent: int | None = None) -> Said:
    return Said(UUID(int=number), None if parent is None else UUID(int=parent))


#   1 ─ 2 ─ 3 ─ 4        a question, its answer, a second question with two answers (4, 5), the first asked otherwise (6)
#           └ 5 ─ 7
#   6
TALK = [said(1), said(2, 1), said(3, 2), said(4, 3), said(5, 3), said(6), said(7, 5)]


def numbers(messages: list[Said]) -> list[int]:
    return [message.id.int for message in messages]


def test_a_path_leads_from_the_first_message_to_the_chosen_one() -> None:
    assert numbers(path_to(TALK, UUID(int=7))) == [1, 2, 3, 5, 7]
    assert numbers(path_to(TALK, UUID(int=6))) == [6]
    assert path_to(TALK, None) == []
    assert path_to(TALK, UUID(int=99)) == []


def test_siblings_hang_on_the_same_message_in_the_order_they_were_written() -> None:
    families = siblings(TALK)
    assert [one.int for one in families[UUID(int=5)]] == [4, 5]
    assert [one.int for one in families[UUID(int=6)]] == [1, 6]
    assert [one.int for one in families[UUID(int=7)]] == [7]


def test_a_branch_goes_on_at_its_newest_end() -> None:
    assert newest_below(TALK, UUID(int=1)).int == 7
    assert newest_below(TALK, UUID(int=4)).int == 4
