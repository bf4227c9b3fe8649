"""What the peer remembers: objects, the movements of balances, and the answers given under each key."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import stripe

from tests.peers.serving import Movement
from tests.peers.stripe import shapes

Thing = dict[str, Any]

KINDS: dict[str, tuple[str, type]] = {
    "payment_intent": ("pi", stripe.PaymentIntent),
    "charge": ("ch", stripe.Charge),
    "refund": ("re", stripe.Refund),
    "transfer": ("tr", stripe.Transfer),
    "transfer_reversal": ("trr", stripe.TransferReversal),
    "payout": ("po", stripe.Payout),
    "dispute": ("dp", stripe.Dispute),
    "balance_transaction": ("txn", stripe.BalanceTransaction),
    "event": ("evt", stripe.Event),
    "customer": ("cus", stripe.Customer),
    "setup_intent": ("seti", stripe.SetupIntent),
    "payment_method": ("pm", stripe.PaymentMethod),
    "account": ("acct", stripe.Account),
}


class Refused(Exception):
    """An error as Stripe answers it."""

    def __init__(self, status: int, code: str, *, type: str = "invalid_request_error", **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"error": {"type": type, "code": code, "message": f"refused: {code}", **more}}


@dataclass
class Memory:
    """``things`` by id, oldest first; ``answers`` by key; ``live``: the mode of the account's key."""

    live: bool = False
    things: dict[str, Thing] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[Any, int, Thing]] = field(default_factory=dict)
    searchable: bool = True

    def make(self, kind: str, *, at: str = "", **values: Any) -> Thing:
        """A complete object, kept; ``at``: the connected account to which it belongs."""
        prefix, wanted = KINDS[kind]
        own = {"id": f"{prefix}_{secrets.token_hex(12)}", "object": kind, "created": int(time.time())}
        if "livemode" in (blank := shapes.blank(wanted)):
            own["livemode"] = self.live
        thing = blank | own | values
        self.things[thing["id"]] = thing | {"_at": at}
        return self.things[thing["id"]]

    def get(self, kind: str, ref: str, *, at: str = "") -> Thing:
        thing = self.things.get(ref)
        if thing is None or thing["object"] != kind or thing["_at"] != at:
            raise Refused(404, "resource_missing", param="id")
        return thing

    def all(self, kind: str, *, at: str = "") -> list[Thing]:
        """Newest first, as Stripe lists."""
        return [t for t in reversed(self.things.values()) if t["object"] == kind and t["_at"] == at]

    def move(self, minor: int, currency: str, *, source: Thing, category: str, fee: int = 0) -> str:
        """A line of the platform's balance; returns its id."""
        numbers = {"amount": minor, "fee": fee, "net": minor - fee, "currency": currency}
        words = {"reporting_category": category, "type": category, "source": source["id"], "status": "available"}
        return str(self.make("balance_transaction", **numbers, **words)["id"])

    def shown(self, thing: Thing, expand: list[str]) -> Thing:
        """As it is answered: complete, as documented, with what was asked for in place of its id."""
        plain = {name: value for name, value in thing.items() if name != "_at"}
        for path in expand:
            self._expand(plain, path.split("."))
        wrong = shapes.problems(plain, KINDS[plain["object"]][1])
        assert not wrong, wrong
        return plain

    def movements(self) -> list[Movement]:
        charges = [self._movement("charge", t, moved=t["status"] == "succeeded") for t in self.all("payment_intent")]
        refunds = [self._movement("refund", t, moved=t["status"] == "succeeded") for t in self.all("refund")]
        payouts = [self._movement("payout", t, moved=not t["reversed"]) for t in self.all("transfer")]
        return [*charges, *refunds, *payouts]

    # Private methods

    def _expand(self, thing: Thing, path: list[str]) -> None:
        inner = thing.get(path[0])
        if isinstance(inner, str) and inner in self.things:
            inner = thing[path[0]] = {name: value for name, value in self.things[inner].items() if name != "_at"}
        if path[1:] and isinstance(inner, dict):
            self._expand(inner, path[1:])

    def _movement(self, kind: str, thing: Mapping[str, Any], *, moved: bool) -> Movement:
        key, state = thing["metadata"].get("order", ""), thing.get("status") or ("reversed" if not moved else "made")
        words = {"kind": kind, "key": key, "ref": thing["id"], "currency": thing["currency"].upper(), "state": state}
        return Movement(**words, minor=thing["amount"], moved=moved)
