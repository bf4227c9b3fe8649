"""A provider that tells us so many things a second, however slow the answers are: a process of its own.

    python -m tests.benchmarks.webhooks.load PORT PER_SECOND SECRET < bodies, one to a line

Each is signed when it is sent; a latency counts from when it was due. Prints one JSON object: milliseconds, statuses.
"""

import asyncio
import hashlib
import hmac
import json
import sys
import time
from collections import Counter

CONNECTIONS = 16


async def deliver(port: int, rate: float, secret: str, bodies: list[bytes]) -> dict[str, object]:
    latencies: list[float] = []
    statuses: Counter[str] = Counter()
    began = time.perf_counter() + 0.1

    async def one(first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(first, len(bodies), CONNECTIONS):
            due, body = began + number / rate, bodies[number]
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            head = (
                "POST /api/v1/webhooks/sandbox HTTP/1.1",
                "Host: 127.0.0.1",
                "Content-Type: application/json",
                f"Sandbox-Signature: {signed(secret, body)}",
                f"Content-Length: {len(body)}",
                "\r\n",
            )
            writer.write("\r\n".join(head).encode() + body)
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            if (at := answer.find(b"content-length:")) >= 0:
                await reader.readexactly(int(answer[at + 15 : answer.index(b"\r\n", at)]))
            latencies.append(time.perf_counter() - due)
            statuses[answer[9:12].decode()] += 1
        writer.close()

    await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))
    latencies.sort()
    return {
        "p50": latencies[len(latencies) // 2] * 1000,
        "p95": latencies[len(latencies) * 95 // 100] * 1000,
        "p99": latencies[len(latencies) * 99 // 100] * 1000,
        "statuses": dict(statuses),
    }


def signed(secret: str, body: bytes) -> str:
    at = int(time.time())
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


if __name__ == "__main__":
    port, rate, secret = sys.argv[1:]
    told = asyncio.run(deliver(int(port), float(rate), secret, sys.stdin.buffer.read().splitlines()))
    print(json.dumps(told))
