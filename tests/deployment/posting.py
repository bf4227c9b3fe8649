"""Posts to the ledger from several threads, each with a connection of its own.

python -m tests.deployment.posting TIMES
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connections

from domains.payments.actions.ledger import Line, post
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.money import Money

THREADS = 4


def transfer(times: int) -> None:
    for _ in range(times):
        lines = Line("gw:sandbox:GHS", Money(-1, "GHS")), Line("platform:fees:GHS", Money(1, "GHS"))
        with atomic("payments"):
            post(key=f"pooled:{new_id()}", kind="test", lines=lines, reference={})
    connections.close_all()


if __name__ == "__main__":
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(transfer, [int(sys.argv[1])] * THREADS))
