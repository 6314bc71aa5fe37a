"""The documents keep to the project: the files, links and commands they name are there."""

import re
from pathlib import Path

import click
import pytest

from app.cli import main
from app.settings import ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = {path.name for folder in ("tests", "web/test") for path in (ROOT / folder).rglob("*") if path.is_file()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_status_names_tests_that_exist() -> None:
    rows = [line for line in (ROOT / "docs" / "status.md").read_text().splitlines() if re.match(r"\| [A-Z]\d", line)]
    assert len(rows) > 45
    for row in rows:
        for named in re.findall(r"`((?:tests/|web/test|test_)[\w/.]*)`", row):
            assert (ROOT / named).exists() or named in NAMES, named


def commands(group: click.Group, before: str = "draftloom") -> set[str]:
    found: set[str] = set()
    for name, command in group.commands.items():
        found |= commands(command, f"{before} {name}") if isinstance(command, click.Group) else {f"{before} {name}"}
    return found


def test_every_command_is_explained_to_operators() -> None:
    explained = set(re.findall(r"`(draftloom [a-z-]+(?: [a-z]+)?)", (ROOT / "docs" / "operating.md").read_text()))
    assert commands(main) - explained == set()


def test_the_readme_starts_the_product_with_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert {"run", "test"} <= used <= targets
