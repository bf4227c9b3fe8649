"""Payouts go to the bank in files: made, handed in by staff, and followed through statements."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F

from domains.payments import queries, rules
from domains.payments.actions.commands import follow_command
from domains.payments.actions.decisions import Ruling, keep_ruling
from domains.payments.gateways.payment_files import Payment, Payments, as_csv, as_pain
from domains.payments.models import GatewayCommand, PaymentFile, PaymentFileItem, StatementEntry
from domains.payments.rules.banking import BankAccount
from domains.payments.rules.errors import FileWasCarriedOut, NothingToPay
from kelmah import clock
from kelmah.db import atomic
from kelmah.errors import NotFound

LARGEST = 1000  # payouts of one file
_FORMATS = {"pain.001": as_pain, "csv": as_csv}


def make(*, currency: str, by: UUID) -> PaymentFile:
    """Put every payout that waits for one into a file. Raises NothingToPay, PayoutsFrozen."""
    with atomic("payments"):
        if queries.payouts_are_frozen():
            raise rules.PayoutsFrozen(data={"retry_after": 600})
        waiting = GatewayCommand.objects.filter(gateway="bank", kind="payout", state="pending", currency=currency)
        # Locked: of two who make a file at once, one has the payouts; that no order is in two is a unique index.
        free = waiting.filter(payment_file_item=None).order_by("created_at").select_for_update(of=("self",))
        commands = list(free[:LARGEST])
        if not commands:
            raise NothingToPay()
        file = PaymentFile.objects.create(
            currency=currency,
            count=len(commands),
            total_minor=sum(command.amount_minor for command in commands),
            pay_on=(clock.now() + timedelta(days=1)).date(),
            made_by=by,
            made_at=clock.now(),
        )
        PaymentFileItem.objects.bulk_create(PaymentFileItem(file=file, command=command) for command in commands)
    return file


def download(*, file_id: UUID, written_as: str) -> bytes:
    """The file as ``pain.001`` or ``csv``, with the same name inside each time: a bank refuses the second one.

    Raises NotFound.
    """
    file = PaymentFile.objects.filter(id=file_id, state="made").first()
    if file is None:
        raise NotFound("There is no such file, or the bank has refused it.")
    items = file.items.select_related("command").order_by("id")
    orders = [queries.order_of(item.command) for item in items]
    told = Payments(
        message_id=file.id.hex,
        made_at=file.made_at,
        pay_on=file.pay_on,
        by=BankAccount(bank=settings.BANK_BIC, number=settings.BANK_ACCOUNT, holder=settings.BANK_HOLDER),
        payments=[
            Payment(key=order.key, amount=order.amount, to=BankAccount.from_text(order.instrument)) for order in orders
        ],
    )
    PaymentFile.objects.filter(id=file_id).update(downloads=F("downloads") + 1)
    return _FORMATS[written_as](told)


def refuse(*, file_id: UUID, ruling: Ruling) -> None:
    """The bank took nothing of the file: its payouts fail, and the money is back in the wallets.

    Raises FileWasCarriedOut when a statement tells of one of them, ReasonMissing, NotFound.
    """
    with atomic("payments"):
        file = PaymentFile.objects.select_for_update().filter(id=file_id, state="made").first()
        if file is None:
            raise NotFound("There is no such file, or the bank has refused it.")
        keys = list(file.items.values_list("command_id", flat=True))
        if StatementEntry.objects.filter(gateway="bank", key__in=keys).exists():
            raise FileWasCarriedOut()
        keep_ruling(ruling, kind="payment_file.refuse", subject_id=file_id)
        file.state, file.refused_at = "refused", clock.now()
        file.save(update_fields=["state", "refused_at"])
    for key in keys:  # whom this does not reach, the janitor does: the gateway says the same
        follow_command(command_id=key)
