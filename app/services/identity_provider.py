"""One OpenID Connect provider: its discovery document, its keys, the exchange of a code, and the checks after which an ID token
is believed (OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9207 is checked by the caller).

Signatures and claims are checked by joserfc. It is imported here only, and this module only where a provider is set up.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import msgspec
import structlog
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from providers.transport import Timeouts, http_client

from app.services.clock import Clock
from app.services.errors import SignInFailed
from app.services.single_sign_on import Proven
from app.settings import SingleSignOnSettings

log = structlog.get_logger()

CLOCK_SKEW = timedelta(seconds=120)
"""How far the provider's clock may be from ours."""
_KEPT = timedelta(hours=1)
"""How long the discovery document and the keys are used before they are read again; an unknown key is looked for at once."""
_TIMEOUTS = Timeouts(connect=5.0, silence=10.0)
_WHOLE_CALL_SECONDS = 15.0
_MOST_BYTES = 1 << 20
_MOST_SUBJECT = 255
_ALGORITHMS = ("RS256", "ES256", "PS256", "EdDSA", "RS384", "ES384", "PS384", "RS512", "ES512", "PS512")
"""Signatures with a public key. `none`, and those with a shared secret, prove nothing here."""


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """What is used of a provider's discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class OpenIdProvider:
    """Asks the provider that the settings name; its answers are believed only as far as they are signed or come from it by
    TLS. Every method raises `SignInFailed`: `provider_down` when it cannot be reached, another code when it says nonsense."""

    def __init__(self, settings: SingleSignOnSettings, clock: Clock, *, redirect_uri: str) -> None:
        self._settings = settings
        self._clock = clock
        self._redirect_uri = redirect_uri
        self._discovery: tuple[Discovery, datetime] | None = None
        self._keys: tuple[KeySet, datetime] | None = None

    async def address(self, *, state: str, nonce: str, challenge: str) -> str:
        discovery = await self._discovered()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self._settings.client_id,
                "redirect_uri": self._redirect_uri,
                "scope": self._settings.scopes,
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        glue = "&" if urlsplit(discovery.authorization_endpoint).query else "?"
        return f"{discovery.authorization_endpoint}{glue}{query}"

    async def identify(self, *, code: str, verifier: str, nonce: str) -> Proven:
        discovery = await self._discovered()
        tokens = await self._exchange(discovery, code, verifier)
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise _nonsense("no_id_token")
        claims = await self._believed(discovery, id_token, nonce)
        access_token = tokens.get("access_token")
        if discovery.userinfo_endpoint and isinstance(access_token, str) and self._lacks(claims):
            claims = await self._with_userinfo(discovery, claims, access_token)
        verified = claims.get("email_verified")
        return Proven(
            issuer=discovery.issuer,
            subject=claims["sub"],
            email=_text(claims.get("email")),
            # Some providers send the word instead of the value.
            verified=None if verified is None else verified is True or verified == "true",
            name=_text(claims.get("name")) or _text(claims.get("preferred_username")),
            groups=_groups(claims, self._settings.roles_claim),
        )

    # The discovery document and the keys

    async def _discovered(self) -> Discovery:
        now = self._clock()
        if self._discovery is not None and now - self._discovery[1] < _KEPT:
            return self._discovery[0]
        try:
            found = await self._read_discovery()
        except SignInFailed:
            if self._discovery is None:
                raise
            return self._discovery[0]  # An older one is better than nobody signed in.
        self._discovery = found, now
        return found

    async def _read_discovery(self) -> Discovery:
        status, answer = await self._ask("GET", f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            found = msgspec.convert(answer, Discovery)
        except msgspec.ValidationError as error:
            raise _nonsense("bad_discovery", status=status) from error
        if status != 200 or found.issuer != self._settings.issuer:
            raise _nonsense("wrong_issuer", status=status, says=found.issuer)
        used = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint)
        scheme = urlsplit(self._settings.issuer).scheme
        if any(urlsplit(address).scheme not in ("https", scheme) for address in used if address):
            raise _nonsense("unsafe_endpoint")
        return found

    async def _key_set(self, discovery: Discovery, *, fresh: bool = False) -> KeySet:
        now = self._clock()
        if not fresh and self._keys is not None and now - self._keys[1] < _KEPT:
            return self._keys[0]
        status, answer = await self._ask("GET", discovery.jwks_uri)
        try:
            keys = KeySet.import_key_set(answer)  # type: ignore[arg-type]  # it checks the shape itself, and what it raises is caught
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _nonsense("bad_keys", status=status) from error
        self._keys = keys, now
        return keys

    # The exchange

    async def _exchange(self, discovery: Discovery, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        client_id, secret = self._settings.client_id, self._settings.client_secret
        basic: tuple[str, str] | None = None
        if not secret:
            form["client_id"] = client_id
        elif "client_secret_basic" in discovery.token_endpoint_auth_methods_supported:
            basic = quote(client_id, safe=""), quote(secret, safe="")  # RFC 6749, section 2.3.1
        else:
            form |= {"client_id": client_id, "client_secret": secret}
        status, answer = await self._ask("POST", discovery.token_endpoint, data=form, auth=basic)
        if status != 200:
            # A code works once and not for long; `invalid_client` is for the operator to put right.
            raise _nonsense("code_refused", status=status, error=_text(answer.get("error"))[:100])
        return answer

    async def _believed(self, discovery: Discovery, id_token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is the provider's, for us, of now and of this sign-in."""
        algorithms = [name for name in _ALGORITHMS if name in discovery.id_token_signing_alg_values_supported]
        client_id = self._settings.client_id
        try:
            try:
                token = jwt.decode(id_token, await self._key_set(discovery), algorithms=algorithms)
            except (InvalidKeyIdError, BadSignatureError):
                # Keys are exchanged now and then: the new ones may not be known here yet.
                token = jwt.decode(id_token, await self._key_set(discovery, fresh=True), algorithms=algorithms)
            jwt.JWTClaimsRegistry(
                now=int(self._clock().timestamp()),
                leeway=int(CLOCK_SKEW.total_seconds()),
                iss={"essential": True, "value": discovery.issuer},
                sub={"essential": True},
                aud={"essential": True, "value": client_id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(token.claims)
        except (JoseError, ValueError) as error:
            reason = error.error if isinstance(error, JoseError) else "unreadable"
            raise _nonsense("bad_id_token", reason=reason, about=_claim_of(error)) from error
        claims = token.claims
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else client_id) != client_id:
            raise _nonsense("bad_id_token", reason="azp")
        if len(claims["sub"]) > _MOST_SUBJECT or not claims["sub"].isprintable():
            raise _nonsense("bad_id_token", reason="sub")
        return claims

    # What the ID token leaves out

    def _lacks(self, claims: Mapping[str, Any]) -> bool:
        wanted = self._settings.roles_claim if self._settings.roles else ""
        return "email" not in claims or (bool(wanted) and _claim(claims, wanted) is None)

    async def _with_userinfo(self, discovery: Discovery, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        status, more = await self._ask(
            "GET", discovery.userinfo_endpoint, headers={"Authorization": f"Bearer {access_token}"}
        )
        if status != 200 or more.get("sub") != claims["sub"]:
            raise _nonsense("bad_userinfo", status=status)
        return more | claims

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of an answer. Redirects are not followed: a code must not travel to another host."""
        body = bytearray()
        try:
            async with (
                asyncio.timeout(_WHOLE_CALL_SECONDS),
                http_client("httpx2", timeouts=_TIMEOUTS, allow_private=True) as client,
                client.stream(
                    method, url, data=data, auth=auth, headers={"Accept": "application/json", **(headers or {})}
                ) as response,
            ):
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > _MOST_BYTES:
                        raise _nonsense("too_long")
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL) as error:
            log.warning("identity provider unreachable", host=urlsplit(url).hostname, error=type(error).__name__)
            raise SignInFailed(
                "provider_down", f"{self._settings.label} cannot be reached just now. Try again in a moment."
            ) from error
        if response.status_code >= 500:
            log.warning("identity provider broken", host=urlsplit(url).hostname, status=response.status_code)
            raise SignInFailed("provider_down", f"{self._settings.label} has trouble just now. Try again in a moment.")
        try:
            return response.status_code, msgspec.json.decode(bytes(body), type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise _nonsense("no_json", status=response.status_code) from error


def _nonsense(code: str, **values: Any) -> SignInFailed:
    """For the operator the log says more than the page, and neither says a token."""
    log.warning("identity provider not believed", code=code, **values)
    return SignInFailed(
        code, "What the sign-in provider answered cannot be used. An administrator finds why in the log."
    )


def _claim_of(error: Exception) -> str:
    return _text(getattr(error, "claim", ""))


def _text(value: object) -> str:
    """A line of text, or nothing: what holds control characters or half characters is no name and no address."""
    return value if isinstance(value, str) and value.isprintable() else ""


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, or by names with dots between them where it lies deeper, as in `realm_access.roles`."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _groups(claims: Mapping[str, Any], path: str) -> tuple[str, ...]:
    found = _claim(claims, path) if path else None
    if isinstance(found, str):
        return (found,)
    return tuple(group for group in found if isinstance(group, str)) if isinstance(found, list) else ()
