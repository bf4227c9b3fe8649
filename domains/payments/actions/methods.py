"""Payout methods: added, checked against their owner's name, removed."""

from uuid import UUID

import structlog
from django.db import IntegrityError

from domains.payments import queries, rules
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.gateways import gateway_named, gateway_offered
from domains.payments.models import PayoutMethod
from domains.payments.queries import methods as found
from kelmah import clock, crypto
from kelmah.db import atomic
from kelmah.events.publish import enqueue, publish
from kelmah.ids import new_id
from kelmah.interfaces.identity.calls import identity
from kelmah.interfaces.payments.events import PayoutMethodAdded, PayoutMethodDecided
from kelmah.principal import Principal

log = structlog.get_logger(__name__)


def add(*, by: Principal, gateway: str, destination: str, hint: str) -> PayoutMethod:
    """Keep an account to be paid to. Its owner is told; it can be used when its name is checked and it cooled down.

    Raises GatewayNotOffered, MethodKnown, TooManyMethods.
    """
    gateway_offered(gateway)
    if found.methods_of(by.user_id).count() >= rules.MOST_METHODS:  # two at once may make one more: that harms nobody
        raise rules.TooManyMethods()
    method = PayoutMethod(id=new_id(), user_id=by.user_id, gateway=gateway, hint=hint, created_at=clock.now())
    method.usable_at = method.created_at + rules.COOL_DOWN
    method.destination_index = crypto.blind_index(found.INDEX, f"{gateway}|{destination}")
    try:
        with atomic("payments"):
            method.destination = _sealed(method, found.DESTINATION, destination)
            method.save(force_insert=True)
            enqueue("payments.check_payout_method", method_id=str(method.id))
            publish(
                PayoutMethodAdded(
                    method_id=method.id,
                    user_id=method.user_id,
                    gateway=gateway,
                    hint=hint,
                    usable_at=method.usable_at,
                )
            )
    except IntegrityError as error:
        if queries.broken_constraint(error) == "method_once":
            raise rules.MethodKnown() from None
        raise
    return method


def check(*, method_id: UUID) -> None:
    """Compare the name of the account's holder with its owner's. Twice is once.

    A provider that can't tell names leaves it at the cool-down. Raises Unavailable when it, or identity, is silent.
    """
    method = PayoutMethod.objects.get(id=method_id)
    if method.state != "checking":
        return
    try:
        holder = gateway_named(method.gateway).name_of(found.destination_of(method))
    except rules.NotOffered:
        _checked(method_id, verdict="not_offered", holder="")
        return
    people = identity.people(ids=[method.user_id])
    fits = any(rules.names_fit(person.display_name, holder) for person in people)
    _checked(method_id, verdict="fits" if fits else "differs", holder=holder)


def remove(*, by: Principal, method_id: UUID) -> None:
    """Its owner takes it away, and its number is forgotten; removed twice is removed. Raises NotFound, MethodInUse."""
    with atomic("payments"):
        method = found.lock_method_of(method_id=method_id, user_id=by.user_id)  # a payout to it must not begin now
        if method.ended_at:
            return
        if found.is_on_its_way(method):
            raise rules.MethodInUse()
        _end(method, "remove")


def accept(*, method_id: UUID, ruling: Ruling) -> None:
    """Staff takes it as its owner's. Raises ReasonMissing, NotYoursToJudge, InvalidTransition, NotFound."""
    with atomic("payments"):
        method = found.lock_method(method_id)
        method.state = rules.METHOD.check("accept", method.state)
        method.name_check = "by_staff"
        keep_ruling(ruling, kind="payout_method.accept", subject_id=method_id, about=[method.user_id])
        method.save_change("state", "name_check")
        _tell(method)


def refuse(*, method_id: UUID, ruling: Ruling) -> None:
    """Staff takes it as somebody else's, and its number is forgotten.

    Raises ReasonMissing, NotYoursToJudge, InvalidTransition, NotFound.
    """
    with atomic("payments"):
        method = found.lock_method(method_id)
        keep_ruling(ruling, kind="payout_method.refuse", subject_id=method_id, about=[method.user_id])
        _end(method, "refuse")
        _tell(method)


# Private functions


def _checked(method_id: UUID, *, verdict: str, holder: str) -> None:
    with atomic("payments"):
        method = found.lock_method(method_id)
        if method.state != "checking":  # removed or decided by staff while the provider was asked
            return
        method.state = rules.METHOD.check("question" if verdict == "differs" else "confirm", method.state)
        method.name_check = verdict
        method.holder = _sealed(method, found.HOLDER, holder) if holder else None
        method.save_change("state", "name_check", "holder")
    if verdict == "differs":
        log.warning("payout_method_of_another_name", method_id=str(method_id), gateway=method.gateway)


def _end(method: PayoutMethod, step: str) -> None:
    method.state = rules.METHOD.check(step, method.state)
    method.ended_at = clock.now()
    method.destination = method.destination_index = method.holder = None
    method.save_change("state", "ended_at", "destination", "destination_index", "holder")


def _tell(method: PayoutMethod) -> None:
    publish(
        PayoutMethodDecided(
            method_id=method.id,
            user_id=method.user_id,
            gateway=method.gateway,
            hint=method.hint,
            accepted=method.state == "active",
        )
    )


def _sealed(method: PayoutMethod, column: str, text: str) -> bytes:
    return crypto.seal("payments", subject=method.user_id, place=f"{column}:{method.id}", data=text.encode())
