"""The erasure of somebody, as a saga: wait, check with every domain, erase in every domain, sweep, and then here."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from domains.identity import queries
from domains.identity.actions.forgetting import forget_person, say_goodbye
from domains.identity.actions.notices import tell
from domains.identity.actions.privacy_asking import ask_domains, keep_answer, keep_own, reasons_of, silent
from domains.identity.actions.sessions import end_all_sessions
from domains.identity.actions.statuses import change_status
from domains.identity.models import Erasure
from domains.identity.queries import data_requests as found
from domains.identity.rules import privacy as rules
from kelmah import clock
from kelmah.db import atomic, check_version
from kelmah.events.publish import enqueue, publish
from kelmah.interfaces.identity.events import PersonAsked, UserErased
from kelmah.interfaces.privacy import Answered

log = structlog.get_logger(__name__)


def request_erasure(*, user_id: UUID) -> Erasure:
    """From now on fourteen days in which it can be withdrawn. Raises ErasureAskedAlready, StaffStays, NotFound."""
    with atomic("identity"):
        user = queries.lock_user(user_id)  # two requests at once make one erasure
        if user.is_staff:
            raise rules.StaffStays()
        if Erasure.objects.filter(user_id=user_id, state__in=found.OPEN).exists():
            raise rules.ErasureAskedAlready()
        now = clock.now()
        erasure = Erasure.objects.create(
            user_id=user_id, requested_at=now, due_at=now + rules.COOLING_OFF, finish_by=now + rules.FINISH_WITHIN
        )
        tell(user_id, "erasure_requested", detail=f"{rules.COOLING_OFF.days} days")
    return erasure


def withdraw_erasure(*, user_id: UUID, expected_version: int | None) -> Erasure:
    """They stay. Raises NoErasure, StaleVersion, InvalidTransition once it has begun."""
    seen = found.erasure_of(user_id)
    with atomic("identity"):
        erasure = found.lock_erasure(seen.id)  # its time may be up at this very moment
        if erasure is None:
            raise rules.NoErasure()
        check_version(erasure, expected_version)
        erasure.state, erasure.ended_at = rules.ERASURE.check("withdraw", erasure.state), clock.now()
        erasure.save_change("state", "ended_at")
        tell(user_id, "erasure_withdrawn")
    return erasure


def run_erasures(*, limit: int = 100) -> int:
    """Take the step that is due of every erasure that waits for the clock; returns how many were taken."""
    due = Erasure.objects.filter(ended_at__isnull=True, due_at__lte=clock.now()).order_by("due_at")
    taken = 0
    for erasure_id in list(due.values_list("id", flat=True)[:limit]):
        taken += _locked(erasure_id, _take_step)
    return taken


def recheck_erasure(*, erasure_id: UUID) -> None:
    """Staff have the domains asked at once, once a reason is out of the way. Raises InvalidTransition, NoErasure."""
    with atomic("identity"):
        erasure = found.lock_erasure(erasure_id)
        if erasure is None:
            raise rules.NoErasure()
        if erasure.state not in ("checking", "erasing", "sweeping"):
            rules.check_recheck(erasure.state)
        _take_step(erasure)


def record_answer(*, domain: str, answer: Answered) -> None:
    """A domain has answered; the last answer of a step brings the next. Late answers to earlier steps change nothing.
    Twice is safe."""
    _locked(answer.request_id, lambda erasure: _hear(erasure, domain, answer))


def finish_erasure(*, erasure_id: UUID) -> None:
    """Every domain has erased and swept: tell the person for the last time, then forget them here.

    Twice is safe: the letter is the same one, and the end is reached once.
    """
    seen = Erasure.objects.filter(id=erasure_id, state="sweeping").first()
    if seen is None:
        return
    say_goodbye(user_id=seen.user_id, letter_id=seen.id)
    _locked(erasure_id, _finish)


def sweep_again(*, since: datetime) -> int:
    """Every domain forgets once more whoever was erased since then: one was restored from a backup of that time,
    which still knows them. Returns how many people. Twice is safe; one whose erasure still goes on is asked for by it.
    """
    then = Erasure.objects.filter(state="erased", ended_at__gte=since).order_by("ended_at", "id")
    erased = list(then.values_list("id", "user_id"))
    for erasure_id, user_id in erased:
        with atomic("identity"):
            publish(PersonAsked(request_id=erasure_id, user_id=user_id, step="sweep"))
    log.warning("erased_people_swept_again", since=since.isoformat(), people=len(erased))
    return len(erased)


# Private functions


def _locked(erasure_id: UUID, step: Callable[[Erasure], None]) -> bool:
    """Whether there was such an erasure, still going on, to take the step with."""
    with atomic("identity"):
        erasure = found.lock_erasure(erasure_id)  # answers of several domains, the clock and the person may meet
        if erasure is None or erasure.ended_at is not None:
            return False
        step(erasure)
        return True


def _take_step(erasure: Erasure) -> None:
    """What the clock brings: the check, or the same question once more to domains that did not do it yet."""
    if erasure.finish_by <= clock.now():
        log.error("erasure_late", erasure_id=str(erasure.id), state=erasure.state)
    if erasure.state in ("cooling_off", "held"):
        erasure.state = rules.ERASURE.check("check", erasure.state)
    if erasure.state == "sweeping" and not silent(erasure.id, "sweep"):
        enqueue("identity.finish_erasure", erasure_id=str(erasure.id))
    _ask(erasure)


def _ask(erasure: Erasure) -> None:
    erasure.due_at = clock.now() + rules.ASK_AGAIN_AFTER
    erasure.save_change("state", "due_at", "started_at")
    step = rules.step_of(erasure.state)
    ask_domains(request_id=erasure.id, user_id=erasure.user_id, step=step)
    if not silent(erasure.id, step):
        _go_on(erasure, step)  # no other domain keeps anything


def _hear(erasure: Erasure, domain: str, answer: Answered) -> None:
    if erasure.state not in ("checking", "erasing", "sweeping") or answer.step != rules.step_of(erasure.state):
        return
    keep_answer(request_id=erasure.id, domain=domain, step=answer.step, holds=answer.holds, counts=dict(answer.counts))
    if not silent(erasure.id, answer.step):
        _go_on(erasure, answer.step)


def _go_on(erasure: Erasure, step: str) -> None:
    """All have answered."""
    own = found.holds_of_identity(erasure.user_id) if step == "check" else []
    reasons = reasons_of(erasure.id, step, own)
    if reasons:
        _hold(erasure, reasons)
    elif step == "check":
        _start(erasure)
    elif step == "erase":
        erasure.state, erasure.reasons = rules.ERASURE.check("sweep", erasure.state), []
        _ask(erasure)
    else:
        enqueue("identity.finish_erasure", erasure_id=str(erasure.id))


def _hold(erasure: Erasure, reasons: list[dict[str, object]]) -> None:
    """Before the erasure began: the person is told, once for the same reasons. After it: it waits for that domain."""
    news = rules.named_reasons(str(each["reason"]) for each in reasons)
    told = rules.named_reasons(str(each["reason"]) for each in erasure.reasons)
    erasure.reasons = reasons
    if erasure.state == "checking":
        erasure.state = rules.ERASURE.check("hold", erasure.state)
        if news != told:
            tell(erasure.user_id, "erasure_held", detail=", ".join(each.replace("_", " ") for each in news))
    erasure.save_change("state", "reasons")


def _start(erasure: Erasure) -> None:
    """From here on nobody is this person any more: no session, no login, no way back."""
    user = queries.lock_user(erasure.user_id)
    erasure.state, erasure.reasons = rules.ERASURE.check("start", erasure.state), []
    erasure.started_at = clock.now()
    erasure.save(update_fields=["reasons"])
    change_status(user, "erase")
    end_all_sessions(user.id, reason="erased")
    _ask(erasure)


def _finish(erasure: Erasure) -> None:
    if erasure.state != "sweeping" or silent(erasure.id, "sweep"):
        return
    now = clock.now()
    counts = forget_person(erasure.user_id)
    erasure.state, erasure.ended_at = rules.ERASURE.check("finish", erasure.state), now
    erasure.save_change("state", "ended_at")
    keep_own(request_id=erasure.id, step="erase", counts=counts)
    publish(UserErased(user_id=erasure.user_id, request_id=erasure.id, at=now))
