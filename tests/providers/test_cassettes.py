"""Our own recorded traffic still fits what we send and read. `make cassettes` records it anew."""

import json

import pytest
import yaml

from tests.providers.answers import collect, provider, run
from tests.providers.scenarios import FOLDER, SCENARIOS, Scenario, cassette
from tests.providers.wire_server import WRONG_KEY


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.file)
def test_a_cassette_plays_to_its_end_and_is_understood(scenario: Scenario) -> None:
    with cassette(scenario, record=False) as playing:
        source = provider(scenario.api, scenario.base_url, api_key=scenario.key(None), transport="httpx2")
        answer = run(collect(source, scenario.asked))
        assert playing.all_played, "an interaction was recorded and not used"
        assert playing.play_count == len(playing) == 1
    assert answer.code == scenario.error
    if scenario.error is not None:
        return
    assert answer.usage.status == "reported"
    assert answer.usage.total_input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert answer.stopped is not None
    if scenario.asked.tools:
        assert answer.stopped.reason == "tool_use"
        assert [call.name for call in answer.calls] == ["get_weather"]
        assert "place" in json.loads(answer.calls[0].arguments)
    else:
        assert answer.stopped.reason == "end"
        assert answer.text


def test_a_request_that_is_not_in_the_cassette_fails_instead_of_reaching_the_network() -> None:
    scenario = SCENARIOS[0]
    with cassette(scenario, record=False) as playing:
        answer = run(collect(provider(scenario.api, scenario.base_url, transport="httpx2"), SCENARIOS[1].asked))
        assert playing.play_count == 0
    assert answer.code == "unreachable"


def test_every_cassette_belongs_to_a_scenario_and_every_scenario_has_one() -> None:
    assert {path.name for path in FOLDER.glob("*.yaml")} == {scenario.file for scenario in SCENARIOS}


def test_no_cassette_holds_a_key_or_names_a_machine() -> None:
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text()
        for secret in (WRONG_KEY, "no-real-key", "Bearer", "sk-", "127.0.0.1", "localhost"):
            assert secret not in text, (path.name, secret)
        for interaction in yaml.safe_load(text)["interactions"]:
            assert set(interaction["request"]["headers"]) <= {"content-type"}
            assert not {"set-cookie", "openai-organization"} & set(interaction["response"]["headers"])
