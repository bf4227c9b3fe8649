from kelmah.domain import DomainConfig


class ProbesConfig(DomainConfig):
    """A domain that exists so that the HTTP kernel has something to serve."""

    name = "tests.kernel.http.probes"
    label = "probes"
