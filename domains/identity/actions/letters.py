"""Sending secrets: made here, kept as a hash, gone with the letter."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.translation import gettext, override

from domains.identity.actions.challenges import hash_of
from domains.identity.models import Challenge, Registration, User
from domains.identity.queries import lock_user
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
        seen = Challenge.objects.filter(id=challenge_id).first()
        account = _lock_account(seen) if seen else None
        challenge = lock_challenge(challenge_id)  # its last secret may be on its way back
        outgoing = _outgoing(challenge, account) if challenge and challenge.expires_at > clock.now() else None
    if outgoing is not None:
        try:
            _post(outgoing)
        except Refused:
            log.warning("secret_not_deliverable", challenge_id=str(challenge_id))


# Private functions


def _lock_account(challenge: Challenge) -> User | None:
    """Who has the address; locked before the challenge, as everywhere."""
    account = user_at(challenge.address)
    return lock_user(account.id) if account else None


def _outgoing(challenge: Challenge, account: User | None) -> _Outgoing | None:
    """What is to be written to the address, which is that of ``account``; None for nothing.

    A secret is made in any case. Nobody ever learns one that isn't written, but wrong ones cost the same and count the
    same whether there is an account or not.
    """
    secret = _renewed(challenge)
    match challenge.purpose:
        case "register" if account is not None:
            return _saying("register_known", account, challenge)
        case "register":
            # The link lacks the id of the sign-up: only the device that began it can end it, so that nobody makes an
            # account for somebody else, with a password of theirs, by having them click.
            locale = Registration.objects.get(challenge=challenge).locale
            return _with_secret(challenge, secret, locale=locale, link={"secret": secret})
        case "reset" if account is None:
            return None
        case "reset":
            challenge.user = account
            challenge.save(update_fields=["user"])
        case "change" if account is not None and account.id != challenge.user_id:
            return _saying("change_known", account, challenge)
        case "change" if challenge.user is not None:
            # Without the id here, too: the link of a change that a stranger began in their account is of no use.
            return _with_secret(challenge, secret, locale=challenge.user.locale, link={"secret": secret})
    owner = challenge.user or account
    link = {f"{challenge.purpose}_id": str(challenge.id), "secret": secret}
    return _with_secret(challenge, secret, locale=owner.locale if owner else "en", link=link)


def _renewed(challenge: Challenge) -> str:
    secret = rules.new_secret(challenge.purpose, challenge.address)
    challenge.secret_hash = hash_of(challenge, secret)
    challenge.secret_expires_at = clock.now() + rules.lasts(challenge.purpose, challenge.address)
    challenge.tries = 0
    challenge.save(update_fields=["secret_hash", "secret_expires_at", "tries"])
    return secret


def _saying(kind: str, account: User, challenge: Challenge) -> _Outgoing:
    return _Outgoing(kind=kind, address=challenge.address, locale=account.locale, name=account.display_name)


def _with_secret(challenge: Challenge, secret: str, *, locale: str, link: dict[str, str]) -> _Outgoing:
    return _Outgoing(
        kind=challenge.purpose, address=challenge.address, locale=locale, fragment=tuple(link.items()), code=secret
    )


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
