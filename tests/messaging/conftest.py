"""Fixtures of messaging's tests."""

import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.messaging.factories import Neighbours


@pytest.fixture
def neighbours() -> Iterator[Neighbours]:
    """Stand-ins for the domains that messaging asks."""
    with Neighbours().standing_in() as standing:
        yield standing


@pytest.fixture
def mailbox(tmp_path: Path, settings: Any) -> Path:
    """Where mails go, empty."""
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    return tmp_path / "mailbox"


@dataclass
class Letter:
    recipients: list[str]
    content: bytes


class SmtpServer(socketserver.ThreadingTCPServer):
    """As much of a mail server as a letter needs."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _SmtpTalk)
        self.letters: list[Letter] = []
        self.refuses = False

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.server_address[:2]
        return str(host), int(port)


class _SmtpTalk(socketserver.StreamRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        letter = Letter([], b"")
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "RCPT":
                letter.recipients.append(line[line.index("<") + 1 : line.index(">")])
                self._say("550 no" if self.server.refuses else "250 ok")
            elif verb == "DATA":
                self._say("354 go on")
                while (part := self.rfile.readline()) != b".\r\n":
                    letter.content += part
                self.server.letters.append(letter)
                self._say("250 ok")
            else:
                self._say("221 bye" if verb == "QUIT" else "250 ok")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
