"""Connections to other processes, kept open: one pool per target."""

import os
from functools import cache

import httpx

CONNECT_SECONDS = 1.0  # a host that is gone must leave time for another attempt


def client_of(target: str) -> httpx.Client:
    """The pool of this process towards a target's URL."""
    return _client(os.getpid(), target)


@cache
def _client(process: int, target: str) -> httpx.Client:
    """Never shared with a forked child: two processes would read each other's answers."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
    return httpx.Client(base_url=target, limits=limits, trust_env=False)
