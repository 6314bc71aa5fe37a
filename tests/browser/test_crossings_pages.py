"""On the pages around the editor things cross: lists, filters, dialogs and settings while answers are on their way."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PASSWORD, Api, Desk
from tests.browser.held import held, until
from tests.browser.test_forms import fill_basics, ready
from tests.browser.test_modals import allow, other_site

MANY = 70


@pytest.fixture
def shelf(desk: Desk) -> Api:
    """More drafts than a list shows at once."""
    api = Api(desk)
    for number in range(MANY):
        api.post("/api/drafts", title=f"Draft {number:02}", text="Words.")
    return api


def test_another_tab_of_a_long_list_shows_its_own_drafts(shelf: Api, desk: Desk, bare: Page) -> None:
    bare.goto(desk.url + "/")
    expect(bare.locator(".draft-row").first).to_be_visible()
    bare.get_by_role("tab", name="Trash").click()
    expect(bare.get_by_text("The trash is empty")).to_be_visible()
    expect(bare.locator(".draft-row")).to_have_count(0)


def test_walking_down_a_long_list_goes_on_where_the_next_drafts_come(shelf: Api, desk: Desk, bare: Page) -> None:
    bare.goto(desk.url + "/")
    expect(bare.locator(".draft-row").first).to_be_visible()
    for number in range(MANY):
        bare.keyboard.press("j")
        expect(bare.locator(".draft-row").nth(number).get_by_role("link")).to_be_focused()


def test_a_new_draft_asked_for_twice_is_one(desk: Desk, bare: Page) -> None:
    bare.goto(desk.url + "/")
    waiting = held(bare, r"/api/drafts$")
    expect(bare.get_by_text("A clean desk")).to_be_visible()
    bare.keyboard.press("n")
    bare.keyboard.press("n")
    until(bare, waiting)
    bare.wait_for_timeout(200)
    assert len(waiting) == 1
    waiting[0].continue_()
    bare.wait_for_url("**/drafts/*")
    assert len(desk.context.request.get(f"{desk.url}/api/drafts").json()["items"]) == 1


def test_undoing_a_deletion_puts_a_draft_into_the_list_it_belongs_to(desk: Desk, bare: Page) -> None:
    Api(desk).post("/api/drafts", title="Harbour", text="Words.")
    bare.goto(desk.url + "/")
    bare.get_by_role("button", name="Delete Harbour").click()
    expect(bare.locator(".toast")).to_contain_text("in the trash")
    bare.get_by_role("tab", name="Trash").click()
    expect(bare.get_by_role("button", name="Put back")).to_have_count(1)
    bare.get_by_role("button", name="Undo").click()
    expect(bare.get_by_text("The trash is empty")).to_be_visible()
    bare.get_by_role("tab", name="All").click()
    expect(bare.locator(".draft-row")).to_have_count(1)


def test_a_draft_put_back_leaves_a_trash_that_was_read_anew_meanwhile(desk: Desk, bare: Page) -> None:
    api = Api(desk)
    made = api.post("/api/drafts", title="Harbour", text="Words.")
    desk.context.request.delete(f"{desk.url}/api/drafts/{made['id']}", headers=api.headers)
    bare.goto(desk.url + "/?tab=trash")
    waiting = held(bare, r"/recover$")
    bare.get_by_role("button", name="Put back").click()
    until(bare, waiting)
    with bare.expect_response(re.compile(r"/api/drafts\?")):
        bare.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(bare.get_by_role("button", name="Put back")).to_have_count(1)
    waiting[0].continue_()
    expect(bare.get_by_text("Back among your drafts.")).to_be_visible()
    expect(bare.get_by_role("button", name="Put back")).to_have_count(0)


def test_a_draft_on_its_way_to_the_trash_does_not_come_back_with_an_older_answer(desk: Desk, bare: Page) -> None:
    Api(desk).post("/api/drafts", title="Harbour", text="Words.")
    bare.goto(desk.url + "/")
    late: list[Route] = []
    bare.route(re.compile(r"/api/drafts\?"), lambda route: late.append(route) if not late else route.continue_())
    bare.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    until(bare, late)
    before = late[0].fetch()
    bare.get_by_role("button", name="Delete Harbour").click()
    expect(bare.locator(".toast")).to_contain_text("in the trash")
    late[0].fulfill(response=before)
    bare.wait_for_timeout(300)
    expect(bare.locator(".draft-row")).to_have_count(0)


def test_a_style_card_written_on_while_it_is_saved_keeps_every_word(desk: Desk, bare: Page) -> None:
    bare.goto(desk.url + "/settings")
    expect(bare.locator("#style-suggestions")).to_have_attribute("aria-busy", "false")
    card = bare.locator("#style-text")
    card.fill("Short sentences.")
    waiting = held(bare, r"/api/me/style$", "PUT")
    bare.locator("#style-form button[type=submit]").click()
    until(bare, waiting)
    card.press("End")
    bare.keyboard.type(" No adverbs.")
    waiting[0].continue_()
    expect(bare.locator(".toast")).to_contain_text("Saved.")
    expect(card).to_have_value("Short sentences. No adverbs.")


@pytest.mark.parametrize("what", ["action", "webhook"])
def test_what_is_saved_with_a_double_click_is_made_once(desk: Desk, bare: Page, what: str) -> None:
    bare.goto(desk.url + "/settings")
    address = {"action": "/api/actions", "webhook": "/api/settings/webhooks"}[what]
    bare.locator(f"#add-{what}").click()
    if what == "action":
        bare.get_by_label("Name", exact=True).last.fill("Aloud")
        bare.get_by_label("Request").fill("Rewrite {{passage}} so that it could be read aloud.")
    else:
        bare.get_by_label("Address", exact=True).fill("https://tickets.example.org/hook")
    made: list[str] = []
    bare.on(
        "request",
        lambda asked: made.append(asked.url) if asked.method == "POST" and asked.url.endswith(address) else None,
    )
    bare.get_by_role("dialog").get_by_role("button", name="Save").dblclick()
    expect(bare.get_by_role("dialog")).to_have_count(0)
    bare.wait_for_timeout(300)
    assert len(made) == 1


def test_a_budget_is_set_once_however_slowly_the_page_comes_anew(desk: Desk, bare: Page) -> None:
    bare.goto(desk.url + "/costs")
    bare.get_by_text("Set a budget").click()
    bare.get_by_label("Refuse from, USD").fill("5")
    anew = held(bare, r"/costs$", "GET")
    box = bare.get_by_role("button", name="Set budget").bounding_box()
    assert box is not None
    sent: list[str] = []
    bare.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    bare.mouse.click(box["x"] + 20, box["y"] + 10)
    until(bare, anew)
    bare.mouse.click(box["x"] + 20, box["y"] + 10)
    bare.wait_for_timeout(300)
    assert len(sent) == 1
    anew[0].continue_()
    expect(bare.get_by_text("Everybody, a month")).to_have_count(1)


def test_a_list_in_the_settings_is_the_one_asked_for_last(desk: Desk, bare: Page) -> None:
    Api(desk).post("/api/users", email="ines@example.org", name="Ines", roles=["writer"])
    bare.goto(desk.url + "/settings")
    row = bare.locator("#people-list .row", has_text="ines@example.org")
    expect(row).to_be_visible()
    late: list[Route] = []
    bare.route(re.compile(r"/api/users$"), lambda route: late.append(route) if not late else route.continue_())
    row.get_by_role("button", name="Disable").click()
    until(bare, late)
    before = late[0].fetch()
    bare.evaluate("""async () => {
      const csrf = document.querySelector("meta[name=csrf-token]").content;
      const { items } = await (await fetch("/api/users?again")).json();
      const ines = items.find(({ email }) => email === "ines@example.org");
      await fetch(`/api/users/${ines.id}`, { method: "PATCH", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" }, body: '{"disabled": false}' });
    }""")
    row.get_by_role("button", name="Disable").click()
    expect(row).to_contain_text("Disabled")
    row.get_by_role("button", name="Enable").click()
    expect(row.get_by_role("button", name="Disable")).to_be_visible()
    late[0].fulfill(response=before)
    bare.wait_for_timeout(300)
    expect(row).not_to_contain_text("Disabled")


def test_people_are_shared_with_in_a_dialog_that_opens_at_once_and_tells_the_truth(desk: Desk, bare: Page) -> None:
    Api(desk).post("/api/users", email="ines@example.org", name="Ines", roles=["writer"])
    made = Api(desk).post("/api/drafts", title="Harbour", text="Words.")
    bare.goto(f"{desk.url}/drafts/{made['id']}")
    expect(bare.locator("#sheet")).to_have_attribute("aria-busy", "false")
    waiting = held(bare, r"/shares$", "GET", most=1)
    bare.locator("#share").dblclick()
    dialog = bare.get_by_role("dialog")
    expect(dialog).to_have_count(1)
    bare.get_by_label("Their e-mail").fill("ines@example.org")
    until(bare, waiting)
    waiting[0].continue_()
    expect(dialog).to_contain_text("Nobody else has this draft.")
    expect(bare.get_by_label("Their e-mail")).to_have_value("ines@example.org")
    bare.get_by_role("button", name="Share", exact=True).last.click()
    may = bare.get_by_label("What Ines may do")
    expect(may).to_have_value("editor")
    bare.route(
        re.compile(r"/shares$"), lambda route: route.abort() if route.request.method == "PUT" else route.continue_()
    )
    may.select_option("viewer")
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(bare.get_by_label("What Ines may do")).to_have_value("editor")


def test_the_log_of_a_draft_shows_what_was_chosen_last(desk: Desk, bare: Page) -> None:
    made = Api(desk).post("/api/drafts", title="Harbour", text="Words.")
    bare.goto(f"{desk.url}/drafts/{made['id']}/activity")
    expect(bare.locator(".sitting")).to_have_count(1)
    waiting = held(bare, r"/activity\?who=user", "GET")
    bare.get_by_label("Done by").select_option("user")
    until(bare, waiting)
    bare.get_by_label("Done by").select_option("model")
    expect(bare.get_by_text("Nothing of this sort happened")).to_be_visible()
    waiting[0].continue_()
    bare.wait_for_timeout(300)
    expect(bare.locator(".sitting")).to_have_count(0)


def test_a_play_that_was_stopped_does_not_play_along_with_the_next(desk: Desk, bare: Page) -> None:
    api = Api(desk)
    draft = api.post("/api/drafts", title="Harbour", text="Words.")
    replica, seq = "01900000-0000-7000-8000-000000000001", draft["seq"]
    for number in range(1, 41):
        ops = [{"field": "title", "set": f"Harbour {number}"}]
        api.post(f"/api/drafts/{draft['id']}/commands", replica=replica, n=number, base_seq=seq, ops=ops)
        seq += 1
    bare.goto(f"{desk.url}/drafts/{draft['id']}/activity")
    expect(bare.locator(".sitting").first).to_be_visible()
    asked: list[str] = []
    bare.on("request", lambda one: asked.append(one.url) if "?seq=" in one.url else None)
    for _ in range(3):
        bare.locator("#play").click()
    bare.wait_for_timeout(2_000)
    # A moment in at least 220 ms, and two for the play that was stopped at once.
    assert 3 <= len(asked) <= 12, asked


def test_a_note_on_a_report_is_not_undone_by_somebody_who_only_changes_its_state(desk: Desk, bare: Page) -> None:
    api = Api(desk)
    made = api.post("/api/drafts", kind="bug_report", title="Broken", fields={"description": "It is."})
    api.post(f"/api/drafts/{made['id']}/submit")
    bare.goto(f"{desk.url}/submissions/{made['id']}")
    desk.page.goto(f"{desk.url}/submissions/{made['id']}")
    desk.page.get_by_label("Note").fill("It is mended in the next release.")
    desk.page.get_by_role("button", name="Save").click()
    expect(desk.page.get_by_text("Saved.")).to_be_visible()
    bare.get_by_label("State").select_option("triaged")
    bare.get_by_role("button", name="Save").click()
    expect(bare.locator(".tag.state-triaged")).to_be_visible()
    told = desk.context.request.get(f"{desk.url}/api/submissions/{made['id']}").json()
    assert told["note"] == "It is mended in the next release."
    assert told["state"] == "triaged"


def test_going_on_in_a_form_does_not_draw_away_whoever_went_elsewhere(desk: Desk, bare: Page) -> None:
    bare.goto(f"{desk.url}/forms/gig")
    bare.get_by_role("button", name="Start", exact=True).click()
    bare.wait_for_url(re.compile(r"/forms/gig/[\w-]+/basics"))
    ready(bare)
    fill_basics(bare)
    waiting = held(bare, r"/form/steps/")
    bare.get_by_role("button", name="Next").click()
    until(bare, waiting)
    steps = bare.locator(".form-progress li a")
    steps.last.click()
    address = bare.url
    assert not address.endswith("/basics")
    waiting[0].continue_()
    expect(bare.get_by_role("button", name="Hand in")).to_be_enabled()
    bare.wait_for_timeout(200)
    assert bare.url == address


def test_a_report_begun_to_be_typed_before_its_form_is_there_does_not_close_it(desk: Desk, bare: Page) -> None:
    bare.goto(desk.url + "/costs")
    waiting = held(bare, r"/api/drafts\?kind=bug_report", "GET")
    bare.keyboard.press("!")
    until(bare, waiting)
    bare.keyboard.type("The export ")
    bare.wait_for_timeout(200)
    waiting[0].continue_()
    expect(bare.get_by_label("What is wrong, in one line")).to_be_focused()


def test_a_report_put_away_with_a_double_click_is_put_away_once(desk: Desk, bare: Page) -> None:
    api = Api(desk)
    api.post("/api/drafts", kind="bug_report", title="The old one", fields={"description": "It is old."})
    bare.goto(desk.url + "/report/bug")
    gone: list[str] = []
    bare.on("request", lambda asked: gone.append(asked.url) if asked.method == "DELETE" else None)
    bare.get_by_role("button", name="Start fresh").dblclick()
    expect(bare.get_by_label("What is wrong, in one line")).to_have_value("")
    bare.wait_for_timeout(300)
    assert len(gone) == 1


def test_a_report_from_another_site_sent_twice_while_signing_in_is_one_and_has_all_its_words(desk: Desk) -> None:
    page = desk.page
    with other_site(f"{desk.url}/embed.js") as site:
        allow(desk, site)
        desk.context.clear_cookies()
        page.goto(site)
        page.get_by_role("button", name="Report a bug").click()
        frame = page.frame_locator("iframe")
        frame.get_by_label("What is wrong, in one line").fill("The basket is empty")
        frame.get_by_label("What happened").fill("I put a hat in it.")
        with desk.context.expect_page() as opened:
            frame.get_by_role("button", name="Send report").click()
        window = opened.value
        window.locator("input[name=email]").wait_for()
        frame.get_by_role("button", name="Send report").click()
        frame.get_by_label("What happened").fill("I put a hat in it. Twice.")
        window.locator("input[name=email]").fill("ada@example.org")
        window.locator("input[name=password]").fill(PASSWORD)
        window.keyboard.press("Enter")
        expect(frame.get_by_text("Your bug report is #1")).to_be_visible(timeout=30_000)
        page.wait_for_timeout(1_000)
    sent = desk.context.request.get(f"{desk.url}/api/submissions").json()["items"]
    assert [item["excerpt"] for item in sent] == ["I put a hat in it. Twice."]
