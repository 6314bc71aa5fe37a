"""Addresses people enter: what may be called at all, and what only with an administrator's word.

Names are checked again when a connection is made (`providers/transport.py`), since a name can lead anywhere.
"""

import ipaddress
from urllib.parse import SplitResult, urlsplit

import httpx2

from app.services.errors import InvalidInput

_PRIVATE_NAMES = (".localhost", ".local", ".internal")


def vet_address(url: str, *, field: str, allow_private: bool, query: bool = False) -> None:
    """Refuse what is no http(s) address, and a private one unless allowed. With `query` it may have one. Raises
    `InvalidInput` for `field`."""
    parts = _parts(url, field)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.fragment:
        raise InvalidInput(field, "An address starts with https:// or http:// and has no user or fragment.")
    if parts.query and not query:
        raise InvalidInput(field, "This address has no query.")
    if is_private(host) and not allow_private:
        raise InvalidInput(
            field,
            "This address is on a private network. Tick “on my own network” to allow it.",
            "private_address",
        )


def checked_origin(value: str, *, field: str) -> str:
    """A site as browsers name it, `https://example.org:8443`, in lower case. Raises `InvalidInput`."""
    parts = _parts(value.strip().lower(), field)
    bare = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not parts.hostname or not bare:
        raise InvalidInput(field, "A site is given as https://example.org, without a path.")
    if not all(character.isalnum() or character in "-.:[]" for character in parts.netloc) or not parts.netloc.isascii():
        raise InvalidInput(field, "Write the name of the site in letters a to z, digits, - and dots.")
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" if parts.port in (None, default) else f"{parts.scheme}://{host}:{parts.port}"


def is_private(host: str) -> bool:
    """Whether the host as it is written lies in a private network; a name may turn out to."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(_PRIVATE_NAMES)


def _parts(url: str, field: str) -> SplitResult:
    try:
        httpx2.URL(url)
        parts = urlsplit(url)
        _ = parts.port
    except (ValueError, httpx2.InvalidURL) as error:
        raise InvalidInput(field, "This is not an address.") from error
    return parts
