"""Hubtel's direct receive and send money: the published way to the networks of Ghana that publish none of their own.

One adapter per network inherits from here (docs/gateways/telecel_cash.md). A reference must never be used twice, but
Hubtel does not say what happens if it is: so it is looked up before every attempt, and never sent again by itself.
"""

import hashlib
import re
from abc import ABC
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Final

import httpx
from django.conf import settings

from domains.payments.gateways import hubtel_answers as answers
from domains.payments.gateways.base import (
    Capabilities,
    Gateway,
    NextAction,
    Notice,
    Order,
    Outcome,
    Pending,
    Rejected,
    Unknown,
)
from domains.payments.gateways.calling import NoAnswer, NoSense, call, object_in
from domains.payments.gateways.unsigned import read_unsigned
from domains.payments.rules import NotOffered, SignatureInvalid
from domains.payments.rules.decimals import decimal_of

_REFERENCE: Final = re.compile(r"[A-Za-z0-9]{1,36}")
_TAKEN: Final = frozenset({"0000", "0001"})
_REFUSED: Final = frozenset({"2001", "3050", "4000", "4070", "4075", "4101", "4103"})
_APPROVE: Final = NextAction(kind="approve_on_phone", data={})


class HubtelGateway(Gateway, ABC):
    """``channel``: Hubtel's word for the network."""

    channel: ClassVar[str]
    secrets = (
        "HUBTEL_API_ID",
        "HUBTEL_API_KEY",
        "HUBTEL_POS_SALES_ID",
        "HUBTEL_PREPAID_DEPOSIT_ID",
        "HUBTEL_CALLBACK_URL",
    )

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            charges=frozenset({answers.CURRENCY}),
            payouts=frozenset({answers.CURRENCY}),
            remembers_keys=timedelta(0),
            account=settings.HUBTEL_POS_SALES_ID,
            live=settings.HUBTEL_LIVE,
            webhooks="unsigned",
        )

    def submit(self, order: Order) -> Outcome:
        if order.kind == "refund":
            raise NotOffered()
        earlier = self.query(order)
        if not (isinstance(earlier, Unknown) and earlier.absent):
            return earlier
        try:
            response = self._send(order)
            return self._begun(order, response, code=str(answers.plain(object_in(response)).get("responsecode")))
        except (NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))

    def query(self, order: Order) -> Outcome:
        return self.fetch(order.kind, order.key.hex)

    def fetch(self, kind: str, ref: str) -> Outcome:
        if not _REFERENCE.fullmatch(ref):
            return Unknown(reason="no reference of Hubtel")
        url, path, read = {
            "charge": (
                settings.HUBTEL_RECEIVE_STATUS_URL,
                f"/transactions/{settings.HUBTEL_POS_SALES_ID}/status",
                answers.charge,
            ),
            "payout": (
                settings.HUBTEL_SEND_STATUS_URL,
                f"/api/merchants/{settings.HUBTEL_PREPAID_DEPOSIT_ID}/transactions/status",
                answers.payout,
            ),
        }[kind]
        try:
            response = call("GET", url, path, params={"clientReference": ref}, auth=_access())
            if response.status_code not in (200, 400, 404):  # whoever gave up on us has not looked
                return Unknown(reason=f"answered {response.status_code}")
            told = answers.plain(object_in(response))
            if response.status_code == 404 or not told.get("data"):
                return Unknown(reason="no such transaction", absent=True)
            return read(told["data"])
        except (NoAnswer, NoSense) as error:
            return Unknown(reason=str(error))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        try:
            data = answers.plain(read_unsigned(body))["data"]
            reference = str(data["clientreference"])
        except (KeyError, TypeError, AttributeError):
            raise SignatureInvalid("The body is not a callback of Hubtel.") from None
        key = answers.key_in(reference)
        if key is None:
            return None
        return Notice(
            event_id=hashlib.sha256(body).hexdigest(),  # it has no id: an invented one must not shadow the real one
            account=settings.HUBTEL_POS_SALES_ID,
            kind="payout" if "amountdebited" in data else "charge",
            ref=key.hex,
            key=key,
        )

    def _send(self, order: Order) -> httpx.Response:
        body: dict[str, Any] = {
            "Channel": self.channel,
            "Amount": float(decimal_of(order.amount)),
            "PrimaryCallbackURL": f"{settings.HUBTEL_CALLBACK_URL}/{self.name}",
            "Description": "Kelmah",
            "ClientReference": order.key.hex,
        }
        if order.kind == "charge":
            path = f"/merchantaccount/merchants/{settings.HUBTEL_POS_SALES_ID}/receive/mobilemoney"
            charge = body | {"CustomerMsisdn": order.instrument}
            return call("POST", settings.HUBTEL_RECEIVE_URL, path, json=charge, auth=_access())
        path = f"/api/merchants/{settings.HUBTEL_PREPAID_DEPOSIT_ID}/send/mobilemoney"
        payout = body | {"RecipientMsisdn": order.instrument, "RecipientName": order.instrument}
        return call("POST", settings.HUBTEL_SEND_URL, path, json=payout, auth=_access())

    def _begun(self, order: Order, response: httpx.Response, *, code: str) -> Outcome:
        """A refusal may be one of the repetition only, so what is there is looked for before it is believed."""
        if response.is_success and code in _TAKEN:
            facts = answers.ordered(order)
            return Pending(facts=facts, next_action=_APPROVE if order.kind == "charge" else None)
        if response.status_code >= 500 or code not in _REFUSED:
            return Unknown(reason=f"answered {response.status_code}: {code}")
        earlier = self.query(order)
        if isinstance(earlier, Unknown) and earlier.absent:
            return Rejected(code=f"hubtel_{code}")
        return earlier


# Private functions


def _access() -> tuple[str, str]:
    return settings.HUBTEL_API_ID, settings.HUBTEL_API_KEY
