"""Two people talk about a passage: the owner in the editor, a commenter on a phone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Api, note_problems, picture, served_to
from tests.browser.installations import PHONE, WIDE, Installation
from tests.browser.machines import has_shell

pytestmark = pytest.mark.browser

TEXT = "The harbour wakes before the town does.\n\nThe boats come home with the light. " + (
    "The keeper counts them twice and writes the number down.\n\n" * 3
)


def looks(page: Page, name: str, *widths: int) -> None:
    for scheme in ("light", "dark"):
        for width in widths:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            picture(page, f"{name}_{scheme}_{width}")


def select_in_editor(page: Page, words: str) -> None:
    """Selects words of one line with the mouse, as a person does."""
    line = page.locator(".cm-line", has_text=words).first
    box = line.evaluate(
        """(line, words) => {
            const from = line.textContent.indexOf(words);
            const range = document.createRange();
            const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
            let past = 0;
            for (let node = walker.nextNode(); node; past += node.length, node = walker.nextNode()) {
                const within = (at) => at >= past && at <= past + node.length;
                if (within(from)) range.setStart(node, from - past);
                if (within(from + words.length)) { range.setEnd(node, from + words.length - past); break; }
            }
            const { left, right, top, bottom } = range.getBoundingClientRect();
            return { left, right, middle: (top + bottom) / 2 };
        }""",
        words,
    )
    page.mouse.move(box["left"] + 0.5, box["middle"])
    page.mouse.down()
    page.mouse.move(box["right"] - 0.5, box["middle"], steps=4)
    page.mouse.up()


def select_in_field(page: Page, words: str) -> None:
    page.locator("#shared-text").evaluate(
        "(field, words) => { const at = field.value.indexOf(words);"
        " field.focus(); field.setSelectionRange(at, at + words.length); }",
        words,
    )


def test_a_passage_is_talked_about_by_two_until_it_is_gone(browser: Browser, school: Installation, data: Path) -> None:
    school.copied_to(data)
    with (
        served_to(school, browser, data) as desk,
        school.browser_of("Sam", browser, **PHONE) as phone,
    ):
        sam, ada = phone.new_page(), desk.page
        note_problems(desk, sam)
        api = Api(desk)
        draft = api.post("/api/drafts", kind="document", title="Harbour", text=TEXT)
        address = f"{desk.url}/drafts/{draft['id']}"
        ada.goto(address)
        has_shell(ada)
        ada.emulate_media(reduced_motion="reduce")
        ada.locator(".cm-content").wait_for()
        ada.locator("#share").click()
        dialog = ada.get_by_role("dialog")
        dialog.get_by_label("Their e-mail").fill("sam@example.org")
        dialog.get_by_label("They", exact=True).select_option(label="may comment on it")
        dialog.get_by_role("button", name="Share", exact=True).click()
        expect(dialog.get_by_label("What Sam may do")).to_have_value("commenter")
        ada.keyboard.press("Escape")
        ada.locator("#comments-toggle").click()
        panel = ada.get_by_role("region", name="Comments")
        expect(panel).to_contain_text("No comments yet.")
        looks(ada, "comments_empty", 1440)

        sam.goto(address)
        has_shell(sam)
        expect(sam.locator("#shared-text")).to_have_attribute("readonly", "")
        expect(sam.get_by_text("To comment on")).to_be_visible()
        say = sam.get_by_role("button", name="Comment", exact=True)
        say.click()
        expect(sam.get_by_text("Select the words you want to comment on first.")).to_be_visible()
        select_in_field(sam, "The boats come home")
        say.click()
        theirs = sam.get_by_role("region", name="Comments")
        expect(theirs).to_contain_text("The boats come home")
        theirs.get_by_label("Your comment", exact=True).fill("Which boats? Name one.")
        theirs.get_by_role("button", name="Comment", exact=True).click()
        expect(theirs.get_by_role("listitem").first).to_contain_text("Which boats? Name one.")
        expect(sam.locator("#shared-marks mark")).to_have_text("The boats come home")
        looks(sam, "comments_theirs", 390, 1440)
        sam.set_viewport_size({"width": 390, "height": 844})

        expect(panel).to_contain_text("Which boats? Name one.")
        mark = ada.locator(".commented")
        expect(mark).to_have_text("The boats come home")
        expect(ada.locator("#comments-toggle")).to_have_accessible_name("Comments, 1 open thread")
        mark.click()
        expect(panel.locator(".remarks[data-current]")).to_contain_text("Sam")
        panel.get_by_label("Answer").fill("The Aurora.")
        panel.get_by_role("button", name="Answer").click()
        expect(theirs).to_contain_text("The Aurora.")
        # Words that are being written stay while others say something.
        theirs.get_by_label("Answer").fill("And the")
        panel.get_by_label("Answer").fill("Or the Gull.")
        panel.get_by_label("Answer").press("Control+Enter")
        expect(theirs).to_contain_text("Or the Gull.")
        expect(theirs.get_by_label("Answer")).to_have_value("And the")
        theirs.get_by_role("button", name=re.compile("Change your comment")).click()
        theirs.get_by_label("Change your comment", exact=True).fill("Which boat?")
        theirs.get_by_role("button", name="Save").click()
        expect(panel).to_contain_text("Which boat?")
        expect(panel).to_contain_text("changed")
        looks(ada, "comments", 1440, 900, 390)
        ada.set_viewport_size({"width": 1440, "height": 900})

        select_in_editor(ada, "counts them twice")
        ada.get_by_role("toolbar", name="Selected words").get_by_role("button", name="Comment").click()
        panel.get_by_label("Your comment", exact=True).fill("Really twice?")
        picture(ada, "comments_begun")
        panel.get_by_role("button", name="Comment", exact=True).click()
        expect(ada.locator(".commented")).to_have_count(2)
        expect(theirs).to_contain_text("Really twice?")
        expect(theirs.locator(".remarks").nth(1).get_by_role("button", name="Settle")).to_have_count(0)
        panel.locator(".remarks", has_text="Really twice?").get_by_role("button", name="Settle").click()
        expect(theirs).not_to_contain_text("Really twice?")
        theirs.get_by_label("Settled too").check()
        expect(theirs.locator(".remarks.resolved")).to_contain_text("Really twice?")

        theirs.locator(".remark-quote").first.click()
        chosen = sam.locator("#shared-text").evaluate(
            "field => field.value.slice(field.selectionStart, field.selectionEnd)"
        )
        assert chosen == "The boats come home"
        expect(sam.locator("#shared-marks mark.current")).to_have_text("The boats come home")
        looks(sam, "comments_chosen", 390, 1440)
        sam.set_viewport_size({"width": 390, "height": 844})

        select_in_editor(ada, "The boats come home with the light.")
        ada.keyboard.press("Delete")
        expect(panel).to_contain_text("The passage is gone. It read:")
        expect(theirs).to_contain_text("The passage is gone. It read:")
        expect(sam.locator("#shared-marks mark")).to_have_count(0)
        expect(ada.locator(".commented")).to_have_count(0)
        looks(ada, "comments_gone", 1440)
        ada.set_viewport_size({"width": 1440, "height": 900})
        ada.locator(".cm-content").press("Control+z")
        expect(ada.locator(".commented")).to_have_text("The boats come home")
        expect(panel).not_to_contain_text("The passage is gone")
        expect(sam.locator("#shared-marks mark")).to_have_text("The boats come home")

        theirs.get_by_role("button", name=re.compile("Delete your comment")).click()
        sure = sam.get_by_role("dialog", name="Delete this comment?")
        expect(sure).to_contain_text("Which boat?")
        sure.get_by_role("button", name="Delete", exact=True).click()
        expect(panel).to_contain_text("Deleted by who wrote it")

        phone.set_offline(True)
        theirs.get_by_label("Answer").first.fill("Said on a train")
        theirs.get_by_role("button", name="Answer").first.click()
        expect(theirs.get_by_role("alert").first).to_contain_text("The server cannot be reached")
        expect(theirs.get_by_label("Answer").first).to_have_value("Said on a train")
        phone.set_offline(False)
        theirs.get_by_role("button", name="Answer").first.click()
        expect(panel).to_contain_text("Said on a train")
        ada.locator("#versions-toggle").click()
        expect(panel).to_be_hidden()
        wrong = [said for said in desk.problems if "ERR_INTERNET_DISCONNECTED" not in said and "WebSocket" not in said]
        assert wrong == []


def test_a_viewer_reads_what_is_said_and_an_answer_that_fails_says_why(
    browser: Browser, school: Installation, data: Path
) -> None:
    school.copied_to(data)
    with (
        served_to(school, browser, data) as desk,
        school.browser_of("Sam", browser, **PHONE) as phone,
    ):
        api, sam = Api(desk), phone.new_page()
        draft = api.post("/api/drafts", kind="document", title="Harbour", text=TEXT)
        path = f"/api/drafts/{draft['id']}"
        body = {"email": "sam@example.org", "role": "viewer"}
        assert desk.context.request.put(f"{desk.url}{path}/shares", data=body, headers=api.headers).ok
        api.post(f"{path}/comments", **{"from": 4, "to": 11, "body": "Which one?"})
        sam.goto(f"{desk.url}/drafts/{draft['id']}")
        expect(sam.locator("#comments-toggle")).to_have_accessible_name("Comments, 1 open thread")
        sam.route("**/comments", lambda route: route.abort())
        sam.locator("#comments-toggle").click()
        theirs = sam.get_by_role("region", name="Comments")
        expect(theirs.get_by_role("status")).to_contain_text("these are the ones last seen")
        picture(sam, "comments_failed_390")
        sam.unroute("**/comments")
        theirs.get_by_role("button", name="Try again").click()
        expect(theirs.get_by_role("status")).to_be_empty()
        expect(theirs).to_contain_text("Which one?")
        for writing in (theirs.get_by_role("button", name="Answer"), theirs.get_by_role("button", name="Settle")):
            expect(writing.first).to_be_hidden()
        expect(sam.get_by_role("button", name="Comment", exact=True)).to_be_hidden()
        theirs.get_by_label("Settled too").press("Escape")
        expect(theirs).to_be_hidden()
        expect(sam.locator("#comments-toggle")).to_be_focused()


def test_an_editor_writes_on_around_what_is_said(browser: Browser, school: Installation, data: Path) -> None:
    school.copied_to(data)
    with (
        served_to(school, browser, data) as desk,
        school.browser_of("Sam", browser, **WIDE) as wide,
    ):
        api, sam = Api(desk), wide.new_page()
        note_problems(desk, sam)
        draft = api.post("/api/drafts", kind="document", title="Harbour", text=TEXT)
        path = f"/api/drafts/{draft['id']}"
        body = {"email": "sam@example.org", "role": "editor"}
        assert desk.context.request.put(f"{desk.url}{path}/shares", data=body, headers=api.headers).ok
        at = TEXT.index("The boats")
        api.post(f"{path}/comments", **{"from": at, "to": at + len("The boats come home"), "body": "Which?"})
        sam.goto(f"{desk.url}/drafts/{draft['id']}")
        mark = sam.locator("#shared-marks mark")
        expect(mark).to_have_text("The boats come home")
        text = sam.locator("#shared-text")
        text.evaluate("field => { field.focus(); field.setSelectionRange(0, 0); }")
        sam.keyboard.type("Long ago, \N{ROCKET} and twice. ")
        expect(mark).to_have_text("The boats come home")
        text.evaluate(
            "field => { const at = field.value.indexOf('boats come'); field.setSelectionRange(at, at); field.click(); }"
        )
        theirs = sam.get_by_role("region", name="Comments")
        expect(theirs.locator(".remarks[data-current]")).to_contain_text("Which?")
        text.focus()
        sam.keyboard.type("old ")
        expect(mark).to_have_text("The old boats come home")
        select_in_field(sam, "twice. ")
        # At once: the words before it are not saved yet.
        sam.get_by_role("button", name="Comment", exact=True).click()
        theirs.get_by_label("Your comment", exact=True).fill("Or thrice?")
        theirs.get_by_role("button", name="Comment", exact=True).click()
        expect(mark).to_have_text(["twice. ", "The old boats come home"])
        expect(theirs.locator(".remark-quote").first).to_contain_text("twice.")
        assert desk.problems == []
