"""The transport to another process: a pool of connections and a breaker per target, retries inside the deadline."""

import random
import time
from typing import Final

import httpx
import structlog

from kelmah.metrics.calls import count_call
from kelmah.rpc import travel
from kelmah.rpc.breaker import CircuitOpen, breaker_of
from kelmah.rpc.deadline import remaining
from kelmah.rpc.errors import DeadlineExceeded, RemoteFailure, RemoteUnavailable
from kelmah.rpc.placement import url_of
from kelmah.rpc.pool import post_json
from kelmah.rpc.service import Method
from kelmah.rpc.signing import sign
from kelmah.rpc.wire import is_failure

log = structlog.get_logger(__name__)

ATTEMPTS = 3
SOON: Final = {"retry_after": 2}  # what a user is told whose request needed the call
FIRST_PAUSE = 0.05  # seconds, doubled by each attempt, jittered


def send(method: Method, body: bytes, caller: str) -> tuple[int, bytes]:
    """Status and body of the answer.

    A second attempt only where the first surely did nothing or the method may run twice: after a failed connection or a
    503, for idempotent methods; none while the breaker is open. Raises RemoteUnavailable and DeadlineExceeded.
    """
    attempts = ATTEMPTS if method.idempotent else 1
    for attempt in range(1, attempts + 1):
        pause = random.uniform(0.5, 1.0) * FIRST_PAUSE * 2**attempt
        last = attempt == attempts
        try:
            status, answer = _post(method, body, caller)
        except CircuitOpen:
            raise
        except RemoteUnavailable:
            if last or not _wait(pause):
                raise
        else:
            if status != 503 or last or not _wait(pause):
                return status, answer
    raise AssertionError("unreachable: the last attempt returns or raises")


def _post(method: Method, body: bytes, caller: str) -> tuple[int, bytes]:
    """One attempt: the only door to a target."""
    target = url_of(method.interface.domain)
    left = remaining() or 0.0
    if left <= 0:
        raise DeadlineExceeded(f"{method}: no time is left.")
    began, outcome = time.monotonic(), "failed"
    try:
        with breaker_of(target).attempt(patient=left >= method.timeout / 2):
            status, answer = _exchange(target, method, body, caller, left)
        outcome = str(status)
        return status, answer
    except RemoteFailure as error:
        outcome = error.code
        raise
    finally:  # never a body: it may name people
        seconds = time.monotonic() - began
        count_call(method=str(method), caller=caller, outcome=outcome, seconds=seconds)
        log.info("rpc_call", method=str(method), caller=caller, outcome=outcome, milliseconds=round(seconds * 1000, 1))


def _exchange(target: str, method: Method, body: bytes, caller: str, left: float) -> tuple[int, bytes]:
    headers = sign(path=method.path, body=body, caller=caller, travelling=travel.signed()) | travel.unsigned()
    try:
        answer = post_json(target, method.path, body, headers, within=left)
    except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
        raise DeadlineExceeded(f"{method} did not answer in time.", data=SOON) from error
    except httpx.TransportError as error:
        raise RemoteUnavailable(f"{method} can't be reached.", data=SOON) from error
    if answer.status_code in (502, 503, 504) and not is_failure(answer.content):
        raise RemoteUnavailable(f"{method} can't be reached: {answer.status_code} from in between.", data=SOON)
    return answer.status_code, answer.content


def _wait(pause: float) -> bool:
    """Sleep, unless the deadline would pass meanwhile."""
    if pause >= (remaining() or 0.0):
        return False
    time.sleep(pause)
    return True
