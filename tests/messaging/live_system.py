"""Live processes on the test's database and a Redis of their own, and clients that keep book of what they get."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from django.db import connections
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from kelmah import clock
from kelmah.embedded.ports import HOST, free_port
from kelmah.embedded.processes import process_table
from kelmah.ids import new_id
from kelmah.live.tickets import Admission, issue_ticket
from kelmah.principal import Principal

ROOT = Path(__file__).resolve().parents[2]


class LiveServer:
    """One live process, started with the command of ``make run``."""

    def __init__(self, *, redis_url: str, log: Path, **more: str) -> None:
        self.port = free_port()
        self._environment = _environment(redis_url) | more
        self._log = log
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"ws://{HOST}:{self.port}/ws"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        table = process_table(port=0, live_port=self.port, data=self._log.parent, commands=())
        command = next(process.command for process in table if process.name == "live")
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdout=output, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + 30
        while not self._accepts():
            assert self._process.poll() is None, f"the live process ended:\n{self.log()}"
            assert time.monotonic() < deadline, f"the live process does not answer:\n{self.log()}"
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """As by the machine: no goodbye."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=10)

    def stop(self) -> int:
        """As by an operator; returns the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=15)

    def log(self) -> str:
        return self._log.read_text(errors="replace")[-5000:]

    def _accepts(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=0.5):
                return True
        except OSError:
            return False


@dataclass
class Phone:
    """A client as an app would write it: it remembers the last number of each conversation, asks for what it misses,
    and comes back when it is cut off. ``got`` holds every message frame as it came, doubles included; ``older`` the
    ranges of numbers that the server left to REST, since too many were missed."""

    user_id: UUID
    session_id: UUID = field(default_factory=new_id)
    seen: dict[str, int] = field(default_factory=dict)
    got: list[dict[str, Any]] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)
    older: list[range] = field(default_factory=list)
    closed: tuple[int | None, str] | None = None
    socket: ClientConnection | None = None
    _reader: asyncio.Task | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, url: str, *, seconds: int = 600, **options: Any) -> Self:
        """Say hello and resume everything seen so far, on this socket alone."""
        await self.close()
        self.socket = await connect(
            url,
            subprotocols=["kelmah.v1"],
            compression=None,
            max_size=None,
            ping_interval=None,
            max_queue=None,
            open_timeout=20,
            **options,
        )
        self.closed = None
        self._reader = asyncio.create_task(self._read(self.socket))
        await self.send(type="hello", ticket=self.ticket(seconds=seconds), resume=self.seen)
        await self.wait("welcome")
        return self

    def ticket(self, *, seconds: int = 600) -> str:
        principal = Principal(user_id=self.user_id, roles=frozenset({"worker"}), session_id=self.session_id)
        return issue_ticket(Admission(principal=principal, until=clock.now() + timedelta(seconds=seconds)))

    async def send(self, **frame: Any) -> None:
        assert self.socket is not None
        await self.socket.send(json.dumps(frame, default=str))

    async def say(self, conversation: Any, text: str = "Akwaaba!", client_id: str | None = None) -> dict[str, Any]:
        """Send a message and wait for what becomes of it."""
        name = client_id or str(new_id())
        await self.send(type="send", client_id=name, conversation=conversation, text=text)
        return await self.wait("ack", "error", client_id=name)

    async def subscribe(self, conversation: Any, since: int | None = 0) -> dict[str, Any]:
        frame = {"type": "subscribe", "conversation": conversation}
        await self.send(**frame, **({} if since is None else {"since": since}))
        return await self.wait("subscribed", "error", conversation=str(conversation))

    async def wait(self, *kinds: str, seconds: float = 20, **members: Any) -> dict[str, Any]:
        """The first frame, not given out before, of one of these kinds with these members."""
        async with asyncio.timeout(seconds):
            while True:
                self._news.clear()
                for place, frame in enumerate(self.others):
                    if frame["type"] in kinds and all(frame.get(name) == value for name, value in members.items()):
                        return self.others.pop(place)
                assert self.closed is None, f"closed with {self.closed} while waiting for {kinds} {members}"
                await self._news.wait()

    async def wait_for_seq(self, conversation: Any, seq: int, *, seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while self.seen.get(str(conversation), 0) < seq:
                self._news.clear()
                assert self.closed is None, f"closed with {self.closed} at {self.seen} while waiting for {seq}"
                await self._news.wait()

    async def wait_closed(self, *, seconds: float = 20) -> int | None:
        async with asyncio.timeout(seconds):
            while self.closed is None:
                self._news.clear()
                await self._news.wait()
        return self.closed[0]

    async def close(self) -> None:
        if self.socket is not None:
            await self.socket.close()
        if self._reader is not None:
            await self._reader

    def numbers(self, conversation: Any) -> list[int]:
        return [frame["seq"] for frame in self.got if frame["conversation"] == str(conversation)]

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                self._take(json.loads(text))
                self._news.set()
        except ConnectionClosed:
            pass
        finally:
            self.closed = (socket.close_code, socket.close_reason or "")
            self._news.set()

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "message":
            self.got.append(frame)
            room = frame["conversation"]
            self.seen[room] = max(self.seen.get(room, 0), frame["seq"])
        else:
            if frame["type"] == "gap" and frame["from"] > (seen := self.seen.get(frame["conversation"], 0)) + 1:
                self.older.append(range(seen + 1, frame["from"]))
            if frame["type"] == "subscribed":
                self.seen.setdefault(frame["conversation"], 0)
            self.others.append(frame)


def _environment(redis_url: str) -> dict[str, str]:
    there = connections["messaging"].settings_dict
    keep = {name: value for name, value in os.environ.items() if not name.startswith("KELMAH_TEST")}
    return keep | {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "LOCAL_DOMAINS": "messaging",
        "KELMAH_EXTRA_DOMAINS": "",
        "DATABASE_URL": f"postgresql://{there['HOST']}:{there['PORT']}/{there['NAME']}",
        "DATABASE_ROLE_PASSWORD": there["PASSWORD"],
        "REDIS_URL": redis_url,
        "MESSAGES_PER_MINUTE": "100000",
        "LOG_LEVEL": "WARNING",
    }
