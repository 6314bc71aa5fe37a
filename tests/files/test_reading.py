"""Files of five formats become Markdown; hostile ones become an error."""

import pytest

from app.services.errors import InvalidInput, ServiceError
from app.services.files import reading
from app.services.files.reading import read_file
from tests.files.samples import archive, docx, paragraph, pdf


def code_of(name: str, data: bytes) -> str:
    with pytest.raises(ServiceError) as refused:
        read_file(name, data)
    return refused.value.code


# Plain text


@pytest.mark.parametrize(
    "encoding,text",
    [
        ("utf-8", "Žluťoučký kůň, naïve 日本 🫖"),
        ("utf-8-sig", "with a mark"),
        ("utf-16", "Ünïcode 🫖"),
        ("utf-16-le", "a western text without a mark"),
        ("utf-32", "four bytes each"),
        ("cp1252", "“curly” café — naïve"),
        ("cp1251", "Привет, мир"),
    ],
)
def test_text_is_decoded_whatever_its_encoding(encoding: str, text: str) -> None:
    assert read_file("note.txt", text.encode(encoding)).text == text


def test_line_breaks_nuls_and_controls_do_not_get_in() -> None:
    assert read_file("note.txt", b"one\r\ntwo\rthree\0\x07\tend\n").text == "one\ntwo\nthree\tend\n"


def test_the_title_is_the_first_heading_or_the_name() -> None:
    assert read_file("x.md", b"\n# Tea time #\n\nText").title == "Tea time"
    assert read_file("C:\\docs\\my  plan.md", b"Text\n# Later").title == "my plan"
    assert read_file("# not.txt", b"# not a heading in plain text").title == "# not"
    assert read_file("a" * 900 + ".txt", b"").title == "a" * 200


@pytest.mark.parametrize("name", ["photo.png", "archive", "x.doc", ".md", "", "a.docx.exe"])
def test_other_kinds_of_files_are_refused(name: str) -> None:
    assert code_of(name, b"text") == "unsupported_file"


def test_a_picture_named_txt_is_refused() -> None:
    assert code_of("x.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(32)) * 9) == "unreadable_file"


def test_a_file_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_FILE", 10)
    assert read_file("x.md", b"0123456789").text == "0123456789"
    assert code_of("x.md", b"0123456789a") == "too_large"


def test_a_text_longer_than_drafts_are_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TEXT_LIMIT", 4)
    assert read_file("x.md", "🫖🫖".encode()).text == "🫖🫖"
    assert code_of("x.md", "🫖🫖a".encode()) == "too_large"


# HTML


def html(body: str) -> str:
    return read_file("x.html", body.encode()).text


def test_a_page_becomes_markdown() -> None:
    found = read_file(
        "page.html",
        b"""<!doctype html><html><head><title>Tea &amp; cake</title></head><body><h1>Tea</h1>
        <p>Hello <b>bold </b>and <i>it</i>alic, <a href="https://x.example/a_(b)">a link</a><br>next</p>
        <ul><li>one<li>two<ol start=3><li>in<li>ner</ol></ul><blockquote><p>q1<p>q2</blockquote>
        <pre><code>if a &lt; b:
  `c`</code></pre><table><tr><th>A<th>B|C<tr><td>1<td>2</table><hr></body></html>""",
    )
    assert found.title == "Tea & cake"
    assert found.text == (
        "# Tea\n\nHello **bold** and *it*alic, [a link](<https://x.example/a_(b)>)\\\nnext\n\n"
        "- one\n- two\n\n  3. in\n  4. ner\n\n> q1\n>\n> q2\n\n```\nif a < b:\n  `c`\n```\n\n"
        "| A | B\\|C |\n| --- | --- |\n| 1 | 2 |\n\n---"
    )


def test_what_acts_in_a_page_is_dropped() -> None:
    text = html(
        "<p onclick=alert(1)>a<script>alert(2)</script><style>p{}</style><a href='javascript:alert(3)'>b</a>"
        "<img src=x onerror=alert(4) alt=cat><svg><script>alert(5)</script></svg><iframe src=x>i</iframe>"
        "<a href='data:text/html,alert(6)'>c</a></p><template><p>alert(7)</p></template>"
    )
    assert text == "abcatc"


def test_words_that_look_like_markdown_stay_words() -> None:
    text = html("<p>2 * 3 [x] `y` &lt;b&gt; snake_case</p><p># no</p><p>1. no</p><p>- no</p>")
    assert text == "2 \\* 3 \\[x\\] \\`y\\` \\<b> snake_case\n\n\\# no\n\n1\\. no\n\n\\- no"


def test_a_page_says_its_encoding() -> None:
    assert read_file("x.htm", '<meta charset="koi8-r"><p>Привет'.encode("koi8-r")).text == "Привет"
    assert read_file("x.htm", b'<meta charset="zip_codec"><p>caf\xe9').text == "café"


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "blockquote", "table><tr><td", "a href=https://x.example"])
def test_a_page_nested_without_end_is_read_in_bounded_time(tag: str) -> None:
    assert "inmost" in html(f"<{tag}>" * 20_000 + "inmost")


