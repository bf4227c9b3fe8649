"""Tests: servers of their own (see ``kelmah.testing``), cheap password hashing, generous rate limits, no pools."""

import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

# Read by config.domains at import: domains that exist for the tests of the kernel.
os.environ.setdefault("KELMAH_EXTRA_DOMAINS", "tests.kernel.http.probes,tests.probe")

from config import domains, env, passkeys, social
from config.settings.base import *  # noqa: F403

DEBUG = False
SECRET_KEY = "test"  # noqa: S105 - signs nothing that outlives a test run
ALLOWED_HOSTS = ["*"]
JWT_SIGNING_KEY_FILES: list[str] = []
PASSWORD_HASHES_WAITING = 64  # races are not about the queue for a hash
JWT_SIGNING_KEYS = [
    ec.derive_private_key(0x6B656C6D6168, ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
]
INTERNAL_RPC_KEY = ["test"]
CRYPTO_KEYS_FILE = str(BASE_DIR / "tests" / "crypto-keys.json")  # one for all domains, and no secret
SANDBOX_GATEWAY_ALLOWED = True
PAYOUT_BATCH_SECONDS = env.number("PAYOUT_BATCH_SECONDS", default=0)  # a payout's test sends it itself
DEMO_ALLOWED = True
SOCIAL_PROVIDERS = social.providers(loopback=True)
SOCIAL_REDIRECTS = social.redirects(frontend_url=FRONTEND_URL, loopback=True)
PASSKEY_DOMAIN = passkeys.domain(frontend_url=FRONTEND_URL)
PASSKEY_ORIGINS = passkeys.origins(
    domain=PASSKEY_DOMAIN, usual=["http://localhost:3000", "http://localhost:8000"], https=False
)
DATABASES = domains.databases(pool_size=0)
RATE_LIMITS = dict.fromkeys(RATE_LIMITS, "100000/m")
RPC_TRANSPORT = env.text("RPC_TRANSPORT", default="local", example="local or loopback")
STATIC_ROOT = None  # type: ignore[assignment]  # nothing is collected here
