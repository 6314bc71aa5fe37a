"""Edit mode: an instruction becomes operations on blocks, by rule. What no rule covers is declined in plain words.

Words are chosen so that the chat never claims a change: operations are proposals until the application placed them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from providers.offline import structure, transforms
from providers.offline.asking import WHAT_IT_IS, critique
from providers.offline.blocks import Block, Passage, named_blocks, passages
from providers.offline.structure import Operation

_QUOTED = r"[\"“”„«'‘]([^\"“”„«»]+?)[\"“”»'’]"


@dataclass(frozen=True, slots=True)
class Edit:
    """What is said in the chat, and the operations that go with it; none when the instruction cannot be followed."""

    answer: str
    operations: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class Instruction:
    """One edit request: the writer's words, the blocks, and the selected text if any."""

    prompt: str
    blocks: Sequence[Block]
    selection: str | None = None

    @property
    def text(self) -> str:
        """The whole document."""
        return "\n\n".join(block.text for block in self.blocks)

    def passages(self) -> list[Passage]:
        """What is to be changed."""
        return passages(self.prompt, self.blocks, selection=self.selection)


def edit(instruction: Instruction) -> Edit:
    """Follows the instruction with the first rule that knows it."""
    if not instruction.blocks:
        return Edit("The document is empty, so there is nothing to edit. Use *Write* to start a draft.")
    asked = instruction.prompt.lower()
    for pattern, rule in _RULES:
        if re.search(pattern, asked):
            return rule(instruction)
    return Edit(
        f"I do not know how to do that, so I changed nothing. {WHAT_IT_IS} In edit mode I can shorten, tighten, simplify, "
        "make formal or casual, fix typos and typography, make lists and undo them, add a title, headings, a summary or an "
        'outline, continue, replace "one thing" with "another", and delete or add paragraphs.'
    )


# --- rules -----------------------------------------------------------------------------------------------------------


def _replace(instruction: Instruction) -> Edit:
    found = re.search(
        rf"(?:replace|change|rename|swap|substitute|turn)\b.*?{_QUOTED}.*?\b(?:with|by|to|into|for)\b\s*(?:the )?(?:word )?{_QUOTED}",
        instruction.prompt,
        re.IGNORECASE | re.DOTALL,
    )
    if found is None:
        return Edit('Put both texts in quotation marks, please: replace "this" with "that". I changed nothing.')
    old, new = found.group(1), found.group(2)
    operations, places = [], 0
    scope = instruction.passages() if instruction.selection else [Passage(b, b.text) for b in instruction.blocks]
    for passage in scope:
        pattern = re.compile(rf"(?<!\w){re.escape(old)}(?!\w)")
        changed, number = pattern.subn(lambda match: new, passage.text)
        if not number:
            continue
        places += number
        only_here = passage.block.text.count(old) == 1
        operations.append(
            Operation("replace_text", {"block": passage.block.id, "old": old, "new": new})
            if only_here
            else structure.replacement(passage, changed)
        )
    if not operations:
        return Edit(f"“{old}” does not occur {'in the selection' if instruction.selection else 'in the document'}.")
    return Edit(f"I propose to replace “{old}” with “{new}” in {_places(places)}.", tuple(operations))


def _delete(instruction: Instruction) -> Edit:
    quoted = re.search(_QUOTED, instruction.prompt)
    if quoted is not None:
        return _delete_words(instruction, quoted.group(1))
    if instruction.selection:
        chosen = instruction.passages()
    else:
        chosen = [Passage(block, block.text) for block in named_blocks(instruction.prompt, instruction.blocks)]
    if not chosen:
        return Edit("Say which part to delete, please: “the last paragraph”, “paragraph 2”, or the words in quotes.")
    return Edit(
        "I propose to delete " + ("one part." if len(chosen) == 1 else f"{len(chosen)} parts."),
        tuple(
            Operation("delete_block", {"block": passage.block.id})
            if passage.whole
            else structure.replacement(passage, "")
            for passage in chosen
        ),
    )


