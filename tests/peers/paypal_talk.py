"""How PayPal answers: its objects, and its errors."""

import secrets
from typing import Any, Final

from flask import Response, jsonify, request

from tests.peers.paypal_books import Thing, read, shown

CURRENCIES: Final = ("USD", "EUR", "GBP", "JPY")


def body() -> Thing:
    given = request.get_json(silent=True)
    return given if isinstance(given, dict) else {}


def issue_with(amount: Thing) -> str:
    currency = amount.get("currency_code") or amount.get("currency")
    if currency not in CURRENCIES:
        return "CURRENCY_NOT_SUPPORTED"
    try:
        return "" if read(amount).minor > 0 else "CANNOT_BE_ZERO_OR_NEGATIVE"
    except ValueError:
        return "DECIMAL_PRECISION"


def say(thing: Thing, status: int) -> tuple[Response, int]:
    """Whoever doesn't ask for the whole thing gets its name, its state and its links."""
    whole = request.method == "GET" or "id" not in thing or request.headers.get("Prefer") == "return=representation"
    return jsonify(shown(thing if whole else {each: thing.get(each) for each in ("id", "status", "links")})), status


def absent() -> tuple[Response, int]:
    return refuse(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")


def refuse(status: int, name: str, issue: str, **more: Any) -> tuple[Response, int]:
    details = [{"issue": issue, "description": issue.replace("_", " ").lower(), **more}]
    return jsonify(name=name, message=name, debug_id=secrets.token_hex(6), details=details, links=[]), status
