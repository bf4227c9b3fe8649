"""Taking somebody's second factors away, with four eyes and three days in between.

Locks: the rows of people in order of id, then the request.
"""

from datetime import timedelta
from uuid import UUID

from domains.identity import queries
from domains.identity.actions.notices import tell
from domains.identity.actions.sessions import end_all_sessions
from domains.identity.models import Deadline, Factor, FactorReset, PasskeyChallenge, PendingLogin, RecoveryCode, User
from domains.identity.queries import factor_resets as found
from domains.identity.queries import factors as of_factors
from domains.identity.queries import grants
from domains.identity.rules import factor_resets as rules
from domains.identity.rules import login_tokens
from domains.identity.rules.factors import LoginTokenInvalid
from domains.identity.rules.grants import clean_reason
from kelmah import clock, deadlines
from kelmah.db import atomic, check_version

COMPLETE, EXPIRE = "complete_factor_reset", "expire_factor_reset"


def ask(*, login_token: str) -> FactorReset:
    """Whoever was asked for a second factor after the right password, and has none left, asks staff.

    Asking twice is asking once. Raises LoginTokenInvalid, NoFactorToReset.
    """
    seen = PendingLogin.objects.filter(token_hash=login_tokens.hash_of_token(login_token)).first()
    if seen is None:
        raise LoginTokenInvalid
    with atomic("identity"):
        user, now = queries.lock_user(seen.user_id), clock.now()  # of two requests at once, one is made
        if not PendingLogin.objects.filter(id=seen.id, expires_at__gt=now).exists() or not user.may_log_in:
            raise LoginTokenInvalid
        if not of_factors.factors_of(user.id).exists():
            raise rules.NoFactorToReset
        living = FactorReset.objects.filter(user=user, state__in=rules.LIVING).first()
        if living is not None:
            return living
        reset = FactorReset.objects.create(user=user, asked_at=now)
        _arm(reset, EXPIRE, rules.ASKED_FOR)
        tell(user.id, "factors_reset_asked")
    return reset


def approve(*, reset_id: UUID, by_id: UUID, expected_version: int | None, note: str) -> FactorReset:
    """The first of staff agrees, the second sets the clock. ``note``: how they made sure who asks.

    Raises NotFound, StaleVersion, OwnDecision, WrongRole, InvalidTransition, InvalidInput.
    """
    note = clean_reason(note, pointer="/note")
    with atomic("identity"):
        reset = _decidable(reset_id, by_id=by_id, expected_version=expected_version)
        if reset.agreed_by_id == by_id:
            raise rules.OwnDecision
        if reset.state == "open":
            reset.state = rules.FACTOR_RESET.check("agree", reset.state)
            reset.agreed_by_id, reset.agreed_note = by_id, note
            reset.save_change("state", "agreed_by", "agreed_note")
            _arm(reset, EXPIRE, reset.asked_at + rules.ASKED_FOR - clock.now())
            return reset
        reset.state = rules.FACTOR_RESET.check("confirm", reset.state)
        reset.confirmed_by_id, reset.confirmed_note = by_id, note
        reset.due_at = clock.now() + rules.DELAY
        reset.save_change("state", "confirmed_by", "confirmed_note", "due_at")
        deadlines.cancel(Deadline, subject_id=reset.id, kind=EXPIRE)
        _arm(reset, COMPLETE, rules.DELAY)
        tell(reset.user_id, "factors_reset_agreed", detail=f"{reset.due_at:%Y-%m-%d %H:%M} UTC")
    return reset


def decline(*, reset_id: UUID, by_id: UUID, expected_version: int | None, note: str) -> FactorReset:
    """One of staff is enough to stop it. Raises as ``approve`` does."""
    note = clean_reason(note, pointer="/note")
    with atomic("identity"):
        reset = _decidable(reset_id, by_id=by_id, expected_version=expected_version)
        reset.declined_by_id, reset.end_note = by_id, note
        _end(reset, "decline", "declined_by", "end_note")
        tell(reset.user_id, "factors_reset_stopped")
    return reset


def withdraw(*, user_id: UUID) -> None:
    """The owner stops it, from any session. Raises ResetNotFound."""
    with atomic("identity"):
        if not withdraw_living(queries.lock_user(user_id)):
            raise rules.ResetNotFound


def withdraw_living(user: User) -> bool:
    """Stop it, if it is under way: whoever shows a second factor has not lost them all.

    Inside the caller's transaction, the user's row locked.
    """
    reset = FactorReset.objects.select_for_update().filter(user=user, state__in=rules.LIVING).first()
    if reset is None:
        return False
    _end(reset, "withdraw")
    tell(user.id, "factors_reset_stopped")
    return True


def complete(*, subject_id: UUID, subject_version: int) -> None:
    """The three days are over: factors, codes and sessions go. A deadline; does nothing when it was stopped."""
    user = queries.lock_user(found.reset(subject_id).user_id)
    reset = found.lock_reset(subject_id)
    if reset.version != subject_version or reset.state != "waiting":
        return
    PasskeyChallenge.objects.filter(user=user).delete()
    Factor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    end_all_sessions(user.id, reason="staff")
    _end(reset, "complete")
    tell(user.id, "factors_reset")


def expire(*, subject_id: UUID, subject_version: int) -> None:
    """Two of staff did not agree within a week. A deadline; does nothing when they did."""
    user = queries.lock_user(found.reset(subject_id).user_id)
    reset = found.lock_reset(subject_id)
    if reset.version == subject_version and reset.state in ("open", "agreed"):
        _end(reset, "expire")
        tell(user.id, "factors_reset_stopped")


# Private functions


def _decidable(reset_id: UUID, *, by_id: UUID, expected_version: int | None) -> FactorReset:
    owner_id = found.reset(reset_id).user_id
    people = grants.lock_users(owner_id, by_id)  # who decides may be losing the right to at this moment
    reset = found.lock_reset(reset_id)  # of two who agree at once, one is the first and one the second
    check_version(reset, expected_version)
    if by_id == owner_id:
        raise rules.OwnDecision
    grants.check_right(people[by_id], rules.permission_for(is_staff=people[owner_id].is_staff))
    return reset


def _end(reset: FactorReset, step: str, *also: str) -> None:
    reset.state, reset.ended_at = rules.FACTOR_RESET.check(step, reset.state), clock.now()
    reset.save_change("state", "ended_at", *also)
    for kind in (COMPLETE, EXPIRE):
        deadlines.cancel(Deadline, subject_id=reset.id, kind=kind)


def _arm(reset: FactorReset, kind: str, after: timedelta) -> None:
    due_at = clock.now() + after
    deadlines.schedule(Deadline, subject_id=reset.id, kind=kind, due_at=due_at, version=reset.version)
