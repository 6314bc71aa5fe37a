"""Addresses of files that are good for a minute: who may see a file is asked when one is made, not when it is used."""

from datetime import datetime, timedelta
from uuid import UUID

from app.services.secrets import SecretBox

LIFETIME = timedelta(seconds=60)


class Signer:
    """Makes and checks signatures over an attachment, what is served of it, and the second it ends."""

    def __init__(self, secrets: SecretBox) -> None:
        self._secrets = secrets

    def address(self, attachment_id: UUID, *, at: datetime, download: bool = False) -> tuple[str, datetime]:
        """A path with its signature, and when it ends. `download`: never shown in place."""
        ends = (at + LIFETIME).replace(microsecond=0)
        seconds = int(ends.timestamp())
        signature = self._secrets.sign(_signed(attachment_id, seconds, download))
        query = f"expires={seconds}&download={int(download)}&signature={signature}"
        return f"/api/attachments/{attachment_id}/content?{query}", ends

    def holds(self, attachment_id: UUID, *, expires: int, download: bool, signature: str, at: datetime) -> bool:
        """Whether this installation signed that, and its time is not over."""
        genuine = self._secrets.verify(_signed(attachment_id, expires, download), signature)
        return genuine and at.timestamp() <= expires


def _signed(attachment_id: UUID, expires: int, download: bool) -> str:
    return f"attachment\n{attachment_id}\n{expires}\n{int(download)}"
