"""Who wrote this: the words of a version, each with the version, person or model that brought them in."""

from collections import Counter
from uuid import UUID

from sqlmodel import Session

from app.core.text.blocks import parse_blocks
from app.core.text.utf16 import utf16_length, utf16_slice
from app.services.access import owned_version
from app.services.accounts import Principal
from app.services.errors import InvalidInput
from app.services.tree_views import Blame, BlameParagraph, BlameRun, BlameVersion, ParagraphShare
from app.services.views import ActorView
from app.store import versions as version_store
from app.store.blame import Origin, Run, blame
from app.store.db import Database


class Authorship:
    """The use case of asking who wrote something."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def blame(
        self, person: Principal, version_id: UUID, *, from_: int | None = None, to: int | None = None
    ) -> Blame:
        """The origins of a version's words between two UTF-16 positions. Raises `InvalidInput` for a range outside."""

        def query(session: Session) -> Blame:
            version = owned_version(session, person.id, version_id)
            text = version_store.read_text(session, version.id)
            start, end = _range(text, from_, to)
            before, passage = utf16_slice(text, 0, start), utf16_slice(text, start, end)
            runs = blame(session, version.id, len(before), len(before) + len(passage))
            return _view(version.id, text, runs)

        return await self._db.read(query)


def _range(text: str, from_: int | None, to: int | None) -> tuple[int, int]:
    length = utf16_length(text)
    start, end = from_ or 0, length if to is None else to
    if not 0 <= start <= end <= length:
        raise InvalidInput("from", f"The range must lie in the text, 0 to {length}.")
    return start, end


def _view(version_id: UUID, text: str, runs: list[Run]) -> Blame:
    places = {origin: index for index, origin in enumerate(dict.fromkeys(run.origin for run in runs))}
    shown: list[BlameRun] = []
    start = utf16_length(text[: runs[0].from_]) if runs else 0
    for run in runs:
        words = text[run.from_ : run.to]
        end = start + utf16_length(words)
        shown.append(BlameRun(start, end, words, places[run.origin]))
        start = end
    return Blame(version_id, [_version(origin) for origin in places], shown, _paragraphs(text, list(places), shown))


def _paragraphs(text: str, origins: list[Origin], runs: list[BlameRun]) -> list[BlameParagraph]:
    paragraphs: list[BlameParagraph] = []
    first = 0
    for block in parse_blocks(text):
        counted: Counter[ActorView] = Counter()
        while first < len(runs) and runs[first].to <= block.from_:
            first += 1
        index = first
        while index < len(runs) and runs[index].from_ < block.to:
            run = runs[index]
            counted[_author(origins[run.version])] += min(run.to, block.to) - max(run.from_, block.from_)
            index += 1
        if counted:
            whole = counted.total()
            shares = [ParagraphShare(author, round(units / whole, 3)) for author, units in counted.most_common()]
            paragraphs.append(BlameParagraph(block.from_, block.to, shares))
    return paragraphs


def _version(origin: Origin) -> BlameVersion:
    return BlameVersion(
        origin.id, origin.number, origin.source, _author(origin), origin.model, origin.label, origin.created_at
    )


def _author(origin: Origin) -> ActorView:
    machine = origin.source != "user"
    name = origin.model if machine else origin.author_name
    return ActorView("model" if machine else "user", origin.author_id, name or "")
