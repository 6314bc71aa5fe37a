"""Key material: one secret per installation, from which keys for encryption and signing are derived.

Stored provider keys are encrypted with Fernet (AES-128-CBC and HMAC-SHA256); tokens of sessions, links and the API are
random and only their SHA-256 is kept.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.services.errors import ServiceError

LEAST_SECRET_BYTES = 16


class SecretUnusable(ServiceError):
    """The installation's secret is no secret."""

    def __init__(self, message: str) -> None:
        super().__init__("secret_unusable", message)


class SecretUnreadable(Exception):
    """A stored secret was encrypted with another installation secret."""


class SecretBox:
    """Encrypts, decrypts and signs with keys derived from the installation's secret."""

    def __init__(self, secret: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(_derive(secret, b"provider keys")))
        self._signing_key = _derive(secret, b"csrf")
        self._sealing = Fernet(base64.urlsafe_b64encode(_derive(secret, b"sealed for browsers")))

    def encrypt(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def decrypt(self, sealed: bytes) -> str:
        """Raises `SecretUnreadable` when the installation's secret changed since."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SecretUnreadable("a stored key cannot be decrypted with this installation's secret") from error

    def seal(self, text: str) -> str:
        """For a browser to keep and bring back, unread and unchanged. By a key of its own: what is stored here is no such text."""
        return self._sealing.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Raises `SecretUnreadable` for what was not sealed here."""
        try:
            return self._sealing.decrypt(sealed.encode()).decode()
        except (InvalidToken, UnicodeError) as error:
            raise SecretUnreadable("this was not sealed with this installation's secret") from error

    def sign(self, value: str) -> str:
        return hmac.new(self._signing_key, value.encode(), hashlib.sha256).hexdigest()

    def verify(self, value: str, signature: str) -> bool:
        # As bytes: what comes in a header need not be ASCII.
        return hmac.compare_digest(self.sign(value).encode(), signature.encode())


def installation_secret(configured: str, data: Path) -> bytes:
    """The configured secret, or the one in `data/secret.key`, which is made on first use and readable by its owner only.

    Raises `SecretUnusable` for a file too short to be a secret: everything would be encrypted with next to nothing.
    """
    if configured:
        return configured.encode()
    path = data / "secret.key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        _create_whole(path, secrets.token_hex(32).encode())
    secret = path.read_bytes()
    if len(secret.strip()) < LEAST_SECRET_BYTES:
        raise SecretUnusable(
            f"{path} holds {len(secret.strip())} bytes, a secret has at least {LEAST_SECRET_BYTES}. Put it back from a backup, or "
            "remove the file to get a new one; stored provider keys then have to be entered again."
        )
    return secret


def _create_whole(path: Path, content: bytes) -> None:
    """A new file that is there with all its content or not at all, whenever the power goes. One that exists stays."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner only
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # Two that start at once: the first one's counts.
            os.link(name, path)  # Unlike a rename it never replaces.
    finally:
        os.unlink(name)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def new_token() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=b"draftloom", info=purpose).derive(secret)
