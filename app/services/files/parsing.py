"""The process that reads one file of a format that needs a parser.

`python -m app.services.files.parsing {docx,html,pdf}` reads the file from standard input and writes
`{title, text, problem}` as JSON. It gives itself little memory and processor time before it looks at the file, and opens
nothing else.
"""

import contextlib
import logging
import sys
import warnings
from collections.abc import Callable

import msgspec

from app.services.files.decoding import NotText, decoded
from app.services.files.docx_reading import docx_as_html
from app.services.files.html_reading import markdown_of_html
from app.services.files.html_tree import declared_encoding
from app.services.files.pdf_reading import text_of_pdf
from app.services.files.refusals import Refused

_MEMORY = 1 << 30
_PROCESSOR_SECONDS = 30
_BROKEN = "This file is broken, or not what its name says."


def html(data: bytes) -> tuple[str, str]:
    """Title and Markdown of a web page."""
    try:
        return markdown_of_html(decoded(data, declared=declared_encoding(data)))
    except NotText as error:
        raise Refused(_BROKEN) from error


def docx(data: bytes) -> tuple[str, str]:
    """Title and Markdown of a Word document."""
    title, source = docx_as_html(data)
    heading, text = markdown_of_html(source)
    return title or heading, text


_READERS: dict[str, Callable[[bytes], tuple[str, str]]] = {"html": html, "docx": docx, "pdf": text_of_pdf}


def answer(kind: str, data: bytes) -> dict[str, str]:
    """What is written to standard output."""
    try:
        title, text = _READERS[kind](data)
    except Refused as refusal:
        return {"problem": str(refusal)}
    except Exception:  # noqa: BLE001  # parsers fail on broken files in ways of their own; nothing here outlives the process
        return {"problem": _BROKEN}
    # Half characters come out of broken files; JSON has none.
    return {name: value.encode("utf-8", "replace").decode() for name, value in (("title", title), ("text", text))}


def _limit_self() -> None:
    """Bounds set by the operating system, where it has them; the caller's time limit holds everywhere."""
    with contextlib.suppress(ImportError):
        import resource

        for what, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, _PROCESSOR_SECONDS)):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def main() -> None:
    _limit_self()
    logging.disable()
    warnings.simplefilter("ignore")
    found = answer(sys.argv[1], sys.stdin.buffer.read())
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
