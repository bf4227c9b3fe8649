"""Money in suspense that goes two ways at the same moment: whoever comes second sees what the first has done."""

import os
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from django.db import connections

from domains.payments import actions, queries
from domains.payments.actions import refunds, suspense
from domains.payments.actions.foreign_refunds import follow_foreign_refund
from domains.payments.actions.outcomes import settle_command
from domains.payments.gateways import Succeeded
from domains.payments.models import Refund, Suspended
from domains.payments.rules.errors import NothingSuspended
from kelmah.db import atomic
from kelmah.errors import DomainError
from tests.payments.disputed import disputed
from tests.payments.factories import cedis, facts_of, in_wallet, ordered_deposit, ruling, somebody

pytestmark = pytest.mark.domain("payments", transaction=True)


def somebody_waits() -> bool:
    with psycopg.connect(os.environ["KELMAH_TEST_ADMIN_URL"]) as admin:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(admin.execute(waiting).fetchone() != (0,))


def in_suspense() -> int:
    return queries.balance_of("suspense:sandbox:GHS", "GHS").minor


def in_this_order(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """The second begins while the first's transaction is open, and has to wait for it; what the second said."""
    said: list[object] = []

    def come_second() -> None:
        try:
            said.append(second())
        except DomainError as refusal:
            said.append(refusal)
        finally:
            connections.close_all()

    other = threading.Thread(target=come_second)
    with atomic("payments"):
        first()
        other.start()
        deadline = time.monotonic() + 10
        while not somebody_waits():
            assert time.monotonic() < deadline, "the second did not wait for the first"
            time.sleep(0.02)
    other.join(timeout=10)
    return said


@pytest.mark.parametrize("how", ["a dispute", "a refund made at the gateway"])
def test_what_went_into_a_wallet_meanwhile_is_taken_from_the_wallet(how):
    """Rows 20 and 24: 14.99 came for 15.00, and stood in suspense until staff accepted it."""
    by = somebody()
    _, command = ordered_deposit(by, cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, amount=cedis(14.99))))
    command.refresh_from_db()
    back = facts_of(command, ref="re_by_hand", key=None, amount=cedis(14.99), of=command.gateway_ref)
    words = {
        "a dispute": lambda: disputed(command, amount=cedis(14.99)),
        "a refund made at the gateway": lambda: follow_foreign_refund(gateway="sandbox", outcome=Succeeded(facts=back)),
    }
    in_this_order(lambda: actions.accept_deposit(deposit_id=command.subject_id, ruling=ruling()), words[how])
    assert (in_wallet(by.user_id), in_suspense()) == (0, 0)


def test_eight_tellings_at_once_of_a_refund_made_at_the_gateway_book_it_once(race):
    """Webhook and statement tell of it by one action."""
    by = somebody()
    _, command = ordered_deposit(by, cedis(15))
    settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command)))
    command.refresh_from_db()
    back = facts_of(command, ref="re_by_hand", key=None, amount=cedis(5), of=command.gateway_ref)
    told = race(lambda: follow_foreign_refund(gateway="sandbox", outcome=Succeeded(facts=back)), 8)
    assert (told, Refund.objects.get().amount, in_wallet(by.user_id)) == ([True] * 8, cedis(5), 1000)


def test_what_is_being_sent_back_is_credited_to_nobody():
    """Row 24: 15.00 were charged twice; one of staff sends the second back while another credits it to the payer."""
    by = somebody()
    _, command = ordered_deposit(by, cedis(15))
    for ref in ("ch_first", "ch_second"):
        settle_command(command_id=command.id, outcome=Succeeded(facts=facts_of(command, ref=ref)))
    item = Suspended.objects.get()
    proposal = suspense.propose(item=item.id, credit_to=by.user_id, ruling=ruling())
    said = in_this_order(
        lambda: refunds.send_back(gateway="sandbox", charge_ref="ch_second", ruling=ruling()),
        lambda: suspense.carry_out(proposal_id=proposal.id, ruling=ruling()),
    )
    assert isinstance(said[0], NothingSuspended)
    assert (in_wallet(by.user_id), in_suspense()) == (1500, 0)
