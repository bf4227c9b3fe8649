"""What the sandbox provider knows and does: charges, refunds, disputes, payouts, addresses, and its statement of them.

Honest about being one: every object says ``"live": false``. What it does with an order depends on the instrument.
"""

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from domains.payments.gateways.sandbox_courier import Courier
from domains.payments.gateways.sandbox_plan import Plan
from domains.payments.gateways.sandbox_scripts import Script, script_of

LARGEST_BATCH: Final = 100  # payouts
FAILURES: Final = {"failed": "refused_by_issuer", "returned": "account_closed"}
_ALWAYS: Final = {"reference": str, "amount": int, "currency": str}
_TYPES: Final = {
    "charge": {**_ALWAYS, "instrument": str},
    "payout": {**_ALWAYS, "instrument": str},
    "refund": {**_ALWAYS, "charge": str},
}
_SIGNS: Final = {  # how a status changes our balance, by kind
    "charge": {"succeeded": 1},
    "payout": {"succeeded": -1, "returned": 1},
    "refund": {"succeeded": -1, "returned": 1},
    "credit": {"succeeded": 1},
    "dispute": {"withdrawn": -1, "reinstated": 1},
}


@dataclass(frozen=True)
class Answer:
    """What the caller gets. ``silent``: nothing, however long it waits."""

    status: int
    body: bytes
    silent: bool = False


