"""The load: keep-alive connections, each sending its next request when the last is answered. A process of its own.

    python -m tests.benchmarks.jobs.load PORT SECONDS CONNECTIONS PATH [HEADER…]

prints one JSON object: requests, seconds, latencies in milliseconds, and the statuses other than 200.
"""

import asyncio
import json
import sys
import time
from collections import Counter


async def drive(port: int, seconds: float, connections: int, path: str, headers: list[str]) -> dict[str, object]:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", *headers, "", ""]
    request = "\r\n".join(lines).encode()
    started = time.perf_counter()
    latencies: list[float] = []
    refused: Counter[str] = Counter()
    await asyncio.gather(*(_client(port, started + seconds, request, latencies, refused) for _ in range(connections)))
    latencies.sort()
    return {
        "requests": len(latencies),
        "seconds": time.perf_counter() - started,
        "p50": latencies[len(latencies) // 2] * 1000,
        "p95": latencies[len(latencies) * 95 // 100] * 1000,
        "p99": latencies[len(latencies) * 99 // 100] * 1000,
        "refused": refused,
    }


async def _client(port: int, until: float, request: bytes, latencies: list[float], refused: Counter[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    while (sent := time.perf_counter()) < until:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = head.index(b"content-length:") + 15
        await reader.readexactly(int(head[at : head.index(b"\r\n", at)]))
        latencies.append(time.perf_counter() - sent)
        if not head.startswith(b"http/1.1 200"):
            refused[head[9:12].decode()] += 1
    writer.close()


if __name__ == "__main__":
    port, seconds, connections, path, *headers = sys.argv[1:]
    print(json.dumps(asyncio.run(drive(int(port), float(seconds), int(connections), path, headers))))
