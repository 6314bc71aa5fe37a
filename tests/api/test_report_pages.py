"""The pages of reports as they are served."""

import re
from typing import Any

import pytest

from tests.api.test_submissions import report, root
from tests.conftest import Person

__all__ = ["root"]

PAGE = {"Accept": "text/html"}


def page(person: Person, path: str, **options: Any) -> Any:
    return person.get(path, headers=PAGE, **options)


def test_an_unfinished_report_leads_to_its_form_and_a_sent_one_to_its_page(ada: Person, mallory: Person) -> None:
    draft = ada.post("/api/drafts", {"kind": "feature_request", "fields": {"title": "T"}}).json()["id"]
    sent = report(ada, "Sent")
    answer = page(ada, f"/drafts/{draft}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/report/feature?draft={draft}")
    answer = page(ada, f"/drafts/{sent}", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/submissions/{sent}")
    for path in (f"/drafts/{draft}", f"/drafts/{sent}", f"/submissions/{sent}"):
        assert page(mallory, path, follow_redirects=False).status_code == 404
    assert page(ada, "/report/poem").status_code == 404


def test_what_people_wrote_is_text_on_the_page(ada: Person, root: Person) -> None:
    sent = report(ada, "<b>Bold</b>", "<script>alert(1)</script>", page="<img src=x>", **{"<i>": "x"})
    for path in (f"/submissions/{sent}", "/submissions"):
        shown = page(root, path).text
        assert not re.search(r"<b>Bold|<script>alert|<img|<i>", shown)
        assert "&lt;b&gt;Bold" in shown


def test_filters_stay_in_the_addresses_of_the_list(ada: Person, root: Person) -> None:
    for number in range(51):
        report(ada, f"Crash {number}")
    shown = page(root, "/submissions?q=crash&kind=bug_report&state=new").text
    assert 'href="/api/submissions.csv?kind=bug_report&amp;state=new&amp;q=crash"' in shown
    assert 'href="/submissions?kind=bug_report&amp;state=closed&amp;q=crash"' in shown
    older = re.findall(r'href="(/submissions\?[^"]*cursor=[^"]*)"', shown)
    second = page(root, older[0].replace("&amp;", "&")).text
    assert re.findall(r"Crash \d+", second) == ["Crash 0"]


@pytest.mark.parametrize("query", ["kind=poem", "state=lost", "assignee=nobody"])
def test_a_filter_that_makes_no_sense_is_said_and_left_out(root: Person, query: str) -> None:
    answer = page(root, f"/submissions?{query}")
    assert answer.status_code == 200
    assert "This is the whole list instead." in answer.text


def test_only_administrators_see_how_a_report_is_dealt_with(ada: Person, root: Person) -> None:
    sent = report(ada, "Mine")
    assert "triage-form" in page(root, f"/submissions/{sent}").text
    assert "triage-form" not in page(ada, f"/submissions/{sent}").text
    root.patch(f"/api/submissions/{sent}", {"note": "We know."})
    assert "We know." in page(ada, f"/submissions/{sent}").text
