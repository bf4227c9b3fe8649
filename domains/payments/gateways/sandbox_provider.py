"""What the sandbox provider knows and does: charges, payouts, and the webhooks that tell of them.

Honest about being one: every object says ``"live": false``. What it does with an order depends on the instrument.
"""

import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx

from domains.payments.gateways.signatures import sign

RETRIES: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds between attempts to deliver a webhook
FAILURES: Final = {"failed": "refused_by_issuer", "returned": "account_closed"}
_TYPES: Final = {"reference": str, "amount": int, "currency": str, "instrument": str}


@dataclass(frozen=True)
class Script:
    """How an order goes: its status at ``first`` and ``then``; ``made`` objects of it, which ``differ`` from it.

    ``answer``: what the caller gets for the key (``object``, ``error``, ``silence``); ``tells``: webhooks per change.
    """

    first: str = "succeeded"
    then: str = ""
    answer: str = "object"
    made: int = 1
    tells: int = 1
    differs: Mapping[str, Any] = field(default_factory=dict)


SCRIPTS: Final[Mapping[str, Script]] = {
    "tok_success": Script(),
    "tok_decline": Script(first="failed"),
    "tok_pending": Script(first="pending", then="succeeded"),
    "tok_pending_decline": Script(first="pending", then="failed"),
    "tok_decline_late_success": Script(first="failed", then="succeeded"),
    "tok_webhook_twice": Script(tells=2),
    "tok_webhook_never": Script(tells=0),
    "tok_charged_twice": Script(made=2),
    "tok_timeout_charged": Script(answer="silence"),
    "tok_timeout_lost": Script(answer="silence", made=0),
    "tok_error_charged": Script(answer="error"),
    "tok_amount_drift": Script(differs={"amount": -1}),
    "tok_currency_drift": Script(differs={"currency": "USD"}),
    "tok_other_account": Script(differs={"account": "somebody-else"}),
    "tok_live_mode": Script(differs={"live": True}),
    "acct_success": Script(),
    "acct_reject": Script(first="failed"),
    "acct_pending": Script(first="pending", then="succeeded"),
    "acct_returned": Script(then="returned"),
    "acct_pending_returned": Script(first="pending", then="returned"),
    "acct_timeout_paid": Script(answer="silence"),
    "acct_timeout_lost": Script(answer="silence", made=0),
    "acct_amount_drift": Script(differs={"amount": -1}),
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
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, tuple[bytes, Answer]] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def order(self, kind: str, key: str, body: bytes) -> Answer:
        """Carry out an order once per key. A key's first answer is kept and given again, also when it is an error."""
        order = _order_in(body)
        script = SCRIPTS.get(str(order.get("instrument")))
        if not key or script is None or not order["instrument"].startswith("tok_" if kind == "charge" else "acct_"):
            return _error(400, "order_invalid")
        with self.lock:
            if key in self.answers:
                first_body, answer = self.answers[key]
                return answer if first_body == body else _error(400, "idempotency_key_reused")
            if not script.made and key not in self.lost:
                self.lost.add(key)  # it never arrived: the next attempt is a first one
                return Answer(0, b"", silent=True)
            things = [self._make(kind, order, script) for _ in range(script.made or 1)]
            answer = (
                _error(500, "internal") if script.answer == "error" else Answer(200, json.dumps(things[0]).encode())
            )
            self.answers[key] = (body, answer)
        for thing in things:
            threading.Thread(target=self._live, args=(thing, script), daemon=True).start()
        return replace(answer, silent=script.answer == "silence" and bool(script.made))

    def get(self, kind: str, ref: str) -> dict[str, Any] | None:
        """One object, as it is now."""
        with self.lock:
            thing = self.objects.get(ref)
            return dict(thing) if thing and thing["kind"] == kind else None

    def list(self, kind: str, reference: str) -> list[dict[str, Any]]:
        """The objects of one order, oldest first."""
        with self.lock:
            return [dict(t) for t in self.objects.values() if t["kind"] == kind and t["reference"] == reference]

    def _make(self, kind: str, order: Mapping[str, Any], script: Script) -> dict[str, Any]:
        thing = {
            "id": f"{kind[:2]}_{secrets.token_hex(8)}",
            "kind": kind,
            "reference": order["reference"],
            "amount": order["amount"],
            "currency": order["currency"],
            "account": self.account,
            "live": False,
            "status": script.first,
            "failure": FAILURES.get(script.first),
        }
        differs = {**script.differs, "amount": thing["amount"] + script.differs.get("amount", 0)}
        self.objects[thing["id"]] = thing | differs
        return self.objects[thing["id"]]

    def _live(self, thing: dict[str, Any], script: Script) -> None:
        self._tell(thing, times=script.tells)
        if script.then:
            time.sleep(self.delay)
            with self.lock:
                thing["status"], thing["failure"] = script.then, FAILURES.get(script.then)
            self._tell(thing, times=script.tells)

    def _tell(self, thing: Mapping[str, Any], *, times: int) -> None:
        with self.lock:
            event = {
                "id": f"evt_{secrets.token_hex(8)}",
                "type": f"{thing['kind']}.{thing['status']}",
                "account": thing["account"],
                "live": thing["live"],
                "object": dict(thing),
            }
        for _ in range(times):
            threading.Thread(target=self._deliver, args=(json.dumps(event).encode(),), daemon=True).start()

    def _deliver(self, body: bytes) -> None:
        for wait in RETRIES:
            time.sleep(wait)
            header = sign(self.webhook_secret, body, at=int(time.time()))
            headers = {"Sandbox-Signature": header, "Content-Type": "application/json"}
            try:
                if httpx.post(self.webhook_url, content=body, headers=headers, timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                continue


# Private functions


def _order_in(body: bytes) -> dict[str, Any]:
    """The order, or an empty one when a field is missing or of another type."""
    try:
        order = json.loads(body)
        good = order.keys() == _TYPES.keys() and all(type(order[name]) is kind for name, kind in _TYPES.items())
        return order if good and order["amount"] > 0 else {}
    except (ValueError, AttributeError):
        return {}


def _error(status: int, code: str) -> Answer:
    return Answer(status, json.dumps({"error": {"code": code}}).encode())
