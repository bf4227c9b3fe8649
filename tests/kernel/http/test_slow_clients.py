"""Clients that never end their headers keep nobody else waiting. Those that never end a body are the gateway's to keep
away: tests/deployment/test_gateway.py."""

import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

from kelmah.testing import servers
from kelmah.testing.api_process import api_process

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SOCKETS, REQUESTS = 200, 100


def p95(client: httpx.Client) -> float:
    times = []
    for _ in range(REQUESTS):
        began = time.monotonic()
        assert client.get("/health/live").status_code == 200
        times.append(time.monotonic() - began)
    return sorted(times)[int(0.95 * REQUESTS)]


def test_two_hundred_half_headers_keep_nobody_waiting(db):
    with (
        api_process(REDIS_URL=servers.test_redis_url()) as address,
        httpx.Client(base_url=address, timeout=10) as client,
    ):
        p95(client)  # warm
        alone = p95(client)
        place = urlsplit(address)
        slow = [socket.create_connection((place.hostname or "", place.port or 0)) for _ in range(SOCKETS)]
        try:
            for line in slow:
                line.sendall(f"POST /api/v1/auth/login HTTP/1.1\r\nHost: {place.netloc}\r\nContent-".encode())
            time.sleep(0.5)
            assert p95(client) < max(2 * alone, 0.05)
        finally:
            for line in slow:
                line.close()
