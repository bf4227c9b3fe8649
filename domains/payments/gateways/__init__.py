"""The outside: one file per payment provider behind one small interface."""

from django.conf import settings

from domains.payments.gateways.base import (
    Capabilities,
    Facts,
    Gateway,
    Notice,
    Order,
    Outcome,
    Pending,
    Rejected,
    Returned,
    Succeeded,
    Unknown,
)
from domains.payments.gateways.sandbox import SandboxGateway
from domains.payments.rules import GatewayNotOffered

__all__ = [
    "Capabilities",
    "Facts",
    "Gateway",
    "Notice",
    "Order",
    "Outcome",
    "Pending",
    "Rejected",
    "Returned",
    "Succeeded",
    "Unknown",
    "gateway_named",
]

_GATEWAYS: dict[str, type[Gateway]] = {"sandbox": SandboxGateway}


def gateway_named(name: str) -> Gateway:
    """The adapter of a provider. Raises GatewayNotOffered."""
    if name not in _GATEWAYS or (name == "sandbox" and not settings.SANDBOX_GATEWAY_ALLOWED):
        raise GatewayNotOffered()
    return _GATEWAYS[name]()