# Word


def test_a_word_document_becomes_markdown() -> None:
    bold = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>bold</w:t></w:r></w:p>"
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    row = f"<w:tr>{cell.format(1)}{cell.format(2)}</w:tr>"
    found = read_file(
        "report.docx",
        docx(paragraph("Big", "Heading1") + paragraph("Words &amp; more") + bold + f"<w:tbl>{row}{row}</w:tbl>"),
    )
    assert found.text == "# Big\n\nWords & more\n\n**bold**\n\n| 1 | 2 |\n| --- | --- |\n| 1 | 2 |"
    assert found.title == "Big"


NUMBERING = (
    '<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="decimal"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="2"/><w:numFmt w:val="lowerLetter"/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:start w:val="9"/><w:numFmt w:val="bullet"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="3"><w:abstractNumId w:val="0"/>'
    '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="{override}"/></w:lvlOverride></w:num></w:numbering>'
)


def item(text: str, number: int, level: int = 0) -> str:
    place = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    words = f"<w:r><w:t>{text}</w:t></w:r>" if text else ""
    return f"<w:p><w:pPr>{place}</w:pPr>{words}</w:p>"


def listed(body: str, override: str = "20") -> str:
    parts: dict[str, bytes | str] = {"word/numbering.xml": NUMBERING.replace("{override}", override)}
    return read_file("x.docx", docx(body, more=parts)).text.strip()


def test_lists_of_a_word_document_keep_the_numbers_they_show() -> None:
    between = paragraph("Between")
    assert listed(item("a", 1) + item("b", 1) + between + item("c", 1)) == "4. a\n5. b\n\nBetween\n\n6. c"
    assert listed(item("a", 1) + between + item("b", 3) + item("c", 3)) == "4. a\n\nBetween\n\n20. b\n21. c"
    assert listed(item("a", 1) + item("in", 1, 1) + item("b", 1) + item("in", 1, 1)) == (
        "4. a\n\n   2. in\n5. b\n\n   2. in"
    ), "an inner list begins anew below each item"
    assert listed(item("dot", 2) + item("dot", 2)) == "- dot\n- dot"
    assert listed(item("", 1) + item("b", 1)) == "5. b", "an item without words counts"


def test_word_lists_right_after_each_other_stay_two() -> None:
    assert listed(item("a", 1) + item("b", 1) + item("c", 3) + item("d", 3)) == "4. a\n5. b\n\n20) c\n21) d"
    assert listed(item("a", 1) + item("in", 1, 1) + item("b", 1) + item("c", 3)) == (
        "4. a\n\n   2. in\n5. b\n\n20) c"
    ), "an inner list is none of them"


def test_lists_of_a_web_page_right_after_each_other_stay_apart() -> None:
    page = "<ul><li>a</ul><ul><li>b</ul><ul><li>c</ul><ol><li>d</ol><ol><li>e</ol><p>f</p><ol><li>g</ol>"
    text = read_file("x.html", page.encode()).text.strip()
    assert text == "- a\n\n* b\n\n- c\n\n1. d\n\n1) e\n\nf\n\n1. g"
    inside = read_file("x.html", b"<ul><li>a<ul><li>b</ul><ul><li>c</ul></ul>").text.strip()
    assert inside == "- a\n  - b\n  * c"


BY_STYLE = """<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:style w:type="paragraph" w:styleId="Steps"><w:name w:val="Steps"/><w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Inner"><w:name w:val="Inner"/><w:basedOn w:val="Steps"/><w:pPr><w:numPr><w:ilvl w:val="1"/>
</w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Loop"><w:name w:val="Loop"/><w:basedOn w:val="Loop"/></w:style>
</w:styles>"""


