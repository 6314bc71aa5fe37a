"""Prompt templates: what a model is told, rendered from `prompts/` as plain text.

Autoescape is off since nothing here is HTML; an unknown variable is an error. Document text is data inside the template.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined


class Prompts:
    """Renders `prompts/NAME.txt`."""

    def __init__(self, folder: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=False,  # noqa: S701 — plain text for a model, never shown as HTML
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            auto_reload=False,
        )

    def render(self, name: str, **values: Any) -> str:
        return self._environment.get_template(f"{name}.txt").render(values).strip()
