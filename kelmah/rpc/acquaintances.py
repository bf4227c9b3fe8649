"""Who speaks to whom between processes: the callers whose keys a domain must know."""

from collections.abc import Iterable
from importlib import import_module  # noqa: TID251 - of the interfaces of configured domains
from importlib.util import find_spec

from kelmah.events.event import REGISTRY
from kelmah.rpc.service import INTERFACES


def acquaintances(domains: Iterable[str]) -> dict[str, set[str]]:
    """For each domain itself, those that call it, and those that tell it events."""
    known = {domain: {domain} for domain in domains}
    for domain in known:
        if find_spec(f"kelmah.interfaces.{domain}"):  # a domain from elsewhere declares its own
            import_module(f"kelmah.interfaces.{domain}.calls")
            import_module(f"kelmah.interfaces.{domain}.events")
    for domain, callers in known.items():
        if interface := INTERFACES.get(domain):
            callers |= interface.callers
        callers |= {event.domain for event in REGISTRY.values() if domain in event.listeners}
        callers &= known.keys()
    return known
