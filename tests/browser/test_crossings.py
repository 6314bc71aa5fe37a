"""In the editor things cross: what is written, chosen or looked at while an answer is on its way stays as it is."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Desk, SlowModel
from tests.browser.held import held, until

PROSE = "The lighthouse stands on a rock in the very rough sea.\n\nThe keeper was really very tired of it all.\n\nNobody came."


@pytest.fixture
def page(bare: Page) -> Page:
    return bare


def draft(desk: Desk, page: Page, text: str = PROSE) -> str:
    """A draft that holds the text, open on the page; its id."""
    made = desk.context.request.post(
        f"{desk.url}/api/drafts",
        data={"kind": "document", "title": "Sea", "text": text},
        headers={"X-CSRF-Token": desk.page.locator("meta[name=csrf-token]").get_attribute("content") or ""},
    ).json()
    page.goto(f"{desk.url}/drafts/{made['id']}")
    expect(page.locator("#sheet")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#model")).to_be_enabled()
    return str(made["id"])


def has(desk: Desk, page: Page, words: str) -> None:
    """The text on the server comes to hold these words."""
    text = ""
    for _ in range(200):
        text = desk.context.request.get(f"{desk.url}/api/drafts/{page.url.rpartition('/')[2]}").json()["text"]
        if words in text:
            return
        page.wait_for_timeout(50)
    raise AssertionError(text)


def suggestions(page: Page) -> None:
    page.get_by_role("radio", name="Edit", exact=True).check(force=True)
    page.locator("#prompt").fill("make it shorter")
    page.locator("#send").click()
    expect(page.locator("#review-bar")).to_be_visible()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("F7")
    expect(page.locator(".review-place")).to_have_text(re.compile(r"^1 of [2-9]"))


def test_words_written_behind_a_message_on_its_way_stay_in_the_composer(desk: Desk, page: Page) -> None:
    draft(desk, page)
    waiting = held(page, r"/turns$")
    prompt = page.locator("#prompt")
    prompt.fill("What is it?")
    prompt.press("Enter")
    until(page, waiting)
    prompt.press("End")
    page.keyboard.type(" And who")
    waiting[0].continue_()
    expect(page.locator("#messages .message.mine")).to_contain_text("What is it?")
    expect(prompt).to_have_value("And who")
    page.keyboard.type(" keeps it?")
    expect(prompt).to_have_value("And who keeps it?")


def test_an_earlier_message_taken_up_while_another_is_sent_stays_in_the_composer(desk: Desk, page: Page) -> None:
    draft(desk, page)
    prompt = page.locator("#prompt")
    prompt.fill("What is it?")
    prompt.press("Enter")
    expect(page.get_by_role("button", name="Retry with…")).to_have_count(1)
    waiting = held(page, r"/turns$")
    prompt.fill("Who keeps it?")
    prompt.press("Enter")
    until(page, waiting)
    page.get_by_role("button", name="Edit this message").click()
    expect(prompt).to_have_value("What is it?")
    waiting[0].continue_()
    expect(page.get_by_role("button", name="Retry with…")).to_have_count(2)
    expect(prompt).to_have_value("What is it?")
    page.get_by_role("button", name="Leave the earlier message as it is").click()
    expect(prompt).to_have_value("")


def test_instructions_written_while_others_are_saved_stay(desk: Desk, page: Page) -> None:
    draft(desk, page)
    page.locator("#context-panel summary").first.click()
    instructions = page.locator("#instructions")
    instructions.fill("Be brief.")
    waiting = held(page, r"/conversations$")
    page.locator("#instructions-save").click()
    until(page, waiting)
    instructions.press("End")
    page.keyboard.type(" Be kind.")
    waiting[0].continue_()
    expect(page.get_by_text("These instructions go with every message of this chat.")).to_be_visible()
    expect(instructions).to_have_value("Be brief. Be kind.")


def test_marking_words_beyond_a_dialog_does_not_close_it(desk: Desk, page: Page) -> None:
    draft(desk, page)
    page.locator("#context-panel summary").first.click()
    page.locator("#reference-paste").click()
    words = page.get_by_label("Text", exact=True)
    words.fill("What the keeper wrote down.")
    box = words.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(5, 300, steps=4)
    page.mouse.up()
    page.wait_for_timeout(200)
    expect(words).to_be_visible()
    expect(words).to_have_value("What the keeper wrote down.")
    page.mouse.click(5, 300)
    expect(words).to_have_count(0)


def test_a_text_that_could_not_be_added_as_reference_stays_and_says_why(desk: Desk, page: Page) -> None:
    draft(desk, page)
    page.locator("#context-panel summary").first.click()
    page.locator("#reference-paste").click()
    page.get_by_label("Text", exact=True).fill("What the keeper wrote down.")
    page.route(re.compile(r"/references$"), lambda route: route.abort())
    page.get_by_role("button", name="Add", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute_all(behavior="wait")
    page.get_by_role("button", name="Add", exact=True).dblclick()
    expect(dialog).to_have_count(0)
    expect(page.locator("#reference-list .reference")).to_have_count(1)


def test_the_writers_own_words_for_a_suggestion_outlive_a_refusal(desk: Desk, page: Page) -> None:
    draft(desk, page)
    suggestions(page)
    page.get_by_role("button", name="Refine…").click()
    own = page.locator("#refine-value")
    own.fill("The lighthouse stands where nobody goes.")
    page.route(re.compile(r"/accept$"), lambda route: route.abort())
    page.get_by_role("button", name="Accept my words").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("cannot be reached")
    expect(own).to_have_value("The lighthouse stands where nobody goes.")
    page.unroute_all(behavior="wait")
    page.get_by_role("button", name="Accept my words").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    has(desk, page, "The lighthouse stands where nobody goes.")


def test_the_cursor_stays_with_whoever_writes_on_while_a_suggestion_is_decided(desk: Desk, page: Page) -> None:
    draft(desk, page)
    suggestions(page)
    place = page.locator(".review-place").text_content()
    waiting = held(page, r"/accept$")
    page.get_by_role("button", name="Accept", exact=True).click()
    until(page, waiting)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Nobody ")
    waiting[0].continue_()
    expect(page.locator(".review-place")).not_to_have_text(place or "")
    expect(page.get_by_role("button", name="Accept", exact=True)).to_be_enabled()
    page.keyboard.type("ever will.")
    has(desk, page, "Nobody came. Nobody ever will.")


def test_a_quick_action_does_not_draw_keys_from_the_composer_into_the_text(desk: Desk, page: Page) -> None:
    draft(desk, page)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+End")
    waiting = held(page, r"/turns$")
    page.locator("#selection-bar").get_by_role("button", name="Tighten").click()
    until(page, waiting)
    page.locator("#prompt").click()
    page.keyboard.type("Half ")
    waiting[0].continue_()
    expect(page.locator("#messages .message.mine")).to_have_count(1)
    page.wait_for_timeout(200)
    page.keyboard.type("a thought")
    expect(page.locator("#prompt")).to_have_value("Half a thought")
    expect(page.locator(".cm-content")).to_contain_text("The lighthouse stands on a rock")


def test_what_was_asked_stays_in_the_chat_when_an_older_answer_about_it_comes(
    slow_model: SlowModel, desk: Desk, page: Page
) -> None:
    draft(desk, page)
    page.locator("#context-panel summary").first.click()
    page.locator("#instructions").fill("Be brief.")
    page.locator("#instructions-save").click()
    expect(page.get_by_text("These instructions go with every message of this chat.")).to_be_visible()
    late: list[Route] = []
    page.route(re.compile(r"/api/conversations/[\w-]+$"), lambda route: late.append(route))
    page.evaluate("dispatchEvent(new Event('online'))")
    until(page, late)
    before = late[0].fetch()
    page.locator("#prompt").fill("What is it?")
    page.locator("#prompt").press("Enter")
    expect(page.locator("#messages")).to_contain_text("The gulls sleep")
    late[0].fulfill(response=before)
    page.wait_for_timeout(300)
    expect(page.locator("#messages .message.mine")).to_contain_text("What is it?")
    page.unroute_all(behavior="ignoreErrors")
    slow_model.finish.set()
    expect(page.get_by_role("button", name="Retry with…")).to_have_count(1)
    expect(page.locator("#messages .message.mine")).to_have_count(1)


def start_alternatives(page: Page) -> None:
    page.get_by_role("radio", name="Write", exact=True).check(force=True)
    page.locator("#prompt").fill("Write about the sea")
    page.locator("#compare-alternatives").click()
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    expect(page.locator("#alternatives")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_alternatives_that_were_closed_do_not_open_over_what_is_written(desk: Desk, page: Page) -> None:
    draft(desk, page)
    start_alternatives(page)
    page.get_by_role("button", name="Close the alternatives").click()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Never.")
    expect(page.locator(".toast", has_text="The alternatives are ready.")).to_be_visible()
    expect(page.locator("#alternatives")).to_be_hidden()
    page.keyboard.type(" Ever.")
    has(desk, page, "Nobody came. Never. Ever.")
    page.locator(".toast", has_text="are ready").get_by_role("button", name="Show").click()
    expect(page.get_by_role("button", name="Take this")).to_have_count(2)


def test_what_was_picked_of_alternatives_outlives_a_late_answer(desk: Desk, page: Page) -> None:
    draft(desk, page)
    late: list[Route] = []
    asked: list[str] = []

    def second(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 2:
            late.append(route)
        else:
            route.continue_()

    page.route(re.compile(r"/api/alternatives/[\w-]+$"), second)
    start_alternatives(page)
    expect(page.get_by_role("button", name="Take this")).to_have_count(2)
    picks = page.locator(".alternative-row[role=radiogroup]").first.get_by_role("radio")
    picks.nth(1).check(force=True)
    late[0].continue_()
    page.wait_for_timeout(500)
    expect(picks.nth(1)).to_be_checked()


def test_a_version_named_while_the_list_is_read_is_in_it(desk: Desk, page: Page) -> None:
    draft(desk, page)
    late: list[Route] = []
    page.route(re.compile(r"/versions$"), lambda route: late.append(route) if not late else route.continue_())
    page.locator("#versions-toggle").click()
    until(page, late)
    before = late[0].fetch()
    page.keyboard.press("Control+s")
    page.get_by_role("dialog").get_by_role("textbox").fill("First light")
    page.get_by_role("button", name="Save version").click()
    expect(page.locator("#version-name")).to_contain_text("First light")
    late[0].fulfill(response=before)
    expect(page.locator("#versions .version", has_text="First light")).to_be_visible()


def test_a_name_that_could_not_be_given_is_not_lost(desk: Desk, page: Page) -> None:
    draft(desk, page)
    page.route(re.compile(r"/versions$"), lambda route: route.abort())
    page.keyboard.press("Control+s")
    name = page.get_by_role("dialog").get_by_role("textbox")
    name.fill("First light, before the storm")
    name.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("cannot be reached")
    expect(name).to_have_value("First light, before the storm")
    page.unroute_all(behavior="wait")
    name.press("Enter")
    expect(page.locator("#version-name")).to_contain_text("First light, before the storm")


def test_a_comparison_that_arrives_takes_no_keys_from_the_composer(desk: Desk, page: Page) -> None:
    draft(desk, page)
    for words in ("More.", "And more."):
        page.locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type(f" {words}")
        page.keyboard.press("Control+s")
        page.get_by_role("dialog").get_by_role("textbox").fill(words)
        page.keyboard.press("Enter")
        expect(page.locator("#version-name")).to_contain_text(words)
    page.locator("#versions-toggle").click()
    waiting = held(page, r"/compare/", "GET")
    page.locator("#versions .version-open").first.click()
    until(page, waiting)
    page.locator("#prompt").click()
    page.keyboard.type("What ")
    waiting[0].continue_()
    expect(page.locator("#compare ins")).to_have_count(1)
    page.keyboard.type("changed?")
    expect(page.locator("#prompt")).to_have_value("What changed?")


def last_words_on_their_way(desk: Desk, page: Page) -> list[Route]:
    """A draft to whose end something was written that is held on its way to the server."""
    draft(desk, page)
    waiting = held(page, r"/commands$", most=1)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" Ever.")
    until(page, waiting)
    return waiting


def go_on_at_the_beginning(page: Page, waiting: list[Route]) -> None:
    """Words before all others, by which these come to lie elsewhere; then the server gets the ones that were held."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("It is a long story. ")
    waiting[0].continue_()


