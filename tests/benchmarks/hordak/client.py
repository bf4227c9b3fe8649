"""One client, a process of its own: transfers for as many seconds as each line of standard input says, and prints how
many it made.

    python -m tests.benchmarks.hordak.client NUMBER CLIENTS alone|ours|theirs|guarded|stripped
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial

import django
import psycopg

django.setup()

from kelmah.ids import new_id
from tests.benchmarks.bench_ledger import pairs, service_client, wallet


def cursor_client(client: int, until: float, clients: int) -> int:
    """The ledger's function called by a cursor of Django's: the statement is the transaction."""
    from django.db import connections

    from kelmah import clock
    from kelmah.db import prepared_cursor

    call = "SELECT payments_post(%s, 'bench', ARRAY[%s, %s], ARRAY[-1, 1]::bigint[], ARRAY['GHS', 'GHS'], '{}', %s)"
    done = 0
    for source, target in pairs(client, clients):
        if time.monotonic() > until:
            break
        with prepared_cursor("payments") as cursor:
            cursor.execute(call, [f"bench:{new_id()}", wallet(source), wallet(target), clock.now()])
            cursor.fetchone()
        done += 1
    connections.close_all()
    return done


def hordak_client(client: int, until: float, clients: int, *, guarded: bool = False) -> int:
    """``transfer_to`` as its documentation shows it, between accounts that are at hand.

    ``guarded``: nobody goes below zero, as in ours. The payer's row is locked and the balance asked for first, which is
    what its documentation leaves to whoever needs it.
    """
    from django.db import connection, transaction
    from hordak.models import Account
    from moneyed import Money

    accounts = list(Account.objects.filter(name__startswith="Wallet").order_by("id"))
    done, amount = 0, Money("0.01", "EUR")
    for source, target in pairs(client, clients):
        if time.monotonic() > until:
            break
        payer, payee = accounts[source], accounts[target]
        with transaction.atomic():  # noqa: TID251 - theirs, in settings of its own
            if guarded:
                Account.objects.select_for_update().get(pk=payer.pk)
                if payer.get_simple_balance()["EUR"] < amount:
                    raise SystemExit(f"{payer} has too little")
            payer.transfer_to(payee, amount)
        done += 1
    connection.close()
    return done


def stripped_client(client: int, until: float, clients: int) -> int:
    done = 0
    with psycopg.connect(os.environ["STRIPPED_DATABASE_URL"]) as connection:
        for source, target in pairs(client, clients):
            if time.monotonic() > until:
                break
            connection.execute("SELECT bare.post(%s, %s, %s, 1)", [f"bench:{new_id()}", source + 1, target + 1])
            connection.commit()
            done += 1
    return done


TURNS: dict[str, Callable[[int, float, int], int]] = {
    "alone": cursor_client,
    "ours": service_client,
    "theirs": hordak_client,
    "guarded": partial(hordak_client, guarded=True),
    "stripped": stripped_client,
}

if __name__ == "__main__":
    number, clients, turn = int(sys.argv[1]), int(sys.argv[2]), TURNS[sys.argv[3]]
    print("ready", flush=True)
    for line in sys.stdin:
        print(turn(number, time.monotonic() + float(line), clients), flush=True)
