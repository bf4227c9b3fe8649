"""What every way of sending mail offers."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext

from kelmah.errors import Unavailable


class MailNotSent(Unavailable):
    """Not this time; trying again later makes sense."""

    code, title = "mail_not_sent", "The mail could not be sent now"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One e-mail. ``message_id`` names it for ever: sent again, it is the same one."""

    message_id: UUID
    address: str
    name: str
    subject: str
    body: str
    at: datetime


class MailGateway(Protocol):
    def send(self, mail: Mail) -> None:
        """Raises MailNotSent."""
        ...


def as_rfc5322(mail: Mail) -> EmailMessage:
    """The message with its headers. Raises MailNotSent for an address or a text that headers can't hold."""
    message = EmailMessage(policy=SMTP)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    try:
        message["Date"] = mail.at
        message["From"] = settings.DEFAULT_FROM_EMAIL
        message["To"] = Address(display_name=mail.name, addr_spec=mail.address)
        message["Subject"] = " ".join(mail.subject.split())
        message["Message-ID"] = f"<{mail.message_id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        greeting, farewell = gettext("Hello {name},").format(name=mail.name), gettext("Kelmah")
        message.set_content(f"{greeting}\n\n{mail.body}\n\n-- \n{farewell}\n")
    except (ValueError, IndexError) as error:  # what the email package raises for unusable headers
        raise MailNotSent(f"This can't be a mail: {error}") from None
    return message
