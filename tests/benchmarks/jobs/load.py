"""The load: keep-alive connections, each sending its next request when the last is answered. A process of its own.

    python -m tests.benchmarks.jobs.load PORT SECONDS CONNECTIONS[@PER_SECOND] PATH [HEADER…]

``PER_SECOND``: all together send so many however slow the answers are, and a latency counts from when its request was
due. Without it each sends as fast as it is answered.

``PATH`` may be several, with blanks between: each connection asks them in turn, beginning at another. It
prints one JSON object: requests, seconds, latencies in milliseconds, and the statuses other than 200.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import cycle


async def drive(
    port: int, seconds: float, connections: int, rate: float, path: str, headers: list[str]
) -> dict[str, object]:
    rest = ["Host: 127.0.0.1", "Accept: application/json", *headers, "", ""]
    requests = ["\r\n".join([f"GET {each} HTTP/1.1", *rest]).encode() for each in path.split()]
    started = time.perf_counter()
    latencies: list[float] = []
    refused: Counter[str] = Counter()
    shifts = (requests[first:] + requests[:first] for first in (n % len(requests) for n in range(connections)))
    pace = connections / rate if rate else 0.0
    await asyncio.gather(
        *(
            _client(port, started + pace * n / connections, started + seconds, pace, each, latencies, refused)
            for n, each in enumerate(shifts)
        )
    )
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": time.perf_counter() - started,
        "p50": latencies[len(latencies) // 2] * 1000,
        "p95": latencies[len(latencies) * 95 // 100] * 1000,
        "p99": latencies[len(latencies) * 99 // 100] * 1000,
        "refused": refused,
    }


async def _client(
    port: int,
    due: float,
    until: float,
    pace: float,
    requests: list[bytes],
    latencies: list[float],
    refused: Counter[str],
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    turn = cycle(requests)
    while (sent := time.perf_counter()) < until:
        if pace:
            await asyncio.sleep(max(0.0, due - sent))
            sent, due = due, due + pace
        writer.write(next(turn))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = head.index(b"content-length:") + 15
        await reader.readexactly(int(head[at : head.index(b"\r\n", at)]))
        latencies.append(time.perf_counter() - sent)
        if not head.startswith(b"http/1.1 200"):
            refused[head[9:12].decode()] += 1
    writer.close()


if __name__ == "__main__":
    port, seconds, who, path, *headers = sys.argv[1:]
    connections, _, rate = who.partition("@")
    found = drive(int(port), float(seconds), int(connections), float(rate or 0), path, headers)
    print(json.dumps(asyncio.run(found)))
