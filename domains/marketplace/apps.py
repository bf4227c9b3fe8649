"""What marketplace declares about itself."""

from kelmah.domain import DomainConfig


class MarketplaceConfig(DomainConfig):
    name = "domains.marketplace"
    label = "marketplace"
    service = "domains.marketplace.service.MarketplaceService"
    handlers = "domains.marketplace.handlers"
    urls = "domains.marketplace.api.urls"
    demo = "domains.marketplace.actions.demo.load_demo"
    beat = {"marketplace-deadlines": {"task": "marketplace.run_deadlines", "schedule": 15.0}}
