"""The OpenAI SDK's client, set up so that nothing of the environment leaks to servers that are not OpenAI."""

from __future__ import annotations

from providers.connection import Sdk
from providers.remote import Remote


def openai_sdk(remote: Remote, *, base_url: str, vendor: bool) -> Sdk:
    """A client for `base_url`. Unless it is for the `vendor` itself, the organisation headers that the SDK takes from
    the environment are left out, and without a key so is the authorisation. Imports the SDK: call it in a thread."""
    import openai

    from providers.transport import Timeouts, http_client

    left_out = [] if vendor else ["OpenAI-Organization", "OpenAI-Project"]
    if not remote.api_key:
        left_out.append("Authorization")
    timeouts = Timeouts(remote.connect_seconds, remote.silence_seconds)
    client = openai.AsyncOpenAI(
        api_key=remote.api_key or "none",
        base_url=base_url,
        max_retries=0,
        timeout=remote.silence_seconds,
        http_client=http_client(remote.transport, timeouts=timeouts, allow_private=remote.allow_private),
    )
    return Sdk(client, openai.OpenAIError, headers={name: openai.Omit() for name in left_out})
