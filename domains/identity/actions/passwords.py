"""New passwords, and what follows from them."""

from uuid import UUID

from domains.identity import queries, rules
from domains.identity.actions.challenges import (
    Awaited,
    await_secret,
    check_secret,
    forget_challenges,
    limit_letters,
    prove,
)
from domains.identity.actions.guards import count_failure, forgive, is_locked, lock_guard
from domains.identity.actions.hashing import hash_new_password, is_password
from domains.identity.actions.notices import tell
from domains.identity.actions.sessions import end_all_sessions
from domains.identity.models import Challenge, User
from domains.identity.rules.challenges import SecretRefused, one_of
from kelmah.db import atomic
from kelmah.errors import FieldError, InvalidInput


def begin_reset(*, email: str = "", phone: str = "", ip: str | None = None) -> Awaited:
    """Somebody forgot the password. Nobody looks here whether there is an account: only its owner gets a letter.

    Raises InvalidInput, LimitReached, Unavailable.
    """
    one_of(email, phone)
    address = rules.clean_email(email) if email else rules.clean_phone(phone)
    limit_letters(address=address, ip=ip)
    with atomic("identity"):
        return await_secret("reset", address)[1]


def reset_password(*, reset_id: UUID, secret: str, password: str) -> None:
    """The new password of whoever has the letter. Every session ends and a lock opens; nobody is logged in by it, so
    that a second factor is asked for as ever.

    A password that is refused leaves the secret good. Raises SecretRefused, InvalidInput, Unavailable.
    """
    user = check_secret(challenge_id=reset_id, purpose="reset", secret=secret).user
    if user is None:
        raise SecretRefused
    hashed = _hashed(user, password)

    def change(challenge: Challenge) -> None:
        owner = queries.lock_user(user.id)
        if challenge.address not in (owner.email, owner.phone):  # it was changed since the letter
            raise SecretRefused
        set_password(owner, hashed)

    prove(challenge_id=reset_id, purpose="reset", secret=secret, then=change)


def change_password(*, user_id: UUID, session_id: UUID | None, current_password: str, password: str) -> None:
    """Whoever knows the password chooses another; their other sessions end.

    Wrong ones count and lock as at a login. Raises OwnPasswordWrong, InvalidInput, Unavailable.
    """
    user = queries.account_of(user_id)
    _check_own_password(user, current_password)
    if password == current_password:
        raise InvalidInput(errors=[FieldError("/password", "same", "Choose another password than the one you have.")])
    hashed = _hashed(user, password)
    with atomic("identity"):
        lock_guard(f"user:{user_id}")
        owner = queries.lock_user(user_id)
        if owner.password != user.password:  # changed by somebody else since it was looked at
            raise rules.OwnPasswordWrong
        set_password(owner, hashed, keep_id=session_id)


def set_password(user: User, hashed: str, *, keep_id: UUID | None = None) -> None:
    """Store it and tell the person; whoever has the old one loses what it opened, but for one session.

    Inside the caller's transaction, the guard and the row of the user locked.
    """
    user.password = hashed
    user.save(update_fields=["password"])
    forget_challenges(user)
    forgive(lock_guard(f"user:{user.id}"))
    end_all_sessions(user.id, reason="password_changed", keep_id=keep_id)
    tell(user.id, "password_changed")


def end_sessions_after_new_password(*, user_id: UUID) -> None:
    """Of a password that was stored elsewhere: at the staff desk."""
    with atomic("identity"):
        user = queries.lock_user(user_id)
        forget_challenges(user)
        end_all_sessions(user_id, reason="password_changed")
        tell(user_id, "password_changed")


# Private functions


def _hashed(user: User, password: str) -> str:
    context = [text for text in (user.email, user.phone, user.display_name) if text]
    return hash_new_password(password, role=user.role, context=context)


def _check_own_password(user: User, password: str) -> None:
    right = is_password(password, user.password)
    with atomic("identity"):
        guard = lock_guard(f"user:{user.id}")  # guesses in a session that was left open count like any others
        if right and not is_locked(guard):
            return
        if not is_locked(guard):
            count_failure(guard)
    raise rules.OwnPasswordWrong