@dataclass
class Provider:
    """One provider with a memory of its own. ``delay``: seconds until what a script has for later happens."""

    webhook_url: str
    webhook_secret: str
    account: str = "kelmah"
    delay: float = 1.0
    plan: Plan = field(default_factory=Plan)
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)
    answers: dict[str, tuple[float, bytes, Answer]] = field(default_factory=dict)
    statement: list[dict[str, Any]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.courier = Courier(url=self.webhook_url, secret=self.webhook_secret, plan=self.plan)

    def order(self, kind: str, key: str, body: bytes) -> Answer:
        """Carry out an order once per key. A key's first answer is kept and given again, also when it is an error."""
        order = _order_in(kind, body)
        with self.lock:
            script = self._script(kind, order) if key and order else None
            if script is None:
                return _error(400, "order_invalid")
            if known := self._answered(key):
                return known[1] if known[0] == body else _error(400, "idempotency_key_reused")
            if kind == "refund" and (refusal := self._refusal(order)):
                return _error(400, refusal)
            if not script.made and key not in self.lost:
                self.lost.add(key)  # it never arrived: the next attempt is a first one
                return Answer(0, b"", silent=True)
            things = [self._make(kind, order, script) for _ in range(script.made or 1)]
            answer = (
                _error(500, "internal") if script.answer == "error" else Answer(200, json.dumps(things[0]).encode())
            )
            self.answers[key] = (time.monotonic(), body, answer)
        for thing in things:
            threading.Thread(target=self._live, args=(thing, script), daemon=True).start()
        return replace(answer, silent=script.answer == "silence" and bool(script.made))

    def payout_batch(self, key: str, body: bytes) -> Answer:
        """Carry out the payouts of a batch once per key; one that can't be read has all of them refused."""
        orders = _batch_in(body)
        with self.lock:
            scripts = [script_of("payout", order["instrument"]) for order in orders]
            good = [script for script in scripts if script is not None]
            if not key or not orders or len(good) < len(orders):
                return _error(400, "order_invalid")
            if known := self._answered(key):
                return known[1] if known[0] == body else _error(400, "idempotency_key_reused")
            if not all(script.made for script in good) and key not in self.lost:
                self.lost.add(key)  # it never arrived: the next attempt is a first one
                return Answer(0, b"", silent=True)
            things = [self._make("payout", order, script) for order, script in zip(orders, good, strict=True)]
            made = {"id": f"ba_{secrets.token_hex(8)}", "payouts": things}
            self.answers[key] = (time.monotonic(), body, Answer(200, json.dumps(made).encode()))
        for thing, script in zip(things, good, strict=True):
            threading.Thread(target=self._live, args=(thing, script), daemon=True).start()
        return replace(self.answers[key][2], silent=any(script.answer == "silence" for script in good))

    def get(self, kind: str, ref: str) -> dict[str, Any] | None:
        """One object, as it is now."""
        with self.lock:
            thing = self.objects.get(ref)
            return dict(thing) if thing and thing["kind"] == kind else None

    def objects_of(self, kind: str, reference: str) -> list[dict[str, Any]]:
        """The objects of one order, oldest first."""
        with self.lock:
            return [dict(t) for t in self.objects.values() if t["kind"] == kind and t["reference"] == reference]

    def lines(self, day: str) -> list[dict[str, Any]]:
        """The movements of one day (UTC, ``2026-11-20``), oldest first."""
        with self.lock:
            return [line for line in self.statement if line["at"].startswith(day)]

    def balance(self) -> dict[str, int]:
        """What it holds for us, by currency."""
        held: dict[str, int] = {}
        with self.lock:
            for line in self.statement:
                held[line["currency"]] = held.get(line["currency"], 0) + line["amount"]
        return held

    def dispute(self, charge: str, phase: str, ref: str = "") -> str:
        """The payer's bank disputes a charge; named by ``ref``, the dispute goes on. Its ref. Raises KeyError."""
        with self.lock:
            thing = self.objects.get(ref) or self._keep("dispute", self.objects[charge], charge=charge)
            self._change(thing, phase)
            told = dict(thing)
        self.courier.tell(told, times=1)
        return str(thing["id"])

    def address(self, key: str, body: bytes) -> Answer:
        """An account to which anybody can pay, one per key."""
        currency = json.loads(body)["currency"]
        with self.lock:
            if known := self._answered(key):
                return known[1]
            number = f"90{secrets.randbelow(10**10):010}"
            thing = self._keep("address", {"reference": key, "amount": 0, "currency": currency}, number=number)
            answer = Answer(200, json.dumps(thing).encode())
            self.answers[key] = (time.monotonic(), body, answer)
        return answer

    def pay(self, address: str, amount: int, currency: str, times: int = 1) -> str:
        """Somebody pays to an address, or to what is none of ours; told in so many events. The credit's id."""
        with self.lock:
            paid = {"reference": "", "amount": amount, "currency": currency}
            thing = self._keep("credit", paid, address=address)
            self._change(thing, "succeeded")
            told = dict(thing)
        for _ in range(times):
            self.courier.tell(told, times=1)
        return str(thing["id"])

    def go_on(self) -> None:
        """Let what is to happen to its objects happen, when it stopped in between."""
        with self.lock:
            waiting = [
                (thing, script)
                for ref, script in self.scripts.items()
                if (thing := self.objects[ref])["status"] == script.first and script.then
            ]
        for thing, script in waiting:
            threading.Thread(target=self._live, args=(thing, script), daemon=True).start()

    # Private methods: their caller holds the lock

    def _answered(self, key: str) -> tuple[bytes, Answer] | None:
        at, body, answer = self.answers.get(key, (0.0, b"", None))
        return (body, answer) if answer and time.monotonic() < at + self.plan.remembers else None

    def _script(self, kind: str, order: Mapping[str, Any]) -> Script | None:
        if kind != "refund":
            return script_of(kind, order["instrument"])
        charge = self.scripts.get(order["charge"])
        return script_of("payout", charge.refunds) if charge else None

    def _refusal(self, order: Mapping[str, Any]) -> str:
        charge, others = self.objects[order["charge"]], self.objects.values()
        same = [t for t in others if t.get("charge") == charge["id"]]
        given = sum(t["amount"] for t in same if t["kind"] == "refund" and t["status"] in ("pending", "succeeded"))
        if charge["status"] != "succeeded" or charge["currency"] != order["currency"]:
            return "charge_not_refundable"
        if any(t["status"] in ("withdrawn", "lost") for t in same):
            return "charge_disputed"
        return "refund_exceeds_charge" if given + order["amount"] > charge["amount"] else ""

    def _make(self, kind: str, order: Mapping[str, Any], script: Script) -> dict[str, Any]:
        drift = {**script.differs, "amount": order["amount"] + script.differs.get("amount", 0)}
        more = {"charge": order["charge"]} if kind == "refund" else {}
        thing = self._keep(kind, order, **more, next_action=script.next_action, **drift)
        self.scripts[thing["id"]] = script
        self._change(thing, script.first)
        return thing

    def _keep(self, kind: str, order: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        thing = {
            "id": f"{kind[:2]}_{secrets.token_hex(8)}",
            "kind": kind,
            "reference": order["reference"],
            "amount": order["amount"],
            "currency": order["currency"],
            "account": self.account,
            "live": False,
            "status": "",
            "failure": None,
        }
        self.objects[thing["id"]] = thing | more
        return self.objects[thing["id"]]

    def _change(self, thing: dict[str, Any], status: str) -> None:
        if thing["status"] == status:
            return
        thing["status"], thing["failure"] = status, FAILURES.get(status)
        sign = _SIGNS[thing["kind"]].get(status, 0)
        if not sign or thing["account"] != self.account:
            return
        self.statement.append(
            {
                "id": f"ln_{thing['id']}_{status}",
                "kind": thing["kind"],
                "ref": thing["id"],
                "reference": thing["reference"],
                "amount": sign * thing["amount"],
                "currency": thing["currency"],
                "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            }
        )

    def _live(self, thing: dict[str, Any], script: Script) -> None:
        self._tell(thing, script)
        if script.then:
            time.sleep(self.delay)
            with self.lock:
                self._change(thing, script.then)
            self._tell(thing, script)
        ref = ""
        for phase in script.disputed:
            time.sleep(self.delay)
            ref = self.dispute(thing["id"], phase, ref)

    def _tell(self, thing: dict[str, Any], script: Script) -> None:
        with self.lock:
            told = dict(thing)
        self.courier.tell(told, times=script.tells)


# Private functions


def _order_in(kind: str, body: bytes) -> dict[str, Any]:
    """The order, or an empty one when a field is missing or of another type."""
    try:
        order, types = json.loads(body), _TYPES[kind]
        good = order.keys() == types.keys() and all(type(order[name]) is wanted for name, wanted in types.items())
        return order if good and order["amount"] > 0 else {}
    except (ValueError, AttributeError):
        return {}


def _batch_in(body: bytes) -> list[dict[str, Any]]:
    """The orders of a batch, or none when one of them can't be read, or is there twice."""
    try:
        orders = [_order_in("payout", json.dumps(each).encode()) for each in json.loads(body)["payouts"]]
    except (ValueError, KeyError, TypeError):
        return []
    good = all(orders) and 0 < len({order["reference"] for order in orders}) == len(orders) <= LARGEST_BATCH
    return orders if good else []


def _error(status: int, code: str) -> Answer:
    return Answer(status, json.dumps({"error": {"code": code}}).encode())
