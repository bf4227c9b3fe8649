"""The whole way of money with nothing left out: our server, the provider's process, its webhooks over the wire."""

import time
from collections.abc import Callable

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from domains.payments.models import WebhookEvent
from kelmah.ids import new_id
from kelmah.testing.client import access_token
from tests.payments.factories import in_wallet, somebody
from tests.payments.provider import SECRET, running

pytestmark = pytest.mark.domain("payments", transaction=True)


def until(what: Callable[[], bool], *, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def test_a_pending_deposit_is_credited_by_the_providers_own_webhook(live_server: LiveServer, settings, drain):
    by = somebody()
    with running(f"{live_server.url}/api/v1/webhooks/sandbox") as provider_url:
        settings.SANDBOX_GATEWAY_URL = provider_url
        settings.SANDBOX_WEBHOOK_SECRETS = [SECRET]
        answer = httpx.post(
            f"{live_server.url}/api/v1/wallet/deposits",
            json={
                "amount": {"amount": 1500, "currency": "GHS"},
                "method": {"type": "sandbox", "token": "tok_pending"},
            },
            headers={"Authorization": f"Bearer {access_token(by)}", "Idempotency-Key": str(new_id())},
        )
        assert answer.status_code == 202
        drain()  # the worker sends the order
        assert in_wallet(by.user_id) == 0
        until(lambda: WebhookEvent.objects.count() == 2)  # pending, then succeeded
        drain()  # the worker looks into what it was told
    assert in_wallet(by.user_id) == 1500
    assert not WebhookEvent.objects.filter(processed_at=None).exists()


def test_a_webhook_that_our_server_could_not_take_is_delivered_again(live_server: LiveServer, settings, drain):
    """The first attempts meet a server that knows another secret; nothing is kept, and the provider goes on trying."""
    settings.SANDBOX_WEBHOOK_SECRETS = ["whsec_not_yet"]
    reference = new_id()
    with running(f"{live_server.url}/api/v1/webhooks/sandbox") as provider_url:
        settings.SANDBOX_GATEWAY_URL = provider_url
        order = {"reference": str(reference), "amount": 1500, "currency": "GHS", "instrument": "tok_success"}
        httpx.post(f"{provider_url}/v1/charges", json=order, headers={"Idempotency-Key": str(reference)})
        time.sleep(0.3)
        assert WebhookEvent.objects.count() == 0
        settings.SANDBOX_WEBHOOK_SECRETS = [SECRET]
        until(lambda: WebhookEvent.objects.count() == 1)
