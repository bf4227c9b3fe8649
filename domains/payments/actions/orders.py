"""An order to a gateway, stored before it is sent."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings

from domains.payments.gateways import names_gathering
from domains.payments.models import GatewayCommand
from kelmah import clock
from kelmah.events.publish import enqueue
from kelmah.money import Money


def order(*, gateway: str, kind: str, subject_id: UUID, amount: Money, instrument: str, of: str = "") -> None:
    """Inside the transaction of what is ordered; a task sends it after the commit, the janitor if that gets lost.

    A payout through a provider that takes many at once waits until it is gathered (``actions/payout_batches.py``).
    """
    now = clock.now()
    waits = (
        timedelta(seconds=settings.PAYOUT_BATCH_SECONDS) if kind == "payout" and gateway in names_gathering() else None
    )
    command = GatewayCommand.objects.create(
        gateway=gateway,
        kind=kind,
        subject_id=subject_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        instrument=instrument,
        of=of,
        next_at=now + waits if waits else now,
        created_at=now,
    )
    if not waits:
        enqueue("payments.submit_command", command_id=str(command.id))
