"""Which site passkeys are bound to, and which pages may ask for them."""

from urllib.parse import urlsplit

from config import env


def domain(*, frontend_url: str) -> str:
    """``PASSKEY_DOMAIN``: the app's host, or a domain above it. Passkeys made for one open nothing at another."""
    host = urlsplit(frontend_url).hostname or ""
    # Browsers bind no passkey to a number.
    usual = "localhost" if host.replace(".", "").isdigit() or ":" in host else host
    return env.text("PASSKEY_DOMAIN", default="", example="example.com") or usual


def origins(*, domain: str, usual: list[str], https: bool) -> list[str]:
    """``PASSKEY_ORIGINS``: unless said, those of ``usual`` below the domain. Stops the process at a wrong one."""
    said = env.words("PASSKEY_ORIGINS")
    wrong = [origin for origin in said if not _is_below(origin, domain, https=https)]
    if wrong:
        raise SystemExit(
            f"PASSKEY_ORIGINS: {wrong[0]!r} is no origin of {domain} (PASSKEY_DOMAIN): for example "
            f"PASSKEY_ORIGINS=https://app.{domain},https://desk.{domain}"
        )
    return said or [origin for origin in usual if _is_below(origin, domain, https=https)]


def _is_below(origin: str, domain: str, *, https: bool) -> bool:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    right = parts.scheme == "https" or (not https and parts.scheme == "http")
    return right and parts.path == "" and (host == domain or host.endswith(f".{domain}"))
