"""Differences by words: complete, in order, and with moves shown as moves."""

import random
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.text import diff
from app.core.text.diff import Hunk, diff_changes, diff_words, unified
from app.core.text.utf16 import utf16_length, utf16_slice
from tests.core.strategies import texts

PARAGRAPHS = [
    "The first paragraph is about foxes and dogs.",
    "A second paragraph speaks of rivers 🦊 and hills.",
    "Третий абзац говорит о зиме и лете здесь.",
    "Short.",
    "",
]


def prose() -> st.SearchStrategy[str]:
    """Texts of paragraphs that recur, move and change a little."""
    paragraph = st.sampled_from(PARAGRAPHS) | texts(20)
    return st.lists(paragraph, max_size=7).flatmap(
        lambda paragraphs: st.sampled_from(["\n", "\n\n"]).map(lambda gap: gap.join(paragraphs))
    )


def check_hunks(a: str, b: str) -> tuple[Hunk, ...]:
    hunks = diff_words(a, b)
    place = 0
    for hunk in hunks:
        assert hunk.b[0] == place
        place = hunk.b[1]
    assert place == utf16_length(b)
    place = 0
    for hunk in sorted(hunks, key=lambda hunk: hunk.a):
        assert hunk.a[0] == place
        place = hunk.a[1]
    assert place == utf16_length(a)
    stays = [hunk for hunk in hunks if hunk.kind != "move"]
    assert [hunk.a for hunk in stays] == sorted(hunk.a for hunk in stays)
    for hunk in hunks:
        old, new = utf16_slice(a, *hunk.a), utf16_slice(b, *hunk.b)
        match hunk.kind:
            case "same" | "move":
                assert old == new != ""
            case "insert":
                assert (old, bool(new)) == ("", True)
            case "delete":
                assert (bool(old), new) == (True, "")
            case "replace":
                assert old
                assert new
    return hunks


@given(prose(), prose())
def test_hunks_cover_both_texts_and_say_the_truth(a: str, b: str) -> None:
    check_hunks(a, b)


@given(prose(), prose())
def test_changes_lead_from_one_text_to_the_other(a: str, b: str) -> None:
    changes = diff_changes(a, b)
    assert changes.apply(a) == b
    assert changes.is_identity == (a == b)


def test_only_the_changed_word_is_changed() -> None:
    assert diff_changes("The quick fox 🦊 runs.", "The slow fox 🦊 runs.").to_json() == [4, [5, "slow"], 13]
    assert diff_words("The quick fox.", "The slow fox.") == (
        Hunk("same", (0, 4), (0, 4)),
        Hunk("replace", (4, 9), (4, 8)),
        Hunk("same", (9, 14), (8, 13)),
    )


def test_words_are_never_cut() -> None:
    hunks = check_hunks("although it rained", "though it rained")
    assert hunks[0] == Hunk("replace", (0, 8), (0, 6))


def test_equal_texts_are_the_same() -> None:
    assert diff_words("a 🦊", "a 🦊") == (Hunk("same", (0, 4), (0, 4)),)
    assert diff_words("", "") == ()
    assert diff_words("", "a") == (Hunk("insert", (0, 0), (0, 1)),)


def test_a_moved_paragraph_is_a_move() -> None:
    first, second, third = PARAGRAPHS[:3]
    a = "\n\n".join([first, second, third])
    b = "\n\n".join([second, third, first])
    hunks = check_hunks(a, b)
    moved = [hunk for hunk in hunks if hunk.kind == "move"]
    assert [utf16_slice(a, *hunk.a) for hunk in moved] == [first]
    assert all(not utf16_slice(b, *hunk.b).strip() for hunk in hunks if hunk.kind in {"insert", "replace"})


def test_a_moved_paragraph_among_rewritten_ones_is_a_move() -> None:
    a = f"Alpha beta gamma.\n\n{PARAGRAPHS[0]}\n\nDelta epsilon zeta.\n\n{PARAGRAPHS[1]}"
    b = f"{PARAGRAPHS[1]}\n\nAlpha beta delta.\n\n{PARAGRAPHS[0]}\n\nDelta eta zeta."
    hunks = check_hunks(a, b)
    assert [utf16_slice(b, *hunk.b) for hunk in hunks if hunk.kind == "move"] == [PARAGRAPHS[1]]


