"""What files tells the other domains."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class FileInfo:
    """An uploaded file that passed its checks. ``size`` in bytes, ``sha256`` in hex; ``kind`` is what it was uploaded
    for: photo, document, identity, chat or portfolio."""

    file_id: UUID
    owner_id: UUID
    name: str
    content_type: str
    size: int
    sha256: str
    kind: str = ""
