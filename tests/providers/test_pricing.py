"""Every bucket is priced, to the nano-dollar, and what is not known is not zero."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from providers.base import Usage
from providers.pricing import Override, Price, Tier, estimate, price, rates

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_all_buckets_of_a_cached_answer_are_priced() -> None:
    usage = Usage(
        input_tokens=17,
        cache_read_tokens=1_000,
        cache_write_5m_tokens=400,
        cache_write_1h_tokens=2_056,
        output_tokens=100,
    )
    # claude-sonnet-4: 3 / 0.30 / 3.75 / 6 / 15 USD per million
    expected = 17 * 3_000 + 1_000 * 300 + 400 * 3_750 + 2_056 * 6_000 + 100 * 15_000
    found = price("anthropic", "claude-sonnet-4-20250514", usage=usage, at=AT)
    assert (found.amount_nano, found.status) == (expected, "known")
    assert found.source.startswith("genai-prices ")


def test_the_recorded_one_hour_cache_write_costs_what_the_list_says() -> None:
    usage = Usage(input_tokens=17, cache_write_1h_tokens=2_056, output_tokens=100)
    assert price("anthropic", "claude-sonnet-4-20250514", usage=usage, at=AT).amount_nano == 13_887_000


def test_another_model_inside_the_answer_is_priced_at_its_own_price() -> None:
    advisor = ("claude-opus-4-8", Usage(input_tokens=2_543, output_tokens=18))
    usage = Usage(input_tokens=2_411, output_tokens=145, parts=(advisor,))
    expected = 2_411 * 2_000 + 145 * 10_000 + 2_543 * 5_000 + 18 * 25_000
    assert price("anthropic", "claude-sonnet-5", usage=usage, at=AT).amount_nano == expected


def test_a_part_without_a_price_makes_the_whole_unknown() -> None:
    usage = Usage(input_tokens=1, parts=(("no-such-model", Usage(input_tokens=1)),))
    assert price("anthropic", "claude-sonnet-5", usage=usage, at=AT).amount_nano is None


def test_web_searches_are_billed_and_unknown_calls_are_not_free() -> None:
    searched = Usage(input_tokens=1_000, requests={"web_search_requests": 2, "web_fetch_requests": 3})
    assert price("anthropic", "claude-haiku-4-5", usage=searched, at=AT).amount_nano == 1_000 * 1_000 + 2 * 10_000_000
    unheard_of = Usage(input_tokens=1_000, requests={"teleports": 1})
    assert price("anthropic", "claude-haiku-4-5", usage=unheard_of, at=AT).status == "unknown"


def test_cached_input_of_a_model_without_a_cache_price_costs_as_much_as_fresh_input() -> None:
    usage = Usage(input_tokens=100, cache_read_tokens=50, output_tokens=1)
    assert price("openai", "gpt-4-turbo", usage=usage, at=AT).amount_nano == 150 * 10_000 + 30_000


def test_a_long_context_changes_the_price_of_everything() -> None:
    short = price("openai", "gpt-5.4", usage=Usage(input_tokens=200_000, output_tokens=10), at=AT)
    long = price("openai", "gpt-5.4", usage=Usage(input_tokens=300_000, output_tokens=10), at=AT)
    assert short.amount_nano == 200_000 * 2_500 + 10 * 15_000
    assert long.amount_nano is not None
    assert long.amount_nano > 300_000 * 2_500 + 10 * 15_000


def test_the_tier_that_served_the_request_decides_the_price() -> None:
    usual = price("openai", "gpt-5.5", usage=Usage(input_tokens=1_000, service_tier="default"), at=AT)
    flex = price("openai", "gpt-5.5", usage=Usage(input_tokens=1_000, service_tier="flex"), at=AT)
    assert (usual.amount_nano, flex.amount_nano) == (5_000_000, 2_500_000)


def test_the_price_is_that_of_the_day() -> None:
    usage = Usage(input_tokens=1_000_000)
    before = price("mistral", "mistral-large-4", usage=usage, at=datetime(2026, 10, 19, 23, 59, tzinfo=UTC))
    after = price("mistral", "mistral-large-4", usage=usage, at=datetime(2026, 10, 20, tzinfo=UTC))
    assert (before.amount_nano, before.date) == (680_000_000, None)
    assert (after.amount_nano, after.date) == (1_360_000_000, date(2026, 10, 20))


@pytest.mark.parametrize("provider,model", [("openai", "no-such-model"), ("my-openai", "gpt-4o"), ("local", "llama3")])
def test_what_has_no_price_is_unknown_and_not_zero(provider: str, model: str) -> None:
    found = price(provider, model, usage=Usage(input_tokens=5), at=AT, base_url="http://127.0.0.1:11434/v1")
    assert (found.amount_nano, found.status) == (None, "unknown")
    assert rates(provider, model, at=AT).input_usd_per_million is None


def test_a_named_endpoint_is_priced_by_its_address() -> None:
    found = price(
        "my-deepseek", "deepseek-v4-flash", usage=Usage(output_tokens=1), at=AT, base_url="https://api.deepseek.com/v1"
    )
    assert found.status == "known"


def test_the_offline_demo_is_free_and_says_so() -> None:
    assert price("offline", "offline-demo", usage=Usage(input_tokens=5), at=AT) == Price(0, "free", "offline")
    assert rates("offline", "offline-demo", at=AT).free


def test_an_override_counts_within_its_dates_and_the_newest_one_wins() -> None:
    old = Override("local", "llama*", Decimal("1"), Decimal("2"), since=date(2026, 1, 1), until=date(2026, 11, 20))
    new = Override(
        "local", "llama*", Decimal("3"), Decimal("4"), cache_read_usd=Decimal("0.3"), since=date(2026, 11, 20)
    )
    usage = Usage(input_tokens=1_000, cache_read_tokens=100, output_tokens=10)

    def on(day: int) -> Price:
        at = datetime(2026, 11, day, tzinfo=UTC)
        return price("local", "llama3", usage=usage, at=at, overrides=(new, old))

    assert on(19).amount_nano == 1_100 * 1_000 + 10 * 2_000
    assert on(20) == Price(1_000 * 3_000 + 100 * 300 + 10 * 4_000, "known", "override", date(2026, 11, 20))
    assert price("local", "mistral", usage=usage, at=AT, overrides=(new, old)).status == "unknown"


def test_an_override_beats_the_list_and_may_say_free() -> None:
    free = Override("openai", "gpt-4o", Decimal(0), Decimal(0))
    found = price("openai", "gpt-4o", usage=Usage(input_tokens=9, output_tokens=9), at=AT, overrides=(free,))
    assert (found.amount_nano, found.status) == (0, "free")
    assert rates("openai", "gpt-4o", at=AT, overrides=(free,)).free


def test_an_override_prices_server_side_calls_or_leaves_the_amount_unknown() -> None:
    usage = Usage(input_tokens=1_000, requests={"web_search_requests": 2})
    without = Override("local", "*", Decimal(1), Decimal(1))
    with_it = Override("local", "*", Decimal(1), Decimal(1), per_request={"web_search_requests": Decimal("0.01")})
    assert price("local", "m", usage=usage, at=AT, overrides=(without,)).amount_nano is None
    assert price("local", "m", usage=usage, at=AT, overrides=(with_it,)).amount_nano == 1_000_000 + 20_000_000


def test_fractions_of_a_nano_dollar_are_rounded_once() -> None:
    cheap = Override("local", "*", Decimal("0.0005"), Decimal("0.0005"))
    usage = Usage(input_tokens=1, output_tokens=1)
    assert price("local", "m", usage=usage, at=AT, overrides=(cheap,)).amount_nano == 1


def test_an_estimate_before_sending_prices_fresh_input_and_full_output() -> None:
    found = estimate("openai", "gpt-4o", input_tokens=1_000, output_tokens=500, at=AT)
    assert found.amount_nano == 1_000 * 2_500 + 500 * 10_000


TIERED = Override(
    "local", "*", Decimal(2), Decimal(10), cache_read_usd=Decimal("0.2"),
    tiers=(
        Tier(1_000, Decimal(4), Decimal(20)),
        Tier(0, Decimal(1), Decimal(5), service_tier="flex"),
        Tier(1_000, Decimal(3), Decimal(6), service_tier="flex"),
        Tier(0, Decimal(5), Decimal(30), Decimal("0.5"), service_tier="priority"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    "tier, read, expected",
    [
        ("", 0, 2_000 * 900 + 10_000 * 10), ("default", 0, 2_000 * 900 + 10_000 * 10),
        ("", 101, 4_000 * 1_001 + 20_000 * 10), ("flex", 0, 1_000 * 900 + 5_000 * 10),
        ("FLEX", 101, 3_000 * 1_001 + 6_000 * 10), ("priority", 101, 5_000 * 900 + 500 * 101 + 30_000 * 10),
        ("scale", 100, 2_000 * 900 + 200 * 100 + 10_000 * 10),
    ],
)  # fmt: skip
def test_an_override_prices_the_service_tier_that_served(tier: str, read: int, expected: int) -> None:
    usage = Usage(input_tokens=900, cache_read_tokens=read, output_tokens=10, service_tier=tier)
    assert price("local", "m", usage=usage, at=AT, overrides=(TIERED,)).amount_nano == expected


def test_a_part_is_served_by_the_tier_of_the_whole() -> None:
    usage = Usage(input_tokens=900, service_tier="flex", parts=(("other", Usage(input_tokens=100)),))
    assert price("local", "m", usage=usage, at=AT, overrides=(TIERED,)).amount_nano == 1_000 * 1_000


def test_what_costs_something_in_a_tier_or_for_a_tool_is_not_called_free() -> None:
    batch = Override(
        "local", "*", Decimal(0), Decimal(0), tiers=(Tier(0, Decimal(1), Decimal(1), service_tier="fast"),)
    )
    tool = Override("local", "*", Decimal(0), Decimal(0), per_request={"web_search_requests": Decimal("0.01")})
    for override in (batch, tool):
        assert not rates("local", "m", at=AT, overrides=(override,)).free
        found = price("local", "m", usage=Usage(input_tokens=5), at=AT, overrides=(override,))
        assert (found.amount_nano, found.status) == (0, "known")
