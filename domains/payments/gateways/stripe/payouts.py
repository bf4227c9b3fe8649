"""Payouts through Connect: a transfer to the worker's account at Stripe, and from there a payout to their bank.

The transfer is the object that we follow (docs.stripe.com/connect/separate-charges-and-transfers). It is one order in
two steps: whoever looks at it later finishes what a broken connection left half done, under keys of the same order,
and takes the money back when the bank refused it.
"""

import stripe
from stripe.params import PayoutCreateParams, TransferCreateParams

from domains.payments.gateways.base import Facts, Order, Outcome, Pending, Rejected, Returned, Succeeded, Unknown
from domains.payments.gateways.stripe.amounts import written
from domains.payments.gateways.stripe.client import (
    NO_SUCH,
    ORDER,
    UNREADABLE,
    client,
    facts_of,
    failed_order,
    failed_question,
    is_ref,
    key_in,
)
from domains.payments.gateways.stripe.finding import named

TRANSFER = "transfer"  # the entry of a payout's metadata that names the transfer behind it


def submit(order: Order) -> Outcome:
    """Send money to the connected account ``order.instrument`` and from there to its bank, once under the key."""
    params: TransferCreateParams = {
        "amount": written(order.amount),
        "currency": order.amount.currency.lower(),
        "destination": order.instrument,
        "transfer_group": str(order.key),
        "metadata": {ORDER: str(order.key)},
    }
    try:
        made = client().v1.transfers.create(params, {"idempotency_key": f"{order.key}-transfer"}).id
    except stripe.StripeError as error:
        return failed_order(error)
    except UNREADABLE as error:
        return Unknown(reason=f"unreadable: {type(error).__name__}")
    return _read(made, finish=True)  # a repeated key is answered with the transfer as it once was


def query(order: Order) -> Outcome:
    """By the order's group; a transfer without its payout gets it now."""
    try:
        found = client().v1.transfers.list({"transfer_group": str(order.key), "limit": 1}).data
    except stripe.StripeError as error:
        return failed_question(error)
    return _read(found[0].id, finish=True) if found else NO_SUCH


def fetch(ref: str) -> Outcome:
    return _read(ref, finish=False) if is_ref(ref) else NO_SUCH


# Private functions


def _read(ref: str, *, finish: bool) -> Outcome:
    try:
        transfer = client().v1.transfers.retrieve(ref)
    except stripe.StripeError as error:
        return failed_question(error)
    try:
        return _followed(transfer, finish=finish)
    except stripe.StripeError as error:
        return Unknown(reason=f"transferred, then {failed_question(error).reason}")
    except UNREADABLE as error:
        return Unknown(reason=f"unreadable: {type(error).__name__}")


def _followed(transfer: stripe.Transfer, *, finish: bool) -> Outcome:
    payout = _payout_of(transfer)
    if payout is not None:
        return _outcome(transfer, payout)
    if transfer.reversed:
        return Rejected(code="payout_refused", facts=_facts(transfer))
    return _pay_out(transfer) if finish else Unknown(reason="transferred, not yet paid out")


def _payout_of(transfer: stripe.Transfer) -> stripe.Payout | None:
    key = key_in(transfer.to_dict())
    if key is None:
        return None
    params: stripe.params.PayoutListParams = {"created": {"gte": transfer.created}, "limit": 100}
    return next(named(key, client().v1.payouts.list(params, _at(transfer))), None)


def _pay_out(transfer: stripe.Transfer) -> Outcome:
    """From the connected account to its bank. When Stripe refuses that, the transfer is taken back."""
    key = key_in(transfer.to_dict())
    params: PayoutCreateParams = {
        "amount": transfer.amount,
        "currency": transfer.currency,
        "metadata": {ORDER: str(key), TRANSFER: transfer.id},
    }
    try:
        payout = client().v1.payouts.create(params, _at(transfer) | {"idempotency_key": f"{key}-payout"})
    except stripe.StripeError as error:
        refusal = failed_order(error)
        if isinstance(refusal, Unknown):
            return refusal
        _take_back(transfer)
        return Rejected(code=refusal.code, facts=_facts(transfer))
    return _outcome(transfer, payout)


def _outcome(transfer: stripe.Transfer, payout: stripe.Payout) -> Outcome:
    facts = _facts(transfer)
    match payout.status:
        case "paid":
            return Succeeded(facts=facts)
        case "pending" | "in_transit":
            return Pending(facts=facts)
        case "failed" | "canceled":  # days after ``paid`` too; the money is on the connected account again
            _take_back(transfer)
            return Returned(facts=facts, code=str(payout.failure_code or payout.status))
    return Unknown(reason="in a state that is not known here")


def _take_back(transfer: stripe.Transfer) -> None:
    """The money is ours again, or the error says that it is not yet: then somebody looks again later."""
    if not transfer.reversed:
        options: stripe.RequestOptions = {"idempotency_key": f"{key_in(transfer.to_dict())}-reversal"}
        client().v1.transfers.reversals.create(transfer.id, {"amount": transfer.amount}, options)


def _facts(transfer: stripe.Transfer) -> Facts:
    return facts_of(transfer.to_dict(), minor=transfer.amount)


def _at(transfer: stripe.Transfer) -> stripe.RequestOptions:
    destination = transfer.destination
    return {"stripe_account": destination if isinstance(destination, str) else str(destination and destination.id)}