def test_a_paragraph_that_stays_is_no_move_when_blank_lines_change() -> None:
    hunks = check_hunks(PARAGRAPHS[0], PARAGRAPHS[0] + "\n\nNew.")
    assert [hunk.kind for hunk in hunks] == ["same", "insert"]


def test_short_paragraphs_are_not_called_moved() -> None:
    hunks = check_hunks("Yes.\n\n" + PARAGRAPHS[0], PARAGRAPHS[0] + "\n\nYes.")
    assert "move" not in {hunk.kind for hunk in hunks}


def test_chance_words_between_changes_do_not_break_them_up() -> None:
    a, b = "we walked slowly to the old harbour", "they ran quickly to the new airport"
    assert [hunk.kind for hunk in check_hunks(a, b)] == ["replace", "same", "replace"]


def test_texts_too_large_to_compare_at_once_are_compared_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff, "_MOST_CELLS", 400)
    monkeypatch.setattr(diff, "_CHUNK", 10)
    source = random.Random(5)
    words = ["river", "hill", "fox", "🦊", "and", "the", "winter"]
    a = " ".join(source.choice(words) for _ in range(400))
    b = " ".join(word if source.random() < 0.8 else source.choice(words) for word in a.split(" "))
    assert diff_changes(a, b).apply(a) == b
    check_hunks(a, b)


def test_a_unified_diff_reads_as_usual() -> None:
    a = "".join(f"line {number}\n" for number in range(1, 21))
    b = a.replace("line 3\n", "line three\n").replace("line 18\n", "") + "end"
    assert unified(a, b, "1", "2") == (
        "--- 1\n+++ 2\n"
        "@@ -1,6 +1,6 @@\n line 1\n line 2\n-line 3\n+line three\n line 4\n line 5\n line 6\n"
        "@@ -15,6 +15,6 @@\n line 15\n line 16\n line 17\n-line 18\n line 19\n line 20\n+end\n"
        "\\ No newline at end of file\n"
    )
    assert unified(a, a, "1", "2") == ""


@pytest.mark.parametrize("seed", range(20))
def test_patch_turns_one_text_into_the_other(seed: int, tmp_path: Path) -> None:
    patch = shutil.which("patch")
    if patch is None:
        pytest.skip("the program `patch` is not installed")
    source = random.Random(seed)

    def text() -> str:
        lines = "".join(source.choice("abcd") + "\n" for _ in range(source.randrange(30)))
        return lines + source.choice(["", "no newline"])

    a, b = text(), text()
    target = tmp_path / "text"
    target.write_text(a)
    (tmp_path / "diff").write_text(unified(a, b, "text", "text"))
    subprocess.run([patch, "-s", str(target), str(tmp_path / "diff")], check=True)
    assert (target.read_text() if target.exists() else "") == b


@given(st.text(st.characters(max_codepoint=127)))
def test_a_text_of_ascii_is_cut_into_the_same_words(text: str) -> None:
    assert diff._ASCII_TOKEN.findall(text) == diff._TOKEN.findall(text)


def plainly_readable(blocks: list[diff._Block], a: diff._Side, b: diff._Side) -> list[diff._Block]:
    """The rule in so many words: a block between two changes that are both longer than it is no landmark."""
    kept: list[diff._Block] = []
    a_places, b_places = a.places(), b.places()

    def longer(i: int, end_i: int, j: int, end_j: int) -> int:
        return max(a_places[end_i] - a_places[i], b_places[end_j] - b_places[j])

    for block, (next_i, next_j, _) in pairwise([*blocks, (len(a.texts), len(b.texts), 0)]):
        i, j, size = block
        words = a.texts[i : i + size]
        before_i, before_j, before_size = kept[-1] if kept else (0, 0, 0)
        in_front = longer(before_i + before_size, i, before_j + before_size, j)
        behind = longer(i + size, next_i, j + size, next_j)
        if "\n" in words or len("".join(words)) > min(in_front, behind):
            kept.append(block)
    return kept


@given(prose(), prose())
def test_what_is_readable_follows_the_plain_rule(before: str, after: str) -> None:
    a, b = diff._Side([(0, before)], 0), diff._Side([(0, after)], 0)
    blocks = diff._matching(a.texts, b.texts)
    assert diff._readable(blocks, a, b) == plainly_readable(blocks, a, b)
