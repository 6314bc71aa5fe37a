"""Markdown as Word, PDF and HTML, read back from the files."""

import io
import time
import zipfile
from xml.etree import ElementTree

import pytest
from pypdf import PageObject, PdfReader

from app.services.files.document import Code, Heading, Items, Paragraph, Run, Table, begins_with_title, blocks_of
from app.services.files.docx_writing import docx_of
from app.services.files.html_writing import html_of
from app.services.files.pdf_writing import pdf_of
from app.services.files.processes import run_apart
from app.services.files.reading import read_file

EVERYTHING = """# Tea

Some **bold**, *it*, ~~gone~~, `code` and [a link](https://x.example/?a=1&b=2), Привет, 1 < 2.

- one
- two
  1. inner

3. third

> quoted

```
if a < b:
    pass
```

| A | B |
| --- | ---: |
| 1 | 2 |

---

## End

Hard\\
break"""


def docx(text: str, title: str = "Title") -> bytes:
    return docx_of(title, blocks_of(text), show_title=False)


def pdf_text(text: str, title: str = "Title") -> str:
    reader = PdfReader(io.BytesIO(pdf_of(title, blocks_of(text), show_title=False)))
    return "\n".join(page.extract_text() for page in reader.pages)


def test_markdown_becomes_blocks() -> None:
    heading, paragraph, bullets, third, _quote, code, table, _rule, *_ = blocks_of(EVERYTHING)
    assert heading == Heading(1, (Run("Tea"),))
    assert isinstance(paragraph, Paragraph)
    assert paragraph.runs[1] == Run("bold", bold=True)
    assert isinstance(bullets, Items)
    assert bullets.items[1][1] == Items(1, ((Paragraph((Run("inner"),)),),))
    assert isinstance(third, Items)
    assert third.start == 3
    assert code == Code(("if a < b:", "    pass"))
    assert table == Table((((Run("A"),), (Run("B"),)), ((Run("1"),), (Run("2"),))), ("", "right"))


def test_a_word_document_reads_back_as_the_same_markdown() -> None:
    found = read_file("x.docx", docx(EVERYTHING, title="T & <T>"))
    assert found.title == "T & <T>"
    for part in (
        "# Tea\n", "**bold**", "*it*", "~~gone~~", "`code`", "[a link](https://x.example/?a=1&b=2)", "Привет",
        "- one\n- two\n  1. inner", "\n3. third", "> quoted", "```\nif a < b:\n    pass\n```", "| 1 | 2 |", "## End",
        "Hard\\\nbreak",
    ):  # fmt: skip
        assert part in found.text, part


@pytest.mark.parametrize(
    "text",
    [
        "7. seven\n8. eight",
        "3. a\n4. b\n\nBetween\n\n5. c\n6. d",
        "1. a\n\nBetween\n\n1. b",
        "0. nought\n1. one",
        "- dots\n\n  4. four\n  5. five\n- more",
        "2. two\n\n   9. nine\n   10. ten\n3. three",
    ],
)
def test_numbered_lists_begin_in_word_and_back_where_they_say(text: str) -> None:
    assert read_file("x.docx", docx(text)).text.strip() == text


def test_all_parts_of_a_word_document_are_well_formed_and_declared() -> None:
    with zipfile.ZipFile(io.BytesIO(docx(EVERYTHING + "\n\n\x01\ufffe[q](https://x.example/\"'<>)"))) as archive:
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        body = archive.read("word/document.xml").decode()
        numbering = archive.read("word/numbering.xml").decode()
        types = archive.read("[Content_Types].xml").decode()
    assert '<w:startOverride w:val="3"/>' in numbering
    assert body.count("<w:numId") == 4
    for name in ("document", "styles", "numbering", "footer"):
        assert f"/word/{name}.xml" in types


def test_a_pdf_holds_the_words_a_title_an_outline_and_links() -> None:
    reader = PdfReader(io.BytesIO(pdf_of("Žofie's tea", blocks_of(EVERYTHING), show_title=True)))
    text = reader.pages[0].extract_text()
    for part in ("Žofie's tea", "Some bold, it, gone, code and a link, Привет, 1 < 2.", "3.", "quoted", "if a < b:"):
        assert part in text, part
    assert reader.metadata is not None
    assert reader.metadata.title == "Žofie's tea"
    assert [entry["/Title"] for entry in reader.outline if not isinstance(entry, list)] == ["Tea"]
    links = [a.get_object()["/A"]["/URI"] for a in reader.pages[0]["/Annots"]]
    assert links == ["https://x.example/?a=1&b=2"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 20_000,
        "🫖 日本語 한국어 עברית ☃ \u200d\ufe0f",
        "> " * 15 + "deep",
        "\n".join("  " * depth + "- item" for depth in range(12)),
        "# " + "long heading " * 900,
        "\n\n".join("# h" for _ in range(400)),
        "| " + "a | " * 40 + "\n|" + " --- |" * 40 + "\n| " + "word | " * 40,
        "| a | b |\n| --- | --- |\n| " + "long cell " * 3_000 + " | x |",
        "```\n" + "\n".join("y" * 500 for _ in range(300)) + "\n```",
        "<script>alert(1)</script> & <b> &amp; <font name='x'>",
        "###### six\n\n# one",
        "- \n- # heading in item\n- ```\n  code\n  ```",
        "1000000. many\n\n999999999. more",
    ],
    ids=range(14),
)
def test_odd_texts_are_written_in_every_format(text: str) -> None:
    blocks = blocks_of(f"## Heading before it\n\n{text}")
    assert pdf_of("t", blocks, show_title=True).startswith(b"%PDF-")
    with zipfile.ZipFile(io.BytesIO(docx_of("t", blocks, show_title=True))) as archive:
        ElementTree.fromstring(archive.read("word/document.xml"))
    assert html_of("t", text, show_title=True)


