"""One client, a process of its own: transfers for as many seconds as each line of standard input says, and prints how
many it made. The settings in its environment decide whose ledger it is.

    python -m tests.benchmarks.hordak.client NUMBER
"""

import os
import sys
import time

import django

django.setup()

from tests.benchmarks.bench_ledger import pairs, service_client


def hordak_client(client: int, until: float) -> int:
    """``transfer_to`` as its documentation shows it, between accounts that are at hand."""
    from django.db import connection, transaction
    from hordak.models import Account
    from moneyed import Money

    accounts, done = list(Account.objects.order_by("id")), 0
    for source, target in pairs(client):
        if time.monotonic() > until:
            break
        with transaction.atomic():  # noqa: TID251 - theirs, in settings of its own
            accounts[source].transfer_to(accounts[target], Money("0.01", "EUR"))
        done += 1
    connection.close()
    return done


if __name__ == "__main__":
    number = int(sys.argv[1])
    theirs = os.environ["DJANGO_SETTINGS_MODULE"] == "tests.benchmarks.hordak.settings"
    turn = hordak_client if theirs else service_client
    print("ready", flush=True)
    for line in sys.stdin:
        print(turn(number, time.monotonic() + float(line)), flush=True)
