"""Processes of low priority that answer whole requests, each one at a time.

python -m kelmah.http.crew 5       answers what comes through file descriptor 5, until that is closed
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from multiprocessing.connection import Connection, Pipe
from queue import LifoQueue
from typing import Any, Final, NamedTuple

NICENESS: Final = 10  # a tenth of a core's share, when others want it too
ANSWER_WITHIN: Final = 60.0  # seconds, with the time that a new process takes to start

Answer = tuple[str, list[tuple[str, str]], bytes]  # status line, headers, content


class MemberLost(Exception):
    """A process ended before it answered, or did not answer in time: what the request has done is unknown."""


class _Member(NamedTuple):
    process: subprocess.Popen[bytes]
    line: Connection

    def dismiss(self) -> None:
        self.process.kill()
        self.process.wait()
        self.line.close()


class Crew:
    """``size`` processes, started at once, and again when one has died."""

    def __init__(self, *, size: int) -> None:
        self.size = size
        self._idle: LifoQueue[_Member | None] = LifoQueue()
        for _ in range(size):
            self._idle.put(_hire())

    def answer(self, environ: Mapping[str, str], body: bytes) -> Answer:
        """What the application answers, once a process is free. Raises MemberLost; the request is not tried again."""
        member = self._idle.get()
        try:
            if member is not None and member.process.poll() is not None:
                member.dismiss()
                member = None
            member = member or _hire()
            answer = _asked(member, environ, body)
        except BaseException:
            # Whatever comes through its line later would be the answer to somebody else's question.
            if member is not None:
                member.dismiss()
            member = None
            raise
        finally:
            self._idle.put(member)
        return answer

    def dismiss(self) -> None:
        """End those that are idle."""
        while not self._idle.empty():
            if member := self._idle.get():
                member.dismiss()


def _hire() -> _Member:
    ours, theirs = Pipe()
    with theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        return _Member(subprocess.Popen(command, pass_fds=[theirs.fileno()]), ours)  # noqa: S603


def _asked(member: _Member, environ: Mapping[str, str], body: bytes) -> Answer:
    try:
        member.line.send((dict(environ), body))
        if not member.line.poll(ANSWER_WITHIN):
            raise MemberLost
        answer: Answer = member.line.recv()
    except (EOFError, OSError):
        raise MemberLost from None
    return answer


def serve(descriptor: int) -> None:
    """Answer until whoever asks has closed the line, as it is when they have died."""
    os.nice(NICENESS)  # loading Django, too, must leave those that are starting beside it their cores
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the one who asks decides
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    with Connection(descriptor) as line:
        while True:
            try:
                environ, body = line.recv()
            except EOFError:
                return
            line.send(_answered(application, environ, body))


def _answered(application: Any, environ: dict[str, Any], body: bytes) -> Answer:
    head: list[Any] = []
    response = application(
        environ
        | {"wsgi.version": (1, 0), "wsgi.input": BytesIO(body), "wsgi.errors": sys.stderr}
        | {"wsgi.multithread": False, "wsgi.multiprocess": True, "wsgi.run_once": False},
        lambda status, headers, *_: head.extend((status, headers)),
    )
    try:
        content = b"".join(response)
    finally:
        response.close()
    status, headers = head
    return status, headers, content


if __name__ == "__main__":
    serve(int(sys.argv[1]))