def test_lists_numbered_by_a_style_keep_their_numbers() -> None:
    def styled(text: str, style: str, more: str = "") -> str:
        return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'

    def read(body: str) -> str:
        parts: dict[str, bytes | str] = {
            "word/numbering.xml": NUMBERING.replace("{override}", "20"),
            "word/styles.xml": BY_STYLE,
        }
        return read_file("x.docx", docx(body, more=parts)).text.strip()

    between = paragraph("Between")
    assert read(styled("a", "Steps") + between + styled("b", "Steps")) == "20. a\n\nBetween\n\n21. b"
    assert read(styled("a", "Steps") + styled("in", "Inner") + styled("b", "Steps")) == "20. a\n\n    2. in\n21. b"
    deeper = '<w:numPr><w:ilvl w:val="1"/></w:numPr>'
    assert read(styled("a", "Steps") + styled("in", "Steps", deeper)) == "20. a\n\n    2. in"
    none = '<w:numPr><w:numId w:val="0"/></w:numPr>'
    assert read(styled("a", "Steps", none) + styled("b", "Loop")) == "a\n\nb"


@pytest.mark.parametrize("override", ["", "-3", "x", "9" * 30, "²"])
def test_a_number_that_is_none_starts_a_list_at_one(override: str) -> None:
    assert listed(item("a", 3), override) == "1. a"


def test_a_list_of_an_unknown_definition_has_dots() -> None:
    assert "a" in listed(item("a", 77) + paragraph("Words"))


def test_a_word_documents_own_title_comes_first() -> None:
    core = '<c xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title> Annual report </dc:title></c>'
    assert read_file("x.docx", docx(paragraph("a"), more={"docProps/core.xml": core})).title == "Annual report"


def test_a_zip_bomb_is_refused() -> None:
    bomb = docx(paragraph("a"), more={"word/media/image1.bin": bytes(50 << 20)})
    assert len(bomb) < 100_000
    assert code_of("x.docx", bomb) == "unreadable_file"
    many = docx(paragraph("a"), more={f"word/{n}.txt": "" for n in range(3_000)})
    assert code_of("x.docx", many) == "unreadable_file"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(encoding: str) -> None:
    secret = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY y "yy">]>'
    whole = f'<?xml version="1.0" encoding="{encoding}"?>{secret}<d>&x;</d>'.encode(encoding)
    for document in (docx(paragraph("a"), more={"word/styles.xml": whole}), docx(paragraph("&y;"), before=secret)):
        with pytest.raises(InvalidInput, match="document type"):
            read_file("x.docx", document)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 rubbish",
        archive({"readme.txt": "a zip of something else"}),
        archive({"word/document.xml": "<not closed"}),
        docx("<w:p>" * 500 + "</w:p>" * 500),
        docx(paragraph("a"))[:-30],
    ],
    ids=["empty", "rubbish", "other zip", "broken xml", "deep", "cut off"],
)
def test_broken_documents_are_refused(data: bytes) -> None:
    assert code_of("x.docx", data) == "unreadable_file"


# PDF


def test_the_lines_of_a_pdf_are_paragraphs_again() -> None:
    found = read_file(
        "x.pdf",
        pdf(
            [
                "A short heading",
                "This is the first line of a paragraph that goes on and is hyphen-",
                "ated at its end, and then comes to its end soon.",
                "",
                "Another paragraph begins here and is about as long as the others.",
            ],
            title="The title",
        ),
    )
    assert found.title == "The title"
    assert found.text.split("\n\n") == [
        "A short heading",
        "This is the first line of a paragraph that goes on and is hyphenated at its end, and then comes to its end soon.",
        "Another paragraph begins here and is about as long as the others.",
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"no pdf", b"%PDF-1.7\n rubbish", pdf(["text"])[:300], pdf([])],
    ids=["empty", "other", "rubbish", "cut off", "without text"],
)
def test_pdfs_without_text_are_refused(data: bytes) -> None:
    assert code_of("x.pdf", data) == "unreadable_file"


def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_SECONDS", 0.001)
    with pytest.raises(InvalidInput, match="too much time"):
        read_file("x.html", b"<p>a")
