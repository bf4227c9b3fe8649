"""How the sandbox's webhooks travel: signed, again until they are answered with 200, and as badly as the plan says."""

import json
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx

from domains.payments.gateways.sandbox_plan import Plan
from domains.payments.gateways.signatures import sign

RETRIES: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds between attempts to deliver a webhook
LATE: Final = 1.0  # seconds


class Courier:
    """``tell`` sends an event of its own about a thing, ``times`` times."""

    def __init__(self, *, url: str, secret: str, plan: Plan) -> None:
        self._url, self._secret, self._plan = url, secret, plan

    def tell(self, thing: Mapping[str, Any], *, times: int) -> None:
        """In the background. A dropped one is never seen again; a tampered one is signed before it is changed."""
        event = {
            "id": f"evt_{secrets.token_hex(8)}",
            "type": f"{thing['kind']}.{thing['status']}",
            "account": thing["account"],
            "live": thing["live"],
            "object": dict(thing),
        }
        fate = self._plan.fate_of_webhook()
        copies = {"drop": 0, "twice": 2}.get(fate, 1) * times
        for _ in range(copies):
            threading.Thread(target=self._deliver, args=(json.dumps(event).encode(), fate), daemon=True).start()

    def _deliver(self, body: bytes, fate: str) -> None:
        time.sleep(LATE if fate == "late" else 0.0)
        for wait in RETRIES:
            time.sleep(wait)
            header = sign(self._secret, body, at=int(time.time()))
            headers = {"Sandbox-Signature": header, "Content-Type": "application/json"}
            content = body.replace(b'"amount": ', b'"amount": 9') if fate == "tamper" else body
            try:
                if httpx.post(self._url, content=content, headers=headers, timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                continue
