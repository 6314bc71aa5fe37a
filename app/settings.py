"""Settings of one running Draftloom, read once from the environment and passed in.

Nothing here is looked up later: `create_app(settings, …)` receives the value, tests build their own.
Provider keys stay in the environment and are read by the provider registry, not kept here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from app.core.expiry import ExpiryRules
from app.core.roles import ROLES

VERSION = "0.1.0"

ROOT = Path(__file__).resolve().parent.parent


class InvalidSetting(ValueError):
    """An environment variable holds a value that cannot be used; the message names it and says what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSignOnSettings:
    """An OpenID Connect provider, and whom of those it proves the installation lets in."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    """Empty for a public client, which PKCE alone protects."""
    label: str = "single sign-on"
    scopes: str = "openid email profile"
    create: bool = False
    """Whether the first sign-in of somebody without an account makes one."""
    default_roles: tuple[str, ...] = ("writer",)
    roles_claim: str = "groups"
    """The claim that names a person's groups; names with dots between them where it lies deeper."""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The roles each group stands for. Empty: roles are given by administrators alone."""
    domains: frozenset[str] = frozenset()
    """Domains of e-mail addresses that are let in, in lower case. Empty: all."""
    trust_email: bool = False
    """Whether addresses count as verified where the provider does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may set; see docs/operating.md for the table of variables."""

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path("data")
    database_url: str = ""
    """Empty: SQLite in `data`. Otherwise `postgresql://…`."""
    public_url: str = ""
    """What people type to reach the service; links are built from it. Empty: `http://host:port`."""
    secret: str = ""
    """Key material for stored provider keys and CSRF tokens. Empty: `data/secret.key`, made on first use."""
    log_format: str = "text"
    log_level: str = "info"
    max_body_bytes: int = 16 * 1024 * 1024
    """Largest request body; a longer one gets 413."""
    session_days: int = 30
    checkpoint_pause_seconds: int = 120
    """A draft untouched for this long gets a checkpoint of what was typed since its current version."""
    history_tokens: int = 24_000
    """Most tokens of earlier chat sent along with a turn."""
    most_dropped_percent: int = 30
    """Words a rewrite may take away, in percent, before the writer is asked to confirm it."""
    expiry: ExpiryRules = field(default_factory=ExpiryRules)
    """Days without a change until a draft of each kind goes into the trash, and days until it is erased from there."""
    secure_cookies: bool = False
    offline_words_per_second: float = 40.0
    attachments: str = ""
    """Where files of messages lie: a folder, or `s3://bucket/prefix`. Empty: `data/attachments`."""
    s3_endpoint: str = ""
    """Of an S3-compatible store that is not Amazon's."""
    s3_region: str = "us-east-1"
    attachment_bytes: int = 25 << 20
    """Largest file of a message."""
    attachment_unpacked_bytes: int = 1 << 30
    """Most bytes an attached archive may unpack to."""
    attachment_pixels: int = 100_000_000
    """Most pixels of an attached picture."""
    clamd: str = ""
    """ClamAV's daemon, `tcp://host:port` or `unix:/path`. Empty: files are not scanned for viruses."""
    single_sign_on: SingleSignOnSettings | None = None
    """The identity provider people may sign in by; None: by password only."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The process's environment, handed to the provider registry; never logged."""

    @property
    def url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def database(self) -> str:
        """The database's address: the one set, or SQLite inside the data folder."""
        return self.database_url or f"sqlite:///{self.data / 'draftloom.db'}"


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read the `DRAFTLOOM_…` variables. Raises `InvalidSetting` naming the variable that cannot be used."""
    public_url = environment.get("DRAFTLOOM_PUBLIC_URL", "")
    return Settings(
        host=environment.get("DRAFTLOOM_HOST", "127.0.0.1"),
        port=_integer(environment, "DRAFTLOOM_PORT", 8000, least=1, most=65535),
        data=Path(environment.get("DRAFTLOOM_DATA", "data")),
        database_url=environment.get("DRAFTLOOM_DATABASE_URL", ""),
        public_url=public_url,
        secret=environment.get("DRAFTLOOM_SECRET", ""),
        log_format=_choice(environment, "DRAFTLOOM_LOG_FORMAT", "text", ("text", "json")),
        log_level=_choice(environment, "DRAFTLOOM_LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        max_body_bytes=_integer(environment, "DRAFTLOOM_MAX_BODY_BYTES", 16 * 1024 * 1024, least=1024, most=1 << 30),
        session_days=_integer(environment, "DRAFTLOOM_SESSION_DAYS", 30, least=1, most=3650),
        checkpoint_pause_seconds=_integer(environment, "DRAFTLOOM_CHECKPOINT_PAUSE", 120, least=1, most=86_400),
        history_tokens=_integer(environment, "DRAFTLOOM_HISTORY_TOKENS", 24_000, least=0, most=10_000_000),
        most_dropped_percent=_integer(environment, "DRAFTLOOM_MOST_DROPPED", 30, least=0, most=100),
        expiry=_expiry(environment),
        secure_cookies=public_url.startswith("https://"),
        offline_words_per_second=float(
            _integer(environment, "DRAFTLOOM_OFFLINE_PACE", 40, least=0, most=1_000_000),
        ),
        attachments=environment.get("DRAFTLOOM_ATTACHMENTS", ""),
        s3_endpoint=environment.get("DRAFTLOOM_S3_ENDPOINT", ""),
        s3_region=environment.get("DRAFTLOOM_S3_REGION", "") or "us-east-1",
        attachment_bytes=_integer(environment, "DRAFTLOOM_ATTACHMENT_BYTES", 25 << 20, least=1024, most=1 << 40),
        attachment_unpacked_bytes=_integer(
            environment, "DRAFTLOOM_ATTACHMENT_UNPACKED_BYTES", 1 << 30, least=1024, most=1 << 40
        ),
        attachment_pixels=_integer(environment, "DRAFTLOOM_ATTACHMENT_PIXELS", 100_000_000, least=1, most=1 << 40),
        clamd=environment.get("DRAFTLOOM_CLAMD", ""),
        single_sign_on=_single_sign_on(environment),
        environment=dict(environment),
    )


def _integer(environment: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    raw = environment.get(name, "")
    if not raw:
        return default
    try:
        value = int(raw)
    except ValueError as error:
        raise InvalidSetting(f"{name} must be a whole number, not {raw!r}") from error
    if not least <= value <= most:
        raise InvalidSetting(f"{name} must lie between {least} and {most}, not {value}")
    return value


def _expiry(environment: Mapping[str, str]) -> ExpiryRules:
    rules = ExpiryRules(trash_days=_integer(environment, "DRAFTLOOM_TRASH_DAYS", 30, least=1, most=36_500))
    days: dict[str, int | None] = {}
    for part in filter(None, (part.strip() for part in environment.get("DRAFTLOOM_EXPIRY", "").split(","))):
        kind, _, value = (word.strip() for word in part.partition("="))
        whole = value.isascii() and value.isdigit() and 1 <= int(value) <= 36_500
        if kind not in rules.days or not (whole or value == "never"):
            kinds = ", ".join(rules.days)
            raise InvalidSetting(
                f"DRAFTLOOM_EXPIRY must list kinds with days or `never`, as in `form=30,document=never`; kinds are {kinds}"
            )
        days[kind] = int(value) if whole else None
    return rules.with_days(days)


def _single_sign_on(environment: Mapping[str, str]) -> SingleSignOnSettings | None:
    issuer = environment.get("DRAFTLOOM_OIDC_ISSUER", "").strip()
    if not issuer:
        return None
    parts = urlsplit(issuer)
    loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if (
        not parts.hostname
        or parts.query
        or parts.fragment
        or not (parts.scheme == "https" or (parts.scheme == "http" and loopback))
    ):
        raise InvalidSetting("DRAFTLOOM_OIDC_ISSUER must be an https:// address (http:// on this machine only)")
    client_id = environment.get("DRAFTLOOM_OIDC_CLIENT_ID", "").strip()
    if not client_id:
        raise InvalidSetting("DRAFTLOOM_OIDC_CLIENT_ID must be set where DRAFTLOOM_OIDC_ISSUER is")
    scopes = environment.get("DRAFTLOOM_OIDC_SCOPES", "").split() or ["openid", "email", "profile"]
    if "openid" not in scopes:
        raise InvalidSetting("DRAFTLOOM_OIDC_SCOPES must hold `openid`")
    return SingleSignOnSettings(
        issuer=issuer,
        client_id=client_id,
        client_secret=environment.get("DRAFTLOOM_OIDC_CLIENT_SECRET", ""),
        label=environment.get("DRAFTLOOM_OIDC_LABEL", "").strip()[:60] or "single sign-on",
        scopes=" ".join(scopes),
        create=_choice(environment, "DRAFTLOOM_OIDC_CREATE", "no", ("yes", "no")) == "yes",
        default_roles=_roles(
            "DRAFTLOOM_OIDC_DEFAULT_ROLES", environment.get("DRAFTLOOM_OIDC_DEFAULT_ROLES", "") or "writer"
        ),
        roles_claim=environment.get("DRAFTLOOM_OIDC_ROLES_CLAIM", "").strip() or "groups",
        roles=_group_roles(environment),
        domains=frozenset(
            domain.strip().lower().lstrip("@")
            for domain in environment.get("DRAFTLOOM_OIDC_DOMAINS", "").split(",")
            if domain.strip()
        ),
        trust_email=_choice(environment, "DRAFTLOOM_OIDC_TRUST_EMAIL", "no", ("yes", "no")) == "yes",
    )


def _group_roles(environment: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    name = "DRAFTLOOM_OIDC_ROLES"
    try:
        groups = json.loads(environment.get(name, "") or "{}")
    except ValueError as error:
        raise InvalidSetting(f'{name} must be JSON, as in {{"editors": "writer"}}') from error
    if not isinstance(groups, dict):
        raise InvalidSetting(f'{name} must name groups and their roles, as in {{"editors": "writer"}}')
    return {group: _roles(name, roles) for group, roles in groups.items()}


def _roles(name: str, given: object) -> tuple[str, ...]:
    """Roles as a list, or as words with commas between them."""
    roles = [role.strip() for role in given.split(",")] if isinstance(given, str) else given
    if not isinstance(roles, list) or not roles or any(role not in ROLES for role in roles):
        raise InvalidSetting(f"{name} must give some of the roles {', '.join(ROLES)}")
    return tuple(dict.fromkeys(roles))


def _choice(environment: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = environment.get(name, "") or default
    if value not in allowed:
        raise InvalidSetting(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    return value
