"""How long calls to other processes take, and how they end."""

import os

from prometheus_client import Histogram

SECONDS = Histogram(
    "kelmah_call_seconds",
    "Attempts of calls to other processes, by method, calling domain and outcome (a status, or an error's code).",
    ("method", "caller", "outcome", "pid"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0),
)


def count_call(*, method: str, caller: str, outcome: str, seconds: float) -> None:
    """One attempt."""
    SECONDS.labels(method, caller, outcome, os.getpid()).observe(seconds)
