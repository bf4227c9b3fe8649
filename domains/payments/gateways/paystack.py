"""Paystack: card, bank and mobile money through its checkout, transfers, refunds (docs/gateways/paystack.md).

A reference is used once there and names one object, so our key is the reference of charges and transfers. Refunds have
none: the key stands in the merchant's note, and is looked for before a refund is asked for again.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from domains.payments.gateways import paystack_answers as answers
from domains.payments.gateways import paystack_orders as orders
from domains.payments.gateways.base import (
    Accepted,
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
from domains.payments.gateways.paystack_api import ask, ask_list, every, is_ref
from domains.payments.gateways.paystack_statement import lines_of
from domains.payments.gateways.paystack_webhooks import notice_in
from kelmah import clock
from kelmah.ids import made_at
from kelmah.money import Money

_SERVED: Final = frozenset({"GHS", "NGN", "KES", "ZAR", "USD"})
_LISTED_AFTER: Final = timedelta(minutes=10)  # until then a refund may have been asked for and not be listed yet


class PaystackGateway(Gateway):
    name = "paystack"
    secrets = ("PAYSTACK_SECRET_KEY", "PAYSTACK_INTEGRATION")

    @property
    def capabilities(self) -> Capabilities:
        currencies = _SERVED & set(settings.PAYSTACK_CURRENCIES)
        return Capabilities(
            charges=currencies,
            payouts=currencies,
            remembers_keys=timedelta(hours=24),
            account=settings.PAYSTACK_INTEGRATION,
            live=settings.PAYSTACK_SECRET_KEY.startswith("sk_live_"),
            refunds="partial",
            webhooks="signed",
            statements=True,
            names=True,
            disputes=True,
            balances=True,
            payouts_per_batch=100,
        )

    def submit(self, order: Order) -> Outcome:
        try:
            if order.kind == "refund":
                return self._refund(order)
            if order.kind == "payout":
                recipient = ask("POST", "/transferrecipient", json=orders.recipient(order))
                transfer = ask("POST", "/transfer", json=orders.transfer(order, str(recipient["recipient_code"])))
                return answers.transfer(transfer)
            path, body = orders.charge(order)
            return answers.charge_begun(ask("POST", path, json=body), order)
        except Refused as refusal:
            return self._refused(order, refusal)
        except (NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))

    def query(self, order: Order) -> Outcome:
        if order.kind != "refund":
            return self.fetch(order.kind, str(order.key))
        try:
            found = self._refund_of(order)
        except (NoAnswer, NoSense, Refused) as error:
            return Unknown(reason=str(error))
        if found is not None:
            return answers.refund(found)
        listed_by_now = made_at(order.key) + _LISTED_AFTER < clock.now()
        return Unknown(reason="no such refund is listed", absent=listed_by_now)

    def fetch(self, kind: str, ref: str) -> Outcome:
        path, read = {
            "charge": ("/transaction/verify/", answers.charge),
            "payout": ("/transfer/verify/", answers.transfer),
            "refund": ("/refund/", _refund_in),
        }[kind]
        if not is_ref(ref):
            return Unknown(reason="no reference of Paystack")
        return asked(lambda: read(ask("GET", f"{path}{ref}")))

    def submit_payouts(self, batch: Batch) -> BatchOutcome:
        """The bulk has no key, but each transfer has its reference: so it is sent once, and then each is looked up."""
        if batch.again:
            return Accepted(outcomes={}, apart=True)
        try:
            codes = self._recipients_of(batch.orders)
            known = [order for order in batch.orders if order.key in codes]
            queued = ask_list("POST", "/transfer/bulk", json=orders.bulk(known, codes)) if known else []
        except Refused as refusal:
            return Rejected(code=refusal.code) if refusal.definitive else Unknown(reason=str(refusal))
        except (NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))
        references = {str(each.get("reference")) for each in queued}
        told = {order.key: answers.transfer_queued(order) for order in known if str(order.key) in references}
        return Accepted(outcomes=told, apart=True)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        return notice_in(headers, body)

    def fetch_dispute(self, ref: str) -> Dispute | Unknown:
        if not is_ref(ref):
            return Unknown(reason="no reference of Paystack")
        return asked(lambda: answers.dispute(ask("GET", f"/dispute/{ref}")))

    def statement(self, day: date) -> list[StatementLine]:
        return wanted("Paystack", lambda: lines_of(day))

    def balance(self) -> list[Money]:
        held = wanted("Paystack", lambda: list(every("/balance")))
        return [answers.amount_in(each, "balance") for each in held if each.get("currency") in _SERVED]

    def name_of(self, instrument: str) -> str:
        bank, account = orders.account_in(instrument)
        return wanted("Paystack", lambda: _holder_of(bank, account))

    def _recipients_of(self, payouts: Sequence[Order]) -> dict[UUID, str]:
        """The recipient's code for each order whose account it takes. Raises Refused, NoAnswer, NoSense."""
        made = ask("POST", "/transferrecipient/bulk", json={"batch": [orders.recipient(order) for order in payouts]})
        codes: dict[tuple[str, str], str] = {}
        for each in made.get("success") or []:
            account = each.get("details") or {}
            codes[str(account.get("bank_code")), str(account.get("account_number"))] = str(each.get("recipient_code"))
        return {order.key: code for order in payouts if (code := codes.get(orders.account_in(order.instrument)))}

    def _refund(self, order: Order) -> Outcome:
        """There is no key that keeps it from being done twice: what was asked for before is looked for first."""
        if (earlier := self._refund_of(order)) is not None:
            return answers.refund(earlier)
        return answers.refund(ask("POST", "/refund", json=orders.refund(order)), of=order.of)

    def _refund_of(self, order: Order) -> dict[str, Any] | None:
        since = made_at(order.key) - timedelta(days=1)
        for each in every("/refund", params={"from": since.isoformat()}):
            if answers.key_in_note(each) == order.key:
                return each
        return None

    def _refused(self, order: Order, refusal: Refused) -> Outcome:
        """A refusal says nothing about an earlier attempt under this reference, so that is looked for first."""
        if not refusal.definitive:
            return Unknown(reason=str(refusal))
        earlier = self.query(order) if order.kind != "refund" else Unknown(reason="", absent=True)
        if isinstance(earlier, Unknown) and earlier.absent:
            return Rejected(code=refusal.code)
        return earlier


# Private functions


def _refund_in(thing: Mapping[str, Any]) -> Outcome:
    """One that was made at Paystack's dashboard names its charge by Paystack's number alone: that one is asked for its
    reference. Raises Refused, NoAnswer, NoSense."""
    charge = thing.get("transaction")
    if answers.key_in_note(thing) or not str(charge).isdecimal():
        return answers.refund(thing)
    return answers.refund(thing, of=str(ask("GET", f"/transaction/{charge}").get("reference") or ""))


def _holder_of(bank: str, account: str) -> str:
    """Raises Refused for a refusal that says nothing of the account, NoAnswer, NoSense."""
    try:
        person = ask("GET", "/bank/resolve", params={"account_number": account, "bank_code": bank})
    except Refused as refusal:
        if refusal.definitive:
            return ""
        raise
    return str(person.get("account_name") or "")
