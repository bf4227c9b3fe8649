"""Nobody is forgotten while money of theirs changes its place."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from domains.payments import actions
from domains.payments.actions.privacy import holds_on
from tests.payments.factories import funded_escrow, in_wallet

pytestmark = pytest.mark.domain("payments", transaction=True)


def test_row_35_what_is_paid_while_somebody_looks_is_seen_where_it_was_or_where_it_is():
    """The worker is paid, by another connection, right after the wallets were looked at."""
    escrow = funded_escrow()

    def release() -> None:
        try:
            actions.release_escrow(milestone_id=escrow.milestone_id)
        finally:
            connections.close_all()

    def paid_after_the_wallets(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        if "payments_ledgeraccount" in sql:
            with ThreadPoolExecutor(1) as beside:
                beside.submit(release).result(timeout=30)
        return found

    with connections["payments"].execute_wrapper(paid_after_the_wallets):
        holds = holds_on(escrow.worker_id)
    assert in_wallet(escrow.worker_id) == 112500
    assert sum(hold.count for hold in holds) == 1
