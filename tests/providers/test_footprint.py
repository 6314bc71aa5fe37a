"""An idle server carries no SDK: heavy packages are imported by the first request that needs them."""

import subprocess
import sys

SCRIPT = """
import sys
from providers.registry import Registry
from providers import base, errors, pricing, retry, scripted, tokens, vocabulary
registry = Registry.build({"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k",
                           "DRAFTLOOM_ENDPOINTS": '[{"name": "x", "base_url": "http://127.0.0.1:1"}]'})
assert len(registry.entries()) == 4
heavy = {"anthropic", "openai", "httpx2", "aiohttp", "tiktoken", "genai_prices", "pydantic"} & set(sys.modules)
sys.stdout.write(",".join(sorted(heavy)))
"""


def test_building_every_provider_imports_no_sdk() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert ran.stdout == ""
