"""What contracts declares about itself."""

from kelmah.domain import DomainConfig


class ContractsConfig(DomainConfig):
    name = "domains.contracts"
    label = "contracts"
