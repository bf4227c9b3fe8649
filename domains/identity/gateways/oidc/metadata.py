"""What a provider publishes of itself: its addresses (OpenID Connect Discovery) and its keys (RFC 7517)."""

import time
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from domains.identity.gateways.oidc.fetching import ask
from domains.identity.rules import social

KEPT: Final = 3_600.0  # seconds that a document is believed without looking again
ASKED_AGAIN: Final = 60.0  # seconds between two looks for a key that is not there: anybody can make up names of keys


@dataclass(frozen=True, kw_only=True)
class Metadata:
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


_metadata: dict[str, tuple[float, Metadata]] = {}
_keys: dict[str, tuple[float, KeySet]] = {}


def providers() -> dict[str, social.Provider]:
    """Who is configured, by name."""
    rows: dict[str, dict[str, Any]] = settings.SOCIAL_PROVIDERS
    return {name: social.Provider(**row) for name, row in rows.items()}


def title_of(name: str) -> str:
    """What people call it; the name of one that is offered no more."""
    return str(settings.SOCIAL_PROVIDERS.get(name, {}).get("title", name))


def metadata_of(provider: social.Provider) -> Metadata:
    """Its addresses. Raises ProviderUnavailable, also when the document is somebody else's."""
    kept = _metadata.get(provider.issuer)
    if kept and time.monotonic() - kept[0] < KEPT:
        return kept[1]
    answer = ask(provider, f"{provider.issuer}/.well-known/openid-configuration")
    # Discovery 4.3: letter by letter. A document of another issuer would send people, and our secret, there.
    if not answer.ok or answer.body.get("issuer") != provider.issuer:
        raise social.ProviderUnavailable()
    found = Metadata(
        authorization_endpoint=_endpoint(provider, answer.body, "authorization_endpoint"),
        token_endpoint=_endpoint(provider, answer.body, "token_endpoint"),
        jwks_uri=_endpoint(provider, answer.body, "jwks_uri"),
    )
    _metadata[provider.issuer] = (time.monotonic(), found)
    return found


def keys_of(provider: social.Provider, *, kid: str | None) -> KeySet:
    """Its public keys; asked for again, once a minute at most, when none has the name. Raises ProviderUnavailable."""
    kept = _keys.get(provider.issuer)
    age = time.monotonic() - kept[0] if kept else KEPT
    if kept and age < KEPT and (age < ASKED_AGAIN or kid is None or any(key.kid == kid for key in kept[1])):
        return kept[1]
    answer = ask(provider, metadata_of(provider).jwks_uri)
    try:
        found = KeySet.import_key_set(answer.body)  # type: ignore[arg-type]  # checked by reading it
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        raise social.ProviderUnavailable() from None
    _keys[provider.issuer] = (time.monotonic(), found)
    return found


# Private functions


def _endpoint(provider: social.Provider, document: dict[str, Any], name: str) -> str:
    url = document.get(name)
    if not isinstance(url, str) or not _is_outside(url, of=provider.issuer):
        raise social.ProviderUnavailable()
    return url


def _is_outside(url: str, *, of: str) -> bool:
    """By HTTPS to a name; to this machine only when the issuer, which the operator chose, is there too."""
    try:
        issuer, parts = urlsplit(of), urlsplit(url)
        if issuer.scheme == "http":  # settings allow it for loopback only
            return (parts.scheme, parts.netloc) == (issuer.scheme, issuer.netloc)
        return bool(
            parts.scheme == "https" and parts.hostname and not parts.username and not _is_address(parts.hostname)
        )
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    """A number, or a name that only inner networks know."""
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".internal", ".local")) or "." not in host
    return True
