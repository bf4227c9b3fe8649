"""Deposits that wait for the provider's word: ordered, sent, and answered with "pending". A process of its own.

python -m tests.benchmarks.webhooks.deposits COUNT
"""

import sys

import django

django.setup()

from domains.payments import actions
from domains.payments.models import GatewayCommand, Outbox
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal


def order(amount: Money) -> None:
    by = Principal(user_id=new_id(), roles=frozenset({"hirer"}), session_id=new_id())
    deposit = actions.request_deposit(by=by, amount=amount, gateway="sandbox", instrument="tok_pending")
    actions.submit_command(command_id=GatewayCommand.objects.values_list("id", flat=True).get(subject_id=deposit.id))


if __name__ == "__main__":
    for number in range(int(sys.argv[1])):
        order(Money(100 + number, "GHS"))
    Outbox.objects.all().delete()  # the tasks that would have sent them
