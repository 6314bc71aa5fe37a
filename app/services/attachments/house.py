"""The parts of attachments, put together from the settings."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from app.services.attachments.attachments import Attachments
from app.services.attachments.checking import Checker
from app.services.attachments.intake import Intake
from app.services.attachments.policy import Policy
from app.services.attachments.rules import Rules
from app.services.attachments.s3 import S3Storage
from app.services.attachments.scanner import Clamd, InvalidScanner
from app.services.attachments.signing import Signer
from app.services.attachments.storage import LocalStorage, Storage
from app.services.attachments.sweeping import Sweeper
from app.services.attachments.uploads import Uploads
from app.services.clock import Clock
from app.services.goals.rooms import Rooms
from app.services.secrets import SecretBox
from app.settings import InvalidSetting, Settings
from app.store import attachments as store
from app.store.db import Database
from app.store.errors import NotFound


@dataclass(frozen=True, slots=True)
class AttachmentHouse:
    """All of it. `checker` runs in the background while the application does."""

    attachments: Attachments
    uploads: Uploads
    checker: Checker
    sweeper: Sweeper
    storage: Storage


def storage_of(settings: Settings) -> Storage:
    """Raises `InvalidSetting` for an address that is none."""
    if not settings.attachments.startswith("s3://"):
        return LocalStorage(Path(settings.attachments) if settings.attachments else settings.data / "attachments")
    place = urlsplit(settings.attachments)
    if not place.netloc:
        raise InvalidSetting("DRAFTLOOM_ATTACHMENTS must be a folder or s3://bucket/prefix")
    return S3Storage(
        place.netloc,
        prefix=place.path.strip("/"),
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        access_key=settings.environment.get("AWS_ACCESS_KEY_ID", ""),
        secret_key=settings.environment.get("AWS_SECRET_ACCESS_KEY", ""),
        session_token=settings.environment.get("AWS_SESSION_TOKEN", ""),
    )


def attachment_house(
    settings: Settings, db: Database, clock: Clock, secrets: SecretBox, rooms: Rooms
) -> AttachmentHouse:
    """Raises `InvalidSetting`."""

    async def changed(message_id: UUID) -> None:
        """Those who have the conversation open read the message again; a draft nobody else sees."""
        try:
            conversation_id, is_draft = await db.read(store.message_of, message_id)
        except NotFound:
            return
        if not is_draft:
            rooms.changed(conversation_id, message_id, "updated")

    try:
        scanner = Clamd(settings.clamd) if settings.clamd else None
    except InvalidScanner as error:
        raise InvalidSetting(f"DRAFTLOOM_CLAMD: {error}") from error
    storage = storage_of(settings)
    policy = Policy(settings.attachment_bytes, settings.attachment_unpacked_bytes, settings.attachment_pixels)
    sweeper = Sweeper(db, clock, storage)
    checker = Checker(
        db, clock, storage, policy, scanner=scanner, rules=Rules.installed(), changed=changed, sweeper=sweeper
    )
    intake = Intake(db, clock, storage, policy, wake=checker.wake, changed=changed)
    attachments = Attachments(intake, Signer(secrets), scanned=scanner is not None)
    return AttachmentHouse(attachments, Uploads(intake), checker, sweeper, storage)
