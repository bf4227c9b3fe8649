"""Telecel Cash (formerly Vodafone Cash) of Ghana, through Hubtel: Telecel publishes no API (docs/gateways)."""

from domains.payments.gateways.hubtel import HubtelGateway


class TelecelCashGateway(HubtelGateway):
    name = "telecel_cash"
    channel = "vodafone-gh"  # Hubtel kept the old name
