"""Short-lived links that carry their own permission: whoever has one may use it until it expires."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core import signing

from domains.files import rules
from kelmah import clock

PREFIX = "/api/v1/files"


def make_link(*, purpose: str, file_id: UUID, lifetime: timedelta) -> tuple[str, datetime]:
    """A signed token for one file and one purpose, and the last moment at which it is good."""
    expires = int((clock.now() + lifetime).timestamp())
    token = signing.dumps([str(file_id), expires], salt=f"files.{purpose}", compress=False)
    return token, datetime.fromtimestamp(expires, UTC)


def download_path(file_id: UUID) -> str:
    """Where whoever asks within a minute gets the bytes."""
    link, _ = make_link(purpose="download", file_id=file_id, lifetime=rules.DOWNLOAD_LINK)
    return f"{PREFIX}/content/{link}"


def read_link(link: str, *, purpose: str) -> UUID:
    """The file that a link of this purpose names. Raises LinkInvalid."""
    try:
        file_id, expires = signing.loads(link, salt=f"files.{purpose}")
    except signing.BadSignature:
        raise rules.LinkInvalid() from None
    if clock.now().timestamp() > expires:
        raise rules.LinkInvalid()
    return UUID(file_id)
