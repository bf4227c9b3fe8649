"""What contracts declares about itself."""

from kelmah.domain import DomainConfig


class ContractsConfig(DomainConfig):
    name = "domains.contracts"
    label = "contracts"
    service = "domains.contracts.service.ContractsService"
    handlers = "domains.contracts.handlers"
    urls = "domains.contracts.api.urls"
    beat = {"contracts-deadlines": {"task": "contracts.run_deadlines", "schedule": 15.0}}
