"""How rightly the edits of a model are placed, beside the search and replace that is common elsewhere. Nothing is timed."""

from collections.abc import Callable, Iterable, Mapping

from tests.benchmarks.edits.case import Case
from tests.benchmarks.edits.cases import CASES
from tests.benchmarks.edits.evaluation import Tally, first_place, judge, judge_peer, most_similar_place, plays

_COLUMNS = "{:<34}{:>7}{:>9}{:>9}{:>11}{:>11}{:>9}"


def main() -> None:
    print(_COLUMNS.format("", "opera-", "placed", "placed", "reported", "reported", "outside"))
    print(_COLUMNS.format("", "tions", "rightly", "wrongly", "rightly", "wrongly", "changed"))
    ours = _table("draftloom, every form of answer", _play)
    _table("str.replace(old, new, 1)", lambda case: judge_peer(case, first_place))
    _table("rapidfuzz, most similar place", lambda case: judge_peer(case, most_similar_place))
    cases = sum(len(cases) for cases in CASES.values())
    print(
        f"{cases} cases; must be 0: placed wrongly {ours.placed_wrongly}, reported wrongly {ours.reported_wrongly}, "
        f"characters outside changed {ours.characters_outside}"
    )
    for mistake in ours.mistakes:
        print(f"  {mistake}")


def _play(case: Case) -> Tally:
    tally = Tally()
    for form, outcome in plays(case):
        judged = judge(case, outcome)
        judged.mistakes = [f"{case.name} ({form}): {mistake}" for mistake in judged.mistakes]
        tally.add(judged)
    return tally


def _table(title: str, judged: Callable[[Case], Tally]) -> Tally:
    by_category = {category: _sum(map(judged, cases)) for category, cases in CASES.items()}
    print(f"\n{title}")
    _rows(by_category)
    total = _sum(by_category.values())
    _rows({"all": total})
    # A thousand equal operations of one case would hide everything else.
    print(f"  placed rightly where they have a place, mean of categories: {_mean_share(by_category):.1%}")
    return total


def _rows(tallies: Mapping[str, Tally]) -> None:
    for name, tally in tallies.items():
        print(
            _COLUMNS.format(
                f"  {name}",
                tally.operations,
                tally.placed_rightly,
                tally.placed_wrongly,
                tally.reported_rightly,
                tally.reported_wrongly,
                tally.characters_outside,
            )
        )


def _mean_share(tallies: Mapping[str, Tally]) -> float:
    """Of the operations that should have been placed or were, the share placed rightly."""
    shares = [
        tally.placed_rightly / max(1, tally.placed_rightly + tally.placed_wrongly + tally.reported_wrongly)
        for tally in tallies.values()
    ]
    return sum(shares) / len(shares)


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total


if __name__ == "__main__":
    main()
