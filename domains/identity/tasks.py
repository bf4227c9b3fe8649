"""Celery entry points of identity."""

from uuid import UUID

from celery import shared_task

from domains.identity import actions
from domains.identity.actions import (
    analytics,
    cards,
    checking,
    company_letters,
    erasures,
    exports,
    factor_resets,
    grants,
    invitations,
    ladder,
    letters,
    paper_steps,
    restrictions,
    role_requests,
    standing,
    unlocking,
)
from domains.identity.gateways.vendors import NoAnswerYet
from kelmah import deadlines
from kelmah.crypto import KeysUnavailable
from kelmah.errors import Unavailable
from kelmah.http.store import StoreDown
from kelmah.outbound import NotSent


@shared_task(
    name="identity.deny_session", autoretry_for=(StoreDown,), retry_backoff=1, retry_backoff_max=60, max_retries=20
)
def deny_session(session_id: str) -> None:
    """Put an ended session on the denylist. Twice is safe: it is a set."""
    actions.deny_session(session_id=UUID(session_id))


@shared_task(
    name="identity.announce_standing", autoretry_for=(StoreDown,), retry_backoff=1, retry_backoff_max=60, max_retries=20
)
def announce_standing(user_id: str) -> None:
    """Tell every process which access tokens of somebody are out of date. Twice is safe: standings only rise."""
    standing.announce_standing(user_id=UUID(user_id))


@shared_task(
    name="identity.check_document",
    autoretry_for=(NoAnswerYet, KeysUnavailable),
    retry_backoff=15,
    retry_backoff_max=600,
    max_retries=9,
)
def check_document(document_id: str) -> None:
    """Have a document looked at, for about an hour; then the deadline gives it to people. Twice is safe."""
    checking.check_document(document_id=UUID(document_id))


@shared_task(name="identity.settle_level")
def settle_level(user_id: str) -> None:
    """Bring somebody's level in step with a change of their phone number. Twice is safe."""
    ladder.settle_level_of(user_id=UUID(user_id))


@shared_task(name="identity.run_deadlines")
def run_deadlines() -> int:
    """Carry out every deadline that is due; returns how many."""
    return deadlines.run_due(
        "identity",
        {
            paper_steps.REFER: checking.refer_document,
            paper_steps.EXPIRE: checking.expire_document,
            paper_steps.REMIND: checking.remind_of_document,
            factor_resets.COMPLETE: factor_resets.complete,
            factor_resets.EXPIRE: factor_resets.expire,
        },
    )


@shared_task(name="identity.forget_old_rows")
def forget_old_rows() -> int:
    """Once an hour; returns how many rows were forgotten."""
    return actions.forget_old_rows()


@shared_task(
    name="identity.send_company_invitation",
    autoretry_for=(NotSent,),
    retry_backoff=5,
    retry_backoff_max=300,
    max_retries=10,
)
def send_company_invitation(invitation_id: str) -> None:
    """Send the letter of an invitation. Twice is safe: the last one is the good one."""
    company_letters.send_invitation(invitation_id=UUID(invitation_id))


@shared_task(name="identity.forget_invitations")
def forget_invitations() -> int:
    """Once an hour; returns how many invitations ran out or were forgotten."""
    return invitations.forget_invitations()


@shared_task(
    name="identity.send_secret", autoretry_for=(NotSent,), retry_backoff=5, retry_backoff_max=300, max_retries=10
)
def send_secret(challenge_id: str) -> None:
    """Send a link or a code. Twice is safe: the last one is the good one."""
    letters.send_secret(challenge_id=UUID(challenge_id))


@shared_task(name="identity.refresh_cards")
def refresh_cards() -> int:
    """Once a day: ranks age and holidays come nearer though nobody does anything; returns how many were looked at."""
    return cards.refresh_all()


@shared_task(name="identity.end_what_expired")
def end_what_expired() -> int:
    """Once a minute; returns how many grants, requests for roles and restrictions the clock ended."""
    return grants.end_expired() + role_requests.expire() + restrictions.end_due()


@shared_task(
    name="identity.answer_lock", autoretry_for=(Unavailable,), retry_backoff=1, retry_backoff_max=60, max_retries=10
)
def answer_lock(key: str) -> None:
    """Write to whom a lock concerns. Twice is safe: the last letter is the good one."""
    unlocking.answer_lock(key=key)


@shared_task(name="identity.run_privacy")
def run_privacy() -> int:
    """Every few seconds: take the due step of each erasure, and close copies whose time is over; returns how many."""
    return erasures.run_erasures() + exports.sweep_exports()


@shared_task(
    name="identity.finish_erasure", autoretry_for=(NotSent,), retry_backoff=5, retry_backoff_max=600, max_retries=20
)
def finish_erasure(erasure_id: str) -> None:
    """Forget somebody here, last of all. Twice is safe: the second time finds nobody."""
    erasures.finish_erasure(erasure_id=UUID(erasure_id))


@shared_task(
    name="identity.export_person", autoretry_for=(Unavailable,), retry_backoff=5, retry_backoff_max=300, max_retries=20
)
def export_person(request_id: str, user_id: str) -> None:
    """Bring identity's part of a copy to files. Twice is safe: the same parts are written again."""
    exports.export_person(request_id=UUID(request_id), user_id=UUID(user_id))


@shared_task(name="identity.count_people")
def count_people() -> int:
    """Once a day; returns how many figures there are."""
    return analytics.count_people()
