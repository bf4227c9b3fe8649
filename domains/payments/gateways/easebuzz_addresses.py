"""Easebuzz's InstaCollect: account numbers and UPI codes of ours to which anybody can pay, with a key of its own.

A payment is found in the list of its day. The webhook signs the bank's reference, the amount and the status, but not to
which account it was paid: it only says where to look.
"""

import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from domains.payments.gateways.base import Address, Facts, Notice, Outcome, Rejected, Succeeded, Unknown
from domains.payments.gateways.calling import NoAnswer, NoSense, call, object_in
from domains.payments.gateways.easebuzz_answers import CURRENCY
from domains.payments.gateways.easebuzz_api import hash_of
from domains.payments.rules import ProviderRefused, SignatureInvalid
from domains.payments.rules.decimals import money_of
from kelmah.errors import Unavailable

_PAGE: Final = 100
_ARRIVED: Final = frozenset({"received", "unsettled"})
_TEXTS: Final = {  # ours: theirs
    "account_number": "virtual_account_number",
    "ifsc": "virtual_ifsc_number",
    "upi": "virtual_upi_handle",
    "upi_link": "upi_qrcode_url",
    "qr_code": "upi_qrcode_remote_file_location",
}


def are_offered() -> bool:
    """Whether we have its key."""
    return bool(settings.EASEBUZZ_WIRE_KEY and settings.EASEBUZZ_WIRE_SALT)


def opened(key: UUID) -> Address:
    """A new account under our key. Raises ProviderRefused, Unavailable.

    Asked twice, it may open two: nobody ever hears of the number of the one whose answer got lost.
    """
    body = {"key": settings.EASEBUZZ_WIRE_KEY, "label": key.hex, "description": "Kelmah"}
    try:
        told = _ask("POST", "/api/v1/insta-collect/virtual_accounts/", [key.hex], json=body).get("virtual_account")
    except (NoAnswer, NoSense) as error:
        raise Unavailable(f"Easebuzz can't be asked: {error}.") from error
    if not isinstance(told, dict) or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", str(told.get("id"))):
        raise Unavailable("Easebuzz answers with something unreadable.")
    texts = {ours: str(told[theirs]) for ours, theirs in _TEXTS.items() if told.get(theirs)}
    return Address(ref=str(told["id"]), data=texts)


def credit(name: str, day: str) -> Outcome:
    """What became of the payment of this name, made on a day (``2026-11-21``)."""
    try:
        for thing in _payments_of(date.fromisoformat(day)):
            if str(thing.get("id")) == name:
                return _told(thing)
    except ValueError:
        return Unknown(reason="no reference of Easebuzz")
    except (NoAnswer, NoSense, ProviderRefused) as error:
        return Unknown(reason=str(error))
    return Unknown(reason="no such payment is listed", absent=True)


def notice_in(event: Mapping[str, Any], *, event_id: str) -> Notice | None:
    """What its event claims; None when it is of no payment. Raises SignatureInvalid."""
    if event.get("event") != "TRANSACTION_CREDIT" or not are_offered():
        return None
    data = event.get("data")
    if not isinstance(data, dict):
        raise SignatureInvalid("The body is not an event.")
    values = [str(data.get(field)) for field in ("unique_transaction_reference", "amount", "status")]
    made, given = _authorization(*values), str(data.get("Authorization"))
    if not given.isascii() or not hmac.compare_digest(made, given):
        raise SignatureInvalid()
    ref = f"{data.get('id')}:{str(data.get('created_at'))[:10]}"
    return Notice(event_id=event_id, account=settings.EASEBUZZ_KEY, kind="credit", ref=ref)


# Private functions


def _payments_of(day: date) -> Iterator[dict[str, Any]]:
    page = 1
    while True:
        query = {"key": settings.EASEBUZZ_WIRE_KEY, "created_at": day.isoformat(), "pageSize": _PAGE, "page": page}
        results = _ask("GET", "/api/v2/insta-collect/transactions", [], params=query).get("results")
        if not isinstance(results, list) or not all(isinstance(thing, dict) for thing in results):
            raise NoSense("an answer without its payments")
        yield from results
        if len(results) < _PAGE:
            return
        page += 1


def _ask(method: str, path: str, signed: list[str], **request: Any) -> dict[str, Any]:
    """The ``data`` of its answer. Raises ProviderRefused, NoAnswer, NoSense."""
    access = {"Authorization": _authorization(*signed), "WIRE-API-KEY": settings.EASEBUZZ_WIRE_KEY}
    response = call(method, settings.EASEBUZZ_WIRE_URL, path, headers=access, **request)
    if response.status_code in (401, 403, 429) or response.status_code >= 500:
        raise NoSense(f"answered {response.status_code}")
    answer = object_in(response)
    if answer.get("success") is not True:
        raise ProviderRefused(str(answer.get("message") or "It gives no reason."))
    data = answer.get("data")
    if not isinstance(data, dict):
        raise NoSense("an answer without its data")
    return data


def _authorization(*values: str) -> str:
    return hash_of(settings.EASEBUZZ_WIRE_KEY, *values, settings.EASEBUZZ_WIRE_SALT)


def _told(thing: Mapping[str, Any]) -> Outcome:
    status, account = str(thing.get("status")), thing.get("virtual_account")
    if not isinstance(account, dict) or not account.get("id"):
        raise NoSense("a payment to no account")
    facts = Facts(
        ref=str(thing["id"]),
        key=None,
        amount=money_of(str(thing.get("amount")), CURRENCY),
        account=settings.EASEBUZZ_KEY,
        live=settings.EASEBUZZ_LIVE,
        of=str(account["id"]),
    )
    if status in _ARRIVED:
        return Succeeded(facts=facts)
    if status == "failure":
        return Rejected(code="failure", facts=facts)
    return Unknown(reason=f"a payment that is {status!r}")
