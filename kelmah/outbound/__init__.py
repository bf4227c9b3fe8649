"""Ways out of the house: mail and SMS, one module for each way behind ``MailGateway`` and ``SmsGateway``."""

from django.conf import settings

from kelmah.outbound.letters import Mail, MailGateway, NotSent, Refused, Sms, SmsGateway
from kelmah.outbound.mailbox import Mailbox
from kelmah.outbound.smtp import Smtp
from kelmah.outbound.twilio import Twilio

__all__ = ["Mail", "MailGateway", "NotSent", "Refused", "Sms", "SmsGateway", "mail_gateway", "sms_gateway"]


def mail_gateway() -> MailGateway:
    """A mail server where ``EMAIL_HOST`` names one, else a folder."""
    return Smtp() if settings.EMAIL_HOST else Mailbox(settings.MAILBOX_DIR)


def sms_gateway() -> SmsGateway:
    """The provider that ``SMS_PROVIDER`` names, else the folder of mails."""
    return Twilio() if settings.SMS_PROVIDER == "twilio" else Mailbox(settings.MAILBOX_DIR)