def _delete_words(instruction: Instruction, unwanted: str) -> Edit:
    holding = [passage for passage in instruction.passages() if unwanted in passage.text]
    if not holding:
        return Edit(f"“{unwanted}” does not occur there, so I changed nothing.")
    operations = []
    for passage in holding:
        left = re.sub(r" {2,}", " ", passage.text.replace(unwanted, "")).strip()
        gone = passage.whole and not left
        operations.append(
            Operation("delete_block", {"block": passage.block.id}) if gone else structure.replacement(passage, left)
        )
    return Edit(f"I propose to remove “{unwanted}” from {_places(len(operations))}.", tuple(operations))


def _add(instruction: Instruction) -> Edit:
    found = re.search(_QUOTED, instruction.prompt, re.DOTALL)
    if found is None:
        return Edit("I cannot invent text. Put what to add in quotation marks, please.")
    lowered = instruction.prompt.lower()
    named = named_blocks(instruction.prompt, instruction.blocks)
    if re.search(r"\b(?:start|beginning|top|front|before everything)\b", lowered):
        place = "start"
    else:
        place = named[-1].id if named else instruction.blocks[-1].id
    return Edit(
        "I propose to add this paragraph.", (Operation("insert_after", {"block": place, "text": found.group(1)}),)
    )


def _emphasise(instruction: Instruction) -> Edit:
    quoted = re.search(_QUOTED, instruction.prompt)
    wanted = quoted.group(1) if quoted else (instruction.selection or "").strip()
    if not wanted:
        return Edit("Say in quotation marks which words to emphasise, please.")
    mark = "*" if re.search(r"italic|cursive", instruction.prompt.lower()) else "**"
    for block in instruction.blocks:
        if block.text.count(wanted) == 1 and block.is_prose:
            values = {"block": block.id, "old": wanted, "new": f"{mark}{wanted}{mark}"}
            return Edit(f"I propose to emphasise “{wanted}”.", (Operation("replace_text", values),))
    return Edit(f"I found no single place where “{wanted}” stands, so I changed nothing.")


def _decline_translation(instruction: Instruction) -> Edit:
    return Edit(f"I cannot translate: that needs a language model. I changed nothing. {WHAT_IT_IS}")


def _critique(instruction: Instruction) -> Edit:
    return Edit(
        f"A review changes nothing. What can be measured:\n\n{critique(instruction.selection or instruction.text)}"
    )


def _rewriting(change: Callable[[str], str], doing: str) -> Callable[[Instruction], Edit]:
    """A rule that rewrites each passage with `change`; `doing` says what that is, with {} for the places."""

    def rule(instruction: Instruction) -> Edit:
        operations = []
        for passage in instruction.passages():
            changed = change(passage.text)
            if changed.strip() and changed.strip() != passage.text.strip():
                operations.append(structure.replacement(passage, changed))
        if not operations:
            return Edit(f"I found no way to {doing.format('the text')} by rule, so I changed nothing.")
        return Edit(f"I propose to {doing.format(_places(len(operations)))}.", tuple(operations))

    return rule


def _structural(
    make: Callable[[Sequence[Block]], list[Operation]], done: str, none: str
) -> Callable[[Instruction], Edit]:
    """A rule that adds something to the document as a whole."""

    def rule(instruction: Instruction) -> Edit:
        operations = make(instruction.blocks)
        return Edit(done, tuple(operations)) if operations else Edit(none)

    return rule


def _longer(instruction: Instruction) -> Edit:
    operations = structure.places_to_say_more(instruction.passages())
    if not operations:
        return Edit("I found no paragraph that could be developed, so I changed nothing.")
    return Edit(
        "I cannot invent content, but I propose notes in brackets at the places where more could be said.",
        tuple(operations),
    )


