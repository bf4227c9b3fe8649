"""Secrets that ``manage.py run`` makes once and keeps in the data folder, readable by its owner only."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings

from kelmah import clock
from kelmah.crypto import key_file as crypto_keys
from kelmah.embedded.errors import BrokenData
from kelmah.secret_files import write_secret

_NAMES = ("SECRET_KEY", "DATABASE_ROLE_PASSWORD", "INTERNAL_RPC_KEY", "SANDBOX_WEBHOOK_SECRETS")
_KEY_FILE = "jwt-signing-key.pem"
_CRYPTO_FILES = "crypto-keys-{domain}.json"


def environment(data: Path) -> dict[str, str]:
    """Every secret of this installation, JWT_SIGNING_KEY_FILE and CRYPTO_KEYS_FILE; made when missing.

    A variable that is set already wins. Raises BrokenData when the file was damaged.
    """
    kept = _read(data / "secrets.env")
    missing = [name for name in _NAMES if not kept.get(name)]
    if missing:
        kept |= {name: secrets.token_urlsafe(48) for name in missing}
        write_secret(data / "secrets.env", "".join(f"{name}={value}\n" for name, value in sorted(kept.items())))
    key_file = data / _KEY_FILE
    if not key_file.exists() and "JWT_SIGNING_KEY_FILE" not in os.environ:
        key = ec.generate_private_key(ec.SECP256R1())  # ES256
        write_secret(key_file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    kept["JWT_SIGNING_KEY_FILE"] = str(key_file)
    kept["CRYPTO_KEYS_FILE"] = str(data / _CRYPTO_FILES)
    if "CRYPTO_KEYS_FILE" not in os.environ:
        _make_crypto_keys(data)
    return {name: os.environ.get(name) or value for name, value in kept.items()}


def _make_crypto_keys(data: Path) -> None:
    for domain in settings.DOMAINS:
        path = data / _CRYPTO_FILES.replace("{domain}", domain)
        if not path.exists():
            crypto_keys.write_new(path, now=clock.now())


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    entries = [line.partition("=") for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line]
    if not all(name in _NAMES and value for name, _, value in entries):
        raise BrokenData(folder=path, reason="it holds something else than NAME=value lines")
    return {name: value for name, _, value in entries}
