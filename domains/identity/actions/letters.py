"""Sending secrets: made here, kept as a hash, gone with the letter."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.translation import gettext, override

from domains.identity.actions.challenges import hash_of
from domains.identity.models import Challenge, Registration, User
from domains.identity.queries.challenges import lock_challenge, user_at
from domains.identity.rules import challenges as rules
from domains.identity.rules.letters import LETTERS
from kelmah import clock
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.outbound import Mail, Refused, Sms, mail_gateway, sms_gateway

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Outgoing:
    kind: str
    address: str
    locale: str
    name: str = ""
    fragment: tuple[tuple[str, str], ...] = ()
    code: str = ""


def send_secret(*, challenge_id: UUID) -> None:
    """Make a secret, with which any earlier one ends, and send it; or write what is to be said instead.

    Again is safe: the last letter is the good one. Raises NotSent, after which it is to be tried again.
    """
    with atomic("identity"):
        challenge = lock_challenge(challenge_id)  # its last secret may be on its way back
        outgoing = _outgoing(challenge) if challenge and challenge.expires_at > clock.now() else None
    if outgoing is not None:
        try:
            _post(outgoing)
        except Refused:
            log.warning("secret_not_deliverable", challenge_id=str(challenge_id))


# Private functions


def _outgoing(challenge: Challenge) -> _Outgoing | None:
    """What is to be written to the address; None for nothing.

    A secret is made in any case. Nobody ever learns one that isn't written, but wrong ones cost the same and count the
    same whether there is an account or not.
    """
    secret, account = _renewed(challenge), user_at(challenge.address)
    if challenge.purpose == "register" and account is not None:
        return _known("register_known", account, challenge)
    if challenge.purpose == "register":
        # The link lacks the id of the sign-up: only the device that began it can end it, so that nobody makes an
        # account for somebody else, with a password of theirs, by having them click.
        registration = Registration.objects.get(challenge=challenge)
        return _Outgoing(
            kind="register",
            address=challenge.address,
            locale=registration.locale,
            fragment=(("secret", secret),),
            code=secret,
        )
    return None


def _renewed(challenge: Challenge) -> str:
    secret = rules.new_secret(challenge.purpose, challenge.address)
    challenge.secret_hash = hash_of(challenge, secret)
    challenge.secret_expires_at = clock.now() + rules.lasts(challenge.purpose, challenge.address)
    challenge.tries = 0
    challenge.save(update_fields=["secret_hash", "secret_expires_at", "tries"])
    return secret


def _known(kind: str, account: User, challenge: Challenge) -> _Outgoing:
    return _Outgoing(kind=kind, address=challenge.address, locale=account.locale, name=account.display_name)


def _post(outgoing: _Outgoing) -> None:
    letter = LETTERS[outgoing.kind]
    # Behind the #: browsers send it to nobody, and it stands in no log.
    fragment = f"#{urlencode(outgoing.fragment)}" if outgoing.fragment else ""
    words = {"link": f"{settings.FRONTEND_URL}{letter.path}{fragment}", "code": outgoing.code}
    message_id, now = new_id(), clock.now()
    with override(outgoing.locale):
        if rules.is_email(outgoing.address):
            mail = Mail(
                message_id=message_id,
                address=outgoing.address,
                name=outgoing.name,
                subject=gettext(letter.subject),
                body=gettext(letter.body).format(**words),
                at=now,
            )
            mail_gateway().send(mail)
        else:
            text = gettext(letter.text).format(**words)
            sms_gateway().send(Sms(message_id=message_id, number=outgoing.address, text=text, at=now))
