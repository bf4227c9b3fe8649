"""Numbers without gaps: given in the transaction of what they number, so that what is rolled back has taken none."""

import pytest

from domains.payments import rules
from domains.payments.actions import escrows
from domains.payments.actions.ledger import Line, post
from domains.payments.models import Escrow, EscrowRelease, LedgerEntry
from kelmah.db import atomic
from kelmah.ids import new_id
from tests.payments.factories import cedis, funded_escrow, in_wallet, rich

pytestmark = pytest.mark.domain("payments", transaction=True)


class ThinksBetterOfIt(Exception):
    pass


def numbers_of(account: str) -> list[int]:
    entries = LedgerEntry.objects.filter(account__key=account).order_by("account_version")
    return list(entries.values_list("account_version", flat=True))


def test_row_31_sixteen_at_once_half_rolled_back_leave_consecutive_numbers(race):
    """Row 31, on what payments itself numbers: the entries of an account. Invoices are a matter of contracts."""
    payer, shop = rules.available(rich(cedis(1000)).user_id, "GHS"), rules.available(new_id(), "GHS")

    def pay(number: int) -> int:
        with atomic("payments"):
            lines = [Line(payer, cedis(-1)), Line(shop, cedis(1))]
            txn = post(key=f"sale:{new_id()}", kind="sale", lines=lines, reference={})
            if number % 2:
                raise ThinksBetterOfIt
            return txn

    for _ in range(5):
        outcome = race([lambda n=number: pay(n) for number in range(16)])
        assert sum(isinstance(result, ThinksBetterOfIt) for result in outcome) == 8
        assert len({result for result in outcome if isinstance(result, int)}) == 8
    assert numbers_of(shop) == list(range(1, 41))
    assert numbers_of(payer) == list(range(1, 42))  # the deposit is the first


def test_row_31_parts_of_an_escrow_that_are_rolled_back_leave_their_number_to_others(race):
    escrow = funded_escrow(amount=cedis(1000))

    def release(number: int) -> None:
        with atomic("payments"):
            escrows.release_part(milestone_id=escrow.milestone_id, number=number // 2, amount=cedis(10))
            if number % 2:
                raise ThinksBetterOfIt

    race([lambda n=number: release(n) for number in range(2, 18)])
    released = EscrowRelease.objects.order_by("number").values_list("number", flat=True)
    assert (list(released), in_wallet(escrow.worker_id)) == (list(range(1, 9)), 8 * 900)
    assert Escrow.objects.get().held == cedis(920)
