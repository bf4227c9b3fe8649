"""Social login from the environment: a provider without a client id is not offered.

A provider is a row of data. What is special about LinkedIn: it puts no nonce into ID tokens, and answers
``invalid_client`` to PKCE unless LinkedIn has switched that on for the application (docs/social-login.md).
"""

import re
from urllib.parse import urlsplit

from config import env

Row = dict[str, str | bool]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_APP_SCHEME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")  # RFC 8252, 7.1: a domain name of the app's, reversed


def providers(*, loopback: bool) -> dict[str, Row]:
    """Who may be asked who somebody is, by name. ``loopback``: one on this machine may speak plain HTTP."""
    found = {str(row["name"]): row for row in (_google(), _linkedin()) if row["client_id"]}
    for name, row in found.items():
        issuer, prefix = str(row["issuer"]), f"SOCIAL_{name.upper()}"
        if not row["client_secret"]:
            raise SystemExit(f"{prefix}_CLIENT_SECRET is not set: it came with the client id, as text")
        if not _is_page(issuer, loopback=loopback) or issuer.endswith("/"):
            raise SystemExit(
                f"{prefix}_ISSUER={issuer!r} must be an https address without a slash at its end: "
                f"for example {prefix}_ISSUER=https://accounts.example.com"
            )
    return found


def redirects(*, frontend_url: str, loopback: bool) -> list[str]:
    """Where browsers may be sent after a provider: whole addresses, the first by default.

    Pages by HTTPS, and apps by a scheme of their own.
    """
    found = env.words("SOCIAL_REDIRECTS") or [f"{frontend_url.rstrip('/')}/auth/social"]
    if wrong := [url for url in found if not (_is_page(url, loopback=loopback) or _is_app(url))]:
        raise SystemExit(
            f"SOCIAL_REDIRECTS, or FRONTEND_URL without it: nobody can be sent back to {wrong[0]!r}: for example "
            "SOCIAL_REDIRECTS=https://app.example.com/auth/social,com.example.app:/auth/social"
        )
    return found


# Private functions


def _google() -> Row:
    issuer = "https://accounts.google.com"
    return {
        "name": "google",
        "title": "Google",
        "issuer": env.text("SOCIAL_GOOGLE_ISSUER", default=issuer, example=issuer),
        "client_id": env.text("SOCIAL_GOOGLE_CLIENT_ID", default="", example="1234.apps.googleusercontent.com"),
        "client_secret": env.text("SOCIAL_GOOGLE_CLIENT_SECRET", default="", example="GOCSPX-…"),
        "scopes": "openid email profile",
        "pkce": env.switch("SOCIAL_GOOGLE_PKCE", default=True),
        "sends_nonce": True,
    }


def _linkedin() -> Row:
    issuer = "https://www.linkedin.com/oauth"
    return {
        "name": "linkedin",
        "title": "LinkedIn",
        "issuer": env.text("SOCIAL_LINKEDIN_ISSUER", default=issuer, example=issuer),
        "client_id": env.text("SOCIAL_LINKEDIN_CLIENT_ID", default="", example="86abcdefghijkl"),
        "client_secret": env.text("SOCIAL_LINKEDIN_CLIENT_SECRET", default="", example="WPL_AP1.…"),
        "scopes": "openid profile email",
        "pkce": env.switch("SOCIAL_LINKEDIN_PKCE", default=False),
        "sends_nonce": False,
    }


def _is_page(url: str, *, loopback: bool) -> bool:
    parts = urlsplit(url)
    plain = parts.scheme == "http" and loopback and parts.hostname in _LOOPBACK
    return bool(
        (parts.scheme == "https" or plain) and parts.hostname and not (parts.username or parts.query or parts.fragment)
    )


def _is_app(url: str) -> bool:
    parts = urlsplit(url)
    return bool(_APP_SCHEME.fullmatch(parts.scheme) and parts.path and not (parts.query or parts.fragment))
