"""The load on a live process, in a process of its own.

    python -m tests.benchmarks.live.load '{"port": …, "mode": "closed", …}'

Modes: ``closed``: every socket sends its next message when it has its last one back. ``paced``: ``rate`` messages a
second, whatever comes back. ``overload``: every socket keeps ``window`` messages in flight. ``idle``: connect, say so,
wait for a line on standard input. Prints one JSON object.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import uvloop

from kelmah import clock
from kelmah.ids import new_id
from kelmah.live.tickets import Admission, issue_ticket
from kelmah.principal import Principal
from tests.benchmarks.live.sockets import Socket, now

TEXT = "Six cabinets for a kitchen in Osu, delivered flat; bring your own tools, please. "
SETTLE = 30.0  # seconds that stragglers may take


class Member:
    """One socket of one conversation, and its book: the last number, and whatever is wrong with the order."""

    def __init__(self, load: "Load", user_id: UUID, room: str) -> None:
        self.load, self.user_id, self.room = load, user_id, room
        self.seen = 0
        self.wrong = 0
        self.in_flight = 0
        self.number = 0
        self.alive = False
        self.socket: Socket | None = None
        self.ready = asyncio.Event()

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: Socket(self.take, self.closed), "127.0.0.1", self.load.port)
        self.socket = socket
        await socket.opened
        self.ready.clear()
        if self.load.plain:
            socket.send(json.dumps({"type": "subscribe", "conversation": self.room}).encode())
        else:
            who = Principal(user_id=self.user_id, session_id=new_id())
            ticket = issue_ticket(Admission(principal=who, until=clock.now() + timedelta(hours=1)))
            hello = {"type": "hello", "ticket": ticket, "resume": {self.room: self.seen}}
            socket.send(json.dumps(hello).encode())
        async with asyncio.timeout(20):
            await self.ready.wait()
        self.alive = True

    def say(self) -> None:
        assert self.socket is not None
        self.number += 1
        self.in_flight += 1
        self.load.sent += 1
        self.socket.send(
            b'{"type":"send","conversation":"%b","client_id":"%d-%d-%b","text":"%b%d"}'
            % (self.room.encode(), self.load.life, self.number, self.user_id.hex[-12:].encode(), TEXT.encode(), now())
        )

    def take(self, socket: Socket, frame: bytes) -> None:
        kind = frame[:40]
        if b'"message"' in kind:
            self._take_message(frame)
        elif b'"ack"' in kind:
            self.load.acked += 1
            self._answered()
        elif b'"subscribed"' in kind:
            self.ready.set()
        elif b'"message"' in frame[-60:]:  # the plain room puts its type last
            self._take_message(frame)
        elif b'"error"' in kind:
            self.load.errors[json.loads(frame)["code"]] += 1
            self._answered()

    def closed(self, socket: Socket, code: int) -> None:
        self.alive = False
        self.load.closes[code] += 1
        if self.load.running and not self.load.plain:
            self.load.returning.append(asyncio.ensure_future(self.connect()))

    def _take_message(self, frame: bytes) -> None:
        load = self.load
        load.deliveries += 1
        at = frame.rfind(TEXT[-10:].encode()) + 10
        end = frame.find(b'"', at)
        if load.measuring:
            load.latencies.append(now() - int(frame[at:end]))
        if load.plain:
            if self.user_id.hex[-12:].encode() in frame:
                self._answered()
            return
        at = frame.find(b'"seq"')
        seq = int(frame[at + 5 : frame.find(b",", at)].strip(b' :"'))
        if seq != self.seen + 1:
            self.wrong += 1
        self.seen = max(self.seen, seq)

    def _answered(self) -> None:
        self.in_flight -= 1
        if self.load.keep > 0 and self.alive and self.in_flight < self.load.keep:
            self.say()


class Load:
    def __init__(self, config: dict[str, Any]) -> None:
        self.port, self.plain = config["port"], config["plain"]
        self.config = config
        self.life = int(time.time())
        self.sent = self.acked = self.deliveries = self.keep = 0
        self.errors: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()
        self.latencies: list[int] = []
        self.measuring, self.running = False, True
        self.returning: list[asyncio.Future[None]] = []
        self.members = [Member(self, UUID(user), room) for user, room in config["members"]]
        for member in self.members:
            member.seen = config["seen"].get(member.room, 0)

    async def run(self) -> dict[str, Any]:
        for start in range(0, len(self.members), 50):
            await asyncio.gather(*(member.connect() for member in self.members[start : start + 50]))
        if self.config["mode"] == "idle":
            print("connected", flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
            return {"sockets": sum(member.alive for member in self.members)}
        print("go", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        result = await (self._paced() if self.config["mode"] == "paced" else self._driven())
        await self._settle()
        self.running = False
        return result | self._book()

    async def _driven(self) -> dict[str, Any]:
        self.keep = self.config.get("window", 1)
        for member in self.members:
            for _ in range(self.keep):
                member.say()
        await asyncio.sleep(self.config["warm_up"])
        result = await self._measure()
        self.keep = 0
        return result

    async def _paced(self) -> dict[str, Any]:
        pacing = asyncio.ensure_future(self._pace(self.config["rate"]))
        await asyncio.sleep(self.config["warm_up"])
        result = await self._measure()
        pacing.cancel()
        return result

    async def _pace(self, rate: float) -> None:
        """Spread evenly; what a slow moment held up is sent at once after it, as real people would."""
        began, said = time.perf_counter(), 0
        while True:
            due = int((time.perf_counter() - began) * rate)
            for number in range(said, due):
                member = self.members[number * 37 % len(self.members)]
                if member.alive:
                    member.say()
            said = due
            await asyncio.sleep(0.001)

    async def _measure(self) -> dict[str, Any]:
        print("begin", flush=True)
        began, before = time.perf_counter(), self.deliveries
        self.measuring = True
        await asyncio.sleep(self.config["seconds"])
        self.measuring = False
        seconds, delivered = time.perf_counter() - began, self.deliveries - before
        print("end", flush=True)
        waits = sorted(self.latencies) or [0]
        return {
            "seconds": seconds,
            "delivered": delivered,
            "p50": waits[len(waits) // 2] / 1e6,
            "p99": waits[len(waits) * 99 // 100] / 1e6,
        }

    async def _settle(self) -> None:
        """Until everything that was answered has arrived everywhere."""
        deadline = time.monotonic() + SETTLE
        quiet, last = 0, -1
        while quiet < 10 and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            busy = any(not task.done() for task in self.returning)
            quiet = 0 if busy or self.deliveries != last else quiet + 1
            last = self.deliveries

    def _book(self) -> dict[str, Any]:
        heads: dict[str, int] = {}
        for member in self.members:
            heads[member.room] = max(heads.get(member.room, 0), member.seen)
        behind = sum(heads[member.room] - member.seen for member in self.members)
        return {
            "sent": self.sent,
            "acked": self.acked,
            "errors": dict(self.errors),
            "closes": {str(code): count for code, count in self.closes.items()},
            "wrong": sum(member.wrong for member in self.members),
            "behind": behind,
            "heads": heads,
            "total": self.deliveries,
        }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(Load(json.loads(sys.argv[1])).run())))
