"""The models offered when nobody names any: ids as the SDKs list them, context sizes from genai-prices 0.2.3. Output
limits are left to the services, which refuse what is too much. Best choice for drafting first: the first is the
default. Any other model id of a provider works too; this is only what is listed.
"""

from __future__ import annotations

from providers.base import ModelInfo

ANTHROPIC: tuple[ModelInfo, ...] = (
    ModelInfo("claude-sonnet-5-5", "Claude Sonnet 5.5", 1_000_000),
    ModelInfo("claude-opus-5-5", "Claude Opus 5.5", 1_000_000),
    ModelInfo("claude-fable-5-2", "Claude Fable 5.2", 1_000_000),
    ModelInfo("claude-haiku-5-5", "Claude Haiku 5.5", 1_000_000),
    ModelInfo("claude-sonnet-5", "Claude Sonnet 5", 1_000_000),
    ModelInfo("claude-opus-4-8", "Claude Opus 4.8", 1_000_000),
    ModelInfo("claude-sonnet-4-6", "Claude Sonnet 4.6", 1_000_000),
    ModelInfo("claude-haiku-4-5", "Claude Haiku 4.5", 200_000),
)
OPENAI: tuple[ModelInfo, ...] = (
    ModelInfo("gpt-6.1-sol", "GPT-6.1 Sol", 1_050_000),
    ModelInfo("gpt-6.1-terra", "GPT-6.1 Terra", 1_050_000),
    ModelInfo("gpt-6-luna", "GPT-6 Luna", 1_050_000),
    ModelInfo("gpt-6-astra", "GPT-6 Astra", 1_050_000),
    ModelInfo("gpt-5.5", "GPT-5.5", 1_000_000),
    ModelInfo("gpt-5.4", "GPT-5.4", 1_050_000),
    ModelInfo("gpt-5-mini", "GPT-5 mini", 400_000),
    ModelInfo("gpt-4.1", "GPT-4.1", 1_000_000),
    ModelInfo("gpt-4o", "GPT-4o", 128_000),
)
