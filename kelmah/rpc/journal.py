"""A line for every call between domains, with its duration, when ``RPC_JOURNAL`` names a folder: for measuring."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from django.conf import settings

from kelmah.rpc.service import Method

_OFF = nullcontext()


def entry(method: Method, *, caller: str, transport: str) -> AbstractContextManager[None]:
    """Around one call. Neither arguments nor answers are written down."""
    return _timed(method, caller, transport) if settings.RPC_JOURNAL else _OFF


@contextmanager
def _timed(method: Method, caller: str, transport: str) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        took = round((time.perf_counter() - began) * 1e6)
        line = {"method": str(method), "caller": caller, "transport": transport, "microseconds": took}
        with (Path(settings.RPC_JOURNAL) / f"{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
