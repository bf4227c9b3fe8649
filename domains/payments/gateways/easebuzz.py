"""Easebuzz of India: payment links by card, bank and UPI, and their refunds, in rupees (docs/gateways/easebuzz.md).

With a key for InstaCollect, addresses to which anybody can pay, too.

Our key is the txnid of a charge and the merchant_refund_id of a refund. Both must be new, but what happens if they are
not is not published: so what was asked for before is looked up before every attempt.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from domains.payments.gateways import easebuzz_addresses as addresses
from domains.payments.gateways import easebuzz_answers as answers
from domains.payments.gateways.base import Address, Capabilities, Gateway, Notice, Order, Outcome, Rejected, Unknown
from domains.payments.gateways.calling import NoAnswer, NoSense, Refused
from domains.payments.gateways.easebuzz_api import RefusedInWords, ask, attempts_at, refunds_of
from domains.payments.gateways.easebuzz_webhooks import notice_in
from domains.payments.rules import NotOffered
from kelmah import clock
from kelmah.ids import made_at

_REF: Final = re.compile(r"([A-Za-z0-9_-]{1,40})(?::([A-Za-z0-9_-]{1,40}))?")
_LISTED_AFTER: Final = timedelta(minutes=10)  # until then a refund may have been asked for and not be listed yet


class EasebuzzGateway(Gateway):
    name = "easebuzz"
    secrets = ("EASEBUZZ_KEY", "EASEBUZZ_SALT", "EASEBUZZ_RETURN_URL")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            charges=frozenset({answers.CURRENCY}),
            payouts=frozenset(),
            remembers_keys=timedelta(hours=24),
            account=settings.EASEBUZZ_KEY,
            live=settings.EASEBUZZ_LIVE,
            refunds="partial",
            webhooks="signed",
            addresses=frozenset({answers.CURRENCY} if addresses.are_offered() else ()),
        )

    def submit(self, order: Order) -> Outcome:
        try:
            return self._earlier(order) or self._asked(order)
        except RefusedInWords as refusal:
            return self._refused(order, refusal)
        except (NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))

    def query(self, order: Order) -> Outcome:
        try:
            found = self._earlier(order)
        except (NoAnswer, NoSense, Refused) as error:
            return Unknown(reason=str(error))
        listed_by_now = order.kind == "charge" or made_at(order.key) + _LISTED_AFTER < clock.now()
        return found or Unknown(reason="no such order is known", absent=listed_by_now)

    def fetch(self, kind: str, ref: str) -> Outcome:
        named = _REF.fullmatch(ref)
        if named is None or kind not in ("charge", "refund", "credit"):
            return Unknown(reason="no reference of Easebuzz")
        of, name = named[1], named[2] or ""
        if kind == "credit":
            return addresses.credit(of, name)
        try:
            if kind == "charge":
                found = answers.charge(attempts_at(of), easepayid=name)
            else:
                found = answers.refund(refunds_of(of), name=name)
        except (NoAnswer, NoSense, Refused) as error:
            return Unknown(reason=str(error))
        return found or Unknown(reason="no such thing is known", absent=True)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        return notice_in(body)

    def open_address(self, *, key: UUID, currency: str) -> Address:
        if currency not in self.capabilities.addresses:
            raise NotOffered()
        return addresses.opened(key)

    def _earlier(self, order: Order) -> Outcome | None:
        """What was asked for under this key before, if anything. Raises NotOffered, Refused, NoAnswer, NoSense."""
        if order.kind == "charge":
            return answers.charge(attempts_at(order.key.hex))
        if order.kind != "refund":
            raise NotOffered()
        payment = answers.payment_in(order)
        return answers.refund(refunds_of(payment), name=order.key.hex) if payment else None

    def _asked(self, order: Order) -> Outcome:
        if order.kind == "charge":
            link = ask(settings.EASEBUZZ_PAY_URL, "/payment/initiateLink", answers.charge_form(order))
            return answers.charge_begun(link, order)
        if not answers.payment_in(order):
            return Rejected(code="no_such_charge")
        ask(settings.EASEBUZZ_DASHBOARD_URL, "/transaction/v2/refund", answers.refund_form(order))
        return answers.refund_begun(order)

    def _refused(self, order: Order, refusal: RefusedInWords) -> Outcome:
        """It may be one of the repetition only, so what is there is looked for before it is believed; and one that says
        so never is, since a refund may not be listed yet."""
        if not refusal.definitive:
            return Unknown(reason=str(refusal))
        otherwise = Unknown(reason=str(refusal)) if refusal.repeated else Rejected(code=refusal.code)
        try:
            return self._earlier(order) or otherwise
        except (NoAnswer, NoSense, Refused) as error:
            return Unknown(reason=str(error))
