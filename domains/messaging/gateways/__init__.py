"""Ways out of the house, one module each behind ``base.MailGateway``."""

from django.conf import settings

from domains.messaging.gateways.base import MailGateway
from domains.messaging.gateways.mailbox import Mailbox
from domains.messaging.gateways.smtp import Smtp


def mail_gateway() -> MailGateway:
    """A mail server where ``EMAIL_HOST`` names one, else a folder."""
    return Smtp() if settings.EMAIL_HOST else Mailbox(settings.MAILBOX_DIR)