def _title(instruction: Instruction) -> Edit:
    given = re.search(_QUOTED, instruction.prompt)
    if given is not None:
        return Edit("I propose this title.", (structure.title(instruction.blocks, wanted=given.group(1)),))
    has_one = instruction.blocks[0].text.lstrip().startswith("# ")
    if has_one and not re.search(
        r"\b(?:new|better|other|another|different|change|replace)\b", instruction.prompt.lower()
    ):
        return Edit('The document has a title. Ask for a new one, or give it: set the title to "…". I changed nothing.')
    proposal = structure.title(instruction.blocks, wanted=None)
    return Edit("I propose this title, made of the text's own words.", (proposal,))


def _places(number: int) -> str:
    return "one place" if number == 1 else f"{number} places"


_LISTS = r"bullet|\blist (?:of|form)\b|(?:in|as|into) a list|make (?:it |this |that )?a list"
_RULES: tuple[tuple[str, Callable[[Instruction], Edit]], ...] = (
    (rf"\b(?:replace|rename|substitute|swap)\b|\b(?:change|turn)\b.*{_QUOTED}", _replace),
    (r"translat|into (?:german|french|spanish|english|italian|dutch|polish|portuguese|chinese|japanese)", _decline_translation),
    (r"\b(?:bold|italics?|emphasi[sz]e|cursive)\b", _emphasise),
    (r"\b(?:delete|remove|erase|drop|get rid of|cut out)\b(?!.*\b(?:filler|repetition|typo))", _delete),
    (rf"\b(?:add|append|insert|put)\b.*{_QUOTED}", _add),
    (r"critiq|criticis|criticiz|feedback|\breview\b", _critique),
    (r"\bnumber(?:ed|s)?\b.*\blist|numbered|ordered list", _rewriting(transforms.as_numbers, "turn {} into a numbered list")),
    (r"(?:as|into|to) (?:prose|text|a paragraph|running text|full sentences)", _rewriting(transforms.as_prose, "turn {} into running text")),
    (r"\bsort|alphabetical", _rewriting(transforms.sorted_lines, "sort {}")),
    (_LISTS, _rewriting(transforms.as_bullets, "turn {} into bullets")),
    (r"summar|tl;?dr|abstract", _structural(structure.summary, "I propose this summary, in the text's own sentences.", "The text is too short to sum up.")),
    (r"\btitle\b|\bheadline\b", _title),
    (r"headings?|subheads?|\bsections?\b", _structural(structure.headings, "I propose these headings, made of the text's own words.", "I found no place for further headings.")),
    (r"table of contents|\btoc\b|^(?!.*(?:continue|expand|fill)).*\boutline\b", _structural(structure.outline, "I propose this outline of the text.", "The text is too short for an outline.")),
    (r"longer|expand|elaborate|develop|more detail|lengthen|flesh", _longer),
    (r"\bcontinue|go on|finish|complete|fill (?:in|out)|next paragraph|keep writing", _structural(structure.continuation, "I propose these paragraphs to continue from; what only you know stands in brackets.", "I found nothing to continue.")),
    (r"short|condense|trim|half|abridge|compress|reduce", _rewriting(transforms.shorten, "shorten {}")),
    (r"tight|concise|wordy|filler|redundan|crisp|punchier", _rewriting(transforms.tighten, "tighten {}")),
    (r"simpl|clarif|clear|plain|reading level|easier|readab|understand|jargon", _rewriting(transforms.simplify, "put {} more plainly")),
    (r"informal|casual|friendl|relaxed|conversational|warmer", _rewriting(transforms.casual, "make {} more casual")),
    (r"formal|professional|polite|business|academic|serious", _rewriting(transforms.formal, "make {} more formal")),
    (r"typograph|quotes|dashes|quotation marks", _rewriting(transforms.typography, "set the typography right in {}")),
    (r"grammar|spell|typo|proofread|\bfix|correct|punctuation|polish|improve", _rewriting(transforms.correct, "correct {}")),
)  # fmt: skip
