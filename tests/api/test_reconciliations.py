"""Providers' exports beside the ledger: what agrees, what differs, what is missing on which side, and what is kept."""

import csv
import io
from typing import Any

import pytest

from tests.api.test_costs import book
from tests.conftest import Person, World

ANTHROPIC = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed\n"
)
OPENAI = "start_time,end_time,model,num_model_requests,input_tokens,output_tokens,input_cached_tokens\n"
OPENAI_COSTS = "start_time,end_time,amount_value,amount_currency,line_item,project_id\n"
MIDNIGHT = 1772409600
"""2026-03-02T00:00:00Z"""


@pytest.fixture
def eve(world: World) -> Person:
    return world.person("eve", "finance")


def compare(eve: Person, text: str, provider: str = "anthropic", **more: Any) -> dict[str, Any]:
    answer = eve.post("/api/costs/reconciliations", {"provider": provider, "csv": text} | more)
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


def states(view: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["day"], line["model"], line["state"]) for line in view["lines"]]


def test_an_anthropic_export_is_compared_by_day_and_model(world: World, ada: Person, eve: Person) -> None:
    answered = {"model": "claude-sonnet", "model_answered": "claude-sonnet-4-20250514"}
    cached = {"input_tokens": 60, "cache_read_tokens": 30, "cache_write_5m_tokens": 10}
    book(world, ada, **answered, **cached)
    book(world, ada, **answered, **cached)
    book(world, ada, model="claude-haiku")
    book(world, ada, "2026-03-03T12:00:00Z", model="claude-haiku")
    text = ANTHROPIC + (
        "2026-03-02,claude-sonnet-4-20250514,a,Default,standard,≤ 200k,100,20,0,40,15,0,global,\n"
        "2026-03-02,claude-sonnet-4-20250514,b,Default,standard,≤ 200k,20,0,0,20,5,0,global,\n"
        "2026-03-03,claude-haiku,a,Default,standard,≤ 200k,150,0,0,0,10,0,global,\n"
        "2026-03-03,claude-opus,a,Default,standard,≤ 200k,5,0,0,0,5,0,global,\n"
    )
    view = compare(eve, text, file_name="usage.csv")
    assert states(view) == [
        ("2026-03-03", "claude-opus", "missing_here"),
        ("2026-03-02", "claude-haiku", "missing_there"),
        ("2026-03-03", "claude-haiku", "differing"),
        ("2026-03-02", "claude-sonnet-4", "matched"),
    ]
    assert view["lines"][2]["about"] == ["input"]
    matched = view["lines"][3]
    assert (matched["input_tokens_here"], matched["input_tokens_there"], matched["cost_usd_there"]) == (200, 200, None)
    assert (view["from"], view["to"], view["by"]) == ("2026-03-02", "2026-03-03", "Eve")
    assert (view["matched"], view["differing"], view["missing_here"], view["missing_there"]) == (1, 1, 1, 1)


def test_openai_usage_and_costs_are_compared(world: World, ada: Person, eve: Person) -> None:
    book(world, ada, provider="openai", model="gpt-5", input_tokens=20, cache_read_tokens=80, amount_nano=1_000_000_000)
    usage = OPENAI + f"{MIDNIGHT},{MIDNIGHT + 86400},gpt-5-2025-08-07,3,100,10,80\n"
    assert states(compare(eve, usage, "openai")) == [("2026-03-02", "gpt-5", "matched")]
    costs = OPENAI_COSTS + (
        f'{MIDNIGHT},{MIDNIGHT + 86400},0.75,usd,"gpt-5-2025-08-07, input",p\n'
        f'{MIDNIGHT},{MIDNIGHT + 86400},0.245,usd,"gpt-5-2025-08-07, output",p\n'
    )
    line = compare(eve, costs, "openai")["lines"][0]
    assert (line["state"], line["cost_usd_here"], line["cost_usd_there"]) == ("matched", "1", "0.995")
    line = compare(eve, costs.replace("0.245", "0.2"), "openai")["lines"][0]
    assert (line["state"], line["about"]) == ("differing", ["amount"])
    assert compare(eve, costs.replace("0.245", "0.2"), "openai", tolerance_percent="6")["matched"] == 1


