"""What marketplace declares about itself."""

from kelmah.domain import DomainConfig


class MarketplaceConfig(DomainConfig):
    name = "domains.marketplace"
    label = "marketplace"
