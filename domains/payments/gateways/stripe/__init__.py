"""Stripe, through its official SDK."""

from domains.payments.gateways.stripe.adapter import StripeGateway

__all__ = ["StripeGateway"]
