"""An e-mail as the bytes that mail servers exchange."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from django.conf import settings
from django.utils.translation import gettext

from kelmah.outbound.letters import Mail, NotSent

_LONGEST_LINE = 998  # RFC 5322, 2.1.1


def as_rfc5322(mail: Mail) -> EmailMessage:
    """The message with its headers. Raises NotSent for an address or a text that headers can't hold."""
    message = EmailMessage(policy=SMTP)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    try:
        message["Date"] = mail.at
        message["From"] = settings.DEFAULT_FROM_EMAIL
        message["To"] = Address(display_name=mail.name, addr_spec=mail.address)
        message["Subject"] = " ".join(mail.subject.split())
        message["Message-ID"] = f"<{mail.message_id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        greeting = gettext("Hello {name},").format(name=mail.name) if mail.name else gettext("Hello,")
        text = f"{greeting}\n\n{mail.body}\n\n-- \n{gettext('Kelmah')}\n"
        message.set_content(text, cte="7bit" if _is_plain(text) else None)
    except (ValueError, IndexError) as error:  # what the email package raises for unusable headers
        raise NotSent(f"This can't be a mail: {error}") from None
    return message


def _is_plain(text: str) -> bool:
    """Whether links may stay as they are: broken over two lines or full of ``=3D``, they can't be read in the file."""
    return text.isascii() and max(map(len, text.splitlines())) <= _LONGEST_LINE
