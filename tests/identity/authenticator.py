"""An authenticator in software: keys of its own, and answers byte for byte as browsers send them (WebAuthn level 3).

It shares nothing with what checks its answers but the signature primitives, and can be told to lie.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "http://localhost:3000"

_PRESENT, _VERIFIED, _MAY_BE_BACKED_UP, _BACKED_UP, _HOLDS_KEY = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Passkey:
    site: str
    user_handle: bytes
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    count: int = 0

    def public_key(self) -> bytes:
        """As COSE says it: EC2, ES256, P-256."""
        at = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")})


class Authenticator:
    """``counts``: raises its counter with every use, as keys do and synced passkeys don't."""

    def __init__(self, *, counts: bool = True, synced: bool = False) -> None:
        self.passkeys: list[Passkey] = []
        self._counts, self._synced = counts, synced

    def create(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """What ``navigator.credentials.create`` gives for these options."""
        passkey = Passkey(site=options["rp"]["id"], user_handle=unb64(options["user"]["id"]))
        known = {each["id"] for each in options.get("excludeCredentials", ())}
        assert known.isdisjoint(b64(each.id) for each in self.passkeys), "the browser would refuse"
        self.passkeys.append(passkey)
        aaguid = bytes(16)
        data = self._data(passkey, flags=_HOLDS_KEY, **lies)
        held = aaguid + len(passkey.id).to_bytes(2, "big") + passkey.id + passkey.public_key()
        data += held
        client = self._client("webauthn.create", options, **lies)
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return _credential(passkey, clientDataJSON=b64(client), attestationObject=b64(attested))

    def get(self, options: dict[str, Any], *, passkey: Passkey | None = None, **lies: Any) -> dict[str, Any]:
        """What ``navigator.credentials.get`` gives: by a passkey that the options allow, and that is of the site."""
        allowed = {each["id"] for each in options.get("allowCredentials", ())}
        passkey = passkey or next(
            each for each in self.passkeys if each.site == options["rpId"] and (not allowed or b64(each.id) in allowed)
        )
        passkey.count += self._counts
        data = self._data(passkey, **lies)
        client = self._client("webauthn.get", options, **lies)
        signature = passkey.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return _credential(
            passkey,
            clientDataJSON=b64(client),
            authenticatorData=b64(data),
            signature=b64(signature),
            userHandle=b64(lies.get("user_handle", passkey.user_handle)),
        )

    # Private

    def _data(
        self,
        passkey: Passkey,
        *,
        flags: int = 0,
        site: str = "",
        verified: bool = True,
        count: int | None = None,
        **_: Any,
    ) -> bytes:
        flags |= _PRESENT | (_VERIFIED if verified else 0)
        flags |= _MAY_BE_BACKED_UP | _BACKED_UP if self._synced else 0
        count = passkey.count if count is None else count
        return hashlib.sha256((site or passkey.site).encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _client(
        self, kind: str, options: dict[str, Any], *, origin: str = ORIGIN, challenge: str = "", says: str = "", **_: Any
    ) -> bytes:
        told = {"type": says or kind, "challenge": challenge or options["challenge"], "origin": origin}
        return json.dumps(told | {"crossOrigin": False}).encode()


# Private functions


def _credential(passkey: Passkey, **response: str) -> dict[str, Any]:
    named = {"id": b64(passkey.id), "rawId": b64(passkey.id), "type": "public-key"}
    return {**named, "response": response, "clientExtensionResults": {}, "authenticatorAttachment": "platform"}
