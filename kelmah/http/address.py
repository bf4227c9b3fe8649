"""Where a request comes from."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> IPv4Address | IPv6Address:
    """The client's address: the peer's, or what the outermost of ``TRUSTED_PROXY_COUNT`` own proxies saw.

    Entries further left in X-Forwarded-For were written by the client and mean nothing.
    """
    seen = [request.META.get("REMOTE_ADDR", "")]
    trusted: int = settings.TRUSTED_PROXY_COUNT
    if trusted:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        seen = [*forwarded[-trusted:][:1], *seen] if len(forwarded) >= trusted else seen
    known = [address for address in map(_parsed, seen) if address is not None]
    return known[0] if known else _NOWHERE


def address_block(address: IPv4Address | IPv6Address) -> str:
    """The address as a subject of limits: one IPv4 address, or one IPv6 /64, which a single customer has whole."""
    if address.version == 4:
        return str(address)
    return str(ip_network((address, 64), strict=False))


def block_of(address: str | None) -> str:
    """The same for an address that was written down."""
    return address_block(_parsed(address or "") or _NOWHERE)


_NOWHERE = IPv4Address("0.0.0.0")  # noqa: S104 - a unix socket's peer has no address


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    # ::ffff:192.0.2.1 is the same client as 192.0.2.1.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
