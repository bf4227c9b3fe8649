"""What goes along with a call: the time left, whether it is a rehearsal, and the names of the request it serves."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext

from kelmah.db import rehearsal, rehearsing
from kelmah.http.request_id import HEADER, TRACE_HEADER, current_request_id, current_traceparent
from kelmah.rpc.deadline import remaining, within
from kelmah.rpc.errors import BadArguments
from kelmah.rpc.service import Method


def signed() -> dict[str, str]:
    """Headers that change what the call does: those of ``signing.TRAVELLING``."""
    left = remaining()
    headers = {} if left is None else {"Kelmah-Deadline": str(max(0, int(left * 1000)))}
    return headers | ({"Kelmah-Rehearsal": "yes"} if rehearsing() else {})


def unsigned() -> dict[str, str]:
    """Headers for logs only."""
    names = {HEADER: current_request_id(), TRACE_HEADER: current_traceparent()}
    return {header: name for header, name in names.items() if name}


@contextmanager
def arriving(headers: Mapping[str, str], method: Method) -> Iterator[None]:
    """Work under what travelled here. Raises DeadlineExceeded when the caller has stopped waiting."""
    left = headers.get("Kelmah-Deadline", str(int(method.timeout * 1000)))
    if not left.isdecimal():
        raise BadArguments("Kelmah-Deadline must be a number of milliseconds.")
    with within(int(left) / 1000), rehearsal() if headers.get("Kelmah-Rehearsal") else nullcontext():
        yield
