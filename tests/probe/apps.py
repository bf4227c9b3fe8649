from kelmah.domain import DomainConfig


class ProbeConfig(DomainConfig):
    """A domain that talks to itself, so that events can be tested without any of the real ones."""

    name = "tests.probe"
    label = "probe"
    handlers = "tests.probe.handlers"
