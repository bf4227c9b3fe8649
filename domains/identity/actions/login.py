"""Logging in with a password."""

from domains.identity import queries, rules
from domains.identity.actions.hashing import is_password
from domains.identity.actions.sessions import Device, IssuedTokens, open_session
from domains.identity.models import User
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import InvalidInput


def log_in(*, login: str, password: str, device: Device) -> tuple[User, IssuedTokens]:
    """A session for whoever knows the password of the account.

    Five wrong passwords lock the account for half an hour. Unknown, locked and wrong answer the same, after the same
    work. Raises LoginFailed, Unavailable.
    """
    seen = _account_of(login)
    right = is_password(password, seen.password if seen else None)
    if seen is None:
        raise rules.LoginFailed()
    with atomic("identity"):
        user = queries.lock_user(seen.id)  # of many tries at once every wrong one counts
        admitted = right and _is_open(user) and user.password == seen.password
        if admitted:
            user.failed_logins, user.locked_until, user.last_login = 0, None, clock.now()
            user.save(update_fields=["failed_logins", "locked_until", "last_login"])
            tokens = open_session(user, device)
        elif not right:
            _count_failure(user)
    if not admitted:
        raise rules.LoginFailed()
    return user, tokens


# Private functions


def _account_of(login: str) -> User | None:
    try:
        if "@" in login:
            return queries.user_by_login(email=rules.clean_email(login), phone=None)
        return queries.user_by_login(email=None, phone=rules.clean_phone(login))
    except InvalidInput:
        return None


def _is_open(user: User) -> bool:
    return user.status == "active" and (user.locked_until is None or user.locked_until <= clock.now())


def _count_failure(user: User) -> None:
    user.failed_logins += 1
    if user.failed_logins >= rules.LOCK_AFTER:
        user.failed_logins, user.locked_until = 0, clock.now() + rules.LOCK_FOR
    user.save(update_fields=["failed_logins", "locked_until"])
