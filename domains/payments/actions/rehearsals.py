"""The situations of ``docs/runbooks``, brought about with the demo people's money and the sandbox's instruments."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from domains.payments.actions.commands import submit_command
from domains.payments.actions.deposits import request_deposit
from domains.payments.actions.escrows import Funding, fund_escrow
from domains.payments.actions.payouts import request_payout
from domains.payments.gateways import sandbox
from domains.payments.models import Escrow, GatewayCommand, Payout
from kelmah import clock
from kelmah.db import atomic
from kelmah.demo import PEOPLE
from kelmah.errors import Unavailable
from kelmah.ids import new_id
from kelmah.money import Money
from kelmah.principal import Principal

_SUM: Final = Money(50_00, "GHS")
_PATIENCE: Final = 60.0  # seconds until the worker must have done it
_LONG_AGO: Final = timedelta(days=2)  # no gateway remembers a key of then


def unknown_payment() -> list[UUID]:
    """A payment that the gateway made and did not answer. Its order."""
    return [_decided(_deposit("Abena", "tok_timeout_charged"), past=("new", "sent"))]


def lost_payout() -> list[UUID]:
    """A payout of the day before yesterday, of which its gateway denies to know. Its order."""
    _deposited("Yaw")
    with atomic("payments"):  # nobody sees it before it is old
        payout = request_payout(by=_person("Yaw"), amount=_SUM, gateway="sandbox", destination="acct_success")
        then = clock.now() - _LONG_AGO
        old = {"state": "unknown", "attempts": 12, "last_error": "ReadTimeout", "created_at": then, "sent_at": then}
        GatewayCommand.objects.filter(subject_id=payout.id).update(**old)
    return [_order_of(payout.id)]


def payout_returned() -> list[UUID]:
    """A payout that was paid, and came back from the bank. The payout."""
    _deposited("Adjoa")
    payout = request_payout(by=_person("Adjoa"), amount=_SUM, gateway="sandbox", destination="acct_returned")
    submit_command(command_id=_order_of(payout.id))
    _wait(lambda: Payout.objects.get(id=payout.id).state == "returned")
    return [payout.id]


def gateway_down() -> list[UUID]:
    """The gateway refuses everything, and a payment and a payout are caught by it. Their orders."""
    _deposited("Fiifi")
    sandbox.control("POST", "faults", {"on": "/v1/", "does": "refuse", "times": 1_000_000})
    payout = request_payout(by=_person("Fiifi"), amount=_SUM, gateway="sandbox", destination="acct_success")
    submit_command(command_id=_order_of(payout.id))
    orders = [_deposit("Kwame", "tok_success"), _order_of(payout.id)]
    return [_decided(order_id, past=("new", "sent")) for order_id in orders]


def protected_funds() -> list[UUID]:
    """Money that a hirer paid in stands protected, of no contract. Its milestone."""
    _deposited("Abena")
    milestone_id = new_id()
    fund_escrow(
        Funding(
            milestone_id=milestone_id,
            contract_id=new_id(),
            hirer_id=_person("Abena").user_id,
            worker_id=_person("Yaw").user_id,
            title="Rehearsal",
            amount=_SUM,
            fee_plan="standard",
            request=1,
        )
    )
    return [Escrow.objects.get(milestone_id=milestone_id).milestone_id]


SITUATIONS: Final[Mapping[str, Callable[[], list[UUID]]]] = MappingProxyType(
    {
        "gateway-down": gateway_down,
        "lost-payout": lost_payout,
        "payout-returned": payout_returned,
        "protected-funds": protected_funds,
        "unknown-payment": unknown_payment,
    }
)


# Private functions


def _person(name: str) -> Principal:
    [found] = [person for person in PEOPLE if person.name == name]
    return Principal(user_id=found.user_id, roles=frozenset({found.role}))


def _order_of(subject_id: UUID) -> UUID:
    return GatewayCommand.objects.values_list("id", flat=True).get(subject_id=subject_id)


def _deposit(name: str, token: str) -> UUID:
    """The order of a deposit, sent: by us, or by the worker if that is faster."""
    deposit = request_deposit(by=_person(name), amount=_SUM, gateway="sandbox", instrument=token)
    order_id = _order_of(deposit.id)
    submit_command(command_id=order_id)
    return order_id


def _deposited(name: str) -> None:
    """Raises Unavailable when the sandbox can't be reached."""
    order_id = _deposit(name, "tok_success")
    _wait(lambda: GatewayCommand.objects.get(id=order_id).state == "succeeded")


def _decided(order_id: UUID, *, past: tuple[str, ...]) -> UUID:
    _wait(lambda: GatewayCommand.objects.get(id=order_id).state not in past)
    return order_id


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > until:
            raise Unavailable("It does not get there: is the whole system running, and the sandbox without a fault?")
        time.sleep(0.1)
