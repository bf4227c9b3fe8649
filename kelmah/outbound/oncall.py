"""Calling whoever is on duty: by mail to ``ONCALL_EMAIL`` and by SMS to ``ONCALL_PHONE``."""

from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings

from kelmah.outbound import mail_gateway, sms_gateway
from kelmah.outbound.letters import Mail, NotSent, Sms

log = structlog.get_logger(__name__)


def page(*, message_id: UUID, subject: str, text: str, at: datetime) -> None:
    """Both ways that are set up, each even when the other fails; without any, the log is all there is.

    Paged again under the same id, the mail is the same one; an SMS may come twice. Raises NotSent when a way failed.
    """
    email, phone = settings.ONCALL_EMAIL, settings.ONCALL_PHONE
    if not (email or phone):
        log.critical("nobody_is_on_call", subject=subject)
    failed: list[NotSent] = []
    if email:
        mail = Mail(message_id=message_id, address=email, name="", subject=subject, body=text, at=at)
        try:
            mail_gateway().send(mail)
        except NotSent as error:
            failed.append(error)
    if phone:
        try:
            sms_gateway().send(Sms(message_id=message_id, number=phone, text=subject, at=at))
        except NotSent as error:
            failed.append(error)
    if failed:
        raise failed[0]
