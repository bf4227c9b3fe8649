"""Providers to log in through."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.identity.oidc.browser import APP
from tests.identity.oidc.liar import CLIENT, Liar, lying_provider
from tests.identity.oidc.real import RealProvider, real_provider


def _row(name: str, issuer: str, **special: Any) -> dict[str, Any]:
    row = {"name": name, "title": name.title(), "issuer": issuer, **CLIENT, "pkce": True, "sends_nonce": True}
    return row | {"scopes": "openid email profile"} | special


@pytest.fixture(scope="session")
def provider_process() -> Iterator[RealProvider]:
    with real_provider() as provider:
        yield provider


@pytest.fixture
def google(provider_process: RealProvider, settings: Any) -> RealProvider:
    """A real provider, offered as Google and, without PKCE, as LinkedIn."""
    linkedin = _row("linkedin", provider_process.issuer, title="LinkedIn", pkce=False, sends_nonce=False)
    settings.SOCIAL_PROVIDERS = {"google": _row("google", provider_process.issuer), "linkedin": linkedin}
    settings.SOCIAL_REDIRECTS = [APP, "com.example.app:/auth"]
    return provider_process


@pytest.fixture
def liar(settings: Any) -> Iterator[Liar]:
    """A provider that lies when told to, offered as Google and, without PKCE and nonce, as LinkedIn."""
    with lying_provider() as provider:
        linkedin = _row("linkedin", provider.issuer, title="LinkedIn", pkce=False, sends_nonce=False)
        settings.SOCIAL_PROVIDERS = {"google": _row("google", provider.issuer), "linkedin": linkedin}
        settings.SOCIAL_REDIRECTS = [APP, "com.example.app:/auth"]
        yield provider
