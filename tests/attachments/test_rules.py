"""Rules that packages add: their objections count, and what they cannot decide is not let through."""

from pathlib import Path

import pytest

from app.services.attachments import rules as rules_module
from app.services.attachments.rules import FileInHand, Objection, RuleFailed, Rules

FILE = FileInHand(Path("/nowhere"), "a.txt", "text/plain", 5, "00", None, None)


def no_text(file: FileInHand) -> Objection | None:
    return Objection("no_text", "No text, please.") if file.media_type == "text/plain" else None


def broken(_: FileInHand) -> Objection | None:
    raise KeyError("a bug")


class Point:
    def __init__(self, name: str, rule: object) -> None:
        self.name = name
        self._rule = rule

    def load(self) -> object:
        if isinstance(self._rule, Exception):
            raise self._rule
        return self._rule


def installed(monkeypatch: pytest.MonkeyPatch, *points: Point) -> Rules:
    monkeypatch.setattr(rules_module, "entry_points", lambda group: points if group == rules_module.GROUP else ())
    return Rules.installed()


def test_the_first_objection_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Rules().objection(FILE) is None
    found = installed(monkeypatch, Point("silent", lambda _: None), Point("words", no_text)).objection(FILE)
    assert found == Objection("no_text", "No text, please.")


@pytest.mark.parametrize("rule", [broken, ImportError("not installed")])
def test_a_rule_that_fails_or_cannot_be_loaded_holds_files_back(monkeypatch: pytest.MonkeyPatch, rule: object) -> None:
    with pytest.raises(RuleFailed):
        installed(monkeypatch, Point("ours", rule)).objection(FILE)
