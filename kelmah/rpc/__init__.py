"""Calls between domains: one definition, three transports. Imports no Django, so that interfaces stay plain Python."""

from kelmah.rpc.errors import (
    CallerNotAllowed,
    CallInsideTransaction,
    DeadlineExceeded,
    RemoteFailure,
    RemoteUnavailable,
)
from kelmah.rpc.service import Service, remote

__all__ = [
    "CallInsideTransaction",
    "CallerNotAllowed",
    "DeadlineExceeded",
    "RemoteFailure",
    "RemoteUnavailable",
    "Service",
    "remote",
]
