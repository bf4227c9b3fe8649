"""Changing where somebody can be reached, and undoing it."""

from typing import Literal
from uuid import UUID

from django.db import IntegrityError

from domains.identity import queries, rules
from domains.identity.actions.accounts import raise_login_taken
from domains.identity.actions.api_keys import revoke_all_keys
from domains.identity.actions.challenges import (
    Awaited,
    await_secret,
    check_secret,
    forget_challenges,
    limit_letters,
    prove,
)
from domains.identity.actions.hashing import hash_unknown_password
from domains.identity.actions.notices import tell
from domains.identity.actions.sessions import end_all_sessions
from domains.identity.models import AddressChange, Challenge, Factor, RecoveryCode, SocialLogin, User
from domains.identity.rules.challenges import is_email
from kelmah.db import atomic
from kelmah.errors import FieldError, InvalidInput
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.identity.events import AddressesChanged

Column = Literal["email", "phone"]


def begin_change(*, user_id: UUID, column: Column, address: str, ip: str | None = None) -> Awaited:
    """Somebody wants to be reached there, too or instead. Nothing changes before the proof, and nobody looks here
    whether somebody else has the address. Raises InvalidInput, LimitReached, Unavailable."""
    clean = rules.clean_email(address) if column == "email" else rules.clean_phone(address)
    if clean == getattr(queries.account_of(user_id), column):
        raise InvalidInput(errors=[FieldError(f"/{column}", "same", "This is yours already.")])
    limit_letters(address=clean, ip=ip)
    with atomic("identity"):
        user = queries.lock_user(user_id)
        Challenge.objects.filter(user=user, purpose="change").delete()  # one at a time
        return await_secret("change", clean, user=user)[1]


def confirm_change(*, user_id: UUID, change_id: UUID, secret: str) -> User:
    """The proof: the address is theirs from now on. Where they were reached until then, they hear of it, with a link
    that undoes it. Raises SecretRefused; LoginTaken when somebody else has proved it first."""

    def change(challenge: Challenge) -> User:
        user = queries.lock_user(user_id)
        column: Column = "email" if is_email(challenge.address) else "phone"
        before = getattr(user, column)
        other = user.phone if column == "email" else user.email
        setattr(user, column, challenge.address)
        user.save(update_fields=[column])
        forget_challenges(user)
        undo, _ = await_secret("undo", before or other or "", user=user)
        AddressChange.objects.create(challenge=undo, column=column, before=before)
        _announce(user)
        tell(user.id, f"{column}_changed")
        return user

    try:
        return prove(challenge_id=change_id, purpose="change", secret=secret, user_id=user_id, then=change)
    except IntegrityError as error:
        raise_login_taken(error)


def undo_change(*, undo_id: UUID, secret: str) -> None:
    """It was not them: this change and all later ones are undone, every session ends, second factors and linked logins
    that came since are gone, the password is none any more, and a letter to the old address lets them choose a new one.

    An earlier change stays, and can be undone by its own letter: whoever changed an address twice can't take the first
    one back by undoing the second. Raises SecretRefused; LoginTaken when the address has another account by now.
    """
    check_secret(challenge_id=undo_id, purpose="undo", secret=secret)
    hashed = hash_unknown_password()

    def undo(challenge: Challenge) -> None:
        user = _owner(challenge)
        later = AddressChange.objects.filter(challenge__user=user, challenge_id__gte=challenge.id)
        for change in later.order_by("-challenge_id"):  # ids rise with time; the first one has the last word
            setattr(user, change.column, change.before)
        user.password = hashed
        user.save(update_fields=["email", "phone", "password"])
        Challenge.objects.filter(user=user, purpose="undo", id__gte=challenge.id).delete()
        forget_challenges(user)
        for gained in (Factor, RecoveryCode):  # whoever it was may have made themselves at home
            gained.objects.filter(user=user, created_at__gte=challenge.created_at).delete()
        SocialLogin.objects.filter(user=user, linked_at__gte=challenge.created_at).delete()
        revoke_all_keys(user.id)
        end_all_sessions(user.id, reason="password_changed")
        _announce(user)
        tell(user.id, "addresses_restored")
        await_secret("reset", challenge.address)

    try:
        prove(challenge_id=undo_id, purpose="undo", secret=secret, then=undo)
    except IntegrityError as error:
        raise_login_taken(error)


# Private functions


def _owner(challenge: Challenge) -> User:
    """Of all but sign-ups and resets, a constraint says that there is one."""
    assert challenge.user_id is not None  # noqa: S101
    return queries.lock_user(challenge.user_id)


def _announce(user: User) -> None:
    publish(AddressesChanged(user_id=user.id, email=user.email or "", phone=user.phone or ""))
    enqueue("identity.settle_level", user_id=str(user.id))  # later: it locks the profile, which comes before the user
