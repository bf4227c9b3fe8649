"""The books of django-hordak: ``open COUNT`` makes its tables and accounts, ``check`` prints its transactions and fails
when they don't balance.

    python -m tests.benchmarks.hordak.books open 200
"""

import sys

import django

django.setup()

from django.core.management import call_command
from django.db.models import Sum
from hordak.models import Account, AccountType, Leg, Transaction
from moneyed import Money


def open_books(count: int) -> None:
    call_command("migrate", verbosity=0)
    world = Account.objects.create(name="World", type=AccountType.asset, currencies=["EUR"])
    for number in range(count):
        wallet = Account.objects.create(name=f"Wallet {number}", type=AccountType.asset, currencies=["EUR"])
        world.transfer_to(wallet, Money("1000000", "EUR"))


def check() -> None:
    sums = Leg.objects.aggregate(given=Sum("credit"), taken=Sum("debit"))
    if sums["given"] != sums["taken"] or Leg.objects.count() != 2 * Transaction.objects.count():
        raise SystemExit(f"the books of django-hordak are out of order: {sums}")
    print(Transaction.objects.count())


if __name__ == "__main__":
    if sys.argv[1] == "open":
        open_books(int(sys.argv[2]))
    else:
        check()
