"""Payout methods, and what was taken out lately."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet, Sum

from domains.payments.models import Payout, PayoutMethod
from kelmah import crypto
from kelmah.errors import NotFound
from kelmah.money import Money
from kelmah.principal import Principal

DESTINATION = "payments.payoutmethod.destination"
HOLDER = "payments.payoutmethod.holder"
INDEX = "payments.payout_destination"


def methods_of(user_id: UUID) -> QuerySet[PayoutMethod]:
    """Somebody's, without those that ended."""
    return PayoutMethod.objects.filter(user_id=user_id, ended_at=None)


def access_method(*, method_id: UUID, by: Principal) -> PayoutMethod:
    """One's own payout method, also one that ended. Raises NotFound."""
    return method_of(method_id=method_id, user_id=by.user_id)


def method_of(*, method_id: UUID, user_id: UUID) -> PayoutMethod:
    """Theirs, whoever asks. Raises NotFound."""
    return _the(PayoutMethod.objects.filter(id=method_id, user_id=user_id))


def lock_method_of(*, method_id: UUID, user_id: UUID) -> PayoutMethod:
    """Theirs, its row locked until the transaction ends. Raises NotFound."""
    return _the(PayoutMethod.objects.select_for_update().filter(id=method_id, user_id=user_id))


def lock_method(method_id: UUID) -> PayoutMethod:
    """The row, locked until the transaction ends. Raises NotFound."""
    return _the(PayoutMethod.objects.select_for_update().filter(id=method_id))


def destination_of(method: PayoutMethod) -> str:
    """The account, in clear, as its gateway understands it. Raises NotFound for one that ended, Shredded."""
    return _opened(method, DESTINATION, method.destination)


def holder_of(method: PayoutMethod) -> str:
    """In whose name the gateway keeps it. Raises NotFound when nobody said so, Shredded."""
    return _opened(method, HOLDER, method.holder)


def is_on_its_way(method: PayoutMethod) -> bool:
    """Whether a payout to it is not decided yet."""
    return Payout.objects.filter(method=method, state__in=["processing", "in_review"]).exists()


def taken_out_since(*, user_id: UUID, currency: str, since: datetime) -> Money:
    """What was paid to somebody's accounts, or is about to be: out of their wallet, and of what others have."""
    counted = Payout.objects.filter(user_id=user_id, currency=currency, created_at__gte=since)
    counted = counted.exclude(state__in=["failed", "returned"])
    return Money(counted.aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency)


# Private functions


def _opened(method: PayoutMethod, column: str, sealed: bytes | memoryview | None) -> str:
    if sealed is None:
        raise NotFound("This payout method ended, or the name of its holder was never told.")
    place = f"{column}:{method.id}"
    return crypto.unseal("payments", subject=method.user_id, place=place, sealed=bytes(sealed)).decode()


def _the(found: QuerySet[PayoutMethod]) -> PayoutMethod:
    method = found.first()
    if method is None:
        raise NotFound("You have no such payout method.")
    return method
