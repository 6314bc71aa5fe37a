"""Messages to a person: rules change the words there are; without any, a frame to fill in. Nothing is invented."""

from __future__ import annotations

import re
from collections.abc import Callable

from providers.offline.transforms import casual, correct, formal, shorten, simplify, tighten, typography
from providers.offline.words import sentences

_CHANGES: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"\b(?:correct|fix|spell\w*|grammar|typos?)\b", lambda words: typography(correct(words))),
    (r"\b(?:tighten|concise|fewer words|wordy)\b", tighten),
    (r"\b(?:short(?:en|er)?|cut)\b", shorten),
    (r"\b(?:simpl\w+|plain\w*|easier)\b", simplify),
    (r"\b(?:formal\w*|polite\w*|professional\w*)\b", formal),
    (r"\b(?:friendl\w+|warm\w*|casual\w*)\b", casual),
)
_LONGEST_QUOTE = 160


def reply(prompt: str, *, message: str, said: str) -> str:
    """`message` as the prompt wants it, or where it is empty a frame for an answer to what was `said` last ("" for nothing).

    What no rule knows how to do leaves the message as it is.
    """
    if not message.strip():
        return _frame(said)
    for pattern, change in _CHANGES:
        if re.search(pattern, prompt, re.IGNORECASE):
            return change(message)
    return message


def _frame(said: str) -> str:
    if not said.strip():
        return "Today I [what you did].\n\nIt went [how it went].\n\nNext I will [the next step]."
    found = sentences(said)
    quoted = found[-1] if found else said.strip()
    if len(quoted) > _LONGEST_QUOTE:
        quoted = quoted[:_LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
    return f"> {quoted}\n\nThank you. [Your answer.]\n\nNext, [what you suggest or will do]."
