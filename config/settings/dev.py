"""One machine, embedded servers, secrets made by ``make run``."""

from urllib.parse import urlsplit

from config import env, passkeys, social
from config.settings.base import *  # noqa: F403

DEBUG = env.switch("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY", default="only-for-development-on-this-machine", example="50 random characters")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
_key = IDENTITY_IS_LOCAL and env.text("JWT_SIGNING_KEY_FILE", default="", example=".data/jwt.pem")
JWT_SIGNING_KEY_FILES = env.readable_files("JWT_SIGNING_KEY_FILE", example=".data/jwt.pem") if _key else []
INTERNAL_RPC_KEY = [env.text("INTERNAL_RPC_KEY", default="only-for-development", example="32 random bytes in hex")]
SANDBOX_GATEWAY_ALLOWED = True
DEMO_ALLOWED = True
SOCIAL_PROVIDERS = social.providers(loopback=True)
SOCIAL_REDIRECTS = social.redirects(frontend_url=FRONTEND_URL, loopback=True)
PASSKEY_DOMAIN = passkeys.domain(frontend_url=FRONTEND_URL)
PASSKEY_ORIGINS = passkeys.origins(
    domain=PASSKEY_DOMAIN, usual=["http://localhost:3000", f"http://localhost:{urlsplit(JWT_ISSUER).port}"], https=False
)
