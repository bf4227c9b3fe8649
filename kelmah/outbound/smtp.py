"""E-mails through a mail server, as ``EMAIL_HOST`` and its companions say."""

import smtplib

from django.conf import settings

from kelmah.outbound.letters import Mail, NotSent
from kelmah.outbound.rfc5322 import as_rfc5322

_TIMEOUT = 20.0  # seconds


class Smtp:
    """One connection per mail: letters are rare here, and a worker may be killed at any time."""

    def send(self, letter: Mail) -> None:
        """Raises NotSent."""
        message = as_rfc5322(letter)
        try:
            with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=_TIMEOUT) as server:
                if settings.EMAIL_USE_TLS:
                    server.starttls()
                if settings.EMAIL_HOST_USER:
                    server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
                server.send_message(message)
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error
