"""Who asks, as far as the request tells."""

from rest_framework.request import Request

from domains.identity import actions, rules
from kelmah.http.address import client_address


def device_of(request: Request, *, name: str = "") -> actions.Device:
    return actions.Device(name=name, ip=ip_of(request), user_agent=_printable(request.headers.get("User-Agent", "")))


def ip_of(request: Request) -> str:
    return str(client_address(request._request))


def _printable(text: str) -> str:
    return text if rules.is_plain(text) else "".join(each for each in text if rules.is_plain(each))
