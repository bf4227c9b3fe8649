"""Sending invitations: the token is made here, kept as a hash, gone with the letter."""

from urllib.parse import urlencode
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.translation import gettext, override

from domains.identity.actions.invitations import renew_token
from domains.identity.models import CompanyInvitation, User
from domains.identity.rules import company_letters as letter
from kelmah import clock
from kelmah.ids import new_id
from kelmah.outbound import Mail, Refused, mail_gateway

log = structlog.get_logger(__name__)


def send_invitation(*, invitation_id: UUID) -> None:
    """Make a token, with which any earlier one ends, and send it to the address that was invited.

    In the language of whoever has an account with the address, else in the one of who invites. Again is safe: the last
    letter is the good one. Nothing leaves for an invitation that is over. Raises NotSent, after which it is to be tried
    again.
    """
    renewed = renew_token(invitation_id=invitation_id)
    if renewed is None:
        return
    invitation, token = renewed
    reader = User.objects.filter(email=invitation.email, status="active").first()
    try:
        with override((reader or invitation.invited_by).locale):  # also for what the gateway adds
            mail_gateway().send(_mail(invitation, token, name=reader.display_name if reader else ""))
    except Refused:
        log.warning("invitation_not_deliverable", invitation_id=str(invitation_id))


# Private functions


def _mail(invitation: CompanyInvitation, token: str, *, name: str) -> Mail:
    return Mail(
        message_id=new_id(),
        address=invitation.email,
        name=name,
        subject=gettext(letter.SUBJECT),
        body=gettext(letter.BODY).format(
            inviter=invitation.invited_by.display_name,
            company=invitation.company.name,
            role=gettext(letter.ROLES[invitation.role]),
            until=f"{invitation.expires_at:%Y-%m-%d %H:%M}",
            # Behind the #: browsers send it to nobody, and it stands in no log.
            link=f"{settings.FRONTEND_URL}{letter.PATH}#{urlencode({'token': token})}",
        ),
        at=clock.now(),
    )