def test_what_has_no_price_here_and_what_was_estimated_is_told(world: World, ada: Person, eve: Person) -> None:
    book(world, ada, amount_nano=None, status="unknown")
    book(world, ada, status="estimated", amount_nano=2_000_000_000)
    text = "usage_date_utc,model,cost_usd\n2026-03-02,claude,5\n"
    line = compare(eve, text)["lines"][0]
    assert (line["unpriced_here"], line["estimated_here"], line["cost_usd_here"]) == (1, 1, "2")
    assert line["about"] == ["amount"]


@pytest.mark.parametrize(
    "text, provider, field, words",
    [
        (OPENAI + f"{MIDNIGHT},1,gpt-5,1,1,1,0\n", "anthropic", "csv", "looks like an export of OpenAI"),
        (
            ANTHROPIC + "2026-03-02,claude,a,D,s,x,1,0,0,0,1,0,g,\n",
            "openai",
            "csv",
            "looks like an export of Anthropic",
        ),
        ("colour,weight\nred,5\n", "anthropic", "csv", "a day"),
        ("date,model\n2026-03-02,claude\n", "anthropic", "csv", "tokens"),
        ("date,model,cost_usd\nyesterday,claude,1\n", "anthropic", "csv", "Line 2"),
        ("date,model,cost_usd\n2026-03-02,claude,lots\n", "anthropic", "csv", "Line 2"),
        ("date,model,output_tokens\n2026-03-02,claude,-5\n", "anthropic", "csv", "number of tokens"),
        ("date,model,amount,currency\n2026-03-02,claude,5,EUR\n", "anthropic", "csv", "USD"),
        ("date,model,cost_usd\n", "anthropic", "csv", "no line"),
        ("", "anthropic", "csv", "a day"),
        ('date,model,cost_usd\n"2026', "anthropic", "csv", "not CSV"),
        ("date,model,cost_usd\n2026-03-02,x,1\n", "nobody", "provider", "Nothing was ever booked"),
        ("date,model,cost_usd\n2026-03-02,x,1\n", "", "provider", "1 to 50"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(
    world: World, ada: Person, eve: Person, text: str, provider: str, field: str, words: str
) -> None:
    book(world, ada)
    answer = eve.post("/api/costs/reconciliations", {"provider": provider, "csv": text})
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert words in error["message"]
    assert eve.get("/api/costs/reconciliations").json()["items"] == []


def test_the_tolerance_is_a_percentage(world: World, ada: Person, eve: Person) -> None:
    for wrong in ("-1", "51", "x", "NaN"):
        body = {"provider": "anthropic", "csv": "x", "tolerance_percent": wrong}
        answer = eve.post("/api/costs/reconciliations", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "tolerance_percent")


def test_a_comparison_is_kept_and_can_be_downloaded(world: World, ada: Person, eve: Person) -> None:
    book(world, ada)
    made = compare(eve, "date,model,output_tokens\n2026-03-02,claude,10\n2026-03-02,=cmd(),7\n", file_name="march.csv")
    book(world, ada)
    kept = eve.get(f"/api/costs/reconciliations/{made['id']}").json()
    assert kept == made
    [listed] = eve.get("/api/costs/reconciliations").json()["items"]
    assert (listed["id"], listed["file_name"], listed["created_at"]) == (
        made["id"],
        "march.csv",
        "2026-03-02T09:00:00Z",
    )
    answer = eve.get(f"/api/costs/reconciliations/{made['id']}/csv")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(line["model"], line["state"]) for line in lines] == [("'=cmd()", "missing_here"), ("claude", "matched")]
    assert lines[1]["output_tokens_here"] == "10"
    assert ada.get(f"/api/costs/reconciliations/{made['id']}").status_code == 403
    assert eve.get(f"/api/costs/reconciliations/{ada.id}").status_code == 404
    assert "march.csv" in eve.get("/costs", headers={"Accept": "text/html"}).text
