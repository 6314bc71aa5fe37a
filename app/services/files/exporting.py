"""The process that writes one file: `python -m app.services.files.exporting {docx,pdf}`.

Reads `{title, text}` as JSON from standard input, writes the file to standard output. A long text takes seconds of
arithmetic, which would hold up everybody else's requests in the server's own process.
"""

import sys

import msgspec

from app.services.files.document import begins_with_title, blocks_of
from app.services.files.docx_writing import docx_of
from app.services.files.pdf_writing import pdf_of


class Export(msgspec.Struct, frozen=True):
    title: str
    text: str


def main() -> None:
    export = msgspec.json.decode(sys.stdin.buffer.read(), type=Export)
    show_title = bool(export.title) and not begins_with_title(export.text, export.title)
    write = {"docx": docx_of, "pdf": pdf_of}[sys.argv[1]]
    sys.stdout.buffer.write(write(export.title, blocks_of(export.text), show_title=show_title))


if __name__ == "__main__":
    main()
