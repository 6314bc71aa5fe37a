"""An idle server carries no SDK: heavy packages are imported by the first request that needs them."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from providers.registry import Registry
from providers import base, errors, pricing, retry, scripted, tokens, vocabulary
registry = Registry.build({"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k",
                           "DRAFTLOOM_ENDPOINTS": '[{"name": "x", "base_url": "http://127.0.0.1:1"}]'})
assert len(registry.entries()) == 4
heavy = {"anthropic", "openai", "httpx2", "aiohttp", "tiktoken", "genai_prices", "pydantic"} & set(sys.modules)
sys.stdout.write(",".join(sorted(heavy)))
"""


APPLICATION = """
import sys
from pathlib import Path
from pathlib import Path
from app.main import create_app
from app.settings import Settings
create_app(Settings(data=Path(sys.argv[1])))
heavy = {"psycopg", "joserfc", "anthropic", "openai", "tiktoken", "genai_prices"}
sys.stdout.write(",".join(sorted(heavy & set(sys.modules))))
"""


def test_building_every_provider_imports_no_sdk() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert ran.stdout == ""


def test_a_server_on_the_embedded_database_imports_what_it_needs(tmp_path: Path) -> None:
    """Not the driver of the other database, nor what signs people in elsewhere."""
    ran = subprocess.run([sys.executable, "-c", APPLICATION, tmp_path], capture_output=True, text=True, check=True)
    assert ran.stdout == ""
