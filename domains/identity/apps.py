"""What identity declares about itself."""

from kelmah.domain import DomainConfig


class IdentityConfig(DomainConfig):
    name = "domains.identity"
    label = "identity"
