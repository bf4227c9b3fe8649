"""What messaging declares about itself."""

from kelmah.domain import DomainConfig


class MessagingConfig(DomainConfig):
    name = "domains.messaging"
    label = "messaging"
