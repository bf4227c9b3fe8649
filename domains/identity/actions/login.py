"""Proving who one is with a password."""

from collections.abc import Callable
from typing import TypeVar

from django.utils.crypto import salted_hmac

from domains.identity import queries, rules
from domains.identity.actions.guards import count_failure, counting_failures, forgive, is_locked, lock_guard
from domains.identity.actions.hashing import is_password
from domains.identity.actions.second_factor import Owed, ask_second_factor
from domains.identity.actions.sessions import Device, IssuedTokens, open_session
from domains.identity.models import User
from domains.identity.queries.factors import kinds_of
from domains.identity.rules.factors import PENDING_LASTS, SecondFactorRequired, is_strong
from kelmah import clock
from kelmah.db import atomic

T = TypeVar("T")

_ENTER = """
UPDATE identity_user SET last_login = %(now)s
WHERE id = %(user)s AND password = %(password)s AND status = ANY(%(open)s)
RETURNING *
"""


def log_in(*, login: str, password: str, device: Device) -> IssuedTokens:
    """A session for whoever knows the password of the account. Raises as ``admit`` and ``settled`` do, and
    LimitReached for a caller with too many failures."""
    with counting_failures(device.ip):
        outcome = admit(login=login, password=password, then=lambda user: finish_login(user, device, amr=("pwd",)))
    return settled(outcome)


def finish_login(user: User, device: Device, *, amr: tuple[str, ...]) -> IssuedTokens | Owed:
    """What follows when somebody has shown who they are, in whatever way: ``amr`` says how (RFC 8176).

    Inside the transaction of that proof, the user's row locked. Whoever has second factors, and has shown none, gets a
    pending login instead of tokens; ``settled`` tells the caller so, once that is committed.
    """
    kinds = [] if is_strong(amr) else kinds_of(user.id)
    return ask_second_factor(user, device, amr=amr, kinds=kinds) if kinds else open_session(user, device, amr=amr)


def settled(outcome: IssuedTokens | Owed) -> IssuedTokens:
    """The tokens of a finished login. After the transaction of ``finish_login``: raised inside, what it raises would
    take the pending login back. Raises SecondFactorRequired."""
    if isinstance(outcome, Owed):
        data = {
            "login_token": outcome.login_token,
            "factors": outcome.kinds,
            "passkey_options": outcome.passkey_options,
            "expires_in": int(PENDING_LASTS.total_seconds()),
        }
        raise SecondFactorRequired(data=data)
    return outcome


def log_in_staff(*, email: str, password: str, ip: str | None = None) -> User:
    """Whoever may enter the staff desk. Raises as ``log_in`` does, for everybody else too."""

    def only_staff(user: User) -> User:
        if not user.is_staff:
            raise rules.LoginFailed()
        return user

    with counting_failures(ip):
        return admit(login=email, password=password, then=only_staff)


def admit(*, login: str, password: str, then: Callable[[User], T]) -> T:
    """``then(user)``, inside the transaction that finds the password right and the account open.

    Five wrong passwords lock the account for half an hour. Unknown, locked, suspended and wrong answer the same, after
    the same work: one Argon2id and one counted failure, of an account or of a login that nobody has.
    Raises LoginFailed, Unavailable.
    """
    seen = queries.user_by_login(login)
    right = is_password(password, seen.password if seen else None)
    with atomic("identity"):
        # Parallel guesses stand in line here, so that the sixth is refused even when it was right.
        guard = lock_guard(f"user:{seen.id}" if seen else _key_of_nobody(login))
        locked = is_locked(guard)
        user = _enter(seen) if seen and right and not locked else None
        if user:
            forgive(guard)
            return then(user)
        if not locked:
            count_failure(guard)
    raise rules.LoginFailed()


# Private functions


def _enter(seen: User) -> User | None:
    """The account as it is now, locked, with this login written down; None when its password was changed, or it was
    suspended, since it was looked at."""
    values = {"now": clock.now(), "user": seen.id, "password": seen.password, "open": list(rules.MAY_LOG_IN)}
    return next(iter(User.objects.raw(_ENTER, values)), None)


def _key_of_nobody(login: str) -> str:
    """Logins that nobody has are kept as hashes: people type passwords and other people's addresses there."""
    digest = salted_hmac("kelmah.identity.login", login.strip().casefold(), algorithm="sha256")
    return f"login:{digest.hexdigest()}"
