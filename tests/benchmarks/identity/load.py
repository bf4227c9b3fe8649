"""People who log in and refresh, a process of its own; it prints one JSON object.

    python -m tests.benchmarks.identity.load login|refresh PORT SECONDS CONNECTIONS PEOPLE [PER_SECOND]

``login``: each connection logs somebody else in every time. With ``PER_SECOND`` they come at that rate however slow the
answers are, which is what makes a storm; whoever finds no free connection is counted as ``missed``.
``refresh``: each connection logs in once and refreshes from then on.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import count

import httpx

PASSWORD = "seven cedis for kenkey"


def email_of(number: int) -> str:
    return f"p{number}@example.com"


async def drive(what: str, port: int, seconds: float, connections: int, people: int, rate: float) -> dict[str, object]:
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    numbers, started = count(), time.perf_counter()
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}/api/v1/auth", timeout=30, limits=httpx.Limits(max_connections=connections)
    ) as client:

        async def send(path: str, body: dict[str, str]) -> httpx.Response:
            begun = time.perf_counter()
            answer = await client.post(path, json=body)
            statuses[answer.status_code] += 1
            if answer.status_code == 200:
                latencies.append(time.perf_counter() - begun)
            return answer

        async def log_in() -> httpx.Response:
            return await send("/login", {"login": email_of(next(numbers) % people), "password": PASSWORD})

        async def one(first: float) -> None:
            await asyncio.sleep(first)
            if what == "refresh":
                while (answer := await log_in()).status_code == 503:
                    await asyncio.sleep(0.1)
                tokens, latencies[:] = answer.json(), []
                while time.perf_counter() < started + seconds:
                    tokens = (await send("/refresh", {"refresh_token": tokens["refresh_token"]})).json()
                return
            due = time.perf_counter()
            while (now := time.perf_counter()) < started + seconds:
                if rate and (due := due + connections / rate) > now:
                    await asyncio.sleep(due - now)
                await log_in()

        gaps = connections / rate / connections if rate else 0.0
        await asyncio.gather(*(one(number * gaps) for number in range(connections)))
    latencies.sort()
    took = time.perf_counter() - started
    return {
        "done": len(latencies),
        "seconds": took,
        "p95": latencies[len(latencies) * 95 // 100] * 1000 if latencies else 0,
        "statuses": {str(status): number for status, number in sorted(statuses.items())},
    }


if __name__ == "__main__":
    what, port, seconds, connections, people, *rate = sys.argv[1:]
    found = drive(what, int(port), float(seconds), int(connections), int(people), float(rate[0]) if rate else 0.0)
    print(json.dumps(asyncio.run(found)))
