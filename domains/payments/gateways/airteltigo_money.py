"""AirtelTigo Money of Ghana, through Hubtel: AirtelTigo publishes no API (docs/gateways)."""

from domains.payments.gateways.hubtel import HubtelGateway


class AirtelTigoMoneyGateway(HubtelGateway):
    name = "airteltigo_money"
    channel = "tigo-gh"
