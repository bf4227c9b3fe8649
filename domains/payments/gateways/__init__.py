"""The outside: one file per payment provider behind one small interface."""

from django.conf import settings

from domains.payments.gateways.airteltigo_money import AirtelTigoMoneyGateway
from domains.payments.gateways.bank import BankGateway
from domains.payments.gateways.base import (
    Accepted,
    Address,
    Batch,
    BatchOutcome,
    Capabilities,
    Dispute,
    Facts,
    Gateway,
    NextAction,
    Notice,
    Order,
    Outcome,
    Pending,
    Rejected,
    Returned,
    StatementLine,
    Succeeded,
    Unknown,
)
from domains.payments.gateways.easebuzz import EasebuzzGateway
from domains.payments.gateways.mtn_momo import MtnMomoGateway
from domains.payments.gateways.paypal import PaypalGateway
from domains.payments.gateways.paystack import PaystackGateway
from domains.payments.gateways.sandbox import SandboxGateway
from domains.payments.gateways.stripe import StripeGateway
from domains.payments.gateways.telecel_cash import TelecelCashGateway
from domains.payments.rules import GatewayNotOffered

__all__ = [
    "GATEWAYS",
    "Accepted",
    "Address",
    "Batch",
    "BatchOutcome",
    "Capabilities",
    "Dispute",
    "Facts",
    "Gateway",
    "NextAction",
    "Notice",
    "Order",
    "Outcome",
    "Pending",
    "Rejected",
    "Returned",
    "StatementLine",
    "Succeeded",
    "Unknown",
    "gateway_named",
    "gateway_offered",
    "missing_secrets",
    "names_gathering",
    "names_offered",
]

GATEWAYS: dict[str, type[Gateway]] = {
    SandboxGateway.name: SandboxGateway,
    BankGateway.name: BankGateway,
    MtnMomoGateway.name: MtnMomoGateway,
    StripeGateway.name: StripeGateway,
    PaypalGateway.name: PaypalGateway,
    PaystackGateway.name: PaystackGateway,
    TelecelCashGateway.name: TelecelCashGateway,
    AirtelTigoMoneyGateway.name: AirtelTigoMoneyGateway,
    EasebuzzGateway.name: EasebuzzGateway,
}


def gateway_named(name: str) -> Gateway:
    """The adapter of a provider, also of one that is no longer offered: what was begun there is followed to its end.

    Raises GatewayNotOffered where there is none, or it is the sandbox and not allowed.
    """
    if name not in GATEWAYS or (name == SandboxGateway.name and not settings.SANDBOX_GATEWAY_ALLOWED):
        raise GatewayNotOffered(data={"offered": names_offered()})
    return GATEWAYS[name]()


def gateway_offered(name: str) -> Gateway:
    """The adapter of a provider through which new money may move. Raises GatewayNotOffered."""
    if name not in names_offered():
        raise GatewayNotOffered(data={"offered": names_offered()})
    return gateway_named(name)


def missing_secrets(name: str) -> list[str]:
    """The settings that are empty, and without which the adapter of that name can't be used."""
    return [secret for secret in GATEWAYS[name].secrets if not getattr(settings, secret, "")]


def names_gathering() -> list[str]:
    """Those through which payouts wait for others, to be sent together."""
    if settings.PAYOUT_BATCH_SECONDS == 0:
        return []
    known = [name for name in GATEWAYS if name != SandboxGateway.name or settings.SANDBOX_GATEWAY_ALLOWED]
    return [name for name in known if gateway_named(name).capabilities.payouts_per_batch]


def names_offered() -> list[str]:
    """Those that the settings name; without any, the sandbox where it is allowed."""
    return settings.GATEWAYS or ([SandboxGateway.name] if settings.SANDBOX_GATEWAY_ALLOWED else [])
