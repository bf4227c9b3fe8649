"""PayPal: checkout through orders, captures and their refunds, payouts, disputes (docs/gateways/paypal.md).

Our key goes with every request, and PayPal does the same only once under it; but nothing there is found by it. So an
order whose name was never heard is asked about by being sent again.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from django.conf import settings

from domains.payments.gateways import paypal_answers as answers
from domains.payments.gateways import paypal_charges as charges
from domains.payments.gateways import paypal_payouts as payouts
from domains.payments.gateways.base import (
    Batch,
    BatchOutcome,
    Capabilities,
    Dispute,
    Gateway,
    Notice,
    Order,
    Outcome,
    Rejected,
    StatementLine,
    Unknown,
)
from domains.payments.gateways.calling import NoAnswer, NoSense, Refused, asked, wanted
from domains.payments.gateways.paypal_api import RefusedInDetail, ask, is_dispute, is_ref
from domains.payments.gateways.paypal_statement import balances, lines_of
from domains.payments.gateways.paypal_webhooks import notice_in
from kelmah import clock
from kelmah.money import Money

_SERVED: Final = frozenset({"USD", "EUR", "GBP", "CAD", "AUD", "SGD", "HKD", "PHP", "THB", "JPY"})
_REMEMBERED: Final = timedelta(days=29)  # a batch of payouts for 30 days, a refund for 45


class PaypalGateway(Gateway):
    name = "paypal"
    secrets = ("PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_MERCHANT_ID", "PAYPAL_WEBHOOK_ID")

    @property
    def capabilities(self) -> Capabilities:
        currencies = _SERVED & set(settings.PAYPAL_CURRENCIES)
        return Capabilities(
            charges=currencies,
            payouts=currencies,
            remembers_keys=_REMEMBERED,
            account=settings.PAYPAL_MERCHANT_ID,
            live=answers.is_live(),
            refunds="partial",
            webhooks="signed",
            statements=True,
            disputes=True,
            balances=True,
            queries=False,
            payouts_per_batch=payouts.LARGEST,
        )

    def submit(self, order: Order) -> Outcome:
        try:
            match order.kind:
                case "charge":
                    return charges.submit(order)
                case "payout":
                    return payouts.submit(order)
            return self._refund(order)
        except Refused as refusal:
            return Rejected(code=refusal.code) if refusal.definitive else Unknown(reason=str(refusal))
        except (NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))

    def query(self, order: Order) -> Outcome:
        if not order.ref:
            # An order that nobody could be led to is not paid; the rest may be repeated while its key is remembered.
            harmless = order.kind == "charge" or clock.now() < answers.made_at(order.key) + _REMEMBERED
            return Unknown(reason="its name at PayPal was never heard", absent=harmless)
        if order.kind != "charge":
            return self.fetch(order.kind, order.ref)
        try:
            return charges.query(order)
        except (Refused, NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))

    def fetch(self, kind: str, ref: str) -> Outcome:
        if not is_ref(ref):
            return Unknown(reason="no reference of PayPal")
        return asked(lambda: _fetched(kind, ref))

    def submit_payouts(self, batch: Batch) -> BatchOutcome:
        try:
            return payouts.submit_batch(batch)
        except RefusedInDetail as refusal:
            # What is written in the batch would have met an earlier attempt, too; anything else may have changed since.
            final = refusal.definitive and (not batch.again or refusal.about_the_request)
            return Rejected(code=refusal.code) if final else Unknown(reason=str(refusal))
        except (NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))

    def query_payouts(self, batch: Batch) -> BatchOutcome:
        return asked(lambda: payouts.query_batch(batch))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        return notice_in(headers, body)

    def fetch_dispute(self, ref: str) -> Dispute | Unknown:
        if not is_dispute(ref):
            return Unknown(reason="no dispute of PayPal")
        return asked(lambda: answers.dispute(ask("GET", f"/v1/customer/disputes/{ref}")))

    def statement(self, day: date) -> list[StatementLine]:
        return wanted("PayPal", lambda: lines_of(day))

    def balance(self) -> list[Money]:
        return wanted("PayPal", balances)

    def _refund(self, order: Order) -> Outcome:
        if not is_ref(order.of):
            return Rejected(code="RESOURCE_NOT_FOUND")
        body = {"amount": answers.written(order.amount), "custom_id": str(order.key)}
        return answers.refund(ask("POST", f"/v2/payments/captures/{order.of}/refund", key=str(order.key), json=body))


# Private functions


def _fetched(kind: str, ref: str) -> Outcome:
    """Raises Refused, NoAnswer, NoSense."""
    match kind:
        case "charge":
            return charges.fetch(ref)
        case "payout":
            return payouts.fetch(ref)
    return answers.refund(ask("GET", f"/v2/payments/refunds/{ref}"))
