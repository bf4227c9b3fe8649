"""An order to a gateway, stored before it is sent."""

from uuid import UUID

from domains.payments.models import GatewayCommand
from kelmah import clock
from kelmah.events.publish import enqueue
from kelmah.money import Money


def order(*, gateway: str, kind: str, subject_id: UUID, amount: Money, instrument: str, of: str = "") -> None:
    """Inside the transaction of what is ordered; a task sends it after the commit, the janitor if that gets lost."""
    now = clock.now()
    command = GatewayCommand.objects.create(
        gateway=gateway,
        kind=kind,
        subject_id=subject_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        instrument=instrument,
        of=of,
        next_at=now,
        created_at=now,
    )
    enqueue("payments.submit_command", command_id=str(command.id))
