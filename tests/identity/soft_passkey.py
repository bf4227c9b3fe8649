"""An authenticator for shells, where no browser is: options go in, the credential comes out, as JSON.

``python -m tests.identity.soft_passkey <file>`` makes a passkey, or uses the one that it keeps in the file, as the
options want. The file holds the private key as it is: for trying things out.
"""

import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.identity.authenticator import Authenticator, Passkey, b64, unb64


def answer(options: dict[str, Any], *, file: Path) -> dict[str, Any]:
    """What a browser would give for the options."""
    authenticator = Authenticator()
    if file.exists() and file.stat().st_size:
        authenticator.passkeys.append(_kept(json.loads(file.read_text())))
    given = authenticator.create(options) if "rp" in options else authenticator.get(options)
    file.write_text(json.dumps(_as_json(authenticator.passkeys[-1])))
    return given


# Private functions


def _as_json(passkey: Passkey) -> dict[str, Any]:
    key = passkey.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    who = {"site": passkey.site, "user_handle": b64(passkey.user_handle), "id": b64(passkey.id)}
    return {**who, "key": key, "count": passkey.count}


def _kept(row: dict[str, Any]) -> Passkey:
    key = load_pem_private_key(row["key"].encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Passkey(
        site=row["site"], user_handle=unb64(row["user_handle"]), id=unb64(row["id"]), key=key, count=row["count"]
    )


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin), file=Path(sys.argv[1])), sys.stdout)
