"""Where a domain is, asked anew for every call."""

from typing import Any

from django.conf import settings

from kelmah.domain import service_of
from kelmah.rpc.service import INTERFACES, Service


def is_local(interface: type[Service]) -> bool:
    return interface.replacement is not None or interface.domain in settings.LOCAL_DOMAINS


def implementation_of(interface: type[Service]) -> Any:
    """What answers for a local interface. Raises LookupError."""
    return service_of(interface.domain) if interface.replacement is None else interface.replacement


def local_interface(domain: str) -> type[Service] | None:
    """The interface of a domain that this process serves, if it does."""
    if domain in settings.LOCAL_DOMAINS:
        try:
            service_of(domain)  # imports the interface, should nobody have done so yet
        except LookupError:
            return None
    interface = INTERFACES.get(domain)
    return interface if interface is not None and is_local(interface) else None


def url_of(domain: str) -> str:
    """Where a domain of another process answers. Raises LookupError."""
    try:
        url: str = settings.DOMAIN_URLS[domain]
    except KeyError:
        raise LookupError(
            f"{domain} does not run here: DOMAIN_URLS must say where, as {domain}=http://10.0.0.5:8000"
        ) from None
    return url
