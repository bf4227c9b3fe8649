"""Production: everything secret comes from the environment, and its absence stops the process."""

import os

from config import env, passkeys, social
from config.settings.base import *  # noqa: F403

if os.environ.get("KELMAH_CLOCK_FILE"):
    raise SystemExit("KELMAH_CLOCK_FILE moves the clock and is for tests only: unset it")

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY", example="50 random characters")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [env.text("ALLOWED_HOSTS", example="api.example.com")]
JWT_SIGNING_KEY_FILES: list[str] = []
if IDENTITY_IS_LOCAL:
    JWT_SIGNING_KEY_FILES = env.readable_files("JWT_SIGNING_KEY_FILE", example="/run/secrets/jwt.pem")
    FRONTEND_URL = env.site("FRONTEND_URL", example="https://app.example.com", https=True)
if not IDENTITY_IS_LOCAL and "identity" not in DOMAIN_URLS:
    raise SystemExit(
        "DOMAIN_URLS does not say where identity is: for example DOMAIN_URLS=identity=http://identity:8000"
    )
_common = "" if INTERNAL_RPC_KEYS_FILE else None
INTERNAL_RPC_KEY = env.text("INTERNAL_RPC_KEY", default=_common, example="newest,previous").split(",")
env.text("DATABASE_ROLE_PASSWORD", example="a long random password")
SOCIAL_PROVIDERS = social.providers(loopback=False)
PASSKEY_DOMAIN = passkeys.domain(frontend_url=FRONTEND_URL)
PASSKEY_ORIGINS = passkeys.origins(domain=PASSKEY_DOMAIN, usual=[FRONTEND_URL, JWT_ISSUER], https=True)
SOCIAL_REDIRECTS = social.redirects(frontend_url=FRONTEND_URL, loopback=False) if SOCIAL_PROVIDERS else []
CRYPTO_KEYS_REQUIRED = True  # of domains that seal: their processes don't start without
VERIFICATION_VENDOR = env.one_of("VERIFICATION_VENDOR", ("manual",), default="manual")
SANDBOX_GATEWAY_ALLOWED = env.switch("SANDBOX_GATEWAY_ALLOWED", default=False)
DEMO_ALLOWED = False

SECURE_SSL_REDIRECT = env.switch("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
