"""Facts about files."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kelmah.events.event import Event
from kelmah.interfaces.privacy import Answered


@dataclass(frozen=True, kw_only=True)
class PersonAnswered(Answered, Event, domain="files", key="user_id", to=("identity",)):
    """What files did for a request about somebody's data."""


@dataclass(frozen=True, kw_only=True)
class ExportPacked(Event, domain="files", key="user_id", to=("identity",)):
    """The copy of somebody's data can be read, until ``expires_at``: a file of theirs of the kind ``export``."""

    request_id: UUID
    user_id: UUID
    file_id: UUID
    size: int
    expires_at: datetime
