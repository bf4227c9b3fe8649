"""What payments declares about itself."""

from kelmah.domain import DomainConfig


class PaymentsConfig(DomainConfig):
    name = "domains.payments"
    label = "payments"
