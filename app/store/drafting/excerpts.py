"""The first words of a text, as lists show them."""

_CHARACTERS = 200
_SOURCE = 600  # So much of a text is looked at: blanks and line breaks are squeezed out.


def excerpt_of(text: str, *, before: str | None, known: str) -> str:
    """The excerpt of `text`; `known` is that of the text `before`, which often still holds."""
    beginning = text[:_SOURCE]
    if before is not None and beginning == before[:_SOURCE]:
        return known
    return " ".join(beginning.split())[:_CHARACTERS]
