"""What leaves the house, and what every way out offers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kelmah.errors import Unavailable


class NotSent(Unavailable):
    """Not this time; trying again later makes sense."""

    code, title = "not_sent", "This could not be sent now"


class Refused(NotSent):
    """The other side will not take it, however often it is sent."""

    code, title = "sending_refused", "This can't be sent"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One e-mail. ``message_id`` names it for ever: sent again, it is the same one. An empty ``name`` is left out."""

    message_id: UUID
    address: str
    name: str
    subject: str
    body: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Sms:
    """One text to a phone. ``number`` is E.164. A provider that was asked twice may send it twice."""

    message_id: UUID
    number: str
    text: str
    at: datetime


class MailGateway(Protocol):
    def send(self, letter: Mail) -> None:
        """Raises NotSent."""
        ...


class SmsGateway(Protocol):
    def send(self, letter: Sms) -> None:
        """Raises NotSent, Refused."""
        ...
