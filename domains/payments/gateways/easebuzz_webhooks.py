"""Easebuzz's webhooks: a form or an object that carries the hash of some of its own fields, without id and time."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings

from domains.payments.gateways import easebuzz_addresses as addresses
from domains.payments.gateways.base import Notice
from domains.payments.gateways.easebuzz_answers import NAME, key_in
from domains.payments.gateways.easebuzz_api import SIGNED, hash_of
from domains.payments.gateways.unsigned import read_unsigned
from domains.payments.rules import SignatureInvalid


def notice_in(body: bytes) -> Notice | None:
    """Its claim; None when it is about nothing that we follow. Raises SignatureInvalid.

    The attempt's name is not signed, and the payer's browser is given the same form: it only says where to look first.
    """
    told, event_id = _fields_of(body), hashlib.sha256(body).hexdigest()  # sent again, it is the same body
    if "event" in told:
        return addresses.notice_in(told, event_id=event_id)
    _check(told)
    txnid, easepayid = str(told["txnid"]), str(told.get("easepayid"))
    return Notice(
        event_id=event_id,
        account=settings.EASEBUZZ_KEY,
        kind="charge",
        ref=f"{txnid}:{easepayid}" if NAME.fullmatch(easepayid) else txnid,
        key=key_in(txnid),
    )


# Private functions


def _fields_of(body: bytes) -> dict[str, Any]:
    """What a form or a JSON object says, by name; numbers as they are written, which is how they are signed."""
    if body.lstrip().startswith(b"{"):
        return dict(read_unsigned(body, parse_float=str, parse_int=str))
    try:
        return dict(parse_qsl(body.decode(), True))
    except ValueError:
        raise SignatureInvalid("The body is not an event.") from None


def _check(told: Mapping[str, Any]) -> None:
    """Either the salt of today or one that was in use before it."""
    given, values = str(told.get("hash")), [str(told.get(field) or "") for field in reversed(SIGNED)]
    salts = [settings.EASEBUZZ_SALT, *settings.EASEBUZZ_OLD_SALTS]
    made = [hash_of(salt, str(told.get("status")), *values) for salt in salts if salt]
    ours = told.get("key") == settings.EASEBUZZ_KEY and told.get("txnid")
    if not ours or not given.isascii() or not any(hmac.compare_digest(each, given) for each in made):
        raise SignatureInvalid()
