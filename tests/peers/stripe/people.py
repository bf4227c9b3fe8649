"""What the peer does with people: customers who leave cards, and connected accounts of workers."""

import secrets
import time
from typing import Any

import stripe

from tests.peers.stripe import money, shapes
from tests.peers.stripe.memory import Memory, Refused, Thing


def customer(memory: Memory, asked: dict[str, Any]) -> Thing:
    return memory.make("customer", metadata=asked["metadata"])


def setup(memory: Memory, asked: dict[str, Any]) -> Thing:
    """A SetupIntent, which the app confirms with its secret."""
    memory.get("customer", asked["customer"])
    secret = f"seti_{secrets.token_hex(8)}_secret_{secrets.token_hex(8)}"
    words = {"customer": asked["customer"], "usage": asked["usage"], "client_secret": secret}
    return memory.make("setup_intent", status="requires_payment_method", payment_method_types=["card"], **words)


def confirm(memory: Memory, secret: str) -> Thing:
    """What Stripe's library in the app does: a card is left with the customer of the intent."""
    [intent] = [thing for thing in memory.all("setup_intent") if thing["client_secret"] == secret]
    card = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2030}
    method = memory.make("payment_method", type="card", customer=intent["customer"], metadata={})
    method["card"] = shapes.blank(stripe.PaymentMethod.Card) | card
    intent |= {"status": "succeeded", "payment_method": method["id"]}
    money.METHODS.add(method["id"])
    return method


def methods_of(memory: Memory, ref: str) -> list[Thing]:
    memory.get("customer", ref)
    return [method for method in memory.all("payment_method") if method["customer"] == ref]


def detach(memory: Memory, ref: str) -> Thing:
    method = memory.get("payment_method", ref)
    if method["customer"] is None:
        raise Refused(400, "payment_method_not_attached")
    method["customer"] = None
    money.METHODS.discard(ref)
    return method


def forget(memory: Memory, ref: str) -> None:
    for method in methods_of(memory, ref):
        detach(memory, method["id"])
    del memory.things[ref]


def check_owner(memory: Memory, asked: dict[str, Any]) -> None:
    """A card that was left with somebody is charged in their name only."""
    method = memory.things.get(asked.get("payment_method", ""))
    if method is not None and method["customer"] != asked.get("customer"):
        raise Refused(400, "payment_method_customer_mismatch", param="payment_method")


def account(memory: Memory, asked: dict[str, Any]) -> Thing:
    """A connected account, not yet completed by its owner."""
    if asked["country"] not in ("US", "DE", "KE"):
        raise Refused(400, "country_unsupported", param="country")
    words = {"country": asked["country"], "type": asked["type"], "metadata": asked["metadata"]}
    made = memory.make("account", **words, payouts_enabled=False, details_submitted=False)
    schedule = {"delay_days": 2} | asked["settings"]["payouts"]["schedule"]
    paid = shapes.blank(stripe.Account.Settings.Payouts) | {"schedule": schedule}
    made["settings"] = shapes.blank(stripe.Account.Settings) | {"payouts": paid}
    return made


def link(memory: Memory, asked: dict[str, Any]) -> Thing:
    owned = memory.get("account", asked["account"])
    for name in ("company", "individual"):  # what they tell Stripe there Stripe no longer tells us
        owned.pop(name, None)
    words = {"object": "account_link", "created": int(time.time()), "expires_at": int(time.time()) + 300}
    return words | {"url": f"https://connect.stripe.com/setup/e/{asked['account']}/{secrets.token_hex(6)}"}
