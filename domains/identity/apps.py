"""What identity declares about itself."""

from kelmah.domain import DomainConfig


class IdentityConfig(DomainConfig):
    name = "domains.identity"
    label = "identity"
    service = "domains.identity.service.IdentityService"
    handlers = "domains.identity.handlers"
    urls = "domains.identity.api.urls"
    demo = "domains.identity.actions.demo.load_demo"
