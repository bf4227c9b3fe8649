from kelmah.domain import DomainConfig


class MeteredConfig(DomainConfig):
    name = "tests.benchmarks.metered"
    label = "metered"
    handlers = "tests.benchmarks.metered.handlers"