def test_the_paragraph_that_is_locked_is_the_one_that_was_meant(desk: Desk, page: Page) -> None:
    waiting = last_words_on_their_way(desk, page)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="A command").fill("Lock or unlock")
    page.keyboard.press("Enter")
    go_on_at_the_beginning(page, waiting)
    expect(page.locator(".locked-line")).to_have_count(1)
    expect(page.locator(".locked-line")).to_contain_text("Nobody came. Ever.")


def test_who_wrote_is_told_of_the_words_that_were_meant(desk: Desk, page: Page) -> None:
    waiting = last_words_on_their_way(desk, page)
    page.keyboard.press("Shift+Home")
    page.locator("#selection-bar").get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Who wrote this").click()
    go_on_at_the_beginning(page, waiting)
    expect(page.get_by_role("dialog").locator("q")).to_have_text("Nobody came. Ever.")


def test_models_that_could_not_be_read_are_asked_for_again(desk: Desk, page: Page) -> None:
    asked: list[Route] = []

    def once(route: Route) -> None:
        asked.append(route)
        if len(asked) == 1:
            route.fulfill(status=500, body="{}", content_type="application/json")
        else:
            route.continue_()

    page.route(re.compile(r"/api/providers$"), once)
    made = desk.new_draft()
    page.goto(made)
    expect(page.locator("#model")).to_contain_text("Models could not be loaded")
    expect(page.locator("#model")).to_be_enabled(timeout=20_000)
    page.locator("#prompt").fill("What is it?")
    expect(page.locator("#send")).to_be_enabled()


def test_alternatives_are_started_once_whenever_their_price_comes(desk: Desk, page: Page) -> None:
    draft(desk, page)
    page.get_by_role("radio", name="Write", exact=True).check(force=True)
    page.locator("#prompt").fill("Write about the sea")
    price = held(page, r"/alternatives/estimate$")
    waiting = held(page, r"/alternatives$")
    page.locator("#compare-alternatives").click()
    until(page, price)
    start = page.get_by_role("dialog").get_by_role("button", name="Start")
    start.click()
    until(page, waiting)
    price[-1].continue_()
    expect(page.get_by_role("dialog").get_by_text("Together")).to_be_visible()
    expect(start).to_be_disabled()
    waiting[0].continue_()
    expect(page.locator("#alternatives")).to_be_visible()
