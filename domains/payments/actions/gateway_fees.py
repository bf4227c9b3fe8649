"""What gateways keep of our money: booked when one of them says so, by its answer or on a statement, and once."""

from typing import Final

from django.db.models import Q

from domains.payments import queries, rules
from domains.payments.actions.ledger import Line, post
from domains.payments.gateways import Facts
from domains.payments.models import GatewayCommand, StatementEntry
from domains.payments.rules import statements
from kelmah.db import atomic
from kelmah.events.publish import enqueue
from kelmah.money import Money

_TELLS: Final = ~Q(fee_minor=0) | Q(kind="fee")


def note_fee(command: GatewayCommand, facts: Facts) -> None:
    """Have a task book what the gateway kept, if it says so: a posting has a transaction of its own.

    Inside the transaction that settles the order. In another currency than the money it is left to the statement, which
    tells from which of our accounts it was taken.
    """
    fee = facts.fee
    if fee is None or fee.minor <= 0 or fee.currency != facts.amount.currency:
        return
    if not queries.is_posted(statements.key_of_object_fee(command.gateway, facts.ref)):
        enqueue("payments.book_fee", command_id=str(command.id), ref=facts.ref, fee=fee.as_json())


def book_fee(*, command: GatewayCommand, ref: str, fee: Money) -> None:
    """Book what a gateway kept of its object ``ref``. Twice is once; where a statement told of it, that stands."""
    named = Q(ref=ref) | Q(key=command.id, ref__in=["", command.id.hex])  # a line may name only our order
    told = StatementEntry.objects.filter(named, _TELLS, gateway=command.gateway)
    with atomic("payments"):
        if told.exists():
            return
        try:
            _post(statements.key_of_object_fee(command.gateway, ref), command.gateway, fee, {"object": ref})
        except rules.LedgerKeyReused:
            return  # a statement with another amount came between the look and the posting


def book_fee_of_line(entry: StatementEntry, *, ref: str) -> None:
    """See to it that just what the line says is booked of its object ``ref``; twice is once.

    The first line that tells of an object takes what is booked for it already, and corrects it; others have a fee each.
    """
    if not entry.fee_minor:
        return
    stated, of_line = Money(entry.fee_minor, entry.currency), statements.key_of_fee(entry.gateway, entry.line_id)
    about = {"line": entry.line_id}
    with atomic("payments"):
        if queries.is_posted(of_line):
            return
        if not ref or _others_tell(entry, ref):
            _post(of_line, entry.gateway, stated, about)
            return
        of_object = statements.key_of_object_fee(entry.gateway, ref)
        try:
            _post(of_object, entry.gateway, stated, about)
        except rules.LedgerKeyReused:  # the gateway had said another amount
            rest = stated - queries.fee_booked(of_object, entry.currency)
            if rest.minor:
                _post(of_line, entry.gateway, rest, about)


# Private functions


def _others_tell(entry: StatementEntry, ref: str) -> bool:
    earlier = StatementEntry.objects.filter(gateway=entry.gateway, ref=ref, id__lt=entry.id)
    return earlier.exclude(fee_minor=0).exists()


def _post(key: str, gateway: str, fee: Money, about: dict[str, str]) -> None:
    lines = [Line(rules.gateway(gateway, fee.currency), fee), Line(rules.gateway_fee(fee.currency), -fee)]
    post(key=key, kind="gateway_fee", lines=lines, reference=about)
