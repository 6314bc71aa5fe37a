"""A writer's actions, instructions, references and style, used in the page as a writer would."""

import re

from tests.browser.conftest import Desk, picture


def answers(desk: Desk, number: int) -> None:
    desk.page.locator(".message.theirs .message-foot").nth(number - 1).wait_for()


def test_actions_references_instructions_and_style_from_the_page(desk: Desk) -> None:
    page = desk.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(desk.url + "/settings")
    page.get_by_role("button", name="Add an action").click()
    page.get_by_label("Name", exact=True).last.fill("For children")
    page.get_by_label("Request", exact=True).fill("Simplify {{passage}} for {{who: a child")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("A placeholder is not closed").wait_for()
    page.get_by_label("Request", exact=True).fill("Simplify {{passage}} for {{who: a child | a toddler}}.")
    picture(page, "action_dialog")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("#action-list").get_by_text("For children").wait_for()
    page.get_by_label("Style card").fill("I utilize no long words.")
    page.get_by_label("Send it to the model").check()
    page.get_by_role("button", name="Save style").click()
    page.locator("#style-tokens", has_text="tokens a message").wait_for()
    picture(page, "settings")

    desk.new_draft()
    page.locator(".cm-content").click()
    page.keyboard.type("We utilize it in order to facilitate things. It is very very good.")
    desk.saved("good.")
    page.locator("#context-panel summary").click()
    page.get_by_label("Instructions for this chat").fill("Answer briefly.")
    page.get_by_role("button", name="Save instructions").click()
    page.locator("#context-summary", has_text="instructions").wait_for()
    note = {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Field notes\n\nIt rained all day."}
    page.locator("#reference-file").set_input_files([note])
    row = page.locator(".reference", has_text="Field notes")
    row.get_by_text(re.compile(r"≈\d+ tokens · free")).wait_for()
    page.locator("#context-summary", has_text="1 reference").wait_for()
    broken = {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF nothing"}
    page.locator("#reference-file").set_input_files([broken])
    page.get_by_text(re.compile("^broken.pdf: ")).wait_for()
    picture(page, "context_open")
    row.get_by_role("checkbox").uncheck()
    page.locator("#context-summary").get_by_text("instructions", exact=True).wait_for()
    page.locator("#context-panel summary").click()

    chips = page.get_by_role("toolbar", name="Quick actions")
    chips.get_by_role("button", name="For children").click()
    page.keyboard.press("Enter")  # nothing is filled in yet, so the dialog stays
    page.get_by_role("dialog").get_by_role("button", name="a child").click()
    picture(page, "action_variables")
    page.keyboard.press("Enter")
    page.locator(".message-kind", has_text="For children · Edit").wait_for()
    answers(desk, 1)
    page.locator(".message.mine", has_text="Simplify the text for a child.").wait_for()

    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.get_by_role("toolbar", name="Selected words").get_by_role("button", name="More", exact=True).click()
    picture(page, "selection_more")
    page.get_by_role("menuitem", name="Critique").click()
    answers(desk, 2)
    page.locator(".message.mine", has_text="honest critique of this passage").wait_for()
    picture(page, "chat")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    picture(page, "chat_dark")
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("navigation", name="Parts of the page").get_by_role("button", name="Chat").click()
    picture(page, "phone_chat")
    page.locator("#context-panel summary").click()
    picture(page, "phone_context")
    page.locator("#context-panel summary").click()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    selected = page.get_by_role("toolbar", name="Selected words")
    selected.get_by_role("button", name="Tone", exact=True).click()
    page.get_by_role("menuitem", name="More casual").click()
    page.locator(".message.mine", has_text="Rewrite this passage in a more casual tone.").wait_for()
    answers(desk, 3)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert [problem for problem in desk.problems if "422" not in problem] == []
