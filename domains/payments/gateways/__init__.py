"""The outside: one file per payment provider behind one small interface."""

from domains.payments.gateways.base import Gateway, Notice, Order, Outcome, Pending, Rejected, Succeeded, Unknown
from domains.payments.gateways.sandbox import SandboxGateway

__all__ = ["Gateway", "Notice", "Order", "Outcome", "Pending", "Rejected", "Succeeded", "Unknown", "gateway_named"]

_GATEWAYS: dict[str, type[Gateway]] = {"sandbox": SandboxGateway}


def gateway_named(name: str) -> Gateway:
    """The adapter of a provider. Raises KeyError."""
    return _GATEWAYS[name]()
