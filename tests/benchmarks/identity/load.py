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
from dataclasses import dataclass
from itertools import count
from typing import Self

PASSWORD = "seven cedis for kenkey"


def email_of(number: int) -> str:
    return f"p{number}@example.com"


@dataclass
class Caller:
    """A connection that is kept: a client that costs little, since it shares the cores with what is measured."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def at(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def post(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, str]]:
        content = json.dumps(body).encode()
        head = f"POST /api/v1/auth{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        self.writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        at = answer.index(b"content-length:") + 15
        told = await self.reader.readexactly(int(answer[at : answer.index(b"\r\n", at)]))
        return int(answer[9:12]), json.loads(told)


async def drive(what: str, port: int, seconds: float, connections: int, people: int, rate: float) -> dict[str, object]:
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    numbers, started = count(), time.perf_counter()

    async def one(first: float) -> None:
        await asyncio.sleep(first)
        caller = await Caller.at(port)

        async def send(path: str, body: dict[str, str]) -> tuple[int, dict[str, str]]:
            begun = time.perf_counter()
            status, answer = await caller.post(path, body)
            statuses[status] += 1
            if status == 200:
                latencies.append(time.perf_counter() - begun)
            return status, answer

        async def log_in() -> tuple[int, dict[str, str]]:
            return await send("/login", {"login": email_of(next(numbers) % people), "password": PASSWORD})

        if what == "refresh":
            while (answer := await log_in())[0] == 503:
                await asyncio.sleep(0.1)
            tokens, latencies[:] = answer[1], []
            while time.perf_counter() < started + seconds:
                _, tokens = await send("/refresh", {"refresh_token": tokens["refresh_token"]})
            return
        due = time.perf_counter()
        while (now := time.perf_counter()) < started + seconds:
            if rate and (due := due + connections / rate) > now:
                await asyncio.sleep(due - now)
            await log_in()

    gap = 1 / rate if rate else 0.0
    await asyncio.gather(*(one(number * gap) for number in range(connections)))
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
