"""The adapters that go through Hubtel, beside a server that behaves as Hubtel's documentation says."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import override_settings

from domains.payments.gateways import Gateway, Order
from tests.payments.gateways.subject import Subject, Webhook
from tests.peers.running import Running

ADDRESSES = ("HUBTEL_RECEIVE_URL", "HUBTEL_RECEIVE_STATUS_URL", "HUBTEL_SEND_URL", "HUBTEL_SEND_STATUS_URL")
FINE, FAILS, WAITS, UNREGISTERED, LESS = (f"23320123456{digit}" for digit in "70189")


def ours(settings, running: Running) -> None:
    for address in ADDRESSES:
        setattr(settings, address, running.url)
    settings.HUBTEL_LIVE = False
    settings.HUBTEL_API_ID, settings.HUBTEL_API_KEY = "api-id", "api-key"
    settings.HUBTEL_POS_SALES_ID, settings.HUBTEL_PREPAID_DEPOSIT_ID = "11684", "11691"
    settings.HUBTEL_CALLBACK_URL = f"{running.hears_at}api/v1/webhooks"


class Hubtel(Subject):
    instruments = {"pays": FINE, "declines": FAILS, "waits": WAITS, "receives": FINE, "refuses": FAILS}

    def __init__(self, gateway: Gateway, running: Running) -> None:
        self.gateway = gateway
        self.peer = running

    def made(self, order: Order) -> int:
        return len([m for m in self.peer.movements(order.key, kind=order.kind) if m["state"] != "failed"])

    def next_order(self, fault: str) -> None:
        self.peer.fault("POST .*/mobilemoney", fault)

    @contextmanager
    def nobody_there(self) -> Iterator[None]:
        with override_settings(**dict.fromkeys(ADDRESSES, "http://127.0.0.1:9")):
            yield

    def pass_time(self) -> None:
        self.peer.settle()

    def webhooks(self, order: Order) -> list[Webhook]:
        return self.peer.notices_about(order.key.hex, count=1)