def test_what_looks_like_markup_is_words_in_a_pdf() -> None:
    assert "<b>no</b> &amp; & <br/>" in pdf_text("<b>no</b> \\&amp; & <br/>")


def fonts(page: PageObject) -> dict[str, bool]:
    """The fonts of a page and whether the file brings them; one that the library names on every page is left out."""
    found = {}
    for reference in page["/Resources"]["/Font"].values():
        font = reference.get_object()
        descriptor = font.get("/FontDescriptor", {})
        found[font["/BaseFont"].rpartition("+")[2].strip("/")] = "/FontFile2" in descriptor
    del found["Helvetica"]
    return found


@pytest.mark.parametrize(
    "text,read,font",
    [
        ("Tea 🫖, 😀", "Tea 🫖, 😀", "NotoEmoji-Regular"),
        ("👩🏽‍💻 1️⃣ ☎️", "👩💻 1 ☎", "NotoEmoji-Regular"),
        ("一个很长的故事", "一个很长的故事", "ZCOOLXiaoWei-Regular"),
        ("龍飛鳳舞，我們說話", "龍飛鳳舞，我們說話", "ChocolateClassicalSans-Regular"),
        ("𠝹住", "𠝹住", "ChocolateClassicalSans-Regular"),
        ("佢哋喺度傾偈", "佢哋喺度傾偈", "ChocolateClassicalSans-Regular"),
        ("長い物語", "長い物語", "SawarabiMincho-Regular"),
        ("긴 이야기", "긴 이야기", "NanumMyeongjo"),
        ("\u1100\u1175\u11ab", "긴", "NanumMyeongjo"),
    ],
)
def test_a_pdf_carries_the_fonts_its_words_need(text: str, read: str, font: str) -> None:
    page = PdfReader(io.BytesIO(pdf_of("t", blocks_of(text), show_title=False))).pages[0]
    assert page.extract_text().removeprefix("1").strip() == read
    assert fonts(page).pop(font)
    assert all(fonts(page).values())


def test_a_japanese_document_has_one_look() -> None:
    page = PdfReader(io.BytesIO(pdf_of("t", blocks_of("# 第一章\n\n- 長い物語"), show_title=False))).pages[0]
    assert "SawarabiMincho-Regular" in fonts(page)
    assert "ZCOOLXiaoWei-Regular" not in fonts(page)


def test_a_traditional_chinese_document_has_one_look() -> None:
    text = "# 第一章\n\n我們說話，他們聽見。\n\n- 中文\n- **山水**"
    page = PdfReader(io.BytesIO(pdf_of("t", blocks_of(text), show_title=False))).pages[0]
    assert fonts(page)["ChocolateClassicalSans-Regular"]
    assert not {"ZCOOLXiaoWei-Regular", "SawarabiMincho-Regular", "STSong-Light"} & set(fonts(page))


def test_a_rare_character_changes_the_look_of_no_simplified_text() -> None:
    page = PdfReader(io.BytesIO(pdf_of("t", blocks_of("一个很长的故事，里面有一个字：龘。"), show_title=False))).pages[
        0
    ]
    assert {"ZCOOLXiaoWei-Regular", "ChocolateClassicalSans-Regular"} <= set(fonts(page))


def test_characters_no_font_of_ours_has_are_left_to_the_reader() -> None:
    page = PdfReader(io.BytesIO(pdf_of("t", blocks_of("一个很长的故事 \ua000"), show_title=False))).pages[0]
    assert fonts(page)["STSong-Light"] is False


def test_a_page_is_whole_and_harmless() -> None:
    text = "<script>alert(1)</script>\n\n[x](javascript:alert(2)) ![i](https://x.example/i.png) [ok](https://x.example)"
    page = html_of("<b>T", text, show_title=True).decode()
    assert "<title>&lt;b&gt;T</title>" in page
    assert "<h1>&lt;b&gt;T</h1>" in page
    assert 'href="https://x.example"' in page
    for harm in ("<script", "javascript:alert", "<img", "src="):
        assert harm not in page.split("</head>")[1].replace("[x](javascript:alert(2))", ""), harm


def test_a_title_stands_above_the_text_only_once() -> None:
    assert begins_with_title("\n# Tea time #\n\nx", "tea time ")
    assert not begins_with_title("## Tea\n", "Tea")
    assert not begins_with_title("Tea", "Tea")


def test_two_hundred_thousand_words_are_written_in_bounded_time() -> None:
    paragraph = "Lorem **ipsum** dolor sit `amet` consectetur adipiscing elit sed do. " * 10 + "\n\n"
    text = paragraph * 2_000
    assert len(text.split()) == 200_000
    source = f'{{"title": "Big", "text": {text!r}}}'.replace("'", '"').encode()
    for kind in ("docx", "pdf"):
        started = time.perf_counter()
        assert len(run_apart("exporting", kind, source, seconds=60)) > 10_000
        assert time.perf_counter() - started < 45
