"""Clocks that fell due while nobody looked: each fires once, and what that costs grows with them, not faster."""

import os
from datetime import datetime, timedelta

import psycopg
import pytest
import redis as redis_client
from django.conf import settings
from django.db.models import Count, Q, Sum

from config.celery import app
from domains.payments.actions import settling
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Deadline, Escrow, EscrowRelease, LedgerAccount, LedgerTransaction, Outbox
from kelmah import clock, processes
from kelmah.db import atomic
from kelmah.ids import new_id
from kelmah.interfaces.payments.events import EscrowReleased
from tests.faults.processes import environment, running, start, wait_until
from tests.payments.factories import cedis, rich

pytestmark = [pytest.mark.slow, pytest.mark.domain("payments", transaction=True), pytest.mark.timeout(900)]

DUE = 10_000
WORKERS = 8
PAYEES = 500
TOGETHER = 50  # made in one transaction: a posting has 64 lines at most
PATIENCE = 600.0  # seconds for a machine that has much else to do


def work_in_review(*, between: tuple[datetime, datetime]) -> list[Escrow]:
    """Protected funds whose reviews end one after the other between two moments: made in bulk, with money in them."""
    first, last = between
    payees, hirer, amount = [new_id() for _ in range(PAYEES)], rich(cedis(10 * DUE)).user_id, cedis(10)
    made = []
    for start_at in range(0, DUE, TOGETHER):
        some = [
            Escrow(
                milestone_id=new_id(),
                contract_id=new_id(),
                hirer_id=hirer,
                worker_id=payees[number % PAYEES],
                title="Cabinets fitted",
                amount_minor=amount.minor,
                currency=amount.currency,
                fee_plan="standard",
                fee_basis_points=1000,
                review_hours=336,
                submission=1,
                review_ends_at=first + (last - first) * number / DUE,
                funded_at=first - timedelta(days=15),
            )
            for number in range(start_at, start_at + TOGETHER)
        ]
        with atomic("payments"):
            lines = [Line(f"user:{hirer}:available:{amount.currency}", cedis(-10 * len(some)))]
            lines += [Line(f"escrow:{escrow.milestone_id}", amount) for escrow in some]
            post(key=f"test:{new_id()}", kind="test", lines=lines, reference={})
            Escrow.objects.bulk_create(some)
            Deadline.objects.bulk_create(
                Deadline(
                    subject_id=escrow.milestone_id,
                    kind=settling.AUTO_RELEASE,
                    due_at=escrow.review_ends_at,
                    subject_version=escrow.submission,
                )
                for escrow in some
            )
        made += some
    return made


def transactions() -> int:
    """How many were committed and rolled back in this database so far, by sessions that have ended or are idle."""
    with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"], autocommit=True) as admin:
        found = admin.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert found is not None
    return int(found[0])


def tick(times: int) -> None:
    """What the schedule sends, as often."""
    with app.connection_for_write(settings.REDIS_URL) as broker:
        for _ in range(times):
            app.send_task("payments.run_deadlines", connection=broker, expires=5)


@pytest.fixture
def env() -> dict[str, str]:
    redis_client.Redis.from_url(settings.REDIS_URL).flushdb()
    return environment("payments", KELMAH_EXTRA_DOMAINS="")


def test_row_23_after_three_days_down_ten_thousand_due_clocks_fire_once_each_on_eight_workers(env):
    """Row 23. The workers are Celery's, each a process with a connection of its own; ticks come as beat sends them, but
    more at once."""
    up_again = clock.now()
    made = work_in_review(between=(up_again - timedelta(days=3), up_again))
    before = transactions()
    worker = start(*processes.worker(concurrency=WORKERS)[1:], env=env)
    with running(worker):
        looked = 0

        def all_fired() -> bool:
            nonlocal looked
            if looked % 100 == 0:  # about every five seconds, as beat does: one for each of the processes
                tick(WORKERS)
            looked += 1
            return not Deadline.objects.filter(done_at=None).exists()

        wait_until("every clock has fired", all_fired, seconds=PATIENCE)
        worker.terminate()
        worker.wait(timeout=120)
    spent = transactions() - before - looked

    claims = Deadline.objects.aggregate(Sum("attempts"), failed=Count("id", filter=~Q(last_error="")))
    assert claims == {"attempts__sum": DUE, "failed": 0}
    assert Escrow.objects.filter(state="released", review_ends_at=None).count() == DUE
    assert EscrowRelease.objects.values("escrow").distinct().count() == EscrowRelease.objects.count() == DUE
    assert LedgerTransaction.objects.filter(kind="escrow_release").count() == DUE
    assert Outbox.objects.filter(topic=EscrowReleased.topic).values("event_id").distinct().count() == DUE
    wallets = LedgerAccount.objects.filter(key__in={f"user:{each.worker_id}:available:GHS" for each in made})
    assert set(wallets.values_list("balance", flat=True)) == {900 * DUE // PAYEES}
    print(f"{spent} transactions")
    assert spent < 2.2 * DUE, "one to claim a clock and one to fire it, and few that find nothing"
