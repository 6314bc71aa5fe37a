"""All cases, by category."""

from collections.abc import Mapping, Sequence

from tests.benchmarks.edits.case import Case
from tests.benchmarks.edits.cases import answers, boundaries, characters, markdown, plain, quotations, scale, selections

CASES: Mapping[str, Sequence[Case]] = {
    "plain": plain.CASES,
    "quotations": quotations.CASES,
    "characters": characters.CASES,
    "markdown": markdown.CASES,
    "boundaries": boundaries.CASES,
    "selections": selections.CASES,
    "answers": answers.CASES,
    "scale": scale.CASES,
}
