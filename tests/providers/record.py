"""Records the cassettes anew: ``python -m tests.providers.record``.

With ``ANTHROPIC_API_KEY`` or ``OPENAI_API_KEY`` set, against the real interfaces (a few hundred tokens each); without,
against the local server in `wire_server`. ``ANTHROPIC_BASE_URL`` and ``OPENAI_BASE_URL`` are respected.
"""

import asyncio
import os
import sys

from tests.providers.answers import collect, provider
from tests.providers.raw_server import raw_server
from tests.providers.scenarios import FOLDER, SCENARIOS, Scenario, cassette
from tests.providers.wire_server import speak

_ADDRESSES = {
    "messages": ("ANTHROPIC", "https://api.anthropic.com"),
    "responses": ("OPENAI", "https://api.openai.com/v1"),
    "chat": ("OPENAI", "https://api.openai.com/v1"),
}


async def record(scenario: Scenario, local: str) -> str:
    """Records one scenario; returns where from."""
    vendor, real_address = _ADDRESSES[scenario.api]
    real_key = os.environ.get(f"{vendor}_API_KEY")
    address = os.environ.get(f"{vendor}_BASE_URL", real_address) if real_key else local
    if not real_key and scenario.api == "messages":
        address = local.removesuffix("/v1")
    (FOLDER / scenario.file).unlink(missing_ok=True)
    with cassette(scenario, record=True):
        source = provider(scenario.api, address, api_key=scenario.key(real_key), transport="httpx2")
        answer = await collect(source, scenario.asked)
    if answer.code != scenario.error:
        raise SystemExit(f"{scenario.file}: expected {scenario.error}, got {answer.code}: {answer.error}")
    return "the real interface" if real_key else "the local server"


async def main() -> None:
    """Records all scenarios."""
    FOLDER.mkdir(exist_ok=True)
    async with raw_server(speak) as server:
        for scenario in SCENARIOS:
            origin = await record(scenario, server.address)
            sys.stdout.write(f"{scenario.file}: recorded from {origin}\n")


if __name__ == "__main__":
    asyncio.run(main())
