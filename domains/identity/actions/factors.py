"""Adding, naming and removing second factors. Whoever calls has just proved who they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from domains.identity import queries
from domains.identity.actions import passkey_challenges, recovery_codes, sealing
from domains.identity.actions.notices import tell
from domains.identity.actions.step_up import freshen
from domains.identity.models import Factor, RecoveryCode, User
from domains.identity.queries import factors as of_factors
from domains.identity.rules import factors as rules
from domains.identity.rules import passkeys, totp
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import FieldError, InvalidInput


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """An authenticator app to be: the secret is shown once, and counts when a code of it comes back."""

    factor: Factor
    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Added:
    """A factor that counts from now on. With the first one come ten recovery codes, shown once."""

    factor: Factor
    recovery_codes: list[str] | None = field(repr=False)


def begin_totp(*, user_id: UUID, name: str = "", secret: str | None = None) -> Enrolment:
    """A fresh secret for an authenticator app, in place of one that was begun and not confirmed.

    ``secret``: a given one, for demonstrations. Raises InvalidInput, TooManyFactors, KeysUnavailable.
    """
    with atomic("identity"):
        user = queries.lock_user(user_id)  # two enrolments at once: the second replaces the first
        _refuse_too_many(user)
        Factor.objects.filter(user=user, kind="totp", confirmed_at__isnull=True).delete()
        factor = Factor(user=user, kind="totp", name=rules.clean_name(name, "totp"), created_at=clock.now())
        secret = secret or totp.new_secret()
        factor.secret = sealing.seal_totp_secret(factor, secret)
        factor.save(force_insert=True)
    return Enrolment(factor=factor, secret=secret, uri=totp.uri_of(secret, account=user.email or user.phone or ""))


def confirm_totp(*, user_id: UUID, session_id: UUID | None = None, code: str) -> Added:
    """The app counts from now on, and the code is spent. The session it was done in is as good as logged in with it.

    Raises NoEnrolment, InvalidInput for a wrong code, KeysUnavailable.
    """
    with atomic("identity"):
        user, now = queries.lock_user(user_id), clock.now()  # of two confirmations, the second finds none
        factor = Factor.objects.filter(
            user=user, kind="totp", confirmed_at__isnull=True, created_at__gt=now - rules.ENROLLING_LASTS
        ).first()
        if factor is None:
            raise rules.NoEnrolment
        step = totp.step_of(code, secret=sealing.totp_secret(factor), now=now, after=None)
        if step is None:
            raise InvalidInput(errors=[FieldError("/code", "wrong", "This is not the code that the app shows now.")])
        factor.confirmed_at, factor.last_step = now, step
        factor.save(update_fields=["confirmed_at", "last_step"])
        return _added(factor, session_id=session_id, what="totp_added")


def begin_passkey(*, user_id: UUID) -> dict[str, Any]:
    """What a browser needs to make a passkey. Raises TooManyFactors."""
    with atomic("identity"):
        user = queries.lock_user(user_id)
        _refuse_too_many(user)
        challenge = passkey_challenges.ask("add", user_id=user.id)
    return passkeys.to_add(
        passkey_challenges.site(),
        challenge=challenge,
        user_id=user.id,
        login=user.email or user.phone or "",
        name=user.display_name,
        known=of_factors.passkey_ids(user.id),
    )


def add_passkey(*, user_id: UUID, session_id: UUID | None = None, credential: Mapping[str, Any], name: str) -> Added:
    """The passkey that a browser made for the challenge, which is spent, also by a wrong answer.

    Raises PasskeyRefused, PasskeyKnown, TooManyFactors, InvalidInput.
    """
    name = rules.clean_name(name, "passkey")
    with atomic("identity"):
        challenge = passkey_challenges.take(credential, "add", user_id=user_id)
    made = passkeys.check_new(credential, site=passkey_challenges.site(), challenge=challenge)
    try:
        with atomic("identity"):
            user = queries.lock_user(user_id)
            _refuse_too_many(user)
            factor = _make_passkey(user, made, name=name)
            return _added(factor, session_id=session_id, what="passkey_added")
    except IntegrityError as error:
        if (
            getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
            != "identity_factor_credential_id_key"
        ):
            raise
        raise rules.PasskeyKnown from None


def rename_factor(*, user_id: UUID, factor_id: UUID, name: str) -> Factor:
    """Raises FactorNotFound, InvalidInput."""
    with atomic("identity"):
        queries.lock_user(user_id)  # it may be being removed
        factor = of_factors.access_factor(factor_id, user_id=user_id)
        factor.name = rules.clean_name(name, factor.kind)
        factor.save(update_fields=["name"])
    return factor


def remove_factor(*, user_id: UUID, factor_id: UUID) -> None:
    """It counts no more; recovery codes go with the last one. Raises FactorNotFound, LastFactor."""
    with atomic("identity"):
        user = queries.lock_user(user_id)  # two removals at once must not leave staff without any
        factor = of_factors.access_factor(factor_id, user_id=user.id)
        is_last = of_factors.factors_of(user.id).count() == 1
        if is_last and of_factors.needs_factor(queries.standing_of(user).roles):
            raise rules.LastFactor
        factor.delete()
        if is_last:
            RecoveryCode.objects.filter(user=user).delete()
        tell(user.id, f"{factor.kind}_removed", detail=factor.name)


# Private functions


def _refuse_too_many(user: User) -> None:
    if of_factors.factors_of(user.id).count() >= rules.MOST_FACTORS:
        raise rules.TooManyFactors


def _make_passkey(user: User, made: passkeys.NewPasskey, *, name: str) -> Factor:
    now = clock.now()
    return Factor.objects.create(
        user=user,
        kind="passkey",
        name=name,
        created_at=now,
        confirmed_at=now,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        is_synced=made.is_synced,
    )


def _added(factor: Factor, *, session_id: UUID | None, what: str) -> Added:
    session = queries.lock_session(session_id) if session_id else None
    if session is not None and session.user_id == factor.user_id and session.revoked_at is None:
        freshen(session, rules.method_of_kind(factor.kind, synced=factor.is_synced))
    tell(factor.user_id, what, detail=factor.name)
    codes = None if of_factors.codes_left(factor.user_id) else recovery_codes.replace_codes(factor.user)
    return Added(factor=factor, recovery_codes=codes)
