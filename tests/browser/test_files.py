"""Files in and out, and search, as people do it: choose and drop files, export, look for words."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk, picture
from tests.files.samples import docx, paragraph

pytestmark = pytest.mark.browser

DROP = """([name, content]) => {
  const data = new DataTransfer();
  data.items.add(new File([content], name, { type: "text/plain" }));
  const send = (type) => document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
  send("dragenter");
  return send;
}"""


def drop(page: Page, name: str, content: str) -> None:
    handle = page.evaluate_handle(DROP, [name, content])
    expect(page.locator(".drop-veil")).to_be_visible()
    picture(page, "files-drop")
    handle.evaluate("(send) => send('drop')")
    expect(page.locator(".drop-veil")).to_be_hidden()


def test_files_become_drafts_and_drafts_become_files(desk: Desk, tmp_path: Path) -> None:
    page = desk.page
    page.goto(desk.url + "/")
    page.locator("#import-files").set_input_files(
        [
            {
                "name": "Sea.docx",
                "mimeType": "application/octet-stream",
                "buffer": docx(paragraph("The walrus sings.")),
            },
            {"name": "song.mp3", "mimeType": "audio/mpeg", "buffer": b"la"},
        ]
    )
    expect(page.locator("#drafts")).to_contain_text("Sea")
    expect(page.locator("#imports")).to_contain_text("This kind of file can't be read")
    picture(page, "files-imports")
    page.get_by_role("button", name="Dismiss song.mp3").click()
    expect(page.locator("#imports li")).to_have_count(0)
    drop(page, "dropped.md", "# Dropped\n\nWords about penguins.")
    expect(page.locator("#drafts")).to_contain_text("Dropped")

    page.get_by_role("link", name="Dropped").click()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" And seals.")
    for label, start in (
        ("Word (docx)", b"PK"),
        ("PDF", b"%PDF"),
        ("Markdown", b"# Dropped"),
        ("Web page (HTML)", b"<!doct"),
    ):
        page.locator("button[data-act=export]:visible").click()
        if label == "PDF":
            picture(page, "files-export")
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=label).click()
        found = Path(download.value.path()).read_bytes()
        assert found.startswith(start)
        assert download.value.suggested_filename.startswith("Dropped.")
        if start in (b"# Dropped", b"<!doct"):
            assert b"And seals." in found
    # Chromium itself reports the answer that refused the song.
    assert [problem for problem in desk.problems if "422" not in problem] == []


def test_words_are_found_in_texts_versions_and_chats(desk: Desk) -> None:
    page = desk.page
    desk.new_draft()
    draft = page.url
    page.locator(".cm-content").click()
    page.keyboard.type("The walrus sings in the evening, and nobody listens.")
    desk.saved("listens.")
    page.keyboard.press("Control+s")
    page.locator("dialog input").fill("First song")
    page.keyboard.press("Enter")
    expect(page.locator("#version-name")).to_contain_text("First song")

    page.goto(desk.url + "/")
    page.locator("#search").fill("walr")
    passages = page.locator("#passages")
    expect(passages.locator("mark").first).to_have_text("walrus")
    expect(passages.locator("li")).to_have_count(2)
    picture(page, "files-search")
    passages.get_by_role("link").nth(1).focus()
    page.locator("#search").fill("evening walrus")
    expect(page.locator("#drafts")).to_contain_text("The words are found below")
    page.locator("#search").fill("nothing like it")
    expect(page.locator("#drafts")).to_contain_text("Nothing found")
    expect(passages).to_be_hidden()

    page.keyboard.press("Control+k")
    page.locator(".palette-input").fill("First song")
    option = page.get_by_role("option", name=re.compile("Version 1: First song"))
    expect(option.locator(".found-snippet")).to_contain_text("The walrus sings")
    picture(page, "files-palette")
    option.click()
    page.wait_for_url(f"{draft}#version=*")
    expect(page.locator("#versions")).to_be_visible()
    expect(page.locator("#versions")).to_contain_text("First song")
    assert desk.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone(desk: Desk, scheme: str) -> None:
    page = desk.page
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(desk.url + "/")
    page.locator("#import-files").set_input_files(
        [
            {"name": "Sea.md", "mimeType": "text/plain", "buffer": b"# Sea\n\n" + b"The walrus sings. " * 40},
            {"name": "a rather long name of a song that is no text.mp3", "mimeType": "audio/mpeg", "buffer": b"la"},
        ]
    )
    expect(page.locator("#imports")).to_contain_text("can't be read")
    page.locator("#search").fill("walrus")
    expect(page.locator("#passages mark").first).to_be_visible()
    picture(page, f"files-phone-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
