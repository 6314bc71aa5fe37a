"""An identity provider on a real socket: discovery, keys, codes that work once and prove PKCE, ID tokens really signed. What it
says about people, and what it gets wrong, is set by the test."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT_ID = "draftloom test"
CLIENT_SECRET = "s3cret:&with signs"
Key = RSAKey | ECKey


def rsa(kid: str = "r1") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def elliptic(kid: str = "e1") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


@dataclass
class IdentityServer:
    """`person` are the claims of whoever signs in; `change` may spoil the claims of an ID token; `asked` are the forms that came
    to the token endpoint."""

    issuer: str = ""
    key: Key = field(default_factory=rsa)
    published: list[Key] = field(default_factory=list)
    algorithm: str = "RS256"
    person: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    change: Callable[[dict[str, Any]], None] = lambda claims: None
    discovery: dict[str, Any] = field(default_factory=dict)
    token_answer: dict[str, Any] | None = None
    denies: str = ""
    secret: str = CLIENT_SECRET
    now: Callable[[], float] = time.time
    down: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    key_reads: int = 0

    def rotated(self, key: Key, *, algorithm: str = "") -> None:
        """From now on tokens are signed by this key, which alone is published."""
        self.key, self.published, self.algorithm = key, [key], algorithm or self.algorithm

    def document(self) -> dict[str, Any]:
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
            "userinfo_endpoint": f"{at}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        } | self.discovery

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes from the provider: this one asks nobody anything."""
        if self.denies:
            return f"{query['redirect_uri']}?{urlencode({'state': query['state'], 'error': self.denies})}"
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'state': query['state'], 'code': code, 'iss': self.issuer})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        if self.token_answer is not None:
            return 200, self.token_answer
        if self.secret:
            wanted = f"{CLIENT_ID}:{self.secret}"
            given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            if unquote(given) != wanted and (form.get("client_id"), form.get("client_secret")) != (
                CLIENT_ID,
                self.secret,
            ):
                return 401, {"error": "invalid_client"}
        begun = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if begun is None or begun["code_challenge"] != challenge or begun["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(begun["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(self.now())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce} | self.person
        self.change(claims)
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])


@contextmanager
def identity_server() -> Iterator[IdentityServer]:
    provider = IdentityServer()
    provider.published = [provider.key]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if provider.down:
                self._answer(503, {})
            elif parts.path == "/.well-known/openid-configuration":
                self._answer(200, provider.document())
            elif parts.path == "/keys":
                provider.key_reads += 1
                self._answer(200, dict(KeySet(list(provider.published)).as_dict(private=False)))
            elif parts.path == "/userinfo":
                known = self.headers["Authorization"] == "Bearer opaque"
                self._answer(200 if known else 401, provider.userinfo)
            else:
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(*provider.token(form, self.headers.get("Authorization", "")))

        def _answer(self, status: int, value: dict[str, Any]) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test says what went wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
